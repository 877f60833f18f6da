"""Reads which entries of the directory have changed, for whoever keeps a copy of them. Reads only."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

import asyncpg

from wardwire.store.queries import load

_SQL = load("entries")


class Place(NamedTuple):
    """How far a copy has come: everything up to this version and, of this version, up to this id."""

    version: int
    id: UUID


async def read_changed(
    connection: asyncpg.Connection, after: Place, newest: int, limit: int
) -> list[tuple[Place, str]]:
    """Read what has changed since, up to a version: where each stands, and its kind (`person`, `role` …).

    Versions are dense and committed one after the other, so that nothing comes in later behind a place.
    """
    rows = await connection.fetch(_SQL["changed"], after.version, after.id, newest, limit)
    return [(Place(row["version"], row["id"]), row["kind"]) for row in rows]
