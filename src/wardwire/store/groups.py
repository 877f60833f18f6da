"""Writes groups. Runs inside the transaction of a change of the directory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from wardwire.model.people import Group
from wardwire.store.queries import load

_SQL = load("groups")


async def insert_group(connection: asyncpg.Connection, group: Group, version: int) -> None:
    """Add a group; a name that a living group bears violates `groups_name`."""
    await connection.execute(_SQL["add"], group.id, group.name, list(group.members), version)


async def insert_groups(connection: asyncpg.Connection, groups: Sequence[Group], version: int) -> None:
    """Add many groups; as `insert_group`."""
    await connection.executemany(_SQL["add"], [(g.id, g.name, list(g.members), version) for g in groups])


async def lock_group(connection: asyncpg.Connection, group_id: UUID) -> Group | None:
    """Read a group and lock its row."""
    row = await connection.fetchrow(_SQL["lock"], group_id)
    if row is None:
        return None
    return Group(id=row["id"], name=row["name"], members=tuple(row["members"]), disabled=row["disabled"])


async def update_group(connection: asyncpg.Connection, group: Group, version: int, now: datetime) -> None:
    """Write a group as it is to be; it was locked before."""
    members = list(group.members)
    await connection.execute(_SQL["change"], group.id, group.name, members, group.disabled, now, version)


async def find_missing(connection: asyncpg.Connection, people: Sequence[UUID]) -> list[UUID]:
    """Return which of these ids are of nobody."""
    return [row["id"] for row in await connection.fetch(_SQL["missing"], list(people))]
