"""The site's one row."""

from __future__ import annotations

from datetime import timedelta

import asyncpg
import pytest

from tests.engines import SITE
from tests.ward import reading
from wardwire.store.site import keep_seen, probe, read_site, shift_clock


async def test_there_is_one_site_with_its_first_epoch(database_url: str) -> None:
    """And never a second row."""
    async with reading(database_url) as connection:
        site = await read_site(connection)
        with pytest.raises(asyncpg.PostgresError):
            await connection.execute("INSERT INTO site (site_id, clock_seen) VALUES ($1, '2026-01-01')", SITE)
        with pytest.raises(asyncpg.PostgresError):
            await connection.execute(
                "INSERT INTO site (only_row, site_id, clock_seen) VALUES (false, $1, '2026-01-01')", SITE
            )

    assert (site.site_id, site.epoch, site.offset_us, site.step) == (SITE, 1, 0, 0)


async def test_what_was_seen_only_grows(database_url: str) -> None:
    """A core that lags behind does not turn it back."""
    async with reading(database_url) as connection:
        wall = (await read_site(connection)).wall
        for now in (wall, wall - timedelta(hours=1)):
            await keep_seen(connection, now)

        assert (await read_site(connection)).seen == wall


async def test_the_offset_is_changed_by_whoever_read_it_last(database_url: str) -> None:
    """A change decided on an older reading changes nothing."""
    async with reading(database_url) as connection:
        assert await shift_clock(connection, 5, step=0)
        assert not await shift_clock(connection, 9, step=0)
        site = await read_site(connection)

        assert (site.offset_us, site.step) == (5, 1)


async def test_the_probe_counts_up(database_url: str) -> None:
    """Each is a commit of its own."""
    async with reading(database_url) as connection:
        wall = (await read_site(connection)).wall
        first = await probe(connection, wall)

        assert await probe(connection, wall) == first + 1
        assert await connection.fetchval("SELECT probe_at FROM site") == wall
