"""A technical alarm has a life of its own: raised, taken by a person, cleared; never silently gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from tests.stories.test_rest import Door, opened, told
from wardwire.engine.desk import DeskWatch
from wardwire.engine.lanes import Lanes
from wardwire.engine.upkeep import Alarm, AlarmOver
from wardwire.flow.views import Stored
from wardwire.model import ids
from wardwire.model.delivery import Event
from wardwire.model.rights import ALARMS, CODE, SEND, Caller
from wardwire.model.whom import is_attended
from wardwire.testing.ward import Member, Ward

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
    message = rings(ward, rung.message_id)
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


class Desk:
    """Dora and Eva at the desk, the laboratory's alarm, and a core that looks after the desk."""

    def __init__(self, door: Door, pool: asyncpg.Pool, eva: Member) -> None:
        ward = door.ward
        self.door, self.ward, self.eva = door, ward, eva
        again = timedelta(minutes=5)
        self.watches = [
            DeskWatch(pool=pool, clock=ward.clock, writer=ward.lanes, rules=ward.rules, again=again) for _ in range(2)
        ]
        ward.lanes.put(Alarm("feed", "lab", "The laboratory says nothing.", ward.rules))

    async def pass_time(self, seconds: int) -> None:
        """Let time pass; two cores look every two seconds."""
        for _ in range(seconds // 2):
            await self.ward.pass_time(seconds=2)
            for watch in self.watches:
                await watch.round()
            await self.ward.quiet()

    @property
    def message(self) -> Stored:
        """What rings."""
        return rings(self.ward, self.ward.told[self.eva.id][0].message_id)

    def heard(self, member: Member) -> list[str]:
        """What somebody's devices were told since the last time."""
        return [told.event for told in self.ward.told.pop(member.id, [])]


@pytest.fixture
async def desk(door: Door, pool: asyncpg.Pool) -> Desk:
    """Both are on, and it rings."""
    eva = await door.ward.add_person("Eva")
    await door.ward._change("UPDATE groups SET version = $1, members = members || $2::uuid[]", [eva.id])
    desk = Desk(door, pool, eva)
    await door.ward.quiet()
    return desk


async def test_the_desk_is_asked_again_while_nobody_sees_to_it(desk: Desk) -> None:
    """H76: both have it on their phones and neither has said a word: five minutes later it rings again, once."""
    ward, message = desk.ward, desk.message
    for member in (ward.dora, desk.eva):
        await ward.say(member, message, Event.CONFIRMED)
    assert (desk.heard(ward.dora), desk.heard(desk.eva)) == (["new"], ["new"])
    await desk.pass_time(290)
    assert (desk.heard(ward.dora), desk.heard(desk.eva)) == ([], [])
    await desk.pass_time(20)
    assert (desk.heard(ward.dora), desk.heard(desk.eva)) == (["ring"], ["ring"])
    await ward.say(desk.eva, message, Event.CONFIRMED)
    await desk.pass_time(296)
    assert desk.heard(desk.eva) == ["ring"]


async def test_when_one_takes_it_the_others_fall_silent_and_see_who_has_it(desk: Desk) -> None:
    """H76: within two seconds; and nobody is asked again."""
    ward, message = desk.ward, desk.message
    await ward.say(ward.dora, message, Event.ACCEPT)
    desk.heard(ward.dora)
    await desk.pass_time(2)
    taken = ward.told[desk.eva.id][-1]
    assert (taken.event, taken.body.name) == ("taken", "Dora")
    desk.heard(desk.eva)
    await desk.pass_time(400)
    assert (desk.heard(ward.dora), desk.heard(desk.eva)) == ([], [])
    assert await ward.connection.fetchval("SELECT count(*) FROM deadlines") == 0


async def test_what_is_over_rings_nobody_any_more(desk: Desk) -> None:
    """H76: cleared by itself while both phones were off: it does not ring for what was."""
    ward = desk.ward
    await desk.pass_time(30)
    ward.lanes.put(AlarmOver("feed", "lab", "It is heard again."))
    await ward.quiet()
    await desk.pass_time(2)
    assert (desk.heard(ward.dora)[-1], desk.heard(desk.eva)[-1]) == ("cleared", "cleared")
    await desk.pass_time(400)
    assert (desk.heard(ward.dora), desk.heard(desk.eva)) == ([], [])
    assert await ward.connection.fetchval("SELECT count(*) FROM deadlines") == 0


async def look(ward: Ward, pool: asyncpg.Pool, lanes: Lanes | None = None) -> None:
    """Let a core look after the desk once."""
    writer, again = lanes or ward.lanes, timedelta(minutes=5)
    await DeskWatch(pool=pool, clock=ward.clock, writer=writer, rules=ward.rules, again=again).round()
    for each in writer.writers:
        await each.idle()


async def test_an_alarm_waits_for_whoever_comes_to_an_empty_desk(ward: Ward, pool: asyncpg.Pool) -> None:
    """H79: raised while nobody held the desk; whoever comes hears of it at the next look, once, and can take it."""
    role = await ward.add_role("Desk")
    ward.desk = "role:Desk"
    ward.lanes.put(Alarm("feed", "lab", "The laboratory says nothing.", ward.rules))
    await ward.quiet()
    await look(ward, pool)
    assert not is_attended(ward.people.directory, ward.desk, ward.clock.now())
    assert ward.events(ward.dora) == []

    await ward.add_shift(role, ward.dora, timedelta(0), timedelta(hours=8))
    assert is_attended(ward.people.directory, ward.desk, ward.clock.now())
    other = ward.new_lanes("other")
    await other.start()
    await asyncio.gather(look(ward, pool), look(ward, pool, other))
    await look(ward, pool)
    assert ward.events(ward.dora) == ["new"]
    (rung,) = ward.told[ward.dora.id]
    await ward.say(ward.dora, rings(ward, rung.message_id), Event.ACCEPT)
    assert await ward.connection.fetchval("SELECT taken_by FROM alarms") == ward.dora.wire
    await other.stop()


async def test_who_has_come_to_the_desk_since_is_asked_and_not_who_has_gone(ward: Ward, pool: asyncpg.Pool) -> None:
    """H79: the shift at the desk has changed; the alarm does not ring on at home."""
    role = await ward.add_role("Desk")
    ward.desk = "role:Desk"
    await ward.add_shift(role, ward.dora, timedelta(0), timedelta(minutes=4))
    await ward.add_shift(role, ward.ben, timedelta(minutes=4), timedelta(hours=8))
    ward.lanes.put(Alarm("feed", "lab", "The laboratory says nothing.", ward.rules))
    await ward.quiet()
    (rung,) = ward.told[ward.dora.id]
    await ward.say(ward.dora, rings(ward, rung.message_id), Event.CONFIRMED)
    await ward.pass_time(minutes=5)
    await look(ward, pool)
    assert (ward.events(ward.dora), ward.events(ward.ben)) == (["new"], ["new"])


def rings(ward: Ward, message_id: UUID) -> Stored:
    """What rings at the desk, as a device knows it."""
    written = ids.write_id(ids.MESSAGE, message_id)
    return Stored(message=written, thread="", at=ward.clock.now(), durability="", recipient_count=1, recipients=[])
