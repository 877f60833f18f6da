"""A feed that has fallen silent calls somebody, before a nurse wonders why no monitor alarms any more."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC

import asyncpg
import pytest

from tests.stories.test_auditor import SCHEMA
from wardwire.app.adapters import heard_by
from wardwire.engine.feeds import FeedWatch
from wardwire.engine.health import Vitals
from wardwire.engine.metrics import Metrics
from wardwire.model.feeds import read_quiet
from wardwire.testing.ward import Ward

QUIET = {"GW|4 WEST": read_quiet("5m"), "listener:hl7": read_quiet("1h")}


class Ears(dict[str, float]):
    """What one core has heard, by its monotonic clock."""

    def __init__(self, ward: Ward) -> None:
        super().__init__()
        self._ward = ward

    def hear(self, name: str) -> None:
        """Something came in."""
        self[name] = self._ward.clock.monotonic()


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    """Connections for those who look."""
    async with asyncpg.create_pool(database_url, min_size=1, max_size=3, server_settings=SCHEMA) as pool:
        yield pool


def watching(ward: Ward, pool: asyncpg.Pool, ears: Mapping[str, float], **changed: object) -> FeedWatch:
    """One core's part."""
    return FeedWatch(
        pool=pool, clock=ward.clock, writer=ward.lanes, rules=ward.rules, heard=lambda: ears, zone=lambda now: UTC,
        **{"quiet": QUIET, **changed},  # type: ignore[arg-type]
    )  # fmt: skip


async def look(ward: Ward, *watches: FeedWatch, minutes: float) -> None:
    """Let time pass, and cores look each minute, all at once."""
    for _ in range(round(minutes)):
        await ward.pass_time(seconds=60)
        for watch in watches:
            await watch.round()
        await ward.quiet()
        await ward.settle()


async def test_a_feed_that_falls_silent_is_told_once_and_cleared_when_it_is_heard(
    ward: Ward, pool: asyncpg.Pool
) -> None:
    """H74: two cores watch, one of them hears; one alarm, with the feed's name, and since when it is silent."""
    here, there = Ears(ward), Ears(ward)
    watches = watching(ward, pool, here), watching(ward, pool, there)
    for _ in range(3):
        here.hear("GW|4 WEST")
        await look(ward, *watches, minutes=4)
    assert ward.events(ward.dora) == []
    await look(ward, *watches, minutes=10)
    ((kind, text),) = await ward.alarms()
    assert kind == "feed_quiet"
    assert "The feed GW|4 WEST has said nothing since" in text
    assert "5 min are allowed" in text
    assert ward.events(ward.dora) == ["new"]
    assert await ward.connection.fetchval("SELECT times FROM alarms") == 1

    there.hear("GW|4 WEST")
    await look(ward, *watches, minutes=1)
    await look(ward, *watches, minutes=1)
    assert await ward.alarms() == []
    facts = await ward.connection.fetch("SELECT kind FROM facts WHERE kind LIKE 'Alarm%' ORDER BY at")
    assert [fact["kind"] for fact in facts] == ["AlarmRaised", "AlarmCleared"]


async def test_when_it_was_last_heard_is_known_after_a_restart(ward: Ward, pool: asyncpg.Pool) -> None:
    """H74: a silence goes on through a restart; its sources have a minute to come back."""
    ears = Ears(ward)
    before = watching(ward, pool, ears)
    ears.hear("GW|4 WEST")
    await look(ward, before, minutes=4)
    after = watching(ward, pool, {})
    await after.round()
    await ward.pass_time(seconds=59)
    await after.round()
    await ward.quiet()
    assert await ward.alarms() == []
    await look(ward, after, minutes=1)
    assert len(await ward.alarms()) == 1


async def test_a_feed_that_never_spoke_is_told_too_and_one_that_is_not_watched_is_not(
    ward: Ward, pool: asyncpg.Pool
) -> None:
    """H74: its time runs from when it is watched; taken out of the settings, its alarm is over."""
    ears = Ears(ward)
    watch = watching(ward, pool, ears)
    ears.hear("OTHER")
    await look(ward, watch, minutes=70)
    assert sorted(text.split(" has")[0] for _, text in await ward.alarms()) == [
        "The feed GW|4 WEST", "The feed listener:hl7",
    ]  # fmt: skip
    metrics = Metrics(clock=ward.clock, vitals=Vitals, lanes=lambda: (), silences=watch.silences)
    assert b'wardwire_feed_silent_seconds{feed="GW|4 WEST"} 41' in metrics.render()
    fewer = watching(ward, pool, ears, quiet={"GW|4 WEST": QUIET["GW|4 WEST"]})
    await look(ward, fewer, minutes=2)
    assert [text.split(" has")[0] for _, text in await ward.alarms()] == ["The feed GW|4 WEST"]
    assert await ward.connection.fetchval("SELECT count(*) FROM feeds") == 2


def test_a_door_tells_who_was_heard_under_every_name() -> None:
    """By application, with its facility, and by the listener; the latest counts."""
    from wardwire.adapters.contract import Health

    class Door:
        name = "hl7"
        health = Health()

    Door.health.heard("GW", "4 WEST", 7.0)
    Door.health.heard("GW", "5 EAST", 5.0)
    Door.health.heard("", "", 9.0)
    Door.health.heard_at = 9.5
    assert heard_by([Door()]) == {  # type: ignore[list-item]
        "GW": 7.0, "GW|4 WEST": 7.0, "GW|5 EAST": 5.0, "listener:hl7": 9.5,
    }  # fmt: skip
