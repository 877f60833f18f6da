"""When each feed that is watched was last heard: known to all cores, and after a restart."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

import asyncpg

from wardwire.store.queries import load

_SQL = load("feeds")


async def hear_feeds(connection: asyncpg.Connection, heard: Mapping[str, datetime]) -> None:
    """Write down when feeds were heard."""
    await connection.execute(_SQL["heard"], list(heard), list(heard.values()))


async def watch_feeds(connection: asyncpg.Connection, names: Collection[str], now: datetime) -> None:
    """Begin to watch feeds; those that are watched already are left as they are."""
    await connection.execute(_SQL["watched"], list(names), now)


async def last_heard(connection: asyncpg.Connection, names: Collection[str]) -> dict[str, datetime]:
    """Read when each feed was last heard by any core."""
    return {row["name"]: row["heard_at"] for row in await connection.fetch(_SQL["last"], list(names))}
