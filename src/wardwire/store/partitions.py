"""Tables by day: made ahead, archived by dropping."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import asyncpg

from wardwire.model.errors import Code, Refused
from wardwire.model.ids import first_id_of
from wardwire.store.queries import load

_SQL = load("partitions")

DAYS_AHEAD = 14


async def list_days(connection: asyncpg.Connection) -> frozenset[date]:
    """Return the days that have tables of their own."""
    return frozenset(row["day"] for row in await connection.fetch(_SQL["days"]))


async def make_days(connection: asyncpg.Connection, today: date) -> int:
    """Make the tables from yesterday to 14 days ahead; returns how many were missing. Idempotent."""
    made: int = await connection.fetchval(_SQL["make"], today - timedelta(days=1), DAYS_AHEAD + 2)
    return made


async def count_strays(connection: asyncpg.Connection) -> int:
    """Count rows without a table of their day, up to 1,000 a table. More than none is a technical alarm."""
    strays: int = await connection.fetchval(_SQL["strays"])
    return strays


async def drop_day(connection: asyncpg.Connection, day: date) -> list[str]:
    """Take a day's tables away, as the owner role; returns their names.

    Raises:
        Refused: `CONFLICT` while a message of that day still has a deadline: it is not over.
    """
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    low, high = first_id_of(start), first_id_of(start + timedelta(days=1))
    async with connection.transaction():
        await connection.execute("SET LOCAL search_path = wardwire")
        still_open = await connection.fetchval(_SQL["open"], low, high)
        if still_open:
            raise Refused(Code.CONFLICT, f"{still_open} messages of {day} are not over yet", open=still_open)
        names = [row["relname"] for row in await connection.fetch(_SQL["detach"], f"{day:%Y%m%d}")]
        for name in names:
            await connection.execute(f'DROP TABLE wardwire."{name}"')
    return names
