"""Requests that made something of the directory: (source, key) -> digest and first answer."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import asyncpg

from wardwire.store.queries import load

_SQL = load("requests")


class Kept(NamedTuple):
    """A request that was answered, and how (JSON)."""

    digest: bytes
    answer: str


async def keep_request(
    connection: asyncpg.Connection, source: str, key: str, digest: bytes, answer: str, now: datetime
) -> None:
    """Keep what is answered. Raises `UniqueViolationError` (directory_requests_pkey) when another was quicker."""
    await connection.execute(_SQL["keep"], source, key, digest, answer, now)


async def repeat_request(connection: asyncpg.Connection, source: str, key: str, now: datetime) -> Kept | None:
    """Find what was answered the first time; None = the key is new. Writes: commit durably before it is told."""
    row = await connection.fetchrow(_SQL["repeat"], source, key, now)
    return None if row is None else Kept(*row)


async def forget_requests(connection: asyncpg.Connection, before: datetime, limit: int) -> int:
    """Forget up to `limit` requests answered before an instant; returns how many."""
    done = await connection.execute(_SQL["forget"], before, limit)
    return int(done.split()[-1])
