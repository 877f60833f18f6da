"""What happens when a device is silent: the next endpoint, then the sender, then the operators' desk."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from wardwire.flow.attempt import Attempted
from wardwire.flow.ports import SendResult
from wardwire.model import ids
from wardwire.model.delivery import Event
from wardwire.model.priority import Kind, Lane, Priority
from wardwire.model.rights import CODE, SEND, Caller
from wardwire.store.deadlines import Due, claim_due
from wardwire.testing.ward import Ward

LAB = Caller(source="lab", scopes=frozenset({SEND, CODE}))


async def test_an_unconfirmed_device_is_followed_by_the_next_endpoint(ward: Ward) -> None:
    """H7: a phone that rings nowhere does not end the matter: after 10 s the e-mail goes out."""
    await ward.send(ward.ben, ["Anna"])
    await ward.pass_time(seconds=9)
    assert ward.mail.sent == []
    await ward.pass_time(seconds=1)

    assert [address for address, _ in ward.mail.sent] == ["anna@ward.example"]


async def test_when_nobody_confirms_the_sender_is_told(ward: Ward) -> None:
    """H8: silence is an event with a deadline. An e-mail that was sent is never *delivered*."""
    stored = await ward.send(ward.ben, ["Anna"])
    await ward.pass_time(seconds=20)

    assert await ward.state(stored, ward.anna) == "unreachable"
    assert ward.events(ward.ben) == ["unreachable"]
    assert await ward.facts(stored) == ["Stored", "NotConfirmed", "Sent", "Unreachable"]


async def test_a_sender_who_is_away_too_leaves_it_to_the_desk(ward: Ward) -> None:
    """H8: ten seconds later the operators know."""
    await ward.send(ward.ben, ["Anna"])
    await ward.pass_time(seconds=29)
    assert ward.events(ward.dora) == []
    await ward.pass_time(seconds=1)

    assert ward.events(ward.dora) == ["new"]
    assert await ward.connection.fetchval("SELECT count(*) FROM alarms") == 1


async def test_a_sender_who_has_heard_it_spares_the_desk(ward: Ward) -> None:
    """Ben's phone showed that Anna is not reached: nobody else is called."""
    stored = await ward.send(ward.ben, ["Anna"])
    await ward.pass_time(seconds=21)
    await ward.heard(ward.ben, stored)
    await ward.pass_time(seconds=60)

    assert ward.events(ward.dora) == []
    assert (await ward.facts(stored))[-1] == "SenderTold"


async def test_an_integration_has_no_device_so_the_desk_is_told_at_once(ward: Ward) -> None:
    """A lab system cannot look at a screen."""
    await ward.send(LAB, ["Dr. Okafor"])
    await ward.pass_time(seconds=10)

    assert ward.events(ward.dora) == ["new"]


async def test_a_person_without_any_endpoint_is_known_at_once(ward: Ward) -> None:
    """H6: the result says that nobody will be reached, and the sender's phone does."""
    await ward.add_person("Eva", device=False)
    stored = await ward.send(ward.ben, ["Eva"])
    await ward.settle()

    assert stored.recipients[0].reach == "none"
    assert ward.events(ward.ben) == ["unreachable"]


async def test_no_responders_shortens_the_wait(ward: Ward) -> None:
    """No device of Anna's is connected: waiting ten seconds for it would be lost time."""
    stored = await ward.send(ward.ben, ["Anna"])
    ward.due.unreachable_now(ids.read_id(ids.MESSAGE, stored.message), ward.anna.id)
    await ward.settle()

    assert len(ward.mail.sent) == 1


async def test_no_responders_of_anybody_makes_nobody_absent(ward: Ward) -> None:
    """H115: the edge is away: the e-mail goes at once; but who has nothing else than a phone has its whole time."""
    stored = await ward.send(ward.ben, ["Anna", "Dr. Okafor"])
    message = ids.read_id(ids.MESSAGE, stored.message)
    for member in (ward.anna, ward.okafor):
        ward.due.unreachable_now(message, member.id, way_there=False)
    await ward.settle()
    assert [address for address, _ in ward.mail.sent] == ["anna@ward.example"]
    await ward.pass_time(seconds=9)
    assert [await ward.state(stored, member) for member in (ward.anna, ward.okafor)] == ["pending", "pending"]
    await ward.say(ward.okafor, stored, Event.CONFIRMED)  # the edge was back, and so was his phone
    await ward.pass_time(seconds=2)
    assert [await ward.state(stored, member) for member in (ward.anna, ward.okafor)] == ["unreachable", "delivered"]


async def test_a_late_device_still_counts(ward: Ward) -> None:
    """H29: *Unreachable* is not an end: the phone comes back into the network and shows the message."""
    stored = await ward.send(ward.ben, ["Dr. Okafor"])
    await ward.pass_time(seconds=11)
    await ward.say(ward.okafor, stored, Event.CONFIRMED)

    assert await ward.state(stored, ward.okafor) == "delivered"
    assert ward.statuses[-1].view.state == "delivered"


