"""Nobody answers: what routing and escalation always hold to, each line bought with somebody's harm."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import asyncpg
import pytest

from wardwire.engine.desk import DeskWatch
from wardwire.flow.escalate import Escalate
from wardwire.flow.trace import read_story
from wardwire.flow.views import Stored
from wardwire.model import ids
from wardwire.model.delivery import Event
from wardwire.model.errors import Code, Refused
from wardwire.model.places import PlaceKind, Rank
from wardwire.model.policy import Answer, Ends, Quorum, Step
from wardwire.model.priority import Kind, Lane, Priority
from wardwire.model.report import Phase
from wardwire.model.simulation import simulate_alert
from wardwire.store.deadlines import ESCALATE, claim_due
from wardwire.store.inbox import read_page
from wardwire.testing.ward import Member, Ward

MINUTE = timedelta(minutes=1)
S = timedelta(seconds=1)
SCHEMA = {"search_path": "wardwire"}


class Night(NamedTuple):
    """The ward with a bed and a policy, and the instant at which the story begins."""

    ward: Ward
    begin: datetime
    unit: UUID
    bed: UUID

    async def at(self, seconds: float) -> None:
        """Let time pass up to so many seconds after the beginning, and everything that is due happen."""
        await self.ward.until(self.begin + timedelta(seconds=seconds))

    async def say(self, member: Member, message: UUID, event: Event, *, at: float) -> None:
        """Let somebody say something at a second, and what follows from it happen."""
        await self.at(at)
        await self.ward.say(member, stored_of(message), event)
        await self.at(at + 0.005)

    def heard(self, member: Member) -> list[tuple[int, str]]:
        """What somebody's devices were told, and in which second."""
        return [
            (int((told.at - self.begin).total_seconds()), told.event) for told in self.ward.told.get(member.id, [])
        ]

    async def alarmed(self) -> list[tuple[int, str]]:
        """When and what the desk was told."""
        rows = await self.ward.connection.fetch("SELECT kind, raised_at FROM alarms ORDER BY raised_at")
        return [(int((row["raised_at"] - self.begin).total_seconds()), row["kind"]) for row in rows]


def stored_of(message: UUID) -> Stored:
    """Name a message as its result does."""
    return Stored(ids.write_id(ids.MESSAGE, message), "", datetime.min, "", 0, [])


async def night(ward: Ward, *steps: Step, policy: str = "Nurse call", **fields: object) -> Night:
    """Bed 4W-12: Anna first, Ben second; and a policy that its unit goes by."""
    await ward.add_policy(policy, *(steps or STEPS), **fields)
    unit = await ward.add_place(PlaceKind.UNIT, "4 West", policy=policy)
    bed = await ward.add_place(PlaceKind.BED, "4W-12", inside=unit)
    await ward.assign(bed, Rank.PRIMARY, ward.anna)
    await ward.assign(bed, Rank.SECONDARY, ward.ben)
    return Night(ward, ward.clock.now(), unit, bed)


STEPS = (Step(("bed:primary",), 2 * MINUTE), Step(("bed:secondary",), MINUTE), Step(("desk",), MINUTE))


async def alarm(one: Night, key: str = "A1001", *, at: float = 0) -> UUID:
    """An alarm of the bed begins; Anna's phone confirms it a second later."""
    await one.at(at)
    taken = await one.ward.report(key, bed="bed:4W-12", external_id=f"{key}/{at}")
    assert taken.message_id is not None
    await one.say(one.ward.anna, taken.message_id, Event.CONFIRMED, at=at + 1)
    return taken.message_id


async def test_a1_an_alarm_goes_to_the_nurse_then_to_the_second_and_is_cleared(ward: Ward) -> None:
    """H41: accept in 2 min, else the secondary, else the desk; who accepts is seen, the end silences everybody."""
    one = await night(ward)
    message = await alarm(one)
    assert await ward.why(message, ward.anna) == "bed:primary"
    await one.at(90)
    assert await ward.report("A1001", external_id="A1001/0", bed="bed:4W-12") == (message, "repeated", "")
    due = await ward.connection.fetchval("SELECT due_at FROM deadlines WHERE kind = 'escalate'")
    assert due == one.begin + timedelta(minutes=2)
    await one.at(120)
    assert one.heard(ward.ben) == [(120, "new")]
    assert await ward.why(message, ward.ben) == "step 2:no_answer"
    await one.say(ward.ben, message, Event.CONFIRMED, at=121)
    await one.say(ward.ben, message, Event.ACCEPT, at=140)
    assert one.heard(ward.anna) == [(0, "new"), (140, "taken")]
    assert ward.told[ward.anna.id][-1].body.name == "Ben"
    await one.at(239)
    assert await ward.connection.fetchval("SELECT count(*) FROM messages") == 1
    assert await ward.report("A1001", Phase.END) == (message, "cleared", "")
    await one.at(2000)
    assert one.heard(ward.anna)[-1] == (239, "cleared")
    assert one.heard(ward.ben)[-1] == (239, "cleared")
    facts = await ward.facts(stored_of(message))
    assert facts[-2:] == ["Closed", "Reported"]
    assert facts.count("Cleared") == 2
    assert one.heard(ward.dora) == []
    assert one.heard(ward.mallory) == []


