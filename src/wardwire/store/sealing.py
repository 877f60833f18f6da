"""Seals the heads of the chains of facts, as the role wardwire_sealer: a tail that is cut later is found by them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from wardwire.store.queries import load

_SQL = load("sealing")


class Head(NamedTuple):
    """The last fact of a chain."""

    writer: UUID
    seq: int
    hash: bytes


class SealedHead(NamedTuple):
    """A head as it was sealed."""

    writer: UUID
    seq: int
    hash: bytes
    sealed_at: datetime


async def find_heads(connection: asyncpg.Connection, since: datetime) -> list[Head]:
    """Read the heads of the chains that grew since an instant; let it be the beginning of a day."""
    return [Head(*row) for row in await connection.fetch(_SQL["heads"], since)]


async def sealed_heads(connection: asyncpg.Connection) -> list[SealedHead]:
    """Read the sealed heads."""
    return [SealedHead(*row) for row in await connection.fetch(_SQL["sealed"])]


async def seal(connection: asyncpg.Connection, heads: Sequence[Head], now: datetime) -> None:
    """Seal heads. Sealing an older one changes nothing."""
    columns = [list(column) for column in zip(*heads, strict=True)]
    await connection.execute(_SQL["seal"], now, *columns)


async def places_before(connection: asyncpg.Connection, since: datetime) -> dict[UUID, int]:
    """Return, for each chain that grew since an instant, the number of its last fact before it."""
    return {row["writer"]: row["seq"] for row in await connection.fetch(_SQL["first_since"], since)}