async def test_confirmed_means_no_more_endpoints(ward: Ward) -> None:
    """The e-mail is not sent once the phone has it."""
    stored = await ward.send(ward.ben, ["Anna"])
    await ward.say(ward.anna, stored, Event.CONFIRMED)
    await ward.pass_time(minutes=5)

    assert ward.mail.sent == []
    assert await ward.connection.fetchval("SELECT count(*) FROM deadlines") == 0


async def test_a_code_goes_to_every_endpoint_at_once(ward: Ward) -> None:
    """H9: for a life nobody waits for the first endpoint to fail; after 3 s the sender knows."""
    stored = await ward.send(ward.chen, ["Anna"], priority=Priority.CODE)
    await ward.settle()
    assert len(ward.mail.sent) == 1
    await ward.pass_time(seconds=3)

    assert await ward.state(stored, ward.anna) == "unreachable"
    assert ward.events(ward.chen) == ["unreachable"]


async def test_a_revoked_device_is_not_waited_for(ward: Ward) -> None:
    """H22: The phone was lost after the message was planned for it."""
    stored = await ward.send(ward.ben, ["Anna"])
    await ward.revoke(ward.anna)
    again = await ward.send(ward.ben, ["Anna"])
    await ward.settle()

    assert again.recipients[0].tries == "email:10"
    assert await ward.state(stored, ward.anna) == "pending"
    assert len(ward.mail.sent) == 1


async def test_a_provider_that_is_busy_is_tried_again(ward: Ward) -> None:
    """H27: A 4xx of the relay is no result; ten seconds later it is tried anew."""
    ward.mail.answer = SendResult("retry", "451 later")
    await ward.send(ward.ben, ["Anna"], priority=Priority.MEDIUM)
    await ward.pass_time(seconds=30)
    ward.mail.answer = SendResult("sent", "250 taken")
    await ward.pass_time(seconds=10)

    assert len(ward.mail.sent) == 2
    assert len({attempt for _, attempt in ward.mail.sent}) == 1


async def test_a_technical_alarm_asks_until_somebody_has_it(ward: Ward) -> None:
    """H10: the last resort never falls silent."""
    await ward.send(LAB, ["Dr. Okafor"])
    await ward.pass_time(minutes=5)
    (told,) = ward.told[ward.dora.id]
    alarm = await ward.connection.fetchval("SELECT state FROM deliveries WHERE message_id = $1", told.message_id)

    assert alarm == "pending"
    assert await ward.connection.fetchval("SELECT count(*) FROM deadlines") == 1


async def test_what_a_dead_core_had_claimed_comes_back_by_itself(ward: Ward) -> None:
    """H11: a core claims a deadline and dies; when its lease runs out another handles it."""
    await ward.send(ward.ben, ["Anna"])
    ward.clock.advance(timedelta(seconds=10))
    claimed = await claim_due(
        ward.connection, now=ward.clock.now(), lease=timedelta(seconds=15), holder=uuid4(), lane=Lane.HIGH, limit=10
    )
    await ward.settle()
    assert len(claimed) == 1
    assert ward.mail.sent == []
    await ward.pass_time(seconds=15)

    assert len(ward.mail.sent) == 1


async def test_what_could_not_be_committed_is_tried_again_at_once(ward: Ward) -> None:
    """H82: the database was away for the moment in which a deadline passed; nobody waits for the lease."""
    await ward.send(ward.ben, ["Anna"])
    writers = [writer for writer in ward.lanes.writers if writer.serving]
    durables = [(writer, writer._durable) for writer in writers]
    for writer in writers:
        writer._durable = None
    await ward.pass_time(seconds=10)
    assert ward.mail.sent == []
    for writer, durable in durables:
        writer._durable = durable
    await ward.pass_time(seconds=2)

    assert len(ward.mail.sent) == 1


async def test_a_core_that_wakes_too_late_changes_nothing(ward: Ward) -> None:
    """H11: the first core's claim is handled after the second core has done the work: the e-mail goes out once."""
    stored = await ward.send(ward.ben, ["Anna"])
    ward.clock.advance(timedelta(seconds=10))
    stale = await claim_due(
        ward.connection, now=ward.clock.now(), lease=timedelta(seconds=1), holder=uuid4(), lane=Lane.HIGH, limit=10
    )
    await ward.pass_time(seconds=2)
    await ward.due.hand_over(ward.connection, stale, Lane.HIGH)
    await ward.quiet()
    await ward.settle()

    assert len(ward.mail.sent) == 1
    assert (await ward.facts(stored)).count("NotConfirmed") == 1


async def _claim_email(ward: Ward) -> list[Due]:
    """Ben pages Anna; no device confirms, and a core claims the e-mail that is to be sent to her."""
    await ward.send(ward.ben, ["Anna"])
    ward.clock.advance(timedelta(seconds=10))
    await ward.due.round(ward.connection)
    await ward.quiet()
    return await claim_due(
        ward.connection, now=ward.clock.now(), lease=timedelta(seconds=8), holder=uuid4(), lane=Lane.HIGH, limit=10
    )


