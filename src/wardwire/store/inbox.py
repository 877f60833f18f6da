"""Reads people's inboxes: what their devices have missed. They are written by store/batch.py alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from wardwire.model.delivery import Delivery, State
from wardwire.model.priority import Kind
from wardwire.store.copies import load_originals
from wardwire.store.deliveries import from_row, load_deliveries
from wardwire.store.escalations import load_escalations
from wardwire.store.messages import Message, as_reported, load_messages
from wardwire.store.queries import load

_SQL = load("inbox")

# Events that tell a sender of deliveries other than their own.
FAILURES = frozenset({"unreachable", "expired"})
MOST_FAILURES = 20


class InboxEvent(NamedTuple):
    """A kept event of a person's inbox.

    Attributes:
        covered: They have the message only because another one covers for them: a silent copy, unless it is a `code`.
    """

    seq: int
    epoch: int
    event: str
    message_id: UUID
    at: datetime
    covered: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Events with all that is needed to tell them.

    Attributes:
        last: The number up to which nothing else is to come.
        own: The person's deliveries, by message.
        outcomes: How the deliveries of the person's own messages stand, at most 20 of each message.
        holders: Of messages that somebody else has taken, the delivery of who has them.
    """

    events: list[InboxEvent]
    last: int
    messages: dict[UUID, Message]
    own: dict[UUID, Delivery]
    outcomes: dict[UUID, list[Delivery]]
    holders: dict[UUID, Delivery]


async def read_heads(connection: asyncpg.Connection, people: Sequence[UUID]) -> dict[UUID, int]:
    """Return the number of the last event of each person; 0 for who has none yet."""
    rows = await connection.fetch(_SQL["heads"], list(people))
    return dict.fromkeys(people, 0) | {row["person_id"]: row["seq"] for row in rows}


async def read_page(
    connection: asyncpg.Connection,
    person_id: UUID,
    *,
    after: int,
    upto: int,
    limit: int,
    condensed: bool = False,
    code_only: bool = False,
) -> Page:
    """Read events after a number, up to another one, in order, in at most seven queries.

    Args:
        condensed: Of each message only its last event in this range.
        code_only: With `condensed`: only messages of priority `code`.
    """
    if condensed:
        rows = await connection.fetch(_SQL["last_events"], person_id, after, upto, limit, code_only)
    else:
        rows = await connection.fetch(_SQL["events"], person_id, after, upto, limit)
    events = [InboxEvent(*row) for row in rows]
    last = events[-1].seq if len(events) == limit else upto
    message_ids = sorted({event.message_id for event in events})
    messages = await load_messages(connection, message_ids) if message_ids else {}
    keys = [(message_id, person_id) for message_id in message_ids]
    own = {d.message_id: d for d in await load_deliveries(connection, keys)}
    copies = [message_id for message_id, delivery in own.items() if delivery.kind is Kind.COPY]
    escalating = {message_id: message_id for message_id, delivery in own.items() if delivery.looks}
    if copies:
        escalating |= await load_originals(connection, copies)
    if escalating:
        kept = {one.escalation.message_id: one for one in await load_escalations(connection, [*escalating.values()])}
        for message_id, original in escalating.items():
            if original in kept and message_id in messages:
                messages[message_id] = as_reported(messages[message_id], kept[original].escalation)
    outcomes: dict[UUID, list[Delivery]] = {}
    of_failures = sorted({event.message_id for event in events if event.event in FAILURES})
    if of_failures:
        for row in await connection.fetch(_SQL["outcomes"], of_failures, person_id, MOST_FAILURES):
            outcomes.setdefault(row["message_id"], []).append(from_row(row))
    holders: dict[UUID, Delivery] = {}
    taken = [message_id for message_id, delivery in own.items() if delivery.state is State.TAKEN]
    if taken:
        holders = {row["message_id"]: from_row(row) for row in await connection.fetch(_SQL["holders"], taken)}
    return Page(events=events, last=last, messages=messages, own=own, outcomes=outcomes, holders=holders)