async def look(one: Night, *, at: float) -> None:
    """Let a core look after the desk at a second."""
    ward = one.ward
    await one.at(at)
    async with asyncpg.create_pool(ward._dsn, min_size=1, max_size=1, server_settings=SCHEMA) as pool:
        watch = DeskWatch(pool=pool, clock=ward.clock, writer=ward.lanes, rules=ward.rules, again=timedelta(0))
        await watch.round()
    await ward.quiet()


async def test_silence_ends_at_the_desk_which_is_asked_until_somebody_sees_to_it(ward: Ward) -> None:
    """H42: the end of a policy is never empty, and never falls silent. One message asks, and who takes it ends it."""
    eva = await ward.add_person("Eva")
    await ward._change("UPDATE groups SET version = $1, members = members || $2::uuid[]", [eva.id])
    one = await night(ward, Step(("bed:primary",), MINUTE))
    await alarm(one)
    await one.at(60)
    assert await one.alarmed() == [(60, "unanswered")]
    assert one.heard(ward.dora) == one.heard(eva) == [(60, "new")]
    (message,) = (told.message_id for told in ward.told[ward.dora.id])
    for second in (179, 180, 182):
        await look(one, at=second)
    for member in (ward.dora, eva):  # their phones have it, and still they are asked
        await one.say(member, message, Event.CONFIRMED, at=183)
    for second in (299, 300, 302):
        await look(one, at=second)
    rung = [(60, "new"), (180, "ring"), (300, "ring")]
    assert one.heard(ward.dora) == one.heard(eva) == rung
    await one.say(ward.dora, message, Event.ACCEPT, at=310)
    assert await ward.connection.fetchval("SELECT taken_by FROM alarms") == ward.dora.wire
    await look(one, at=312)
    assert one.heard(eva) == [*rung, (312, "taken")]
    await look(one, at=1000)
    assert one.heard(ward.dora) == [*rung, (310, "answered")]
    row = await ward.connection.fetchrow("SELECT kind, times FROM alarms")
    assert tuple(row) == ("unanswered", 1)


async def test_the_desk_is_asked_no_more_when_somebody_has_it_at_last(ward: Ward) -> None:
    """H112: the nurse was late and took it; at the desk it does not ring on. Handed back it is another alarm."""
    one = await night(ward, Step(("bed:primary",), MINUTE))
    message = await alarm(one)
    await one.say(ward.anna, message, Event.ACCEPT, at=100)
    rows = await ward.connection.fetch("SELECT cleared_by, cleared_why FROM alarms")
    assert [tuple(row) for row in rows] == [("wardwire", "answered")]
    await look(one, at=102)
    assert one.heard(ward.dora) == [(60, "new"), (102, "cleared")]
    await look(one, at=400)
    assert one.heard(ward.dora)[2:] == []
    await one.say(ward.anna, message, Event.HAND_BACK, at=500)
    assert one.heard(ward.dora)[2:] == [(500, "new")]
    assert await one.alarmed() == [(60, "unanswered"), (500, "unanswered")]


async def test_an_alarm_that_is_cleared_though_nobody_answers_is_raised_anew(ward: Ward) -> None:
    """H42: somebody tidied up at the desk; the patient still waits."""
    one = await night(ward, Step(("bed:primary",), MINUTE))
    await alarm(one)
    await one.at(70)
    await ward.connection.execute("UPDATE alarms SET cleared_at = $1", ward.clock.now())
    await one.at(181)
    assert await one.alarmed() == [(60, "unanswered"), (180, "unanswered")]


async def test_an_empty_step_is_skipped_at_once_and_that_is_a_fact(ward: Ward) -> None:
    """H43: nobody is a black hole: an empty group, a vacant role, a person without a device, a bed of nobody."""
    ward.desk = ""  # who would answer for a vacant role
    await ward.add_group("Float nurses", [])
    await ward.add_role("Charge nurse")
    await ward.revoke(ward.mallory)
    targets = ("group:Float nurses", "role:Charge nurse", "person:Mallory", "bed:tertiary")
    one = await night(ward, *(Step((target,), MINUTE) for target in targets), Step(("Ben",), MINUTE))
    message = (await ward.report("A1", bed="bed:4W-12")).message_id
    assert message is not None
    assert one.heard(ward.ben) == [(0, "new")]
    bodies = await ward.connection.fetch(
        "SELECT body FROM facts WHERE message_id = $1 AND kind = 'StepSkipped' ORDER BY seq", message
    )
    reasons = [row["body"].rpartition('":"')[2].rstrip('"}') for row in bodies]
    assert reasons == ["nobody", "role_vacant", "no_endpoint", "unassigned"]


async def test_a_decline_goes_on_at_once(ward: Ward) -> None:
    """H44: she had said no, and the system waited two minutes for her all the same."""
    one = await night(ward)
    message = await alarm(one)
    await one.say(ward.anna, message, Event.DECLINE, at=5)
    assert one.heard(ward.ben) == [(5, "new")]


