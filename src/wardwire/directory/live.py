"""Keeps the directory in memory as new as the database: a hint wakes it, polling is the truth."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import asyncpg

from wardwire.model import directory as merge
from wardwire.model.people import Directory
from wardwire.store.directory import Changes, directory_version, read_changes

POLL_S = 1.0


class LiveDirectory:
    """One `Directory`, kept fresh. A change is seen within a second, or at once after a hint."""

    def __init__(self, changed: Callable[[Changes], None] = lambda changes: None) -> None:
        self.directory = Directory()
        self._changed = changed
        self._hint = asyncio.Event()

    def hint(self) -> None:
        """Somebody says that the directory has changed."""
        self._hint.set()

    async def refresh(self, connection: asyncpg.Connection) -> bool:
        """Take in what changed since; returns whether anything had. Costs one small query when nothing has."""
        if await directory_version(connection) == self.directory.version:
            return False
        changes = await read_changes(connection, self.directory.version)
        directory = self.directory
        merge.merge_people(directory, changes.people)
        merge.merge_endpoints(directory, changes.endpoints)
        merge.merge_devices(directory, changes.devices)
        merge.merge_device_settings(directory, changes.device_groups, changes.device_layers)
        merge.merge_groups(directory, changes.groups)
        merge.merge_roles(directory, changes.roles, changes.shifts, changes.cancelled, changes.swaps)
        merge.merge_keys(directory, changes.keys)
        merge.merge_places(directory, changes.places)
        merge.merge_assignments(directory, changes.assignments, changes.unassigned)
        merge.merge_policies(directory, changes.policies)
        merge.merge_unit_roles(directory, changes.unit_roles)
        merge.merge_preferences(directory, changes.preferences)
        merge.merge_meanings(directory, changes.meanings)
        directory.version = changes.version
        self._changed(changes)
        return True

    async def wait(self) -> None:
        """Wait for a hint, a second at most."""
        try:
            async with asyncio.timeout(POLL_S):
                await self._hint.wait()
        except TimeoutError:
            pass
        self._hint.clear()
