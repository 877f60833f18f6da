"""A batch: what the steps of the journey decided, written by one statement in one commit.

Rows are gathered column by column, as the statement takes them. Nothing here decides anything.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from wardwire.model.alert import Escalation
from wardwire.model.delivery import Delivery
from wardwire.model.facts import Recorded
from wardwire.model.ids import count_ids, instant_of
from wardwire.store.chain import Chain, Linked
from wardwire.store.deadlines import ESCALATE
from wardwire.store.durable import PATIENCE_S, DurableConnection, commit_durable
from wardwire.store.escalations import to_row
from wardwire.store.literal import Places, digests, numbers, words
from wardwire.store.queries import load

_SQL = load("batch")
# What a batch may have something for; in this order.
PARTS = (
    "message", "delivery", "changed", "escalation", "escalated", "armed_new", "armed", "rearmed", "disarmed", "fact",
    "event",
)  # fmt: skip
_COUNTED = frozenset({"message", "delivery", "changed", "escalation", "escalated", "fact"})
_NAMED = re.compile(r"@\w+")
_ENCODE = msgspec.json.Encoder().encode
NOBODY = UUID(int=0)

DeliveryKey = tuple[UUID, UUID]
DeadlineKey = tuple[UUID, UUID, str, UUID]


class NewEvent(msgspec.Struct, frozen=True, gc=False):
    """An event for a person's inbox, before it has its number. `body` travels to devices and is not stored."""

    person_id: UUID
    event: str
    message_id: UUID
    body: Any = None


class Numbered(msgspec.Struct, frozen=True, gc=False):
    """An event of an inbox with its dense number."""

    seq: int
    event: NewEvent


def write_instant(instant: datetime) -> str:
    """Write an instant as JSON has it, without its quotes."""
    return _ENCODE(instant)[1:-1].decode()


