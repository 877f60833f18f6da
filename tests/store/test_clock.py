"""The site's clock on a real database: jumps of the database's clock move nothing."""

from __future__ import annotations

from datetime import timedelta

import asyncpg

from tests.ward import reading
from wardwire.store.clock import SiteClock
from wardwire.store.site import read_site

HOUR = timedelta(hours=1)
CLOSE = timedelta(seconds=5)


class Ticks:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        """Where it stands."""
        return self.at


async def jump(connection: asyncpg.Connection, by: timedelta) -> None:
    """Let the database's clock jump, as seen by whoever reads it: the offset is added to what it tells."""
    await connection.execute(
        "UPDATE site SET clock_offset_us = clock_offset_us + $1", by // timedelta(microseconds=1)
    )


async def wall(connection: asyncpg.Connection) -> timedelta:
    """How far the site's time lies from the database's clock, by its row."""
    return timedelta(microseconds=(await read_site(connection)).offset_us)


async def test_it_tells_the_databases_time_and_carries_it_on(database_url: str) -> None:
    """By the monotonic clock, between readings."""
    ticks = Ticks()
    clock = SiteClock(ticks)
    async with reading(database_url) as connection:
        assert await clock.read(connection) is None
        site = await read_site(connection)
    begun = clock.now()
    ticks.at += 60

    assert timedelta(0) <= site.wall - begun < CLOSE
    assert clock.now() - begun == timedelta(seconds=60)


async def test_a_jump_moves_nothing_and_is_told_once(database_url: str) -> None:
    """Forwards and backwards: the core that finds it takes it out for all."""
    async with reading(database_url) as connection:
        clock = SiteClock(Ticks())
        await clock.read(connection)
        for by in (HOUR, -2 * HOUR):
            before = clock.now()
            await jump(connection, by)
            stepped = await clock.read(connection)

            assert stepped is not None
            assert abs(stepped - by) < CLOSE
            assert timedelta(0) <= clock.now() - before < CLOSE
            assert await clock.read(connection) is None
            assert abs(await wall(connection)) < CLOSE


async def test_two_cores_agree_after_a_jump(database_url: str) -> None:
    """One tells of it, the other finds it taken out; a third that starts afterwards agrees as well."""
    async with reading(database_url) as connection:
        first, second, third = (SiteClock(Ticks()) for _ in range(3))
        for clock in (first, second):
            await clock.read(connection)
        await jump(connection, -HOUR)

        told = [await clock.read(connection) for clock in (first, second, first, second)]
        await third.read(connection)

        assert [stepped is None for stepped in told] == [False, True, True, True]
        times = [clock.now() for clock in (first, second, third)]
        assert max(times) - min(times) < CLOSE


async def test_of_two_that_find_a_jump_at_once_one_takes_it_out(database_url: str) -> None:
    """Both read before either has changed the offset: by compare-and-set one is first, the other lets it be."""
    async with reading(database_url) as connection, reading(database_url) as other:
        first, second = SiteClock(Ticks()), SiteClock(Ticks())
        for clock in (first, second):
            await clock.read(connection)
        await jump(connection, HOUR)

        class Late:
            """A connection whose first answer comes before the other core's change, its next ones after."""

            async def fetchrow(self, sql: str) -> object:
                row = await other.fetchrow(sql)
                await first.read(connection)
                return row

            async def fetchval(self, *args: object) -> object:
                return await other.fetchval(*args)

            async def execute(self, *args: object) -> object:
                return await other.execute(*args)

        assert await second.read(Late()) is None
        assert await second.read(connection) is None
        assert abs(await wall(connection)) < CLOSE
        assert abs(first.now() - second.now()) < CLOSE


async def test_a_restart_of_everything_does_not_begin_before_what_was_seen(database_url: str) -> None:
    """The machine came up with a clock an hour behind: nothing is stored before what was stored already."""
    async with reading(database_url) as connection:
        ahead = (await read_site(connection)).wall + HOUR
        await connection.execute("UPDATE site SET clock_seen = $1", ahead)
        clock = SiteClock(Ticks())
        assert await clock.read(connection) is None
        assert clock.now() == ahead

        stepped = await clock.read(connection)
        assert stepped is not None
        assert abs(stepped + HOUR) < CLOSE
        assert timedelta(0) <= clock.now() - ahead < CLOSE


async def test_how_far_time_has_come_is_kept(database_url: str) -> None:
    """At each reading."""
    async with reading(database_url) as connection:
        ticks = Ticks()
        clock = SiteClock(ticks)
        await clock.read(connection)
        ticks.at += 1.5
        await clock.read(connection)

        assert (await read_site(connection)).seen == clock.now()


async def test_now_never_goes_backwards_even_with_the_monotonic_clock(database_url: str) -> None:
    """Whoever broke it."""
    ticks = Ticks()
    clock = SiteClock(ticks)
    async with reading(database_url) as connection:
        ticks.at = 10.0
        await clock.read(connection)
        ticks.at = 20.0
        before = clock.now()
        ticks.at = 5.0

        assert clock.now() == before
