"""The site's one row: its epoch, the offset of its clock, and the probe."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from wardwire.store.queries import load

_SQL = load("site")


class Site(NamedTuple):
    """The site's row. Site time = `wall` + `offset_us`, and never before `seen`."""

    site_id: UUID
    epoch: int
    offset_us: int
    step: int
    seen: datetime
    wall: datetime


async def read_site(connection: asyncpg.Connection) -> Site:
    """Read the row with the database's clock."""
    row = await connection.fetchrow(_SQL["read"])
    assert row is not None, "the site has no row: the schema was not migrated"
    return Site(*row)


async def keep_seen(connection: asyncpg.Connection, now: datetime) -> None:
    """Keep how far time has come."""
    await connection.execute(_SQL["seen"], now)


async def shift_clock(connection: asyncpg.Connection, offset_us: int, *, step: int) -> bool:
    """Set the offset, if nobody has since step `step`; returns whether it was us."""
    return await connection.fetchval(_SQL["shift"], offset_us, step) is not None


async def probe(connection: asyncpg.Connection, now: datetime) -> int:
    """Commit nothing, durably; returns how often that was done."""
    count: int = await connection.fetchval(_SQL["probe"], now)
    return count
