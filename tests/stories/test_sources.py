"""H178: people of another directory are taken in at an interval by one core; if that fails the desk is told, once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta

import asyncpg
import pytest

from tests.ward import directory_desk, everybody
from wardwire.directory.live import LiveDirectory
from wardwire.directory.syncing import Way
from wardwire.engine.sources import Feeding, SourceWatch
from wardwire.model.syncing import Found, Mapped, Reading
from wardwire.sources.contract import Progress, SourceFailed
from wardwire.testing.ward import Ward

EVERY = timedelta(hours=1)


class Staff:
    """A directory of which we say what is in it, and when it is away."""

    def __init__(self, *names: str) -> None:
        self.mapped: Mapped = {"name": ("name",)}
        self.names = list(names)
        self.away = ""
        self.times = 0

    async def read(self, mark: str, progress: Progress, *, who: str = "") -> Reading:
        """Read it."""
        self.times += 1
        if self.away:
            raise SourceFailed(self.away)
        return Reading(found=[Found(name, name, {"name": [name]}) for name in self.names])


class Core:
    """One core's part in it."""

    def __init__(self, ward: Ward, pool: asyncpg.Pool, watch: SourceWatch, live: LiveDirectory) -> None:
        self._ward = ward
        self._pool = pool
        self._watch = watch
        self._live = live

    async def look(self) -> None:
        """Look once."""
        async with self._pool.acquire() as connection:
            await self._live.refresh(connection)
        await self._watch.round()
        await self._ward.quiet()
        await self._ward.settle()


@pytest.fixture
async def staff() -> Staff:
    """Twenty people."""
    return Staff(*(f"Nurse {n}" for n in range(20)))


@pytest.fixture
async def cores(ward: Ward, pool: asyncpg.Pool, staff: Staff, database_url: str) -> AsyncIterator[tuple[Core, Core]]:
    """Two that take them in each hour."""
    async with AsyncExitStack() as stack:
        made = []
        for node in ("core-1", "core-2"):
            live = LiveDirectory()
            watch = SourceWatch(
                pool=pool,
                clock=ward.clock,
                desk=await stack.enter_async_context(directory_desk(database_url, ward.clock)),
                people=live,
                writer=ward.lanes,
                rules=ward.rules,
                sources={"hr": Feeding(Way(name="hr", mapped=staff.mapped, within=EVERY), staff, EVERY)},
                node=node,
            )
            made.append(Core(ward, pool, watch, live))
        yield made[0], made[1]


async def known(database_url: str) -> dict[str, bool]:
    """Who there is of them, and whether they are disabled."""
    directory = await everybody(database_url)
    return {one.name: one.disabled for one in directory.people.values() if one.details.external_ids}


async def test_one_core_takes_them_in_at_each_interval(
    ward: Ward, cores: tuple[Core, Core], staff: Staff, database_url: str
) -> None:
    """The other one has nothing to do then."""
    first, second = cores
    await first.look()
    await second.look()
    assert (staff.times, len(await known(database_url))) == (1, 20)
    staff.names.append("Eva")
    await ward.pass_time(minutes=59)
    await second.look()
    assert "Eva" not in await known(database_url)
    await ward.pass_time(minutes=2)
    await second.look()
    await first.look()
    assert (staff.times, "Eva" in await known(database_url)) == (2, True)


async def test_a_directory_that_is_away_is_told_once_until_it_is_back(
    ward: Ward, cores: tuple[Core, Core], staff: Staff, database_url: str
) -> None:
    """It is tried again every quarter of an hour; who is known stays."""
    first, second = cores
    await first.look()
    staff.away = "no server lets us in"
    for _ in range(4):
        await ward.pass_time(minutes=61)
        await first.look()
        await second.look()
    ((kind, text),) = await ward.alarms()
    assert kind == "source_failed"
    assert "The directory" not in text
    assert "People of the directory hr could not be taken in: no server lets us in." in text
    assert ward.events(ward.dora) == ["new"]
    assert not any((await known(database_url)).values())

    staff.away = ""
    await ward.pass_time(minutes=16)
    await second.look()
    await first.look()
    assert await ward.alarms() == []
    facts = await ward.connection.fetch("SELECT kind FROM facts WHERE kind LIKE 'Alarm%' ORDER BY at")
    assert [fact["kind"] for fact in facts] == ["AlarmRaised", "AlarmCleared"]


async def test_many_who_leave_are_an_alarm_and_stay(
    ward: Ward, cores: tuple[Core, Core], staff: Staff, database_url: str
) -> None:
    """Nobody is there to confirm it: the desk is told, and nothing is done."""
    first, _ = cores
    await first.look()
    del staff.names[10:]
    await ward.pass_time(minutes=61)
    await first.look()
    ((_, text),) = await ward.alarms()
    assert "10 disable" in text
    assert not any((await known(database_url)).values())


async def test_a_core_that_died_in_the_middle_keeps_nobody_out_for_ever(
    ward: Ward, cores: tuple[Core, Core], staff: Staff, pool: asyncpg.Pool
) -> None:
    """While it has the source nobody else reads; when its time is over another one does."""
    now = ward.clock.now()
    await pool.execute(
        "INSERT INTO sources (name, held_by, held_until, tried_at) VALUES ('hr', 'core-9', $1, $2)",
        now + timedelta(minutes=70), now,
    )  # fmt: skip
    first, _ = cores
    await ward.pass_time(minutes=61)
    await first.look()
    assert staff.times == 0
    await ward.pass_time(minutes=10)
    await first.look()
    assert staff.times == 1
