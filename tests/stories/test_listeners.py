"""A listener for another system that cannot be opened, and what the operators' desk is told of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from wardwire.adapters.contract import Adapter, Given
from wardwire.adapters.dead_letters import DeadLetters
from wardwire.adapters.hl7.registration import REGISTRATION
from wardwire.app.adapters import Reports
from wardwire.app.listening import ListenerWatch, Listening
from wardwire.settings import Hl7
from wardwire.testing.ward import Ward

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    """Connections of the process."""
    schema = {"search_path": "wardwire"}
    async with asyncpg.create_pool(database_url, min_size=1, max_size=2, server_settings=schema) as pool:
        yield pool


async def test_a_shut_listener_stands_at_the_desk_until_it_is_open(
    ward: Ward, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    """It rings once, is tried again by itself, and another machine's of the same name changes nothing of it."""
    table = tmp_path / "mapping.toml"

    def make() -> Adapter:
        given = Given("hl7", "core", Reports(ward.lanes, ward.rules, "monitors"), ward.clock, DeadLetters(tmp_path))
        return REGISTRATION.make(Hl7(listen="127.0.0.1:0", table=table), given)

    def watch(host: str, *doors: Listening) -> ListenerWatch:
        return ListenerWatch(doors, pool=pool, writer=ward.lanes, rules=ward.rules, host=host)

    door = Listening("hl7", "hl7", "127.0.0.1:0", make, clock=ward.clock)
    here, elsewhere = watch("ward1", door), watch("ward2")
    for _ in range(5):
        await here.round()
        await ward.settle()
        await elsewhere.round()
        await ward.settle()
        ward.clock.advance(MINUTE)
    ((kind, text),) = await ward.alarms()
    assert (kind, text.partition(":")[0]) == ("adapter_shut", "The listener hl7 is shut")
    assert [told.event for told in ward.told[ward.dora.id]].count("new") == 1

    table.write_text("")
    await here.round()
    await ward.settle()
    assert (door.told().state, await ward.alarms()) == ("open", [])
    await door.close()


async def test_the_alarm_of_an_earlier_life_is_over_when_its_listener_is_open(ward: Ward, pool: asyncpg.Pool) -> None:
    """Also of one that is no longer set up."""
    await ward.connection.execute(
        "INSERT INTO alarms (id, kind, subject, detail, raised_at)"
        " VALUES (gen_random_uuid(), 'adapter_shut', 'hl7-lab on ward1', 'shut', $1)",
        ward.clock.now(),
    )
    await ListenerWatch([], pool=pool, writer=ward.lanes, rules=ward.rules, host="ward1").round()
    await ward.settle()
    assert await ward.alarms() == []
