"""What a sender has submitted before: (source, external id) -> digest and first result."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from wardwire.store.durable import PATIENCE_S, DurableConnection, commit_durable
from wardwire.store.queries import load

_SQL = load("identities")


class Identity(NamedTuple):
    """A kept identity, and the result that was answered the first time (JSON)."""

    source: str
    external_id: str
    message_id: UUID
    digest: bytes
    result: str


async def repeat_identities(
    durable: DurableConnection, keys: Sequence[tuple[str, str]], now: datetime, *, patience_s: float = PATIENCE_S
) -> dict[tuple[str, str], Identity]:
    """Find which identities are kept already, as durably as they were first answered.

    Raises:
        Unknown: See `commit_durable`.
    """

    async def update(connection: asyncpg.Connection) -> list[Any]:
        rows: list[Any] = await connection.fetch(_SQL["repeat"], now, [k[0] for k in keys], [k[1] for k in keys])
        return rows

    rows = await commit_durable(durable, update, patience_s=patience_s)
    return {(row["source"], row["external_id"]): Identity(*row) for row in rows}


async def first_result(connection: asyncpg.Connection, source: str, external_id: str) -> str | None:
    """Return what was answered the first time, only to tell of it; None when it was forgotten."""
    result: str | None = await connection.fetchval(_SQL["result"], source, external_id)
    return result


async def forget_identities(connection: asyncpg.Connection, before: datetime, limit: int) -> int:
    """Forget up to `limit` identities stored before an instant; returns how many."""
    done = await connection.execute(_SQL["forget"], before, limit)
    return int(done.split()[-1])


async def forget_named(connection: asyncpg.Connection, source: str, prefix: str, before: datetime) -> None:
    """Forget the identities of a source that begin with `prefix` and were stored before an instant."""
    await connection.execute(_SQL["forget_named"], source, prefix, before)
