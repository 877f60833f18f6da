"""Calls to a team: who may join one, what a drill is, and the all clear."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.stories.test_nobody_answers import Night, code_team
from tests.stories.test_rest import opened
from wardwire.flow.trace import read_story
from wardwire.model import ids
from wardwire.model.delivery import Event
from wardwire.model.errors import Code, Refused
from wardwire.model.priority import Kind, Priority
from wardwire.model.rights import CODE, SEND
from wardwire.testing.ward import Ward

CALL = {"place": "bed:4W-12", "priority": Priority.CODE, "text": "Code blue"}


async def confirm(one: Night, message: UUID) -> None:
    """The phones of the team have it, a second after the beginning."""
    for member in (one.ward.anna, one.ward.ben, one.ward.chen, one.ward.mallory):
        await one.say(member, message, Event.CONFIRMED, at=1)


async def test_a_running_call_is_joined_by_those_who_may(ward: Ward) -> None:
    """H19: who may not call, and is not of the team, cannot put a word before all of it."""
    await code_team(ward)
    running = await ward.send(ward.dora, [], **CALL)
    with pytest.raises(Refused) as refused:
        await ward.send(ward.okafor, [], add_to=running.message, priority=Priority.LOW)
    assert (refused.value.code, refused.value.pointer) == (Code.NOT_FOUND, "/add_to")
    await ward.set(ward.okafor, scopes=["messages:code"])
    joined = await ward.send(ward.okafor, [], add_to=running.message, priority=Priority.CODE)
    assert (joined.thread, joined.recipient_count) == (running.thread, 5)
    mine = await ward.send(ward.anna, [], add_to=running.message, text="The lift is blocked")
    assert mine.recipient_count == 4  # one's own page does not ring oneself


async def test_a_drill_and_a_call_are_never_one(ward: Ward) -> None:
    """H58: a real word among those of a drill is not believed, and the other way round half of the house runs."""
    one, _ = await code_team(ward)
    drill = await ward.send(ward.dora, [], **CALL, drill=True)
    await confirm(one, ids.read_id(ids.MESSAGE, drill.message))
    with pytest.raises(Refused) as refused:
        await ward.send(ward.dora, [], add_to=drill.message, priority=Priority.CODE)
    assert (refused.value.code, refused.value.pointer) == (Code.INVALID, "/drill")
    await ward.send(ward.dora, [], add_to=drill.message, priority=Priority.CODE, text="Room 3", drill=True)
    assert b'"text":"DRILL Room 3"' in ward.told[ward.anna.id][-1].body.message
    await one.at(30.1)
    texts = [text for kind, text in await ward.alarms() if kind == "part_missing"]
    assert sorted(text.partition(" missing")[0] for text in texts) == [
        f"DRILL: an alert of priority code at 4W-12: {part}" for part in ("Airway", "Code nurses", "Leader")
    ]
    await ward.cancel(ward.caller(ward.dora), drill, all_clear=True)
    real = await ward.send(ward.dora, [], **CALL)
    with pytest.raises(Refused) as refused:
        await ward.send(ward.dora, [], add_to=real.message, priority=Priority.CODE, drill=True)
    assert (refused.value.code, refused.value.pointer) == (Code.INVALID, "/drill")


async def test_what_is_made_of_a_drill_by_hand_is_a_drill(ward: Ward) -> None:
    """H58: I pressed *alert* on a message of the exercise, and it went out as real."""
    await code_team(ward)
    told = await ward.send(ward.dora, ["Anna"], text="Bed 12", drill=True)
    alert, _ = await ward.escalate(ward.dora, told, policy="Code blue", place="bed:4W-12", priority=Priority.CODE)
    assert b'"text":"DRILL Bed 12"' in ward.told[ward.ben.id][-1].body.message
    message = ids.read_id(ids.MESSAGE, alert.message)
    row = await ward.connection.fetchrow("SELECT drill, test FROM escalations WHERE message_id = $1", message)
    assert tuple(row) == (True, True)


async def test_by_hand_no_call_is_begun_twice_at_a_place(ward: Ward) -> None:
    """H57: by hand, too, the second one is told of the first; of a message that named the place itself."""
    await code_team(ward)
    chat = await ward.send(ward.dora, ["Anna"], kind=Kind.CHAT, text="He does not look well")
    asked = {"policy": "Code blue", "place": "bed:4W-12", "priority": Priority.CODE}
    first, _ = await ward.escalate(ward.dora, chat, **asked)
    with pytest.raises(Refused) as refused:
        await ward.escalate(ward.dora, chat, **asked)
    assert (refused.value.code, refused.value.fields["message"]) == (Code.CODE_RUNNING, first.message)
    alert = await ward.send(ward.dora, [], place="bed:4W-12", priority=Priority.HIGH)
    with pytest.raises(Refused) as refused:
        await ward.escalate(ward.dora, alert, policy="Code blue", priority=Priority.CODE)
    assert (refused.value.code, refused.value.fields["message"]) == (Code.CODE_RUNNING, first.message)


async def test_the_all_clear_names_whose_word_it_is(ward: Ward) -> None:
    """H91: it was over, and the team went on looking for the room; by the caller, or by whoever has it."""
    one, eva = await code_team(ward)
    call = await ward.send(ward.dora, [], **CALL)
    message = ids.read_id(ids.MESSAGE, call.message)
    await confirm(one, message)
    for member in (ward.chen, ward.anna, ward.ben, eva):
        if member is eva:
            await one.at(30.1)  # the backup of the part that is missing
        await one.say(member, message, Event.ACCEPT, at=31 if member is eva else 5)
    with pytest.raises(Refused) as refused:
        await ward.cancel(ward.caller(ward.mallory), call, all_clear=True)
    assert refused.value.code is Code.NOT_FOUND
    await ward.cancel(ward.caller(ward.chen), call, all_clear=True)
    for member in (ward.anna, ward.ben, ward.mallory, eva, ward.dora):
        told = ward.told[member.id][-1]
        assert (told.event, told.body.by) == ("all_clear", "Dr. Chen")
    story = await read_story(ward.connection, message, ward.people.directory)
    assert story is not None
    assert story.ended_why == "all_clear"
    assert "all clear, said by Dr. Chen for Anna" in [hop.text for hop in story.hops]
    assert await ward.connection.fetchval("SELECT closed_why FROM escalations") == "all_clear"


async def test_an_integration_is_told_which_call_is_running(ward: Ward, database_url: str) -> None:
    """H57: the switchboard was refused, and nobody could tell it what to join."""
    await code_team(ward)
    async with opened(ward, database_url) as door:
        key = await door.key("switchboard", SEND, CODE)
        call = {"to": [], "place": "bed:4W-12", "priority": "code", "responses": {}}
        running = (await door.send(key, "1", **call)).json()["message"]
        refused = await door.send(key, "2", **call)
        assert (refused.status_code, refused.json()["code"], refused.json()["message"]) == (
            409,
            "code_running",
            running,
        )
        joined = await door.send(key, "3", to=[], priority="code", add_to=running, responses={})
        assert (joined.status_code, joined.json()["recipient_count"]) == (201, 5)
        over = await door.post(key, f"/v1/messages/{running}/cancel", {"all_clear": True})
        assert (over.json()["why"], over.json()["ended"]) == ("all_clear", 5)
        assert ward.told[ward.anna.id][-1].body.by == "switchboard"
        both = await door.post(key, f"/v1/messages/{running}/cancel", {"all_clear": True, "recall": True})
        assert both.status_code == 422