async def test_whoever_cannot_be_reached_is_not_waited_for(ward: Ward) -> None:
    """H44: her phone was dead; the next one was called when that was known, not two minutes later."""
    one = await night(ward)
    await ward.report("A1", bed="bed:4W-12")
    await one.at(19)
    assert one.heard(ward.ben) == []
    await one.at(20)  # ten seconds for the app, ten for the e-mail
    assert one.heard(ward.ben) == [(20, "new")]


async def test_an_alert_does_not_run_through_to_the_desk_because_the_way_is_away(ward: Ward) -> None:
    """H115: NATS said of everybody that nobody was there; each had the time of a phone, as on any other day."""
    steps = (Step(("Dr. Okafor",), MINUTE), Step(("bed:secondary",), MINUTE))
    one = await night(ward, *steps)
    message = (await ward.report("A1", bed="bed:4W-12")).message_id
    assert message is not None
    for second, member in ((0, ward.okafor), (10, ward.ben)):
        await one.at(second)
        assert one.heard(member) == [(second, "new")]
        ward.due.unreachable_now(message, member.id, way_there=False)
        await one.at(second + 9)
        assert await one.alarmed() == []
    await one.at(20)
    assert await one.alarmed() == [(20, "unanswered")]


async def test_own_endpoints_go_on_beside_the_steps(ward: Ward) -> None:
    """H45: the policy went on to the next one, and her own second way was never tried."""
    one = await night(ward, Step(("bed:primary",), 5 * S), Step(("bed:secondary",), MINUTE))
    await ward.report("A1", bed="bed:4W-12")
    await one.at(5)
    assert one.heard(ward.ben) == [(5, "new")]
    await one.at(10)
    assert [address for address, _ in ward.mail.sent] == ["anna@ward.example"]


async def test_read_ends_nothing_unless_the_policy_says_so(ward: Ward) -> None:
    """H46: somebody looked at it, and everybody took that for *I am coming*."""
    one = await night(ward)
    message = await alarm(one)
    await one.say(ward.anna, message, Event.SEEN, at=10)
    await one.at(120)
    assert one.heard(ward.ben) == [(120, "new")]


async def test_read_ends_a_step_that_asks_for_no_more(ward: Ward) -> None:
    """H46: a policy may be content with it."""
    one = await night(ward, Step(("bed:primary",), MINUTE, Answer.READ), Step(("bed:secondary",), MINUTE))
    message = await alarm(one)
    await one.say(ward.anna, message, Event.SEEN, at=10)
    await one.at(600)
    assert one.heard(ward.ben) == []


async def test_an_accept_can_be_handed_back_and_the_escalation_resumes(ward: Ward) -> None:
    """H47: he gave it back, and from then on it was nobody's."""
    one = await night(ward, Step(("bed:primary", "bed:secondary"), MINUTE), Step(("Dr. Chen",), MINUTE))
    message = await alarm(one)
    await one.say(ward.ben, message, Event.ACCEPT, at=5)
    assert one.heard(ward.anna)[-1] == (5, "taken")
    await one.say(ward.ben, message, Event.HAND_BACK, at=300)
    assert one.heard(ward.anna)[-1] == (300, "ring")
    await one.say(ward.anna, message, Event.CONFIRMED, at=301)
    await one.at(359)
    assert one.heard(ward.chen) == []
    await one.at(360.1)
    assert one.heard(ward.chen) == [(360, "new")]


async def test_whoever_has_it_is_asked_again_while_it_is_still_active(ward: Ward) -> None:
    """H48: accepted, forgotten; and the alarm went on at the bedside."""
    one = await night(ward, *STEPS, still_active=5 * MINUTE, ask_wait=MINUTE)
    message = await alarm(one)
    await one.say(ward.anna, message, Event.ACCEPT, at=10)
    await one.at(311)
    assert one.heard(ward.anna)[-1] == (310, "still_active")
    await one.say(ward.anna, message, Event.KEEP, at=340)
    await one.at(641)
    assert one.heard(ward.anna)[-1] == (640, "still_active")
    assert one.heard(ward.ben) == []
    await one.at(701)
    assert one.heard(ward.ben) == [(700, "new")]


async def test_an_open_alert_follows_its_role_and_both_are_told(ward: Ward) -> None:
    """H49: the page had gone to the doctor whose shift ended two minutes later."""
    role = await ward.add_role("Cardiology 1st")
    await ward.add_shift(role, ward.chen, -MINUTE, 2 * MINUTE)
    await ward.add_shift(role, ward.okafor, 2 * MINUTE, 60 * MINUTE)
    one = await night(ward, Step(("role:Cardiology 1st",), 10 * MINUTE), Step(("desk",), MINUTE))
    begin = one.begin
    message = (await ward.report("A1", bed="bed:4W-12")).message_id
    assert message is not None
    await one.say(ward.chen, message, Event.CONFIRMED, at=1)
    await one.at(130)
    turn = await ward.connection.fetchval("SELECT max(starts_at) FROM shifts")
    second = int((turn - begin).total_seconds())
    assert one.heard(ward.okafor) == [(second, "new")]
    assert one.heard(ward.chen)[-1] == (second, "handed_over")
    assert await ward.why(message, ward.okafor) == f"hand_over:{ids.write_id(ids.ROLE, role)}"


