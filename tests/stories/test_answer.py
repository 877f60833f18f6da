"""Receipts, responses, hand-backs, cancel and recall: what one device says shows on all."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from wardwire.flow.statement import Responses
from wardwire.model.delivery import Event
from wardwire.model.errors import Code, Refused
from wardwire.model.rights import CANCEL, Caller
from wardwire.testing.ward import Ward

ASKED = Responses(accept_decline=True, choices=("On my way", "Busy"), free_text=False)


async def test_the_sender_sees_delivered_read_and_accepted_live(ward: Ward) -> None:
    """Anna sees that Dr. Chen has it, has read it, and comes."""
    stored = await ward.send(ward.anna, ["Dr. Chen"], responses=ASKED)
    for event in (Event.CONFIRMED, Event.SEEN, Event.ACCEPT):
        await ward.say(ward.chen, stored, event)

    assert [status.view.state for status in ward.statuses] == ["delivered", "read", "accepted"]
    assert {status.to for status in ward.statuses} == {ward.anna.id}
    assert await ward.facts(stored) == ["Stored", "Delivered", "Read", "Answered"]


async def test_what_is_read_or_answered_on_one_device_shows_on_all(ward: Ward) -> None:
    """H14: the tablet does not go on ringing for what the phone has answered."""
    stored = await ward.send(ward.anna, ["Dr. Chen"], responses=ASKED)
    await ward.say(ward.chen, stored, Event.CONFIRMED)
    await ward.say(ward.chen, stored, Event.ANSWER, "On my way", device=uuid4())

    assert ward.events(ward.chen) == ["new", "answered"]
    assert ward.told[ward.chen.id][-1].body.response == "On my way"


async def test_numbers_of_a_persons_events_have_no_hole(ward: Ward) -> None:
    """H15: a device that misses one knows."""
    await asyncio.gather(*(ward.send(ward.anna, ["Dr. Chen"]) for _ in range(50)))
    await asyncio.gather(*(ward.send(ward.ben, ["Dr. Chen", "Anna"]) for _ in range(50)))

    for person in (ward.chen, ward.anna):
        seqs = sorted(told.seq for told in ward.told[person.id])
        assert seqs == list(range(1, len(seqs) + 1))


async def test_the_same_said_twice_changes_nothing(ward: Ward) -> None:
    """A repeated receipt or accept is answered alike and leaves no second fact."""
    stored = await ward.send(ward.anna, ["Dr. Chen"], responses=ASKED)
    for event in (Event.CONFIRMED, Event.CONFIRMED, Event.ACCEPT, Event.ACCEPT, Event.CONFIRMED):
        await ward.say(ward.chen, stored, event)

    assert await ward.facts(stored) == ["Stored", "Delivered", "Answered"]


async def test_two_devices_that_answer_at_the_same_instant_have_one_winner(ward: Ward) -> None:
    """H16: the loser is told what was answered."""
    stored = await ward.send(ward.anna, ["Dr. Chen"], responses=ASKED)
    results = await asyncio.gather(
        ward.say(ward.chen, stored, Event.ANSWER, "On my way"),
        ward.say(ward.chen, stored, Event.ANSWER, "Busy"),
        return_exceptions=True,
    )

    refused = [result for result in results if isinstance(result, Refused)]
    assert [error.code for error in refused] == [Code.TOO_LATE]
    assert (await ward.facts(stored)).count("Answered") == 1


@pytest.mark.parametrize(("event", "answer"), [(Event.ANSWER, "Perhaps"), (Event.ANSWER, "typed")])
async def test_only_what_was_offered_can_be_answered(ward: Ward, event: Event, answer: str) -> None:
    """Free text does not count where none was asked for."""
    stored = await ward.send(ward.anna, ["Dr. Chen"], responses=ASKED)
    with pytest.raises(Refused) as refused:
        await ward.say(ward.chen, stored, event, answer)

    assert refused.value.code is Code.RESPONSE_NOT_OFFERED


async def test_an_accept_can_be_handed_back_and_taken_again(ward: Ward) -> None:
    """H17: who cannot come after all says so, and the sender hears it at once."""
    stored = await ward.send(ward.anna, ["Dr. Chen"], responses=ASKED)
    await ward.say(ward.chen, stored, Event.ACCEPT)
    await ward.say(ward.chen, stored, Event.HAND_BACK)
    assert ward.statuses[-1].view.state == "read"
    await ward.say(ward.chen, stored, Event.ACCEPT)

    assert await ward.facts(stored) == ["Stored", "Answered", "HandedBack", "Answered"]


async def test_a_stranger_can_say_nothing_of_a_message(ward: Ward) -> None:
    """H19: Mallory knows the id and still gets *not found*."""
    stored = await ward.send(ward.anna, ["Dr. Chen"])
    with pytest.raises(Refused) as refused:
        await ward.say(ward.mallory, stored, Event.SEEN)
    with pytest.raises(Refused) as cancelled:
        await ward.cancel(ward.caller(ward.mallory), stored)

    assert refused.value.code is cancelled.value.code is Code.NOT_FOUND


async def test_a_cancelled_message_ends_for_everybody(ward: Ward) -> None:
    """H21: Nothing of it rings, waits or is sent any more; an accept comes too late and is told so."""
    stored = await ward.send(ward.ben, ["Anna", "Dr. Chen"], responses=ASKED)
    assert await ward.cancel(ward.caller(ward.ben), stored) == 2
    assert await ward.cancel(ward.caller(ward.ben), stored) == 0
    await ward.pass_time(minutes=5)

    assert ward.mail.sent == []
    assert ward.events(ward.anna) == ["new", "cancelled"]
    with pytest.raises(Refused) as refused:
        await ward.say(ward.chen, stored, Event.ACCEPT)
    assert refused.value.code is Code.ALREADY_ENDED


async def test_a_recalled_message_is_named_as_recalled(ward: Ward) -> None:
    """H21: The wrong recipient's devices take it off the screen."""
    stored = await ward.send(ward.ben, ["Anna"])
    await ward.cancel(Caller(source="desk", scopes=frozenset({CANCEL})), stored, recall=True)

    assert ward.events(ward.anna) == ["new", "recalled"]
    assert await ward.connection.fetchval("SELECT ended_why FROM messages") == "recalled"


async def test_a_sender_whose_phone_was_off_finds_the_answer_later(ward: Ward) -> None:
    """H32: live words are lost on a phone without network; the answer is among the numbered events as well."""
    stored = await ward.send(ward.anna, ["Dr. Chen"], responses=ASKED)
    await ward.say(ward.chen, stored, Event.CONFIRMED)
    await ward.say(ward.chen, stored, Event.ANSWER, "On my way")

    assert ward.events(ward.anna) == ["changed"]
    assert ward.told[ward.anna.id][0].body.response == "On my way"
