"""A core that hangs is noticed by another one, told to the desk, and forgotten when it is heard again."""

from __future__ import annotations

import asyncpg

from wardwire.engine.muster import Muster
from wardwire.store.cores import list_cores
from wardwire.testing.ward import Ward


def muster(ward: Ward, pool: asyncpg.Pool, name: str, node: str) -> Muster:
    """One core's part."""
    return Muster(
        pool=pool,
        clock=ward.clock,
        writer=ward.lanes,
        rules=ward.rules,
        name=name,
        node=node,
        serves="path,engine",
        version="0.1.0",
    )


async def open_alarms(ward: Ward) -> list[tuple[str, str]]:
    """Kind and subject of what is open."""
    rows = await ward.connection.fetch("SELECT kind, subject FROM alarms WHERE cleared_at IS NULL")
    return [tuple(row) for row in rows]


async def test_a_core_that_falls_silent_is_told_once_and_cleared_when_it_is_heard(
    ward: Ward, database_url: str
) -> None:
    """H35: within ten seconds, by one of the others; each change is a fact."""
    async with asyncpg.create_pool(
        database_url, min_size=1, max_size=2, server_settings={"search_path": "wardwire"}
    ) as pool:
        one, two, three = (muster(ward, pool, f"here/{name}", f"here-{name}") for name in ("1", "2", "3"))
        for core in (one, two, three):
            await core.round()
        for _ in range(4):
            await ward.pass_time(seconds=2)
            await one.round()
            await two.round()
        await ward.settle()
        assert await open_alarms(ward) == [("core_silent", "here/3")]
        assert ward.events(ward.dora) == ["new"]
        await three.round()
        await ward.settle()
        assert await open_alarms(ward) == []
    facts = await ward.connection.fetch("SELECT kind FROM facts WHERE kind LIKE 'Core%' ORDER BY at, seq")
    assert [fact["kind"] for fact in facts] == ["CoreStarted"] * 3 + ["CoreSilent", "CoreHeard"]


async def test_a_core_that_is_stopped_in_order_calls_nobody(ward: Ward, database_url: str) -> None:
    """And one that was started again has its place again: started is a fact, and no alarm."""
    async with asyncpg.create_pool(
        database_url, min_size=1, max_size=2, server_settings={"search_path": "wardwire"}
    ) as pool:
        one, two = muster(ward, pool, "here/1", "here-1"), muster(ward, pool, "here/2", "here-2")
        await one.round()
        await two.round()
        await two.leave()
        await ward.pass_time(seconds=60)
        await one.round()
        assert [bool(core.ended_at) for core in await list_cores(ward.connection)] == [False, True]

        again = muster(ward, pool, "here/2", "here-22")
        await again.round()
        await two.leave()  # late words of the process before
        await ward.settle()
        assert [bool(core.ended_at) for core in await list_cores(ward.connection)] == [False, False]
        assert await open_alarms(ward) == []