async def test_an_end_silences_everybody_and_nothing_follows_it(ward: Ward) -> None:
    """H50: the alarm was over for minutes, and one after the other was still called."""
    one = await night(ward)
    message = await alarm(one)
    await one.at(121)
    await ward.report("A1001", Phase.END)
    await one.at(4000)
    assert (one.heard(ward.anna)[-1], one.heard(ward.ben)) == ((121, "cleared"), [(120, "new"), (121, "cleared")])
    assert one.heard(ward.dora) == []
    assert await ward.connection.fetchval("SELECT count(*) FROM deadlines") == 0
    row = await ward.connection.fetchrow("SELECT state, closed_why FROM escalations WHERE message_id = $1", message)
    assert tuple(row) == ("closed", "cleared")


async def test_an_end_before_its_beginning_rings_nobody(ward: Ward) -> None:
    """H50: after an outage both came together, the end first."""
    one = await night(ward)
    assert (await ward.report("A7", Phase.END)).did == "cleared"
    assert (await ward.report("A7", bed="bed:4W-12")).did == "noted"
    await one.at(59)
    assert one.heard(ward.anna) == []
    await one.at(62)
    assert (await ward.report("A7", bed="bed:4W-12")).did == "begun"


async def test_a_latched_end_before_its_beginning_does_not_silence_it(ward: Ward) -> None:
    """H102: its source still holds it until somebody has looked; the beginning that comes late rings."""
    one = await night(ward)
    assert await ward.report("A1001", Phase.END, latched=True) == (None, "noted", "")
    await one.at(30)
    taken = await ward.report("A1001", bed="bed:4W-12")
    assert taken.did == "begun"
    assert one.heard(ward.anna) == [(30, "new")]


async def test_what_goes_on_though_we_never_heard_of_it_begins_late(ward: Ward) -> None:
    """H51: the beginning was lost on the way, and the repeats were thrown away because there was no beginning."""
    one = await night(ward)
    taken = await ward.report("A8", Phase.CONTINUE, bed="bed:4W-12")
    assert taken.did == "begun"
    assert one.heard(ward.anna) == [(0, "new")]
    body = await ward.connection.fetchval("SELECT body FROM facts WHERE kind = 'Reported'")
    assert '"did":"begun_late"' in body


async def test_a_source_raises_its_alert_and_those_who_are_called_are_rung_again(ward: Ward) -> None:
    """H51: it had become worse, and that was an update that nobody heard."""
    one = await night(ward)
    message = await alarm(one)
    taken = await ward.report("A1001", Phase.UPDATE, subject="SpO2 71 %", bed="bed:4W-12")
    assert (taken.message_id, taken.did) == (message, "updated")
    assert one.heard(ward.anna)[-1] == (1, "updated")
    await one.at(30)
    taken = await ward.report("A1001", Phase.ESCALATE, priority=Priority.CODE, bed="bed:4W-12")
    assert taken.did == "raised"
    assert one.heard(ward.anna)[-2:] == [(30, "raised"), (30, "ring")]
    assert b'"priority":"code"' in ward.told[ward.anna.id][-1].body.message
    assert await ward.state(stored_of(message), ward.anna) == "pending"
    await one.say(ward.anna, message, Event.DECLINE, at=35)
    assert (
        b'"priority":"code"' in ward.told[ward.ben.id][-1].body.message
    )  # who is called now is told how urgent it is


async def test_urgent_alerts_never_expire_and_others_say_so(ward: Ward) -> None:
    """H52: its time ran out, unanswered, and with it the escalation."""
    one = await night(ward)
    soon = ward.clock.now() + MINUTE
    for priority in (Priority.CODE, Priority.HIGH):
        with pytest.raises(Refused) as refused:
            await ward.send(ward.dora, [], place="bed:4W-12", priority=priority, expires_at=soon)
        assert refused.value.code is Code.EXPIRY_NOT_ALLOWED
    stored = await ward.send(ward.chen, [], place="bed:4W-12", priority=Priority.MEDIUM, expires_at=soon)
    await one.at(70)
    assert one.heard(ward.anna)[-1][1] == "expired"
    assert "expired" in ward.events(ward.chen)
    assert (await ward.facts(stored))[-1] == "Closed"


async def test_an_alert_keeps_the_policy_that_it_began_with(ward: Ward) -> None:
    """H53: somebody changed the policy, and an alert that was under way jumped its steps."""
    one = await night(ward)
    message = await alarm(one)
    await ward.add_policy("Nurse call", Step(("Mallory",), 5 * S), Step(("Mallory",), 5 * S))
    await one.at(121)
    assert one.heard(ward.ben) == [(120, "new")]
    assert (await ward.report("A2", bed="bed:4W-12")).message_id != message
    assert ward.events(ward.mallory) == ["new"]


