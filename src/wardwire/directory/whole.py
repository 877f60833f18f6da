"""Reads the whole directory at once: for commands that run and end. Who serves keeps a live one."""

from __future__ import annotations

import asyncpg

from wardwire.model.directory import (
    index_names,
    merge_devices,
    merge_endpoints,
    merge_groups,
    merge_keys,
    merge_people,
    merge_roles,
)
from wardwire.model.people import Directory
from wardwire.store.directory import read_changes


async def read_directory(connection: asyncpg.Connection) -> Directory:
    """Read everybody, in one snapshot."""
    changes = await read_changes(connection, -1)
    directory = Directory(version=changes.version)
    merge_people(directory, changes.people)
    merge_endpoints(directory, changes.endpoints)
    merge_devices(directory, changes.devices)
    merge_groups(directory, changes.groups)
    merge_roles(directory, changes.roles, changes.shifts, changes.cancelled)
    merge_keys(directory, changes.keys)
    index_names(directory)
    return directory
