"""A technical alarm has a life of its own: raised, taken by a person, cleared; never silently gone."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.stories.test_rest import Door, opened, told
from wardwire.engine.upkeep import Alarm
from wardwire.flow.views import Stored
from wardwire.model import ids
from wardwire.model.delivery import Event
from wardwire.model.rights import ALARMS, CODE, SEND, Caller
from wardwire.testing.ward import Ward

LAB = Caller(source="lab", scopes=frozenset({SEND, CODE}))


@pytest.fixture
async def door(ward: Ward, database_url: str) -> AsyncIterator[Door]:
    """The interface on the ward."""
    async with opened(ward, database_url) as door:
        yield door


async def raised(door: Door) -> str:
    """A message of the laboratory that reached nobody: the alarm's id."""
    await door.ward.send(LAB, ["Dr. Okafor"])
    await door.ward.pass_time(seconds=10)
    (alarm,) = (await door.get(await door.key("console", ALARMS), "/v1/alarms")).json()["data"]
    assert (alarm["state"], alarm["kind"]) == ("open", "unreached")
    return str(alarm["id"])


async def test_an_alarm_is_taken_and_cleared_by_name(door: Door) -> None:
    """H34: who sees to it and why it is over are facts; said twice they are said once."""
    alarm = await raised(door)
    key, other = await door.key("console", ALARMS), await door.key("night", ALARMS)
    assert (await door.post(key, f"/v1/alarms/{alarm}/take", None)).json()["taken_by"] == "console"
    assert (await door.post(key, f"/v1/alarms/{alarm}/take", None)).json()["state"] == "taken"
    assert told(await door.post(other, f"/v1/alarms/{alarm}/take", None)) == (409, "too_late")

    assert told(await door.post(other, f"/v1/alarms/{alarm}/clear", {"why": "  "})) == (422, "text_blank")
    cleared = (await door.post(other, f"/v1/alarms/{alarm}/clear", {"why": "He has another phone."})).json()
    assert (cleared["state"], cleared["cleared_by"], cleared["cleared_why"]) == (
        "cleared", "night", "He has another phone.",
    )  # fmt: skip
    assert (await door.post(key, f"/v1/alarms/{alarm}/clear", {"why": "Again."})).json() == cleared
    assert told(await door.post(key, f"/v1/alarms/{alarm}/take", None)) == (409, "already_ended")
    assert (await door.get(key, "/v1/alarms")).json()["data"] == []
    assert len((await door.get(key, "/v1/alarms", cleared="true")).json()["data"]) == 1
    facts = await door.ward.connection.fetch("SELECT kind FROM facts WHERE kind LIKE 'Alarm%' ORDER BY at")
    assert [fact["kind"] for fact in facts] == ["AlarmRaised", "AlarmTaken", "AlarmCleared"]


async def test_whoever_accepts_what_rings_at_the_desk_has_taken_it(door: Door) -> None:
    """H34: Dora accepts on her device: everybody sees that she has it."""
    alarm = await raised(door)
    ward = door.ward
    (rung,) = ward.told[ward.dora.id]
    message = Stored(
        message=ids.write_id(ids.MESSAGE, rung.message_id),
        thread="",
        at=ward.clock.now(),
        durability="",
        recipient_count=1,
        recipients=[],
    )
    await ward.say(ward.dora, message, Event.ACCEPT)
    shown = (await door.get(await door.key("console", ALARMS), f"/v1/alarms/{alarm}")).json()
    assert (shown["state"], shown["taken_by"], shown["told_by"]) == ("taken", ward.dora.wire, message.message)
    assert "AlarmTaken" in await ward.facts(message)


async def test_who_may_not_see_alarms_sees_none(door: Door) -> None:
    """Mallory's key can send, and that is all; an alarm of nowhere is not found."""
    alarm = await raised(door)
    mallory, key = await door.key("mallory", SEND), await door.key("console", ALARMS)
    assert told(await door.get(mallory, "/v1/alarms")) == (403, "not_permitted")
    assert told(await door.post(mallory, f"/v1/alarms/{alarm}/take", None)) == (403, "not_permitted")
    assert told(await door.get(key, "/v1/alarms/alm_" + "0" * 32)) == (404, "not_found")


async def test_alarms_come_in_pages(door: Door) -> None:
    """Newest first; each page leads to the next."""
    for _ in range(3):
        await door.ward.send(LAB, ["Dr. Okafor"])
        await door.ward.pass_time(seconds=10)
    key = await door.key("console", ALARMS)
    first = (await door.get(key, "/v1/alarms", limit=2)).json()
    second = (await door.get(key, "/v1/alarms", limit=2, after=first["next"])).json()
    seen = [alarm["id"] for alarm in (*first["data"], *second["data"])]
    assert len(seen) == 3
    assert seen == sorted(seen, reverse=True)
    assert second["next"] is None


async def test_an_alarm_raised_again_is_counted_and_rings_nobody_anew(door: Door) -> None:
    """H70: five times in a minute, on two cores; the desk is called once, and again after it was cleared."""
    ward = door.ward
    other = ward.new_lanes("other")
    await other.start()
    for lanes in (ward.lanes, ward.lanes, other, other, ward.lanes):
        lanes.put(Alarm("feed", "lab", "The laboratory says nothing.", ward.rules))
        for writer in lanes.writers:
            await writer.idle()
    key = await door.key("console", ALARMS)
    (alarm,) = (await door.get(key, "/v1/alarms")).json()["data"]
    assert (alarm["kind"], alarm["times"]) == ("feed", 5)
    assert ward.events(ward.dora) == ["new"]

    await door.post(key, f"/v1/alarms/{alarm['id']}/clear", {"why": "It speaks again."})
    other.put(Alarm("feed", "lab", "The laboratory says nothing.", ward.rules))
    for writer in other.writers:
        await writer.idle()
    (alarm,) = (await door.get(key, "/v1/alarms")).json()["data"]
    assert alarm["times"] == 1
    assert ward.events(ward.dora).count("new") == 2
    await other.stop()
