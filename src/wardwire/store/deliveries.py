"""Reads deliveries. They are changed by store/batch.py alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from wardwire.model import ids
from wardwire.model.coverage import COVERS
from wardwire.model.delivery import Delivery, State
from wardwire.model.priority import Kind, Priority
from wardwire.model.routing import read_stages
from wardwire.store.offered import read_offered
from wardwire.store.queries import load

_SQL = load("deliveries")
COLUMNS = (
    "message_id", "person_id", "version", "state", "stage", "plan", "kind", "priority", "sender_person", "offered",
    "delivered_at", "delivered_by", "read_at", "response", "responded_at", "escalates",
)  # fmt: skip


async def load_deliveries(
    connection: asyncpg.Connection, keys: Sequence[tuple[UUID, UUID]], messages: Sequence[UUID] = ()
) -> list[Delivery]:
    """Read deliveries by key, and all those of `messages`; what does not exist is left out."""
    rows: list[Any] = []
    if keys:
        rows += await connection.fetch(_SQL["load"], [k[0] for k in keys], [k[1] for k in keys])
    if messages:
        rows += await connection.fetch(_SQL["load_messages"], list(messages))
    return [from_row(row) for row in rows]


async def load_as_sender(
    connection: asyncpg.Connection, keys: Sequence[tuple[UUID, UUID]], limit: int
) -> list[Delivery]:
    """Read the deliveries of messages by (message, sender), of each at most so many, in states that they are told."""
    rows: list[Any] = await connection.fetch(_SQL["as_sender"], [k[0] for k in keys], [k[1] for k in keys], limit)
    return [from_row(row) for row in rows]


async def page_deliveries(
    connection: asyncpg.Connection, message_id: UUID, *, after: UUID, limit: int
) -> list[tuple[Delivery, str]]:
    """Read a page of a message's deliveries, in the order of their people's ids, each with why they got it."""
    rows: list[Any] = await connection.fetch(_SQL["page"], message_id, after, limit)
    return [(from_row(row), row["why"]) for row in rows]


async def count_states(connection: asyncpg.Connection, message_id: UUID) -> dict[str, int]:
    """Count the deliveries of a message by state."""
    rows: list[Any] = await connection.fetch(_SQL["count_states"], message_id)
    return {row["state"]: row["count"] for row in rows}


async def load_reasons(connection: asyncpg.Connection, message_id: UUID) -> dict[UUID, str]:
    """Return why each person got a message."""
    rows: Iterable[Any] = await connection.fetch(_SQL["reasons"], message_id)
    return {row["person_id"]: row["why"] for row in rows}


async def find_for_role(connection: asyncpg.Connection, message_id: UUID, role_id: UUID, holder: UUID) -> list[UUID]:
    """Return who got a message because a role was theirs, with its holder then, and who covers for them."""
    role, covers = ids.write_id(ids.ROLE, role_id), f"{COVERS}{ids.write_id(ids.PERSON, holder)}"
    rows: Iterable[Any] = await connection.fetch(_SQL["for_role"], message_id, holder, role, covers)
    return [row["person_id"] for row in rows]


async def load_all_reasons(connection: asyncpg.Connection, messages: Sequence[UUID]) -> dict[UUID, dict[UUID, str]]:
    """Return why each person got each of some messages."""
    found: dict[UUID, dict[UUID, str]] = {message_id: {} for message_id in messages}
    for row in await connection.fetch(_SQL["all_reasons"], list(messages)):
        found[row["message_id"]][row["person_id"]] = row["why"]
    return found


def from_row(row: Any) -> Delivery:
    """Make a delivery of a row of `load`."""
    return Delivery(
        message_id=row["message_id"],
        person_id=row["person_id"],
        version=row["version"],
        state=State(row["state"]),
        stage=row["stage"],
        stages=read_stages(row["plan"]),
        kind=Kind(row["kind"]),
        priority=Priority(row["priority"]),
        sender_person=row["sender_person"],
        offered=read_offered(row["offered"]),
        delivered_at=row["delivered_at"],
        delivered_by=row["delivered_by"],
        read_at=row["read_at"],
        response=row["response"],
        responded_at=row["responded_at"],
        escalates=row["escalates"],
    )
