"""A batch: what the steps of the journey decided, written by one statement in one commit.

Rows are gathered column by column, as the statement takes them. Nothing here decides anything.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from wardwire.model.delivery import Delivery
from wardwire.model.ids import instant_of
from wardwire.store.chain import Chain, Draft
from wardwire.store.durable import PATIENCE_S, DurableConnection, commit_durable
from wardwire.store.literal import ids, numbers, words
from wardwire.store.queries import load

_SQL = load("batch")
NOBODY = UUID(int=0)

DeliveryKey = tuple[UUID, UUID]


class NewEvent(NamedTuple):
    """An event for a person's inbox, before it has its number. `body` travels to devices and is not stored."""

    person_id: UUID
    event: str
    message_id: UUID
    body: Any = None


class Numbered(NamedTuple):
    """An event of an inbox with its dense number."""

    seq: int
    event: NewEvent


def _columns(rows: Sequence[tuple[Any, ...]], count: int) -> Sequence[Sequence[Any]]:
    """Turn rows into the columns that a statement takes."""
    return list(zip(*rows, strict=True)) if rows else [()] * count


@dataclass(slots=True)
class Batch:
    """The effects of one batch. `now` is the one instant of all of them.

    What is in `live` is not stored: it is announced when the batch is committed.
    """

    now: datetime
    messages: list[tuple[Any, ...]] = field(default_factory=list)
    deliveries: list[tuple[Any, ...]] = field(default_factory=list)
    created: list[Delivery] = field(default_factory=list)
    changes: dict[DeliveryKey, tuple[int, Delivery]] = field(default_factory=dict)
    armed: dict[tuple[UUID, UUID, str, UUID], tuple[int, datetime]] = field(default_factory=dict)
    disarmed: set[tuple[UUID, UUID, str, UUID]] = field(default_factory=set)
    drafts: list[Draft] = field(default_factory=list)
    events: list[NewEvent] = field(default_factory=list)
    attempts: list[tuple[Any, ...]] = field(default_factory=list)
    extras: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)
    live: list[Any] = field(default_factory=list)
    alarmed: set[tuple[str, str]] = field(default_factory=set)
    told: set[tuple[UUID, str, UUID]] = field(default_factory=set)

    def add_message(
        self,
        *,
        message_id: UUID,
        thread_id: UUID,
        reply_to: UUID | None,
        kind: str,
        priority: str,
        source: str,
        external_id: str,
        digest: bytes,
        result: str,
        sender_person: UUID | None,
        sender_device: UUID | None,
        content: bytes,
        expires_at: datetime | None,
    ) -> None:
        """Add a message with its identity."""
        self.messages.append(
            (
                source,
                external_id,
                message_id,
                digest,
                result,
                thread_id,
                reply_to,
                kind,
                priority,
                sender_person,
                sender_device,
                content,
                expires_at,
            )
        )

    def add_delivery(self, delivery: Delivery, *, plan: str, why: str, offered: str) -> None:
        """Add a new delivery, of version 1."""
        self.deliveries.append(
            (
                delivery.message_id,
                delivery.person_id,
                delivery.state,
                plan,
                why,
                delivery.kind,
                delivery.priority,
                delivery.sender_person,
                offered,
            )
        )
        self.created.append(delivery)

    def change(self, before: Delivery, after: Delivery) -> None:
        """Change a delivery, provided that it is still as `before`; several changes in a batch become one."""
        key = (before.message_id, before.person_id)
        first = self.changes.get(key)
        self.changes[key] = (first[0] if first else before.version, after)

    def arm(self, message_id: UUID, person_id: UUID, kind: str, ref: UUID, lane: int, due: datetime) -> None:
        """Set a deadline, or move it."""
        key = (message_id, person_id, kind, ref)
        self.disarmed.discard(key)
        self.armed[key] = (lane, due)

    def disarm(self, message_id: UUID, person_id: UUID, kind: str, ref: UUID) -> None:
        """Take a deadline away; one that is not there is no fault."""
        key = (message_id, person_id, kind, ref)
        self.armed.pop(key, None)
        self.disarmed.add(key)

    def record(
        self,
        kind: str,
        body: str,
        *,
        message_id: UUID | None = None,
        person_id: UUID | None = None,
        device_id: UUID | None = None,
    ) -> None:
        """Record a fact; it gets its place in the chain when the batch is written."""
        self.drafts.append(Draft(kind, message_id, person_id, device_id, body))

    def tell(self, person_id: UUID, event: str, message_id: UUID, body: Any = None) -> None:
        """Add an event to a person's inbox."""
        self.events.append(NewEvent(person_id, event, message_id, body))

    def tell_once(self, person_id: UUID, event: str, message_id: UUID, body: Any = None) -> None:
        """Add an event to a person's inbox, unless this batch has the same one of the same message."""
        key = (person_id, event, message_id)
        if key not in self.told:
            self.told.add(key)
            self.tell(*key, body)

    def intend(self, row: tuple[UUID, UUID, UUID, int, str]) -> None:
        """Add the intent of an attempt: message, person, endpoint, stage, channel."""
        self.attempts.append(row)

    def also(self, query: str, *args: Any) -> None:
        """Add one of the rarer statements of batch.sql, in the same transaction."""
        self.extras.append((_SQL[query], args))

    @property
    def empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (
            self.created or self.changes or self.armed or self.disarmed or self.drafts or self.events
            or self.extras or self.messages
        )  # fmt: skip


