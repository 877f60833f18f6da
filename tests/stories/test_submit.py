"""What a sender is answered, and what is true then."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.priority import Kind, Priority
from wardwire.model.rights import CODE, SEND, Caller
from wardwire.testing.ward import Ward

LAB = Caller(source="lab", scopes=frozenset({SEND, CODE}))


async def test_stored_means_that_message_delivery_deadline_and_fact_are_committed(ward: Ward) -> None:
    """H1: a sender who was told *stored* may put the phone down."""
    stored = await ward.send(ward.anna, ["Dr. Chen"])

    assert await ward.state(stored, ward.chen) == "pending"
    assert await ward.facts(stored) == ["Stored"]
    assert await ward.connection.fetchval("SELECT count(*) FROM deadlines") == 1
    assert ward.events(ward.chen) == ["new"]


async def test_a_repeat_returns_the_first_result_and_rings_nobody_twice(ward: Ward) -> None:
    """H2: a sender whose answer was lost sends again; the recipient hears once."""
    first, replayed = await ward.try_send(ward.anna, ["Dr. Chen"], id="a1")
    again, replayed_again = await ward.try_send(ward.anna, ["Dr. Chen"], id="a1")

    assert (again, replayed, replayed_again) == (first, False, True)
    assert ward.events(ward.chen) == ["new"]
    assert await ward.connection.fetchval("SELECT count(*) FROM messages") == 1


async def test_a_repeat_gets_the_first_result_though_today_it_would_be_refused(ward: Ward) -> None:
    """H2: the answer was lost, and meanwhile the expiry has passed: *refused* would say that nothing was kept."""
    expires_at = ward.clock.now() + timedelta(minutes=1)
    fields: dict[str, Any] = {"id": "a1", "priority": Priority.LOW, "expires_at": expires_at}
    first, _ = await ward.try_send(ward.anna, ["Dr. Chen"], **fields)
    await ward.pass_time(minutes=2)
    again, replayed = await ward.try_send(ward.anna, ["Dr. Chen"], **fields)
    with pytest.raises(Refused) as refused:
        await ward.try_send(ward.anna, ["Dr. Chen"], **(fields | {"id": "a2"}))

    assert (again, replayed) == (first, True)
    assert refused.value.code is Code.EXPIRY_PAST


async def test_repeats_that_arrive_together_are_one_message(ward: Ward) -> None:
    """A nervous client sends ten times at once."""
    results = await asyncio.gather(*(ward.send(ward.anna, ["Dr. Chen"], id="a1") for _ in range(10)))

    assert len({stored.message for stored in results}) == 1
    assert ward.events(ward.chen) == ["new"]


async def test_the_same_identity_with_other_content_is_refused(ward: Ward) -> None:
    """H23: Two messages must never hide behind one id."""
    await ward.send(ward.anna, ["Dr. Chen"], id="a1")

    with pytest.raises(Refused) as refused:
        await ward.send(ward.anna, ["Dr. Chen"], id="a1", text="Something else.")

    assert refused.value.code is Code.ID_REUSED


async def test_a_repeat_beside_new_messages_delays_none_of_them(ward: Ward) -> None:
    """One batch holds a repeat, a reused id and new messages: each gets its own answer."""
    await ward.send(LAB, ["Anna"], id="known")
    answers = await asyncio.gather(
        ward.send(LAB, ["Anna"], id="known"),
        ward.send(LAB, ["Anna"], id="known-2"),
        ward.send(LAB, ["Anna"], id="known-3"),
    )

    assert len({stored.message for stored in answers}) == 3
    assert ward.events(ward.anna) == ["new"] * 3


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"text": " \t\n"}, Code.TEXT_BLANK),
        ({"text": "\u200b\u200e"}, Code.TEXT_BLANK),
        ({"text": "x" * 4001}, Code.TEXT_TOO_LONG),
        ({"text": "a\x00b"}, Code.INVALID),
        ({"subject": "two\r\nlines"}, Code.INVALID),
        ({"to": ["Nobody"]}, Code.RECIPIENT_UNKNOWN),
        ({"to": ["per_" + "0" * 32]}, Code.RECIPIENT_UNKNOWN),
        ({"to": []}, Code.INVALID),
        ({"to": ["Anna"] * 101}, Code.TOO_MANY),
        ({"reply_to": "msg_" + "0" * 32}, Code.NOT_FOUND),
        ({"priority": Priority.CODE}, Code.NOT_PERMITTED),
        ({"kind": Kind.TECHNICAL_ALARM}, Code.NOT_PERMITTED),
    ],
)
async def test_what_is_not_fit_is_refused_as_a_whole(ward: Ward, fields: dict[str, object], code: Code) -> None:
    """H30: A refusal has its stable code, and nothing of the message is kept."""
    fields = dict(fields)
    to = fields.pop("to", ["Dr. Chen"])
    assert isinstance(to, list)
    with pytest.raises(Refused) as refused:
        await ward.send(ward.anna, to, **fields)

    assert refused.value.code is code
    assert await ward.connection.fetchval("SELECT count(*) FROM identities") == 0


async def test_two_of_one_name_are_named_as_candidates(ward: Ward) -> None:
    """H3: the wrong one of two is never guessed."""
    other = await ward.add_person("Dr. Chen")

    with pytest.raises(Refused) as refused:
        await ward.send(ward.anna, ["Dr. Chen"])

    assert refused.value.code is Code.RECIPIENT_AMBIGUOUS
    assert set(refused.value.fields["candidates"]) == {ward.chen.wire, other.wire}


@pytest.mark.parametrize("priority", [Priority.CODE, Priority.HIGH])
async def test_code_and_high_alerts_never_expire(ward: Ward, priority: Priority) -> None:
    """H4: an urgent alert does not vanish because its time ran out."""
    expires_at = ward.clock.now() + timedelta(hours=1)
    with pytest.raises(Refused) as refused:
        await ward.send(LAB, ["Anna"], priority=priority, expires_at=expires_at)

    assert refused.value.code is Code.EXPIRY_NOT_ALLOWED


async def test_a_group_rings_each_person_once_and_not_its_sender(ward: Ward) -> None:
    """Anna pages her own team and Ben by name as well."""
    team = await ward.add_group("Team 4W", [ward.anna, ward.ben, ward.okafor])

    stored = await ward.send(ward.anna, [team, "Ben"])

    assert [reach.name for reach in stored.recipients] == ["Ben", "Dr. Okafor"]
    assert ward.events(ward.ben) == ["new"]
    assert ward.events(ward.anna) == []


async def test_a_disabled_member_is_left_out_and_that_is_a_fact(ward: Ward) -> None:
    """H5: `code` is never refused for one bad member."""
    team = await ward.add_group("Team 4W", [ward.ben, ward.okafor])
    await ward.set(ward.okafor, disabled_at=ward.clock.now())

    stored = await ward.send(ward.chen, [team], priority=Priority.CODE)

    assert [reach.name for reach in stored.recipients] == ["Ben"]
    assert await ward.facts(stored) == ["Stored", "LeftOut"]


async def test_an_empty_group_is_refused(ward: Ward) -> None:
    """H6: nobody is a black hole."""
    empty = await ward.add_group("Empty", [])
    with pytest.raises(Refused) as refused:
        await ward.send(ward.anna, [empty])

    assert refused.value.code is Code.GROUP_EMPTY


async def test_a_role_reaches_its_holder_of_now(ward: Ward) -> None:
    """H20: At hand-over the next page goes to the next holder; after the last shift to the fallback."""
    role = await ward.add_role("Cardiology 1st", fallback=ward.dora)
    await ward.add_shift(role, ward.chen, timedelta(0), timedelta(hours=1))
    await ward.add_shift(role, ward.okafor, timedelta(hours=1), timedelta(hours=2))
    named = []
    for hours in (0, 1, 1):
        ward.clock.advance(timedelta(hours=hours))
        stored = await ward.send(ward.anna, ["role:Cardiology 1st"])
        named.append((stored.recipients[0].name, stored.recipients[0].why.partition(":")[0]))

    assert named == [("Dr. Chen", "role"), ("Dr. Okafor", "role"), ("Dora", "fallback")]


async def test_a_vacant_role_goes_to_the_desk_and_is_refused_where_there_is_none(ward: Ward) -> None:
    """H6: somebody is there for every role; if nobody at all is, it is said at once, not after a silence."""
    await ward.add_role("Neurology")
    stored = await ward.send(ward.anna, ["Neurology"])
    assert [(reach.name, reach.why.partition(":")[0]) for reach in stored.recipients] == [("Dora", "fallback")]
    ward.desk = ""
    with pytest.raises(Refused) as refused:
        await ward.send(ward.anna, ["Neurology"])

    assert refused.value.code is Code.ROLE_VACANT


async def test_a_reply_joins_the_thread_and_a_stranger_may_not(ward: Ward) -> None:
    """H19: Mallory cannot attach herself to what she was never told."""
    first = await ward.send(ward.anna, ["Dr. Chen"])
    reply = await ward.send(ward.chen, ["Anna"], reply_to=first.message, kind=Kind.CHAT)

    assert reply.thread == first.thread == "thr_" + first.message.removeprefix("msg_")
    with pytest.raises(Refused) as refused:
        await ward.send(ward.mallory, ["Anna"], reply_to=first.message)
    assert refused.value.code is Code.NOT_FOUND


async def test_a_large_low_message_is_expanded_in_chunks_and_reaches_everybody_once(ward: Ward) -> None:
    """H28: A note to 1,200 people does not hold the lane; whoever dies in the middle, it is finished."""
    people = [await ward.add_person(f"Nurse {nth}", device=False) for nth in range(1, 1202)]
    group = await ward.add_group("Everybody", people)

    stored = await ward.send(ward.anna, [group], priority=Priority.LOW)
    message_id = ids.read_id(ids.MESSAGE, stored.message)
    count = "SELECT count(*) FROM deliveries WHERE message_id = $1"
    assert await ward.connection.fetchval(count, message_id) == 0
    await ward.settle()

    assert stored.recipient_count == 1201
    assert await ward.connection.fetchval(count, message_id) == 1201
    assert await ward.connection.fetchval("SELECT count(*) FROM fanouts") == 0
    assert all(ward.events(person) == ["new"] for person in people)