async def test_the_promise_is_what_happens_in_silence(ward: Ward) -> None:
    """H54: the sender had believed that somebody would come, and had no word by when."""
    one = await night(ward)
    stored = await ward.send(ward.chen, [], place="bed:4W-12")
    assert [(line.in_s, line.who, line.how) for line in stored.promise] == [
        (0, "Anna", "step 1"), (120, "Ben", "step 2"), (180, "Dora", "step 3"), (240, "the desk", "desk"),
    ]  # fmt: skip
    message = ids.read_id(ids.MESSAGE, stored.message)
    for member, at in ((ward.anna, 1), (ward.ben, 121), (ward.dora, 181)):
        await one.say(member, message, Event.CONFIRMED, at=at)
    await one.at(241)
    assert (one.heard(ward.anna)[0], one.heard(ward.ben)[0]) == ((0, "new"), (120, "new"))
    assert [at for at, event in one.heard(ward.dora) if event == "new"] == [180, 240]
    plain = await ward.send(ward.chen, ["Anna"])
    assert [(line.in_s, line.who, line.how) for line in plain.promise] == [
        (10, "Anna", "app"), (20, "Anna", "email"), (20, "the sender", "sender"),
    ]  # fmt: skip


async def test_a_core_that_was_frozen_with_a_claim_changes_nothing(ward: Ward) -> None:
    """H55: it woke up minutes later and called everybody once more, or put the next step off."""
    one = await night(ward)
    message = await alarm(one)
    await ward.until(one.begin + 120 * S)
    [due] = await ward.connection.fetch(
        "SELECT message_id, fence FROM deadlines WHERE kind = 'escalate' AND message_id = $1", message
    )
    stale = due["fence"] - 1
    before = await ward.connection.fetchrow("SELECT version, state FROM escalations")
    armed = await ward.connection.fetchval("SELECT due_at FROM deadlines WHERE kind = 'escalate'")
    ward.lanes.put(Escalate(message, stale, lane=Lane.HIGH, rules=ward.rules, done=lambda error: None))
    await ward.quiet()
    assert await ward.connection.fetchrow("SELECT version, state FROM escalations") == before
    assert await ward.connection.fetchval("SELECT due_at FROM deadlines WHERE kind = 'escalate'") == armed
    assert one.heard(ward.ben) == [(120, "new")]


async def test_a_word_that_comes_while_somebody_looks_is_not_lost(ward: Ward) -> None:
    """H55: he accepted in the very moment at which the next step was decided, and it was overwritten."""
    one = await night(ward)
    message = await alarm(one)
    await one.at(119)
    claimed = [
        due
        for due in await claim_due(
            ward.connection, now=one.begin + 121 * S, lease=15 * S, holder=message, lane=Lane.HIGH, limit=9
        )
        if due.kind == ESCALATE
    ]
    await ward.say(ward.anna, stored_of(message), Event.ACCEPT)
    [due] = claimed
    ward.lanes.put(Escalate(message, due.fence, lane=Lane.HIGH, rules=ward.rules, done=lambda error: None))
    await ward.quiet()
    await one.at(125)
    assert one.heard(ward.ben) == []
    assert await ward.connection.fetchval("SELECT state FROM escalations") == "held"


async def test_what_the_holder_says_is_done_is_closed(ward: Ward) -> None:
    """Nobody is asked again about what is done."""
    one = await night(ward)
    message = await alarm(one)
    await one.say(ward.anna, message, Event.ACCEPT, at=10)
    await one.say(ward.anna, message, Event.DONE, at=60)
    await one.at(4000)
    assert one.heard(ward.anna)[-1] == (60, "answered")
    assert await ward.connection.fetchval("SELECT closed_why FROM escalations") == "done"


async def test_a_chat_does_not_escalate(ward: Ward) -> None:
    """Nor does a place without a policy take a message without a recipient."""
    await night(ward)
    with pytest.raises(Refused) as refused:
        await ward.send(ward.chen, ["Anna"], kind=Kind.CHAT, policy="Nurse call")
    assert (refused.value.code, refused.value.pointer) == (Code.INVALID, "/kind")
    await ward.add_place(PlaceKind.UNIT, "Attic")
    with pytest.raises(Refused) as refused:
        await ward.send(ward.chen, [], place="unit:Attic")
    assert (refused.value.code, refused.value.pointer) == (Code.INVALID, "/to")


async def test_a_chat_that_waits_too_long_becomes_an_alert_by_hand(ward: Ward) -> None:
    """H64: I had asked in the chat, nobody looked at it, and to say it again as an alert I had to type it again."""
    one = await night(ward, Step(("Dr. Okafor",), MINUTE), policy="Consult")
    chat = await ward.send(ward.anna, ["Dr. Chen"], kind=Kind.CHAT, text="Could you see bed 12?")
    with pytest.raises(Refused) as refused:
        await ward.escalate(ward.mallory, chat, policy="Consult")
    assert refused.value.code is Code.NOT_FOUND
    alert, _ = await ward.escalate(ward.anna, chat, policy="Consult", id="a")
    assert await ward.escalate(ward.anna, chat, policy="Consult", id="a") == (alert, True)
    assert (alert.thread, [line.who for line in alert.promise]) == (chat.thread, ["Dr. Okafor", "the desk"])
    body = ward.told[ward.okafor.id][-1].body.message
    assert b"Could you see bed 12?" in body
    assert chat.message.encode() in body
    await one.at(60)
    assert len(ward.told[ward.okafor.id]) == 1


