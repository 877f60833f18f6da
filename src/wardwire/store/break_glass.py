"""Break-glass accesses: who looked at what was not theirs, why, and until when. Never removed."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from wardwire.store.queries import load

_SQL = load("break_glass")


class Broken(NamedTuple):
    """A break-glass access: for one session, until `ends_at`, or `ended_at` when it was given back before."""

    id: UUID
    account_id: UUID
    person_id: UUID
    why: str
    made_at: datetime
    ends_at: datetime
    ended_at: datetime | None


async def insert_broken(connection: asyncpg.Connection, broken: Broken, session_id: UUID) -> None:
    """Add an access."""
    b = broken
    await connection.execute(_SQL["add"], b.id, b.account_id, session_id, b.why, b.made_at, b.ends_at)


async def end_broken(connection: asyncpg.Connection, broken_id: UUID, now: datetime) -> UUID | None:
    """End an access; returns its account, None when it was over."""
    account_id: UUID | None = await connection.fetchval(_SQL["end"], broken_id, now)
    return account_id


async def load_broken(connection: asyncpg.Connection, broken_id: UUID) -> Broken | None:
    """Read an access."""
    row = await connection.fetchrow(_SQL["get"], broken_id)
    return None if row is None else Broken(*row)


async def list_broken(
    connection: asyncpg.Connection, *, before: UUID, account_id: UUID | None, limit: int
) -> list[Broken]:
    """Read accesses, the newest first, of one account or of all."""
    return [Broken(*row) for row in await connection.fetch(_SQL["list"], before, account_id, limit)]
