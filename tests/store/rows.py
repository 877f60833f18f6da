"""Rows for store tests: a batch with messages and deliveries in it, written as the lanes write it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from uuid import UUID, uuid4

import asyncpg

from tests.ward import open_app
from wardwire.model import ids
from wardwire.model.delivery import Delivery, State
from wardwire.model.message import Offered
from wardwire.model.priority import Kind, Priority
from wardwire.store.batch import Batch, Numbered, write_batch
from wardwire.store.chain import Chain
from wardwire.store.durable import DurableConnection
from wardwire.store.partitions import list_days


class Bench:
    """One writer on a database: its connection, its chain, its days."""

    def __init__(self, durable: DurableConnection, days: frozenset[date]) -> None:
        self.durable = durable
        self.chain = Chain(uuid4())
        self.days = days

    @property
    def connection(self) -> asyncpg.Connection:
        """For looking at what was written."""
        return self.durable.connection

    async def write(self, batch: Batch) -> list[Numbered]:
        """Commit a batch."""
        return await write_batch(self.durable, self.chain, batch, self.days)

    async def count(self, table: str) -> int:
        """Count rows."""
        count: int = await self.connection.fetchval(f"SELECT count(*) FROM {table}")
        return count


@asynccontextmanager
async def bench(dsn: str) -> AsyncIterator[Bench]:
    """A writer on a fresh database."""
    durable = await open_app(dsn)
    try:
        yield Bench(durable, await list_days(durable.connection))
    finally:
        await durable.close()


async def add_people(connection: asyncpg.Connection, count: int) -> list[UUID]:
    """Add people with an inbox each; returns them in the order of their ids."""
    people = sorted(uuid4() for _ in range(count))
    await connection.execute(
        "INSERT INTO people (id, name, version) SELECT u, 'Somebody', 1 FROM unnest($1::uuid[]) AS u", people
    )
    await connection.execute("INSERT INTO inbox_heads (person_id) SELECT unnest($1::uuid[])", people)
    return people


def delivery_of(message_id: UUID, person_id: UUID) -> Delivery:
    """A delivery that nobody has confirmed."""
    return Delivery(
        message_id=message_id,
        person_id=person_id,
        version=1,
        state=State.PENDING,
        stage=0,
        stages=(),
        kind=Kind.ALERT,
        priority=Priority.HIGH,
        sender_person=None,
        offered=Offered(),
    )


def add_message(batch: Batch, external_id: str, people: Sequence[UUID] = (), *, at: datetime | None = None) -> UUID:
    """Add a message to these people; `at` makes it of another day than the batch."""
    message_id = ids.new_id(at or batch.now)
    batch.add_message(
        message_id=message_id,
        thread_id=message_id,
        reply_to=None,
        kind="alert",
        priority="high",
        source="lab",
        external_id=external_id,
        digest=bytes(32),
        result=f'{{"n":"{external_id}"}}',
        sender_person=None,
        sender_device=None,
        content=b"{}",
        expires_at=None,
    )
    for person_id in people:
        batch.add_delivery(delivery_of(message_id, person_id), plan="", why="named", offered="")
        batch.tell(person_id, "new", message_id)
    batch.record("Stored", "{}", message_id=message_id)
    return message_id