async def test_an_email_that_another_core_may_have_sent_says_so(ward: Ward) -> None:
    """H83: a core froze with an e-mail in its hand; another one sends it, as a repeat; woken up, it sends nothing."""
    stale = await _claim_email(ward)
    assert [due.kind for due in stale] == ["send"]
    await ward.pass_time(seconds=8)
    assert ward.mail.repeats == [True]

    await ward.due.hand_over(ward.connection, stale, Lane.HIGH)
    await ward.due.idle()
    await ward.settle()
    assert ward.mail.repeats == [True]


async def test_an_email_that_waited_too_long_for_its_turn_is_left_to_the_next_claim(ward: Ward) -> None:
    """H83: begun at the end of its claim, two cores would send it side by side."""
    stale = await _claim_email(ward)
    ward.clock.advance(timedelta(seconds=4))
    await ward.due.hand_over(ward.connection, stale, Lane.HIGH)
    await ward.due.idle()
    assert ward.mail.sent == []

    await ward.pass_time(seconds=4)
    assert ward.mail.repeats == [True]


@pytest.mark.parametrize("outcome", ["retry", "refused", "sent"])
@pytest.mark.parametrize("ended", [True, False])
async def test_the_late_result_of_an_email_changes_nothing(ward: Ward, outcome: str, ended: bool) -> None:
    """H83: a core that was frozen while it sent tells what came of it; another one has sent it since, or does so."""
    (stale,) = await _claim_email(ward)
    if ended:
        await ward.pass_time(seconds=8)
    else:
        ward.clock.advance(timedelta(seconds=8))
        now, lease = ward.clock.now(), timedelta(seconds=8)
        await claim_due(ward.connection, now=now, lease=lease, holder=uuid4(), lane=Lane.HIGH, limit=9)
    stands = ("SELECT ended_at, outcome, detail FROM attempts", "SELECT * FROM deadlines WHERE kind = 'send'")
    before = [await ward.connection.fetch(stand) for stand in stands]
    assert len(before[1]) == (0 if ended else 1)
    late = Attempted(
        stale.message_id, stale.person_id, stale.ref, "email", SendResult(outcome, "late"), fence=stale.fence,
        lane=Lane.HIGH, done=lambda error: None,
    )  # fmt: skip
    ward.lanes.put(late)
    await ward.quiet()

    assert [await ward.connection.fetch(stand) for stand in stands] == before


async def test_a_medium_message_that_expires_tells_its_sender(ward: Ward) -> None:
    """H4: expiry is an outcome: a fact, and the sender hears of it."""
    expires_at = ward.clock.now() + timedelta(minutes=1)
    stored = await ward.send(ward.ben, ["Dr. Okafor"], priority=Priority.MEDIUM, expires_at=expires_at)
    await ward.say(ward.okafor, stored, Event.CONFIRMED)
    await ward.pass_time(minutes=1)

    assert await ward.state(stored, ward.okafor) == "expired"
    assert ward.events(ward.okafor) == ["new", "expired"]
    assert ward.events(ward.ben) == ["expired"]


async def test_a_code_does_not_wait_behind_a_thousand_low_ones(ward: Ward) -> None:
    """H12: with the lane of `low` full, a code is committed before most of them."""
    order: list[str] = []

    async def send(name: str, priority: Priority) -> None:
        await ward.send(LAB, ["Anna"], priority=priority, kind=Kind.CHAT)
        order.append(name)

    low = [asyncio.create_task(send("low", Priority.LOW)) for _ in range(3000)]
    await asyncio.wait(low, return_when=asyncio.FIRST_COMPLETED)
    await send("code", Priority.CODE)
    await asyncio.gather(*low)

    assert order.index("code") < 2500


@pytest.mark.parametrize("polling", [True, False])
async def test_hints_and_polling_each_do_the_work_alone(ward: Ward, polling: bool) -> None:
    """H13: without hints the poll finds what is due; without the poll a hint does."""
    await ward.add_person("Eva", device=False)
    ward.hints = not polling
    ward.due.polling = polling
    task = asyncio.create_task(ward.due.run())
    await ward.send(LAB, ["Eva"])
    async with asyncio.timeout(10):
        await ward.first_event(ward.dora)
    task.cancel()

    assert ward.events(ward.dora) == ["new"]


async def test_a_message_that_nobody_of_many_got_is_one_alarm(ward: Ward) -> None:
    """H33: the desk is not flooded: thirty people without a phone are one thing to see to."""
    people = [await ward.add_person(f"Nurse {nth}", device=False) for nth in range(1, 31)]
    group = await ward.add_group("Pool", people)
    await ward.send(LAB, [group])
    await ward.settle()

    assert ward.events(ward.dora) == ["new"]