async def test_a8_after_an_outage_every_alarm_is_one_message_and_what_is_over_rings_nobody(ward: Ward) -> None:
    """H50: 37 alarms had waited with their senders; all came at once, and one of them had ended meanwhile."""
    one = await night(ward)
    waiting = [(f"A{nth}", Phase.START) for nth in range(37)]
    for key, phase in (*waiting, ("A7", Phase.END), *waiting[:5]):
        await ward.report(key, phase, bed="bed:4W-12", external_id=f"{key}{phase}")
    assert await ward.connection.fetchval("SELECT count(*) FROM messages") == 37
    assert [event for _, event in one.heard(ward.anna)].count("new") == 37
    assert await ward.connection.fetchval("SELECT count(*) FROM escalations WHERE closed_at IS NULL") == 36
    assert (await ward.report("B1", Phase.END, bed="bed:4W-12")).did == "cleared"
    assert (await ward.report("B1", Phase.START, bed="bed:4W-12")).did == "noted"
    assert [event for _, event in one.heard(ward.anna)].count("new") == 37


async def test_the_story_of_an_alert_can_be_retold(ward: Ward) -> None:
    """H54: afterwards nobody could say who had been called when, and why."""
    one = await night(ward)
    message = await alarm(one)
    await one.at(121)
    await one.say(ward.ben, message, Event.ACCEPT, at=125)
    story = await read_story(ward.connection, message, ward.people.directory)
    assert story is not None
    texts = [hop.text for hop in story.hops]
    assert [text for text in texts if text.startswith("step")] == [
        "step 1 began: from the beginning", "step 2 began: nobody had answered",
    ]  # fmt: skip
    assert texts[-2:] == ["taken by Ben", "Anna fell silent: somebody else has it"]
    assert [(line.in_s, line.who, round(line.happened_s or 0)) for line in story.promise] == [
        (0, "Anna", 0), (120, "Ben", 120), (180, "Dora", 0), (240, "the desk", 0),
    ]  # fmt: skip
    assert story.promise[2].happened_s is None
    assert {person.name: person.kept for person in story.people} == {"Anna": True, "Ben": True}
    assert {person.name: person.why for person in story.people}["Ben"] == "called in step 2: nobody had answered"


TEAM = Step(
    ("role:Leader", "role:Airway", "group:Code nurses"), 10 * MINUTE, ends=Ends.QUORUM,
    quorum=(Quorum("role:Leader"), Quorum("role:Airway", 1, "person:Eva"), Quorum("group:Code nurses", 2)),
)  # fmt: skip


async def code_team(ward: Ward) -> tuple[Night, Member]:
    """A team of a leader, an airway with a pager only, and three nurses; Eva backs the airway up."""
    eva = await ward.add_person("Eva")
    airway = await ward.add_person("Airway night", device=False)
    await ward.add_endpoint(airway, "pager", "8812")
    for name, holder in (("Leader", ward.chen), ("Airway", airway)):
        await ward.add_shift(await ward.add_role(name), holder, -MINUTE, 600 * MINUTE)
    await ward.add_group("Code nurses", [ward.anna, ward.ben, ward.mallory])
    await ward.add_endpoint(ward.mallory, "sms", "+1 555 0100")
    await ward.add_endpoint(ward.mallory, "voice", "+1 555 0100")
    return await night(ward, TEAM, policy="Code blue"), eva


async def test_a3_code_blue(ward: Ward) -> None:
    """H56: all at once, quorum by role, the missing role alarms and calls its backup, accepts on the way ring on."""
    one, eva = await code_team(ward)
    pager, sms, voice = ward.add_channel("pager"), ward.add_channel("sms"), ward.add_channel("voice")
    stored = await ward.send(ward.dora, [], place="bed:4W-12", priority=Priority.CODE, text="Code blue")
    message = ids.read_id(ids.MESSAGE, stored.message)
    assert stored.recipient_count == 5
    await one.at(0.5)
    assert [one.heard(member) for member in (ward.anna, ward.ben, ward.chen, ward.mallory)] == [[(0, "new")]] * 4
    assert (len(pager.sent), len(ward.mail.sent)) == (1, 2)
    for member in (ward.anna, ward.ben, ward.chen):
        await one.say(member, message, Event.CONFIRMED, at=1)
    await one.at(2.9)
    assert (sms.sent, voice.sent) == ([], [])
    await one.at(3)
    assert (len(sms.sent), len(voice.sent)) == (1, 1)
    await one.say(ward.ben, message, Event.ACCEPT, at=14)
    assert all(event != "taken" for member in (ward.anna, ward.chen) for _, event in one.heard(member))
    await one.say(ward.chen, message, Event.ACCEPT, at=20)
    with pytest.raises(Refused) as refused:
        await ward.send(ward.dora, [], place="bed:4W-12", priority=Priority.CODE, text="Code blue")
    assert (refused.value.code, refused.value.fields["message"]) == (Code.CODE_RUNNING, stored.message)
    await one.say(ward.anna, message, Event.ACCEPT, at=25)
    await one.at(30.1)
    assert await one.alarmed() == [(30, "part_missing")]
    [(_, text)] = await ward.alarms()
    assert text.startswith("An alert of priority code at 4W-12: Airway missing.")
    assert one.heard(eva)[0] == (30, "new")
    assert all(event != "taken" for _, event in one.heard(ward.mallory))
    await one.say(eva, message, Event.ACCEPT, at=44)
    assert await ward.connection.fetchval("SELECT state FROM escalations") == "held"
    assert one.heard(ward.mallory)[-1] == (44, "taken")
    assert ward.teams[-1] == {"role:Leader": (1, 1), "role:Airway": (1, 1), "group:Code nurses": (2, 2)}
    assert {"role:Leader": (1, 1), "role:Airway": (1, 0), "group:Code nurses": (2, 2)} in ward.teams
    await one.say(ward.mallory, message, Event.ACCEPT, at=50)
    joined = await ward.send(ward.dora, [], add_to=stored.message, priority=Priority.CODE, text="Now in room 3")
    assert (joined.thread, joined.recipient_count) == (stored.thread, 6)
    await one.at(1000)
    await ward.cancel(ward.caller(ward.dora), stored)
    assert await ward.connection.fetchval("SELECT closed_why FROM escalations") == "cancelled"
    again = await ward.send(ward.dora, [], place="bed:4W-12", priority=Priority.CODE, text="Code blue")
    assert again.message != stored.message


