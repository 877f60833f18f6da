"""Reads what people have sent and what came of it, for a log. Costs the page that is asked for."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from wardwire.store.queries import load

_SQL = load("sent")


class SentLine(NamedTuple):
    """An alert of a person; of its recipients how many there are, a device confirmed for, and said something.

    Attributes:
        content: The sender's statement.
        named: The first three recipients: whoever said something first, the others by their ids.
        taken_by, response, taken_at: The first who said something other than no; None = nobody yet.
    """

    id: UUID
    priority: str
    sender: UUID
    source: str
    content: bytes
    stored_at: datetime
    ended_at: datetime | None
    ended_why: str | None
    people: int
    reached: int
    answered: int
    named: list[UUID] | None
    taken_by: UUID | None
    response: str | None
    taken_at: datetime | None


async def list_sent(
    connection: asyncpg.Connection, *, before: UUID, sender: UUID | None, limit: int
) -> list[SentLine]:
    """Read the newest before an id, newest first; of one sender, or of everybody."""
    return [SentLine(*row) for row in await connection.fetch(_SQL["lines"], before, sender, limit)]
