"""The product's own lanes under the fault scenarios: what a core process commits with, without NATS and devices.

A sender hands a real submission to real lanes on the real schema. People are made before the load begins; each
sender has a person of its own, but for two of each core who share one.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

import asyncpg

from tests.faults.ground import Answer
from wardwire.directory.live import LiveDirectory
from wardwire.engine.lanes import Lanes
from wardwire.flow.ports import Rules
from wardwire.flow.statement import Statement, submission_of, write_statement
from wardwire.flow.submit import Submit
from wardwire.flow.views import read_stored
from wardwire.model import ids
from wardwire.model.delivery import ENDED, RESPONDED, State
from wardwire.model.errors import Code, Refused, Unavailable, Unknown, WardwireError
from wardwire.model.priority import Priority
from wardwire.model.rights import PERSON_SCOPES, Caller
from wardwire.model.routing import Waits
from wardwire.ops.roles import OWNER, ROLES, SESSION
from wardwire.store.batch import Numbered
from wardwire.store.durable import DurableConnection, open_durable
from wardwire.store.hosts import connect_to_primary
from wardwire.store.migrations import migrate
from wardwire.testing.dump import DeadlineRow, DeliveryRow, Dump, IdentityRow, InboxRow, MessageRow
from wardwire.testing.history import Outcome
from wardwire.testing.node import PostgresNode

DATABASE = "wardwire"
SITE = UUID("00000000-0000-7000-8000-000000000001")
RANKS: dict[str, int] = {
    State.PENDING: 0,
    State.UNREACHABLE: 1,
    State.DELIVERED: 2,
    State.READ: 3,
    State.TAKEN: 3,
    **dict.fromkeys(RESPONDED, 4),
    **dict.fromkeys(ENDED, 5),
}
NOBODY = UUID(int=0)

Connect = Callable[..., Awaitable[asyncpg.Connection]]


def person_id(core: str, number: int) -> UUID:
    """Name the person that a sender writes to."""
    return uuid5(SITE, f"{core} {max(number, 1)}")


async def make_product_schema(node: PostgresNode, cores: Sequence[str], senders: int) -> None:
    """Make roles, database and schema as an installation does, and the people that senders write to."""
    server = await node.connect()
    try:
        for role in ROLES:
            await server.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{node.origin.password}'")
            for key, value in SESSION[role].items():
                await server.execute(f"ALTER ROLE {role} SET {key} = '{value}'")
        await server.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
    finally:
        await server.close()
    owner = node.dsn(user=OWNER, database=DATABASE)
    await migrate(owner, today=datetime.now(UTC).date(), site_id=SITE)
    await add_people(owner, cores, senders)


async def add_people(owner: str, cores: Sequence[str], senders: int) -> None:
    """Make the people that senders write to, each with a device that never answers."""
    people = sorted({(person_id(core, number), core) for core in cores for number in range(senders)})
    connection = await asyncpg.connect(owner, server_settings={"search_path": "wardwire"})
    try:
        async with connection.transaction():
            version = await connection.fetchval("UPDATE directory_head SET version = version + 1 RETURNING version")
            for person, core in people:
                await connection.execute(
                    "INSERT INTO people (id, name, version) VALUES ($1, $2, $3)", person, f"Nurse of {core}", version
                )
                await connection.execute("INSERT INTO inbox_heads (person_id) VALUES ($1)", person)
                await connection.execute(
                    "INSERT INTO devices (id, person_id, name, nkey, x25519, registered_at, version)"
                    " VALUES ($1, $2, 'phone', $3, $4, $5, $6)",
                    uuid5(person, "phone"), person, f"U{person.hex}", bytes(32), datetime.now(UTC), version,
                )  # fmt: skip
    finally:
        await connection.close()


class WallClock:
    """The wall clock, never backwards: the site's clock is tried elsewhere."""

    def __init__(self) -> None:
        self._last = datetime.now(UTC)

    def now(self) -> datetime:
        self._last = max(self._last, datetime.now(UTC))
        return self._last

    def monotonic(self) -> float:
        return time.monotonic()