async def test_a_running_call_is_begun_again_only_by_force(ward: Ward) -> None:
    """H57: two called the same code, and half the team ran to a call of its own."""
    await code_team(ward)
    call = {"place": "bed:4W-12", "priority": Priority.CODE, "text": "Code blue"}
    first = await ward.send(ward.dora, [], **call)
    with pytest.raises(Refused):
        await ward.send(ward.chen, [], **call)
    forced = await ward.send(ward.chen, [], **call, force=True)
    assert forced.message != first.message


async def test_a_drill_says_so_in_every_text_and_is_no_real_alert(ward: Ward) -> None:
    """H58: it was an exercise, and half of the house ran; or it was none, and they took it for one."""
    await code_team(ward)
    stored = await ward.send(
        ward.dora, [], place="bed:4W-12", priority=Priority.CODE, subject="Code blue", text="Bed 12", drill=True
    )
    body = ward.told[ward.anna.id][0].body.message
    assert b'"subject":"DRILL Code blue"' in body
    assert b'"text":"DRILL Bed 12"' in body
    message = ids.read_id(ids.MESSAGE, stored.message)
    row = await ward.connection.fetchrow("SELECT drill, test FROM escalations WHERE message_id = $1", message)
    assert tuple(row) == (True, True)


async def test_a_drill_that_reaches_nobody_says_so_at_the_desk(ward: Ward) -> None:
    """H58: it had no policy; the alarm about it must not send anybody running."""
    await ward.reach(ward.ben, "app")
    await ward.send(ward.anna, ["Ben"], drill=True)
    await ward.pass_time(seconds=60)
    ((kind, detail),) = await ward.alarms()
    assert kind == "unreached"
    assert detail.startswith("DRILL: a message of priority high has reached no device of Ben")


async def test_a10_what_is_simulated_is_what_happens(ward: Ward) -> None:
    """A10: whom the simulation names is called in that very second, through repeats, empty steps, and the desk."""
    steps = (
        Step(("bed:primary",), 30 * S, repeat=1),
        Step(("bed:tertiary",), MINUTE),
        Step(("bed:secondary", "Dr. Chen"), 45 * S),
    )
    one = await night(ward, *steps, loops=1)
    directory = ward.people.directory
    policy = directory.policies[directory.policy_names["nurse call"]]
    expected = simulate_alert(
        policy, directory, at=one.begin, priority=Priority.HIGH, place=directory.places[one.bed], desk=ward.desk
    )
    message = await alarm(one)
    called = [(line.at, person) for line in expected if not line.desk for person in line.people]
    for at, person in called:
        await one.at((at - one.begin).total_seconds())
        for member in (ward.anna, ward.ben, ward.chen):
            if member.id == person:
                await one.say(member, message, Event.CONFIRMED, at=(at - one.begin).total_seconds() + 1)
    await one.at((expected[-1].at - one.begin).total_seconds() + 1)
    for member in (ward.anna, ward.ben, ward.chen):
        mine = [int((at - one.begin).total_seconds()) for at, person in called if person == member.id]
        assert [second for second, event in one.heard(member) if event in ("new", "ring")] == mine
    desk = [(int((line.at - one.begin).total_seconds()), "unanswered") for line in expected if line.desk]
    assert [told for told in await one.alarmed() if told[1] == "unanswered"] == desk


async def test_whoever_is_off_without_cover_is_passed_over_at_once(ward: Ward) -> None:
    """H43: she was off, and nobody stood in for her; her time was waited out all the same."""
    one = await night(ward, Step(("bed:primary",), 2 * MINUTE), Step(("Dr. Okafor",), MINUTE), Step(("Ben",), MINUTE))
    await ward.set(ward.anna, status="off")
    await ward.set(ward.okafor, status="do_not_disturb")
    stored = await ward.send(ward.chen, [], place="bed:4W-12", priority=Priority.MEDIUM)
    assert not ward.told[ward.anna.id][0].body.rings  # she finds it when she is back
    assert [line.who for line in stored.promise] == ["Anna", "Dr. Okafor", "Ben", "the desk"]
    skipped = await ward.connection.fetch("SELECT body FROM facts WHERE kind = 'StepSkipped' ORDER BY seq")
    reasons = [row["body"].rpartition('":"')[2].rstrip('"}') for row in skipped]
    assert reasons == ["status_off", "status_do_not_disturb"]
    assert one.heard(ward.ben) == [(0, "new")]


