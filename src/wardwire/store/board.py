"""Reads what runs now, for boards. Costs what is open, never what is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import asyncpg

from wardwire.model.rights import AccessRole
from wardwire.store.queries import load

_SQL = load("board")
# So many of the last messages are looked through for alerts that do not escalate.
LOOKED_THROUGH = 2_000


class Running(NamedTuple):
    """An alert that runs. `changes` is another number after each change of it or of one of its deliveries."""

    message_id: UUID
    unit: UUID | None
    changes: int


async def list_running(
    connection: asyncpg.Connection, units: Sequence[UUID] | None, limit: int
) -> tuple[list[Running], int]:
    """Read the worst alerts that escalate and are open, and how many there are in all.

    Args:
        units: Only alerts of these; None = all.
    """
    rows = await connection.fetch(_SQL["running"], None if units is None else list(units), limit)
    found = [Running(row["message_id"], row["unit"], int(row["changes"])) for row in rows]
    return found, rows[0]["total"] if rows else 0


async def list_recent(connection: asyncpg.Connection, since: UUID, limit: int) -> list[Running]:
    """Read the newest alerts that do not escalate, from an id on."""
    rows = await connection.fetch(_SQL["recent"], since, LOOKED_THROUGH, limit)
    return [Running(row["message_id"], None, int(row["changes"])) for row in rows]


async def load_closed(connection: asyncpg.Connection, messages: Sequence[UUID]) -> dict[UUID, str]:
    """Read why alerts were closed."""
    rows = await connection.fetch(_SQL["closed"], list(messages))
    return {row["message_id"]: row["closed_why"] for row in rows}


async def load_watchers(
    connection: asyncpg.Connection, people: Sequence[UUID]
) -> dict[UUID, tuple[frozenset[AccessRole], frozenset[UUID]]]:
    """Read what the accounts of people make of them: access roles, and the units that they manage."""
    rows = await connection.fetch(_SQL["watchers"], list(people))
    return {
        row["person_id"]: (frozenset(AccessRole(role) for role in row["roles"]), frozenset(row["units"]))
        for row in rows
    }


async def mark_desk(connection: asyncpg.Connection) -> str:
    """Return a text that is another one after each change of what the operators' desk is to see to."""
    mark: str = await connection.fetchval(_SQL["desk"])
    return mark
