"""Monitors of a role get silent copies of what goes through it, and are counted nowhere."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.ward import OPERATOR, directory_desk
from wardwire.directory.oncall import set_people
from wardwire.flow.statement import Responses
from wardwire.flow.views import Stored
from wardwire.model import ids
from wardwire.model.delivery import Event
from wardwire.model.errors import Refused
from wardwire.model.policy import Step
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
