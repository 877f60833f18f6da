"""Reads which messages there were and how far they came, without what they say."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from wardwire.store.queries import load

_SQL = load("traces")


class TraceLine(NamedTuple):
    """A message, and of its recipients: how many, how many a device confirmed for, how many answered."""

    id: UUID
    kind: str
    priority: str
    source: str
    sender: UUID | None
    stored_at: datetime
    ended_at: datetime | None
    ended_why: str | None
    people: int
    reached: int
    answered: int
    first_delivered_at: datetime | None
    first_answered_at: datetime | None


async def list_traces(
    connection: asyncpg.Connection,
    *,
    before: UUID,
    priority: str | None,
    sender: UUID | None,
    person: UUID | None,
    limit: int,
) -> list[TraceLine]:
    """Read the newest messages before an id, newest first.

    Args:
        sender: Only what this person has sent.
        person: Only what this person has sent or been called by.
    """
    rows = await connection.fetch(_SQL["lines"], before, priority, sender, person, limit)
    return [TraceLine(*row) for row in rows]
