"""Monitors of a role get silent copies of what goes through it, and are counted nowhere."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.ward import OPERATOR, directory_desk
from wardwire.devices.catchup import render_page
from wardwire.devices.frames import Event as Heard
from wardwire.devices.frames import read_down
from wardwire.directory.oncall import set_people
from wardwire.flow.statement import Responses
from wardwire.flow.views import Stored
from wardwire.model import ids
from wardwire.model.delivery import Event
from wardwire.model.errors import Refused
from wardwire.model.policy import Step
from wardwire.model.priority import Priority
from wardwire.model.report import Phase
from wardwire.store.inbox import read_page
from wardwire.testing.ward import Member, Told, Ward

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
async def role(ward: Ward, database_url: str) -> str:
    """Dr. Chen is on call for Cardiology 1st, Dr. Okafor and Mallory look on; Mallory has no device."""
    made = await ward.add_role("Cardiology 1st")
    await ward.add_shift(made, ward.chen, -HOUR, 4 * HOUR)
    nobody = await ward.add_person("Nobody's phone", device=False)
    async with directory_desk(database_url, ward.clock) as desk:
        await set_people(desk, OPERATOR, made, monitors=[ward.okafor.id, nobody.id])
    await ward.people.refresh(ward.connection)
    return "role:Cardiology 1st"


def copies(ward: Ward, member: Member) -> list[Told]:
    """The copies that somebody's devices were told."""
    told = [one for one in ward.told.get(member.id, []) if one.event == "new"]
    return [one for one in told if b'"kind":"copy"' in one.body.message]


async def test_who_monitors_a_role_gets_a_copy_and_counts_nowhere(ward: Ward, role: str) -> None:
    """H184: in silence, in the same thread; not in the result, nobody is told of it, and it cannot be answered."""
    stored = await ward.send(ward.anna, [role], text="Please come.", responses=Responses(accept_decline=True))
    await ward.settle()
    assert [(one.name, one.reach) for one in stored.recipients] == [("Dr. Chen", "device")]
    (told,) = copies(ward, ward.okafor)
    assert (told.event, told.body.rings, b"Please come." in told.body.message) == ("new", False, True)
    assert ids.write_id(ids.THREAD, ids.read_id(ids.THREAD, stored.thread)).encode() in told.body.message
    copy = Stored(ids.write_id(ids.MESSAGE, told.message_id), stored.thread, stored.at, "", 1, [])
    with pytest.raises(Refused):
        await ward.say(ward.okafor, copy, Event.ACCEPT)
    await ward.say(ward.chen, stored, Event.ACCEPT)
    await ward.pass_time(seconds=600)
    assert await ward.alarms() == []
    assert [one.event for one in ward.told[ward.anna.id]].count("unreachable") == 0


async def test_copies_go_out_with_the_step_that_calls_the_role(ward: Ward, role: str) -> None:
    """To the second: Ben is called at once, the role at 60 s; Dr. Okafor's looking on ends nothing for Dr. Chen."""
    await ward.add_policy("Consult", Step(("Ben",), MINUTE), Step((role,), 2 * MINUTE), Step(("desk",), MINUTE))
    await ward.people.refresh(ward.connection)
    begin = ward.clock.now()
    stored = await ward.send(ward.anna, [], policy="Consult")
    await ward.say(ward.ben, stored, Event.CONFIRMED)
    await ward.until(begin + timedelta(seconds=59))
    assert copies(ward, ward.okafor) == []
    await ward.until(begin + timedelta(seconds=61))
    (told,) = copies(ward, ward.okafor)
    assert told.at == begin + MINUTE
    await ward.say(ward.chen, stored, Event.CONFIRMED)
    copy = Stored(ids.write_id(ids.MESSAGE, told.message_id), "", stored.at, "", 1, [])
    await ward.say(ward.okafor, copy, Event.SEEN)
    assert [one.event for one in ward.told[ward.chen.id]] == ["new"]
    await ward.until(begin + timedelta(seconds=181))
    assert "Exhausted" not in await ward.facts(stored)
    assert [one.event for one in ward.told[ward.dora.id]] == ["new"], "the desk is called at 180 s all the same"
    assert len(copies(ward, ward.okafor)) == 1


