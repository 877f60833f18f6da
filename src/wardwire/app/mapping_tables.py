"""Keeps the listeners of this process at the mapping tables that the site has put to use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wardwire.app.listening import Listening
from wardwire.store.mapping_tables import MappingTable, tables_in_force

LOOK_EVERY_S = 1.0


class MappingTables:
    """The tables in force. `pool` lends connections (asyncpg.Pool)."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self._tables: Mapping[str, MappingTable] = {}

    def text(self, listener: str) -> str | None:
        """Return the table of a listener; None = that of its file."""
        table = self._tables.get(listener)
        return table.text if table else None

    async def look(self) -> frozenset[str]:
        """Read them; returns the listeners of which another one is in force than was."""
        async with self._pool.acquire() as connection:
            now = await tables_in_force(connection)
        before, self._tables = self._tables, now
        return frozenset(name for name in now.keys() | before.keys() if now.get(name) != before.get(name))


class TableWatch:
    """Opens a listener anew whose table has changed. Run `round` (engine/upkeep.keep)."""

    def __init__(self, tables: MappingTables, doors: Sequence[Listening]) -> None:
        self._tables = tables
        self._doors = doors

    async def round(self) -> None:
        """Look once."""
        changed = await self._tables.look()
        for door in self._doors:
            if door.name in changed:
                await door.renew()
