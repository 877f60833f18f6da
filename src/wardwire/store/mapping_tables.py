"""Reads and writes the mapping tables of listeners that the site has edited."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import asyncpg

from wardwire.store.queries import load

_SQL = load("mapping_tables")


class MappingTable(NamedTuple):
    """A version of a listener's table. `text` None = the file is in force again."""

    listener: str
    version: int
    text: str | None
    made_at: datetime
    made_by: str


async def tables_in_force(connection: asyncpg.Connection) -> dict[str, MappingTable]:
    """Return the newest table of each listener of which one was ever edited."""
    return {row["listener"]: MappingTable(*row) for row in await connection.fetch(_SQL["in_force"])}


async def table_history(connection: asyncpg.Connection, listener: str, limit: int) -> list[MappingTable]:
    """Return the tables of a listener, the newest first."""
    return [MappingTable(*row) for row in await connection.fetch(_SQL["history"], listener, limit)]


async def newest_table(connection: asyncpg.Connection, listener: str) -> MappingTable | None:
    """Return the newest table of a listener; None = none was ever edited."""
    return next(iter(await table_history(connection, listener, 1)), None)


async def table_at(connection: asyncpg.Connection, listener: str, version: int) -> MappingTable | None:
    """Return one version of a listener's table."""
    row = await connection.fetchrow(_SQL["at"], listener, version)
    return MappingTable(*row) if row else None


async def add_table(connection: asyncpg.Connection, table: MappingTable) -> None:
    """Write a version. Runs inside the transaction of a change of the directory."""
    await connection.execute(_SQL["add"], *table)