class ProductCore:
    """Real lanes of one core; nobody listens on a device."""

    def __init__(self, name: str, dsn: str, *, connect: Connect = connect_to_primary) -> None:
        self.name = name
        self._dsn = dsn
        self._connect = connect
        self._known = 0
        self._directory = LiveDirectory()
        self.lanes = Lanes(open_connection=self._open, clock=WallClock(), announcer=self, node=name)

    async def start(self) -> None:
        """Read the directory and open all lanes; waits as long as the database is away."""
        connection = await connect_to_primary(self._dsn, server_settings={"search_path": "wardwire"})
        try:
            await self._directory.refresh(connection)
        finally:
            await connection.close()
        await self.lanes.start()

    async def stop(self) -> None:
        await self.lanes.stop()

    def put(self, source: str, to: UUID, external_id: str, text: str, done: Callable[[object, bool], None]) -> None:
        """Hand one submission in."""
        recipient = ids.write_id(ids.PERSON, to)
        statement = Statement(id=external_id, to=(recipient,), priority=Priority.HIGH, text=text)
        submission = submission_of(statement, source=source, content=write_statement(statement))
        caller = Caller(source=source, scopes=PERSON_SCOPES)
        self.lanes.put(Submit(submission, caller, self._rules, done))

    # What the lanes need of their surroundings.

    def inbox(self, epoch: int, events: Sequence[Numbered]) -> None:
        """Nobody listens."""

    def live(self, items: Sequence[Any]) -> None:
        """Nobody listens."""

    def _rules(self) -> Rules:
        return Rules(self._directory.directory, Waits(), "")

    async def _open(self) -> DurableConnection:
        durable = await open_durable(
            self._dsn, without_standby="degraded", known_epoch=self._known, connect=self._connect
        )
        self._known = max(self._known, durable.durability.epoch)
        return durable


class ProductSubmitter:
    """One sender's way into a core. Waits at most `patience_s`, then does not know; counts that as *silent*."""

    def __init__(self, core: ProductCore, to: UUID, *, patience_s: float = 5.0) -> None:
        self._core = core
        self._to = to
        self._patience_s = patience_s

    async def submit(self, source: str, external_id: str, digest: str) -> Answer:
        future: asyncio.Future[object] = asyncio.get_running_loop().create_future()

        def done(result: object, _repeated: bool) -> None:
            if not future.done():
                future.set_result(result)

        self._core.put(source, self._to, external_id, digest, done)
        try:
            async with asyncio.timeout(self._patience_s):
                result = await future
        except TimeoutError:
            return Answer(outcome=Outcome.UNKNOWN, code="silent")
        return answer_of(result)

    async def close(self) -> None:
        """Nothing is this sender's own."""


def answer_of(result: object) -> Answer:
    """Read what the lanes answered."""
    match result:
        case str():
            return Answer(outcome=Outcome.OK, message=read_stored(result).message)
        case Unknown():
            return Answer(outcome=Outcome.UNKNOWN, code=Code.COMMIT_UNKNOWN.value)
        case Unavailable(code=code) | Refused(code=code):
            return Answer(outcome=Outcome.REFUSED, code=code.value)
    raise TypeError(f"no answer: {result!r}" if isinstance(result, WardwireError) else type(result).__name__)


async def dump_product(connection: asyncpg.Connection) -> Dump:
    """Read what the checker needs; the digest of an identity is the text that its message says."""
    rows: Callable[[str], Awaitable[list[Any]]] = connection.fetch
    texts = {row["id"]: json.loads(row["content"])["text"] for row in await rows("SELECT id, content FROM messages")}
    return Dump(
        messages=tuple(
            MessageRow(message=_message(row["id"]), ended=row["ended_at"] is not None)
            for row in await rows("SELECT id, ended_at FROM messages")
        ),
        identities=tuple(
            IdentityRow(source=r[0], external_id=r[1], digest=texts.get(r[2], "?"), message=_message(r[2]))
            for r in await rows("SELECT source, external_id, message_id FROM identities")
        ),
        deliveries=tuple(
            DeliveryRow(message=_message(r[0]), person=r[1].hex, state=r[2], settled=r[2] != State.PENDING)
            for r in await rows("SELECT message_id, person_id, state FROM deliveries")
        ),
        deadlines=tuple(
            DeadlineRow(message=_message(r[0]), person=None if r[1] == NOBODY else r[1].hex)
            for r in await rows("SELECT message_id, person_id FROM deadlines")
        ),
        inbox=tuple(
            InboxRow(person=r[0].hex, seq=r[1], epoch=r[2], event=r[3], message=_message(r[4]))
            for r in await rows("SELECT person_id, seq, epoch, event, message_id FROM inbox")
        ),
    )


def _message(message_id: UUID) -> str:
    return ids.write_id(ids.MESSAGE, message_id)
