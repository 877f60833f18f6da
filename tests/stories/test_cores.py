"""A core that hangs is noticed by another one, told to the desk, and forgotten when it is heard again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import asyncpg

from wardwire.engine.muster import Muster
from wardwire.store.cores import list_cores
from wardwire.testing.ward import Ward


def muster(ward: Ward, pool: asyncpg.Pool, name: str, node: str, serves: str = "path,engine", **given: Any) -> Muster:
    """One core's part."""
    return Muster(
        pool=pool,
        clock=ward.clock,
        writer=ward.lanes,
        rules=ward.rules,
        name=name,
        node=node,
        serves=serves,
        version="0.1.0",
        **given,
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


async def look(ward: Ward, *cores: Muster, seconds: int) -> None:
    """Let time pass, and cores look every two seconds."""
    for _ in range(seconds // 2):
        await ward.pass_time(seconds=2)
        for core in cores:
            await core.round()
        await ward.quiet()
        await ward.settle()


async def test_an_auditor_that_falls_silent_is_missed_by_those_that_do_not_audit(
    ward: Ward, pool: asyncpg.Pool
) -> None:
    """H75: its process hangs; another one says within ten seconds that nobody audits now."""
    path = muster(ward, pool, "here/path", "here-1")
    api = muster(ward, pool, "here/api", "here-2", "api,audit,adapters")
    await look(ward, path, api, seconds=4)
    await look(ward, path, seconds=10)
    ((kind, text),) = await ward.alarms()
    assert kind == "core_silent"
    assert "here/api has not been heard for 7 seconds. Nobody audits now." in text
    assert ward.events(ward.dora) == ["new"]


async def test_a_core_of_which_a_part_hangs_leaves_no_sign_of_life(ward: Ward, pool: asyncpg.Pool) -> None:
    """H75: its auditor waits for what never comes, and all the rest of it is well."""
    stuck: list[str] = []
    path = muster(ward, pool, "here/path", "here-1")
    api = muster(ward, pool, "here/api", "here-2", "api,audit", stuck=lambda: stuck)
    await look(ward, path, api, seconds=10)
    assert await ward.alarms() == []
    stuck.append("auditor")
    await look(ward, path, api, seconds=10)
    assert [kind for kind, _ in await ward.alarms()] == ["core_silent"]
    stuck.clear()
    await look(ward, path, api, seconds=4)
    assert await ward.alarms() == []


async def test_when_the_last_one_that_audits_is_stopped_somebody_hears_of_it(ward: Ward, pool: asyncpg.Pool) -> None:
    """H75: in order, and for good: after half a minute nobody audits; over when somebody does again."""
    path = muster(ward, pool, "here/path", "here-1")
    api = muster(ward, pool, "here/api", "here-2", "api,audit")
    await look(ward, path, api, seconds=30)
    await api.leave()
    await look(ward, path, seconds=28)
    assert await ward.alarms() == []
    await look(ward, path, seconds=6)
    ((kind, text),) = await ward.alarms()
    assert kind == "unserved"
    assert text.startswith("Nobody audits any more")
    await look(ward, path, muster(ward, pool, "there/api", "there-1", "api,audit"), seconds=4)
    assert await ward.alarms() == []
    assert ward.events(ward.dora).count("new") == 1


async def test_a_silence_whose_witness_died_is_told_all_the_same(ward: Ward, pool: asyncpg.Pool) -> None:
    """H35: noticed and not told, heard and not told: the next look brings the alarm to how things stand."""
    one, two = muster(ward, pool, "here/1", "here-1"), muster(ward, pool, "here/2", "here-2")
    await look(ward, one, two, seconds=4)
    await ward.connection.execute("UPDATE cores SET silent_at = $1, beat_at = $2 WHERE name = 'here/2'",
                                  ward.clock.now(), ward.clock.now() - timedelta(seconds=8))  # fmt: skip
    await look(ward, one, seconds=2)
    assert await open_alarms(ward) == [("core_silent", "here/2")]

    await ward.connection.execute("UPDATE alarms SET cleared_at = $1", ward.clock.now())
    await look(ward, one, seconds=4)
    assert await open_alarms(ward) == []  # whoever cleared it by hand knows why
    await ward.connection.execute("UPDATE alarms SET cleared_at = NULL")

    await ward.connection.execute("UPDATE cores SET silent_at = NULL, beat_at = $1 WHERE name = 'here/2'",
                                  ward.clock.now() + timedelta(seconds=1))  # fmt: skip
    await look(ward, one, seconds=2)
    assert await open_alarms(ward) == []


async def test_after_an_outage_those_that_start_side_by_side_are_not_missed(ward: Ward, pool: asyncpg.Pool) -> None:
    """H35: all were killed; the first that is up calls nobody because of the second, but of one that stays away."""
    for name in ("1", "2", "3"):
        await muster(ward, pool, f"here/{name}", f"here-{name}").round()
    await ward.pass_time(seconds=20)
    first = muster(ward, pool, "here/1", "here-11")
    await look(ward, first, seconds=4)
    second = muster(ward, pool, "here/2", "here-22")
    await look(ward, first, second, seconds=4)
    assert await open_alarms(ward) == [("core_silent", "here/3")]
    assert ward.events(ward.dora) == ["new"]


async def test_a_core_that_is_not_well_says_so_itself(ward: Ward, pool: asyncpg.Pool) -> None:
    """H75: its auditor fails each time: one alarm, over when it looks again."""
    complaints = ["the auditor has not looked for 61 s"]
    api = muster(ward, pool, "here/api", "here-2", "api,audit", complaints=lambda: complaints)
    await look(ward, api, seconds=6)
    ((kind, text),) = await ward.alarms()
    assert (kind, "here/api is not well: the auditor has not looked for 61 s." in text) == ("core_unwell", True)
    complaints.clear()
    await look(ward, api, seconds=4)
    assert await ward.alarms() == []