async def write_batch(
    durable: DurableConnection,
    chain: Chain,
    batch: Batch,
    days: frozenset[date],
    *,
    patience_s: float = PATIENCE_S,
) -> list[Numbered]:
    """Commit a batch durably and return its events, numbered, in the order in which they were added.

    Locks: rows of `deliveries` in the order given, then rows of `inbox_heads` in the order of persons.

    Args:
        days: The days that have partitions of their own.

    Raises:
        asyncpg.PostgresError: Rolled back. SQLSTATE WW001: decided on a delivery that has changed since.
        Unknown: See `commit_durable`. The chain must not be used again.
    """
    if batch.attempts:
        batch.extras.insert(0, (_SQL["attempt"], (batch.now, *_columns(batch.attempts, 5))))
        batch.attempts = []
    linked = chain.link(batch.now, batch.drafts)
    counts: dict[UUID, int] = {}
    nths = []
    for event in batch.events:
        counts[event.person_id] = nth = counts.get(event.person_id, 0) + 1
        nths.append(nth)
    args = _arguments(batch, chain, linked.columns, durable.durability.epoch, counts, nths)
    row = await commit_durable(durable, _work(_statement(batch, days), args, batch), patience_s=patience_s)
    chain.advance(linked)
    bases = dict(zip(row["people"] or (), row["bases"] or (), strict=True))
    return [Numbered(bases[event.person_id] + nth, event) for event, nth in zip(batch.events, nths, strict=True)]


def _work(statement: str, args: list[Any], batch: Batch) -> Callable[[asyncpg.Connection], Awaitable[asyncpg.Record]]:
    async def one(connection: asyncpg.Connection) -> asyncpg.Record:
        return await connection.fetchrow(statement, *args)

    async def several(connection: asyncpg.Connection) -> asyncpg.Record:
        async with connection.transaction():
            for query, extra in batch.extras:
                await connection.execute(query, *extra)
            return await connection.fetchrow(statement, *args)

    return several if batch.extras else one


def _statement(batch: Batch, days: frozenset[date]) -> str:
    """The statement for this batch: changes of one day go to that day's table, at no cost per kept day.

    A batch that changes nothing names its own day's table: the whole would be opened, day by day, for nothing.
    """
    touched = {instant_of(message_id).date() for message_id, _ in batch.changes} or {batch.now.date()}
    if len(touched) == 1 and touched <= days:
        return _write_to(f"deliveries_{touched.pop():%Y%m%d}")
    return _write_to("deliveries")


@lru_cache(maxsize=64)
def _write_to(deliveries: str) -> str:
    """The text of the statement; always the same object, so that the driver finds it prepared."""
    return _SQL["write"].replace("{deliveries}", deliveries)


def _arguments(
    batch: Batch,
    chain: Chain,
    facts: Sequence[Sequence[Any]],
    epoch: int,
    counts: dict[UUID, int],
    nths: list[int],
) -> list[Any]:
    changes = [
        (
            after.message_id,
            after.person_id,
            expected,
            after.version,
            after.state,
            after.stage,
            after.delivered_at,
            after.delivered_by,
            after.read_at,
            after.response,
            after.responded_at,
        )
        for expected, after in batch.changes.values()
    ]
    armed = [(*key, *when) for key, when in batch.armed.items()]
    (
        source,
        external,
        message_id,
        digest,
        result,
        thread,
        reply_to,
        kind,
        priority,
        sender,
        device,
        content,
        expires,
    ) = _columns(batch.messages, 13)
    people = sorted(counts)
    place = {person_id: nth for nth, person_id in enumerate(people, start=1)}
    events = batch.events
    return [
        batch.now, source, external, ids(message_id), digest, result,
        ids(thread), ids(reply_to), words(kind), words(priority), ids(sender), ids(device), content, expires,
        *_written(_columns(batch.deliveries, 9), _DELIVERY),
        *_written(_columns(changes, 11), _CHANGE),
        *_written(_columns(armed, 6), _ARMED),
        *_written(_columns(list(batch.disarmed), 4), _DISARMED),
        chain.writer, chain.seq, *_written(facts, _FACT),
        ids(people), numbers([counts[person_id] for person_id in people]), epoch,
        numbers([place[event.person_id] for event in events]), numbers(nths),
        words([event.event for event in events]), ids([event.message_id for event in events]),
        len(batch.changes), len(events), len(people),
    ]  # fmt: skip


def _written(columns: Sequence[Sequence[Any]], how: Sequence[Callable[[Any], Any]]) -> list[Any]:
    """Write columns, each as its parameter takes it."""
    return [write(column) for column, write in zip(columns, how, strict=True)]


def _by_driver(column: Sequence[Any]) -> Sequence[Any]:
    """Leave a column to the driver: what people wrote, bytes, instants."""
    return column


_DELIVERY = (ids, ids, words, words, words, words, words, ids, _by_driver)
_CHANGE = (
    ids, ids, numbers, numbers, words, numbers, _by_driver, ids, _by_driver, _by_driver, _by_driver,
)  # fmt: skip
_ARMED = (ids, ids, words, ids, numbers, _by_driver)
_DISARMED = (ids, ids, words, ids)
_FACT = (words, ids, ids, ids, _by_driver, _by_driver)
