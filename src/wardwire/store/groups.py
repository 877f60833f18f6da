"""Writes groups. Runs inside the transaction of a change of the directory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from wardwire.model.membership import read_rule
from wardwire.model.people import Group
from wardwire.store.queries import load

_SQL = load("groups")


async def insert_group(connection: asyncpg.Connection, group: Group, version: int) -> None:
    """Add a group; a name that a living group bears violates `groups_name`."""
    await insert_groups(connection, [group], version)


async def insert_groups(connection: asyncpg.Connection, groups: Sequence[Group], version: int) -> None:
    """Add many groups; as `insert_group`."""
    rows = [(g.id, g.name, g.members, g.groups, g.rule_text, version) for g in groups]
    await connection.executemany(_SQL["add"], rows)


async def lock_group(connection: asyncpg.Connection, group_id: UUID) -> Group | None:
    """Read a group and lock its row."""
    row = await connection.fetchrow(_SQL["lock"], group_id)
    return group_of(row) if row else None


async def update_group(connection: asyncpg.Connection, group: Group, version: int, now: datetime) -> None:
    """Write a group as it is to be; it was locked before."""
    told = (group.id, group.name, group.members, group.groups, group.rule_text, group.disabled)
    await connection.execute(_SQL["change"], *told, now, version)


async def find_missing(connection: asyncpg.Connection, people: Sequence[UUID]) -> list[UUID]:
    """Return which of these ids are of nobody."""
    return [row["id"] for row in await connection.fetch(_SQL["missing"], list(people))]


async def name_groups(connection: asyncpg.Connection, groups: Sequence[UUID]) -> dict[UUID, str]:
    """Return the names of groups; one that there is not is left out."""
    return dict(await connection.fetch(_SQL["named"], list(groups)))


async def find_nested(connection: asyncpg.Connection) -> dict[UUID, tuple[str, tuple[UUID, ...]]]:
    """Return the groups that have groups in them: name, and which."""
    return {row["id"]: (row["name"], tuple(row["within"])) for row in await connection.fetch(_SQL["nested"])}


def group_of(row: asyncpg.Record) -> Group:
    """Make a group of its row."""
    return Group(
        id=row["id"],
        name=row["name"],
        members=tuple(row["members"]),
        groups=tuple(row["within"]),
        rule=read_rule(row["rule"]) if row["rule"] else None,
        rule_text=row["rule"],
        disabled=row["disabled"],
    )