async def test_who_is_called_gets_no_copy(ward: Ward, role: str) -> None:
    """Nobody needs to read it twice."""
    await ward.send(ward.anna, [role, "Dr. Okafor"])
    await ward.settle()
    assert copies(ward, ward.okafor) == []


async def missed(ward: Ward, member: Member) -> list[tuple[str, str, bool]]:
    """What a device that comes back is told: the event, the text where it is said, and whether it may be answered."""
    page = await read_page(ward.connection, member.id, after=0, upto=1000, limit=100)
    frames = [read_down(frame) for frame in render_page(page, 1, ward.people.directory, ward.clock.now())]
    told = [frame for frame in frames if isinstance(frame, Heard)]
    return [
        (one.event, one.message.text, one.message.responses.accept_decline) if one.message else (one.event, "", False)
        for one in told
    ]


async def test_a_copy_follows_what_becomes_of_its_alert(ward: Ward, role: str) -> None:
    """H269: the other words, and the end; in silence, also for a phone that was off, and never to be answered."""
    await ward.add_policy("Consult", Step((role,), 2 * MINUTE), Step(("desk",), MINUTE))
    await ward.people.refresh(ward.connection)
    await ward.report("K1", policy="Consult", text="SpO2 79 %")
    await ward.settle()
    (copy,) = copies(ward, ward.okafor)
    await ward.report("K1", Phase.UPDATE, policy="Consult", text="SpO2 71 %")
    assert [one.event for one in ward.told[ward.chen.id]] == ["new", "updated"]
    now = ward.told[ward.okafor.id][-1]
    assert (now.event, now.message_id, now.body.rings) == ("updated", copy.message_id, False)
    assert b"SpO2 71 %" in now.body.message
    assert b'"kind":"copy"' in now.body.message
    assert b"accept_decline" not in now.body.message
    assert await missed(ward, ward.okafor) == [("new", "SpO2 71 %", False), ("updated", "", False)]
    await ward.report("K1", Phase.UPDATE, policy="Consult", text="SpO2 71 %", priority=Priority.CODE)
    assert (ward.told[ward.okafor.id][-1].event, ward.told[ward.okafor.id][-1].body.rings) == ("raised", False)
    await ward.report("K1", Phase.END, policy="Consult")
    assert [one.event for one in ward.told[ward.okafor.id]] == ["new", "updated", "raised", "cleared"]
    facts = await ward.connection.fetch(
        "SELECT kind FROM facts WHERE message_id = $1 AND person_id = $2", copy.message_id, ward.okafor.id
    )
    assert [row["kind"] for row in facts] == ["Cleared"]


async def test_what_is_taken_back_is_taken_back_from_who_looked_on(ward: Ward, role: str) -> None:
    """H269: its text, too; and whoever is called later by another step gets the words that it has by then."""
    stored = await ward.send(ward.anna, [role], text="Please come.", responses=Responses(accept_decline=True))
    await ward.settle()
    assert await ward.cancel(ward.caller(ward.anna), stored, recall=True) == 1
    assert [one.event for one in ward.told[ward.okafor.id]] == ["new", "recalled"]
    assert [text for _, text, _ in await missed(ward, ward.okafor)] == ["", ""]
    await ward.add_policy("Later", Step(("Ben",), MINUTE), Step((role,), 2 * MINUTE))
    await ward.people.refresh(ward.connection)
    begin = ward.clock.now()
    await ward.report("K2", policy="Later", text="SpO2 79 %")
    await ward.report("K2", Phase.UPDATE, policy="Later", text="SpO2 71 %")
    await ward.until(begin + timedelta(seconds=61))
    assert b"SpO2 71 %" in copies(ward, ward.okafor)[-1].body.message
    assert ward.told[ward.okafor.id][-1].event == "new"