async def test_a_step_that_asks_for_all_leaves_the_others_ringing(ward: Ward) -> None:
    """H56: one had accepted, and the second pair of hands was called off."""
    one = await night(ward, Step(("Anna", "Ben"), MINUTE, ends=Ends.ALL), Step(("Dr. Chen",), MINUTE))
    message = await alarm(one)
    await one.say(ward.ben, message, Event.CONFIRMED, at=1)
    await one.say(ward.anna, message, Event.ACCEPT, at=5)
    assert one.heard(ward.ben) == [(0, "new")]
    await one.at(60)
    assert one.heard(ward.chen) == [(60, "new")]  # one of two is not all of them
    second = await alarm(one, "A2", at=70)
    await one.say(ward.ben, second, Event.CONFIRMED, at=71)
    for member in (ward.anna, ward.ben):
        await one.say(member, second, Event.ACCEPT, at=75)
    await one.at(140)
    assert await ward.connection.fetchval("SELECT state FROM escalations WHERE message_id = $1", second) == "held"


async def test_a_step_calls_by_the_endpoints_that_it_names(ward: Ward) -> None:
    """H45: the night policy says *by pager*, and the phone rang in the theatre."""
    pager = ward.add_channel("pager")
    await ward.add_endpoint(ward.anna, "pager", "8812")
    one = await night(ward, Step(("bed:primary",), MINUTE, endpoints=("pager",)), Step(("Ben",), MINUTE))
    taken = await ward.report("A1", bed="bed:4W-12")
    assert taken.message_id is not None
    await one.at(59)
    assert [address for address, _ in pager.sent] == ["8812"]
    assert (ward.mail.sent, one.heard(ward.ben)) == ([], [])
    await one.at(60)
    assert one.heard(ward.ben) == [(60, "new")]


async def test_a_later_step_calls_the_same_person_by_its_own_endpoints(ward: Ward) -> None:
    """H200: *first the app, then the pager* rang the app twice, and never the pager; and without a pager nobody was
    called by the step of the pager, nor by the next one.
    """
    pager = ward.add_channel("pager")
    await ward.add_endpoint(ward.anna, "pager", "8812")
    await ward.add_endpoint(ward.dora, "email", "dora@ward.example")
    one = await night(
        ward,
        Step(("Anna",), MINUTE, endpoints=("app",)),
        Step(("Anna", "Dora"), MINUTE, endpoints=("pager",)),
        Step(("Dora",), MINUTE, endpoints=("email",)),
    )
    await alarm(one)
    assert pager.sent == []
    await one.at(60)
    assert [address for address, _ in pager.sent] == ["8812"]
    assert (one.heard(ward.dora), ward.mail.sent) == ([], [])
    assert (
        await ward.connection.fetchval("SELECT plan FROM deliveries WHERE person_id = $1", ward.anna.id) == "pager:10"
    )
    await one.at(120)
    assert one.heard(ward.dora) == [(120, "new")]
    assert len(ward.mail.sent) == 1


async def test_a_source_lowers_its_alert_and_rings_nobody(ward: Ward) -> None:
    """H51: it had become better, and everybody was rung for it."""
    one = await night(ward)
    message = await alarm(one)
    taken = await ward.report("A1001", Phase.DEESCALATE, priority=Priority.MEDIUM, bed="bed:4W-12")
    assert (taken.message_id, taken.did) == (message, "lowered")
    assert one.heard(ward.anna)[-1][1] == "lowered"
    assert not ward.told[ward.anna.id][-1].body.rings
    await one.at(120)
    assert one.heard(ward.ben) == [(120, "new")]  # and it goes on all the same
    assert b'"priority":"medium"' in ward.told[ward.ben.id][-1].body.message


async def test_whoever_is_called_later_reads_what_the_source_says_now(ward: Ward) -> None:
    """H51: it had fallen to 71, and the second one who was called read 79; so did a phone that came back."""
    one = await night(ward)
    message = await alarm(one)
    taken = await ward.report("A1001", Phase.UPDATE, priority=Priority.CODE, subject="SpO2 71 %", bed="bed:4W-12")
    assert taken.did == "raised"
    assert b"SpO2 71 %" in ward.told[ward.anna.id][-1].body.message
    await one.say(ward.anna, message, Event.DECLINE, at=5)
    [called] = ward.told[ward.ben.id]
    assert (b"SpO2 71 %" in called.body.message, b'"priority":"code"' in called.body.message) == (True, True)
    for member in (ward.anna, ward.ben):
        page = await read_page(ward.connection, member.id, after=0, upto=99, limit=99)
        [back] = page.messages.values()
        assert (b"SpO2 71 %" in back.content, back.priority) == (True, "code")
    content = await ward.connection.fetchval("SELECT content FROM messages WHERE id = $1", message)
    assert b"SpO2 79 %" in content  # what was stored stays as it was
