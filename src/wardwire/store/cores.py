"""Core processes and their signs of life."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import asyncpg

from wardwire.store.queries import load

_SQL = load("cores")


class CoreRow(NamedTuple):
    """A core's place.

    Attributes:
        name: Of the place: a core that is started again has it again.
        node: Of the process.
        silent_at: When somebody noticed that it is not heard; None = it is.
        ended_at: When it was stopped in order; None = it was not.
    """

    name: str
    node: str
    serves: str
    version: str
    since: datetime
    beat_at: datetime
    silent_at: datetime | None
    ended_at: datetime | None


async def beat(
    connection: asyncpg.Connection, *, name: str, node: str, serves: str, version: str, since: datetime, now: datetime
) -> tuple[str | None, datetime | None]:
    """Leave a sign of life; returns which node had the place before, and since when it was known to be silent."""
    row = await connection.fetchrow(_SQL["beat"], name, node, serves, version, since, now)
    return row["node"], row["silent_at"]


async def find_silent(
    connection: asyncpg.Connection, *, unheard_since: datetime, now: datetime, asker: str
) -> list[tuple[str, datetime]]:
    """Mark and return (name, last beat) of cores that fell silent; each is returned to one asker, once."""
    rows = await connection.fetch(_SQL["silent"], unheard_since, now, asker)
    return [(row["name"], row["beat_at"]) for row in rows]


async def end_core(connection: asyncpg.Connection, *, name: str, node: str, now: datetime) -> None:
    """Say goodbye; a later holder of the place is left alone."""
    await connection.execute(_SQL["end"], name, now, node)


async def list_cores(connection: asyncpg.Connection) -> list[CoreRow]:
    """Read all places."""
    return [CoreRow(*row) for row in await connection.fetch(_SQL["list"])]


async def forget_cores(connection: asyncpg.Connection, ended_before: datetime) -> None:
    """Remove places that were left in order long ago."""
    await connection.execute(_SQL["forget"], ended_before)
