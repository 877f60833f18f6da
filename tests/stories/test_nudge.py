"""*Ring again*: whoever has not read a message, or owes an answer, is rung once more by its sender."""

from __future__ import annotations

import pytest

from tests.stories.test_answer import ASKED
from wardwire.flow.nudge import Nudge
from wardwire.flow.views import Stored
from wardwire.model import ids
from wardwire.model.delivery import Event
from wardwire.model.errors import Code, Refused
from wardwire.model.priority import Lane, Priority
from wardwire.testing.ward import Member, Ward


async def nudge(ward: Ward, sender: Member, message: Stored) -> int:
    """Ring them again; returns how many."""
    message_id = ids.read_id(ids.MESSAGE, message.message)
    rung: int = await ward._answer(
        lambda done: Nudge(message_id, caller=ward.caller(sender), lane=Lane.HIGH, rules=ward.rules, done=done)
    )
    return rung


async def test_who_owes_an_answer_is_rung_again_and_others_are_not(ward: Ward) -> None:
    """H271: she had read it and was called away. Whoever has answered hears nothing; nobody else may ring them."""
    stored = await ward.send(ward.ben, ["Anna", "Dr. Chen"], responses=ASKED)
    await ward.say(ward.anna, stored, Event.SEEN)
    await ward.say(ward.chen, stored, Event.ACCEPT)

    assert await nudge(ward, ward.ben, stored) == 1
    assert ward.events(ward.anna)[-1] == "ring"
    assert ward.told[ward.anna.id][-1].body.rings
    assert "ring" not in ward.events(ward.chen)
    await ward.pass_time(minutes=1)
    assert [address for address, _ in ward.mail.sent] == ["anna@ward.example"]
    await ward.say(ward.anna, stored, Event.ACCEPT)
    assert await nudge(ward, ward.ben, stored) == 0
    with pytest.raises(Refused) as stranger:
        await nudge(ward, ward.mallory, stored)
    await ward.cancel(ward.caller(ward.ben), stored)
    with pytest.raises(Refused) as ended:
        await nudge(ward, ward.ben, stored)
    assert (stranger.value.code, ended.value.code) == (Code.NOT_FOUND, Code.ALREADY_ENDED)


async def test_ringing_again_keeps_nobody_from_the_next_endpoint(ward: Ward) -> None:
    """H272: her phone lies in a drawer; rung again each minute it would never have come to her e-mail."""
    stored = await ward.send(ward.ben, ["Anna"], priority=Priority.LOW, responses=ASKED)
    for _ in range(3):
        await ward.pass_time(minutes=1)
        assert await nudge(ward, ward.ben, stored) == 1

    assert ward.events(ward.anna) == ["new", "ring", "ring", "ring"]
    assert len(ward.mail.sent) == 1
    assert (await ward.facts(stored)).count("Rung") == 3
