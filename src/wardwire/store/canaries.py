"""The last canary of each way. They are written in the batch that stores them (store/batch.sql)."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg

from wardwire.model.canary import Canary, Way
from wardwire.store.queries import load

_SQL = load("canaries")


async def list_canaries(connection: asyncpg.Connection) -> list[Canary]:
    """Read the last canary of each way, and whether it has got through."""
    rows = await connection.fetch(_SQL["flown"])
    return [Canary(Way(channel, unit), *rest) for channel, unit, *rest in rows]


async def forget_canaries(connection: asyncpg.Connection, ways: Sequence[Way]) -> None:
    """Forget ways that are proved no more."""
    await connection.execute(_SQL["forget"], [way.channel for way in ways], [way.unit for way in ways])