@dataclass(slots=True)
class Batch:
    """The effects of one batch. `now` is the one instant of all of them.

    What is in `live` is not stored: it is announced when the batch is committed.

    Attributes:
        promises: Steps that were due: whether they began in time, of which priority, in which unit. Only counted.
        alarmed: Kind and subject of the technical alarms that it raises or clears.
        open_alarms: Those that are open, looked at because a guess was wrong; None = guess.
        written_now: The same instant, as JSON has it, without its quotes.
        new_ids: Ids of this instant, for what is new; they ascend as they are taken.
    """

    now: datetime
    written_now: str = field(init=False)
    new_ids: Iterator[UUID] = field(init=False)
    messages: list[tuple[Any, ...]] = field(default_factory=list)
    reasons: tuple[list[str], list[str], list[str]] = field(default_factory=lambda: ([], [], []))
    created: list[Delivery] = field(default_factory=list)
    changes: dict[DeliveryKey, tuple[int, Delivery]] = field(default_factory=dict)
    armed: dict[DeadlineKey, tuple[int, datetime]] = field(default_factory=dict)
    disarmed: set[DeadlineKey] = field(default_factory=set)
    begun: list[Escalation] = field(default_factory=list)
    escalated: dict[UUID, tuple[int, Escalation]] = field(default_factory=dict)
    rearmed: dict[DeadlineKey, tuple[int, datetime | None]] = field(default_factory=dict)
    drafts: list[Recorded] = field(default_factory=list)
    events: list[NewEvent] = field(default_factory=list)
    attempts: list[tuple[Any, ...]] = field(default_factory=list)
    signed: list[tuple[UUID, UUID, UUID, bytes, bytes]] = field(default_factory=list)
    extras: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)
    live: list[Any] = field(default_factory=list)
    alarmed: set[tuple[str, str]] = field(default_factory=set)
    open_alarms: Collection[tuple[str, str]] | None = None
    told: set[tuple[UUID, str, UUID]] = field(default_factory=set)
    promises: list[tuple[bool, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.written_now = write_instant(self.now)
        self.new_ids = count_ids(self.now)

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
        self.created.append(delivery)
        plans, whys, answers = self.reasons
        plans.append(plan)
        whys.append(why)
        answers.append(offered)

    def change(self, before: Delivery, after: Delivery) -> None:
        """Change a delivery, provided that it is still as `before`; several changes in a batch become one."""
        key = (before.message_id, before.person_id)
        first = self.changes.get(key)
        self.changes[key] = (first[0] if first else before.version, after)

    def begin(self, escalation: Escalation) -> None:
        """Add a new escalation."""
        self.begun.append(escalation)

    def escalate(self, before: Escalation, after: Escalation) -> None:
        """Change an escalation, provided that it is still as `before`; several changes in a batch become one."""
        first = self.escalated.get(before.message_id)
        self.escalated[before.message_id] = (first[0] if first else before.version, after)

    def rearm(
        self,
        message_id: UUID,
        fence: int,
        due: datetime | None,
        *,
        person_id: UUID = NOBODY,
        kind: str = ESCALATE,
        ref: UUID = NOBODY,
    ) -> None:
        """Set when a claimed deadline falls due next, None = never, if it is still as it was claimed.

        Whatever has moved it on meanwhile stays: also what this batch has armed.
        """
        key = (message_id, person_id, kind, ref)
        if key not in self.armed:
            self.rearmed[key] = (fence, due)

    def arm(self, message_id: UUID, person_id: UUID, kind: str, ref: UUID, lane: int, due: datetime) -> None:
        """Set a deadline, or move it."""
        key = (message_id, person_id, kind, ref)
        if self.disarmed:
            self.disarmed.discard(key)
        self.armed[key] = (lane, due)
        if self.rearmed:
            self.rearmed.pop(key, None)

    def disarm(self, message_id: UUID, person_id: UUID, kind: str, ref: UUID) -> None:
        """Take a deadline away; one that is not there is no fault."""
        key = (message_id, person_id, kind, ref)
        if self.armed:
            self.armed.pop(key, None)
        self.disarmed.add(key)
        if self.rearmed:
            self.rearmed.pop(key, None)

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
        self.drafts.append((kind, message_id, person_id, device_id, body))

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

    def keep_signed(self, row: tuple[UUID, UUID, UUID, bytes, bytes]) -> None:
        """Add what a person answered, as signed: message, person, device, SHA-256, bytes. Its fact has the digest."""
        self.signed.append(row)

    def also(self, query: str, *args: Any) -> None:
        """Add one of the rarer statements of batch.sql, in the same transaction."""
        self.extras.append((_SQL[query], args))

    @property
    def earliest(self) -> datetime | None:
        """The earliest instant at which something of this batch falls due; None = nothing does."""
        if not self.rearmed:
            return min([due for _, due in self.armed.values()]) if self.armed else None
        dues = [due for _, due in self.armed.values()]
        dues += [due for _, due in self.rearmed.values() if due is not None]
        return min(dues, default=None)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (
            self.created or self.changes or self.armed or self.disarmed or self.drafts or self.events
            or self.extras or self.messages or self.begun or self.escalated or self.rearmed
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
        batch.extras.insert(0, (_SQL["attempt"], (batch.now, *zip(*batch.attempts, strict=True))))
        batch.attempts = []
    if batch.signed:
        batch.extras.insert(0, (_SQL["response"], (batch.now, *zip(*batch.signed, strict=True))))
        batch.signed = []
    linked = chain.link(batch.now, batch.drafts)
    counts: dict[UUID, int] = {}
    nths = []
    for event in batch.events:
        counts[event.person_id] = nth = counts.get(event.person_id, 0) + 1
        nths.append(nth)
    people = sorted(counts)
    written = _Written(batch.now)
    _write_rows(written, batch)
    if linked.columns:
        _write_facts(written, chain, linked)
    if people:
        _write_events(written, batch, durable.durability.epoch, people, counts, nths)
    text = compose(written.parts, _deliveries_table(batch, days))
    row = await commit_durable(
        durable, _work(text, written.arguments(len(batch.changes)), batch), patience_s=patience_s
    )
    chain.advance(linked)
    if not people:
        return []
    bases = dict(zip(people, row["bases"], strict=True))
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


def _deliveries_table(batch: Batch, days: frozenset[date]) -> str:
    """Name the table for this batch's changes: those of one day go to that day's table, at no cost per kept day."""
    if batch.changes:
        touched = [message_id for message_id, _ in batch.changes]
        first, last = instant_of(min(touched)).date(), instant_of(max(touched)).date()
        if first == last and first in days:
            return f"deliveries_{first:%Y%m%d}"
    return "deliveries"


class _Written:
    """The arguments of one statement: part by part, as its parts want them."""

    def __init__(self, now: datetime) -> None:
        self.ids: Places[UUID] = Places()
        self.instants: Places[datetime] = Places()
        self.texts: Places[str] = Places()
        self.parts: tuple[str, ...] = ()
        self._args: list[Any] = [now, None, None, None]

    def add(self, part: str, *args: Any) -> None:
        """Add a part of the statement with its parameters."""
        self.parts += (part,)
        self._args += args

    def arguments(self, changes: int) -> list[Any]:
        """Return all arguments; call it when all parts are there."""
        self._args[1:4] = self.ids.all, self.instants.all, self.texts.all
        if "changed" in self.parts:
            self._args.append(changes)
        return self._args


def _write_rows(written: _Written, batch: Batch) -> None:
    """Write messages, deliveries and deadlines."""
    ids, instants, texts = written.ids.write, written.instants.write, written.texts.write
    if batch.messages:
        said = zip(*batch.messages, strict=True)
        source, external, message, digest, result, thread, reply, kind, priority, person, device, content, ends = said
        written.add(
            "message", digests(digest), source, external, ids(message), result, ids(thread), ids(reply), words(kind),
            words(priority), ids(person), ids(device), content, instants(ends),
        )  # fmt: skip
    if batch.created:
        created = batch.created
        plan, why, offered = batch.reasons
        written.add(
            "delivery",
            ids([one.message_id for one in created]),
            ids([one.person_id for one in created]),
            words([one.state for one in created]),
            words(plan),
            words(why),
            words([one.kind for one in created]),
            words([one.priority for one in created]),
            ids([one.sender_person for one in created]),
            texts(offered),
            numbers([one.escalates for one in created]),
        )
    if batch.changes:
        message, person = zip(*batch.changes, strict=True)
        expected, after = zip(*batch.changes.values(), strict=True)
        written.add(
            "changed",
            ids(message),
            ids(person),
            numbers(expected),
            numbers([one.version for one in after]),
            words([one.state for one in after]),
            numbers([one.stage for one in after]),
            instants([one.delivered_at for one in after]),
            ids([one.delivered_by for one in after]),
            instants([one.read_at for one in after]),
            texts([one.response for one in after]),
            instants([one.responded_at for one in after]),
        )
    if batch.begun:
        written.add("escalation", *_write_escalations(written, [to_row(one) for one in batch.begun]))
    if batch.escalated:
        versions, now = zip(*batch.escalated.values(), strict=True)
        columns = _write_escalations(written, [to_row(one) for one in now])
        written.add("escalated", numbers(versions), *columns, len(versions))
    if batch.armed:
        new = {row[2] for row in batch.messages}
        for part, armed in (
            ("armed_new", {key: value for key, value in batch.armed.items() if key[0] in new}),
            ("armed", {key: value for key, value in batch.armed.items() if key[0] not in new}),
        ):
            if armed:
                message, person, kind, ref = zip(*armed, strict=True)
                lane, due = zip(*armed.values(), strict=True)
                written.add(part, ids(message), ids(person), words(kind), ids(ref), numbers(lane), instants(due))
    if batch.rearmed:
        message, person, kind, ref = zip(*batch.rearmed, strict=True)
        fence, due = zip(*batch.rearmed.values(), strict=True)
        written.add("rearmed", ids(message), ids(person), words(kind), ids(ref), numbers(fence), due)
    if batch.disarmed:
        message, person, kind, ref = zip(*batch.disarmed, strict=True)
        written.add("disarmed", ids(message), ids(person), words(kind), ids(ref))


def _write_escalations(written: _Written, rows: list[tuple[Any, ...]]) -> list[Any]:
    """Write escalations column by column, as `to_row` orders them."""
    ids = written.ids.write
    (message, version, state, priority, policy, unit, bed, step, round, step_began, started, source, key, seen, drill,
     test, guarded, standing, closed, why, policy_id, policy_version) = zip(*rows, strict=True)  # fmt: skip
    return [
        ids(message), numbers(version), words(state), words(priority), policy, ids(unit), ids(bed), numbers(step),
        numbers(round), step_began, started, source, key, seen, drill, test, guarded, standing, closed, why,
        ids(policy_id), numbers(policy_version),
    ]  # fmt: skip


def _write_facts(written: _Written, chain: Chain, linked: Linked) -> None:
    ids = written.ids.write
    kind, message, person, device, body, digest = linked.columns
    written.add(
        "fact", chain.writer, chain.seq, digests(digest), words(kind), ids(message), ids(person), ids(device), body
    )  # fmt: skip


def _write_events(
    written: _Written, batch: Batch, epoch: int, people: list[UUID], counts: dict[UUID, int], nths: list[int]
) -> None:
    ids, events = written.ids.write, batch.events
    who = {person_id: place for place, person_id in enumerate(people, start=1)}
    written.add(
        "event", ids(people), numbers([counts[person_id] for person_id in people]), epoch,
        numbers([who[event.person_id] for event in events]), numbers(nths),
        words([event.event for event in events]), ids([event.message_id for event in events]),
        len(people), len(events),
    )  # fmt: skip


@lru_cache(maxsize=1024)
def compose(parts: tuple[str, ...], deliveries: str) -> str:
    """Put a statement together; always the same object for the same parts, so that the driver finds it prepared.

    Args:
        parts: Some of PARTS, in that order.
        deliveries: The table that changed deliveries are in.
    """
    everybodys = {"@now": "$1", "@ids": "($2::uuid[])", "@instants": "($3::timestamptz[])", "@texts": "($4::text[])"}
    before = " + ".join(f"(SELECT count(*) FROM {part})" for part in parts if part in _COUNTED) or "0"
    texts, results, count = [], [], len(everybodys)
    for part in parts:
        numbered = dict(everybodys)
        for name in _NAMED.findall(_SQL[part]):
            if name not in numbered:
                count += 1
                numbered[name] = f"${count}"
        text = _SQL[part].replace("{deliveries}", deliveries).replace("{before}", before)
        texts.append(_NAMED.sub(lambda found, numbered=numbered: numbered[found[0]], text))  # type: ignore[misc]
        if part == "event":
            count += 1
            results += ["heads.bases", f"guard((SELECT count(*) FROM event), ${count})"]
        elif part == "escalated":
            count += 1
            results.append(f"guard((SELECT count(*) FROM escalated), ${count})")
    if "changed" in parts:
        results.append(f"guard((SELECT count(*) FROM changed), ${count + 1})")
    origin = " FROM heads" if "event" in parts else ""
    # Not every part asks for everybody's parameters, and PostgreSQL wants to know the type of each.
    typed = f" WHERE num_nulls({', '.join(['$1::timestamptz', *list(everybodys.values())[1:]])}) = 0"
    return f"WITH {', '.join(texts)}\nSELECT {', '.join(results) or '1'}{origin}{typed}"
