"""The life of a delivery: its table, its single steps, and any life at all."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.unit.model.samples import ANNA, CHEN, T0
from wardwire.model.delivery import (
    ENDED,
    RESPONDED,
    TRANSITIONS,
    Delivery,
    Event,
    Happened,
    State,
    Step,
    first_step,
    step,
)
from wardwire.model.errors import Code, Refused
from wardwire.model.facts import FactKind
from wardwire.model.message import Offered
from wardwire.model.priority import Kind, Priority
from wardwire.model.routing import Stage

PHONE, TABLET = UUID(int=21), UUID(int=22)
APP = Stage(("app",), timedelta(seconds=10))
EMAIL = Stage(("email",), timedelta(seconds=30))
EVERYTHING = Offered(accept_decline=True, choices=("On my way", "Busy"), free_text=True)
SECOND = timedelta(seconds=1)

RANK = {
    State.PENDING: 0,
    State.UNREACHABLE: 1,
    State.DELIVERED: 2,
    State.READ: 3,
    State.TAKEN: 3,
    State.ACCEPTED: 4,
    State.DECLINED: 4,
    State.ANSWERED: 4,
    State.CANCELLED: 5,
    State.CLEARED: 5,
    State.EXPIRED: 5,
}

# What only those who have it can say, and what alone leads backwards.
HOLDERS = (Event.HAND_BACK, Event.KEEP, Event.DONE)
BACKWARDS = (Event.HAND_BACK, Event.RING, Event.GONE)
# What counts each time that it is said: another stage, another call, another *yes*.
NOT_TWICE = (Event.DEADLINE, Event.GONE, Event.RING, Event.KEEP)


def delivery(
    *stages: Stage, state: State = State.PENDING, kind: Kind = Kind.ALERT, offered: Offered = EVERYTHING
) -> Delivery:
    """A delivery to Dr. Chen."""
    return Delivery(
        message_id=UUID(int=1),
        person_id=CHEN,
        version=1,
        state=state,
        stage=0,
        stages=stages,
        kind=kind,
        priority=Priority.HIGH,
        sender_person=ANNA,
        offered=offered,
        escalates=1,
    )


def after(start: Delivery, *happened: Happened | Event, now: datetime = T0) -> Delivery:
    """What a delivery becomes when this happens, a second apart."""
    for nth, one in enumerate(happened):
        event = one if isinstance(one, Happened) else Happened(one, device_id=PHONE, stage=start.stage)
        start = step(start, event, now + nth * SECOND).delivery
    return start


def test_a_new_delivery_begins_its_first_stage() -> None:
    """With the deadline of its wait."""
    begun = first_step(delivery(APP, EMAIL), T0)

    assert (begun.begin, begun.arm, begun.fact) == (APP, T0 + APP.wait, None)


def test_without_any_endpoint_the_deadline_is_now() -> None:
    """And what it finds is *unreachable*, told to the sender."""
    begun = first_step(delivery(), T0)
    assert (begun.begin, begun.arm) == (None, T0)

    ended = step(delivery(), Happened(Event.DEADLINE), T0)
    assert (ended.delivery.state, ended.fact, ended.tell_sender, ended.arm) == (
        State.UNREACHABLE,
        FactKind.UNREACHABLE,
        True,
        None,
    )


def test_a_passed_deadline_begins_the_next_stage() -> None:
    """Its wait counts from now, not from the plan."""
    decided = step(delivery(APP, EMAIL), Happened(Event.DEADLINE, stage=0), T0)

    assert (decided.delivery.stage, decided.begin, decided.arm) == (1, EMAIL, T0 + EMAIL.wait)
    assert (decided.fact, decided.tell_sender) == (FactKind.NOT_CONFIRMED, False)


@pytest.mark.parametrize("stage", [1, 7])
def test_the_deadline_of_another_stage_is_stale(stage: int) -> None:
    """Whoever wakes late changes nothing."""
    before = delivery(APP, EMAIL)

    assert step(before, Happened(Event.DEADLINE, stage=stage), T0).delivery is before


def test_a_technical_alarm_begins_again() -> None:
    """The last resort never falls silent, unless it has nobody to ring."""
    alarm = delivery(APP, kind=Kind.TECHNICAL_ALARM)
    for _ in range(3):
        decided = step(alarm, Happened(Event.DEADLINE), T0)
        alarm = decided.delivery
        assert (alarm.state, alarm.stage, decided.begin, decided.arm) == (State.PENDING, 0, APP, T0 + APP.wait)

    assert step(delivery(kind=Kind.TECHNICAL_ALARM), Happened(Event.DEADLINE), T0).delivery.state is State.UNREACHABLE


def test_a_late_device_still_confirms() -> None:
    """*Unreachable* is not an end."""
    confirmed = after(delivery(APP), Event.DEADLINE, Event.CONFIRMED)

    assert (confirmed.state, confirmed.delivered_at, confirmed.delivered_by) == (State.DELIVERED, T0 + SECOND, PHONE)


def test_an_answer_says_that_it_was_delivered_and_read() -> None:
    """The receipts may have been lost on the way; the first device and instant stay."""
    accepted = after(delivery(APP), Event.ACCEPT)
    assert accepted.delivered_at == accepted.read_at == accepted.responded_at == T0

    later = after(delivery(APP), Event.CONFIRMED, Happened(Event.ACCEPT, device_id=TABLET))
    assert (later.delivered_at, later.delivered_by, later.responded_at) == (T0, PHONE, T0 + SECOND)


def test_what_is_handed_back_can_be_taken_again() -> None:
    """By the same person, or nobody's answer stands."""
    back = after(delivery(APP), Event.ACCEPT, Event.HAND_BACK)
    assert (back.state, back.response, back.responded_at) == (State.READ, None, None)

    assert after(back, Event.ACCEPT).state is State.ACCEPTED


def test_a_hand_back_said_twice_is_answered_alike() -> None:
    """The device did not hear the first answer."""
    back = after(delivery(APP), Event.ACCEPT, Event.HAND_BACK)

    assert step(back, Happened(Event.HAND_BACK), T0).delivery is back


@pytest.mark.parametrize("said", [[], [Event.CONFIRMED], [Event.DECLINE]])
def test_only_who_has_accepted_hands_back(said: list[Event]) -> None:
    """A declined message is not anybody's to give."""
    with pytest.raises(Refused) as refused:
        after(delivery(APP), *said, Event.HAND_BACK)

    assert refused.value.code is Code.TOO_LATE


def test_who_has_declined_may_still_accept() -> None:
    """The other way is a hand-back."""
    assert after(delivery(APP), Event.DECLINE, Event.ACCEPT).state is State.ACCEPTED
    with pytest.raises(Refused):
        after(delivery(APP), Event.ACCEPT, Event.DECLINE)


def test_a_second_answer_is_told_what_the_first_was() -> None:
    """Two of one person's devices at the same instant: one wins."""
    answered = after(delivery(APP), Happened(Event.ANSWER, answer="On my way"))
    with pytest.raises(Refused) as refused:
        step(answered, Happened(Event.ANSWER, answer="Busy"), T0)

    assert (refused.value.code, refused.value.fields) == (Code.TOO_LATE, {"answered": "On my way"})


def test_the_word_accept_as_free_text_is_no_accept() -> None:
    """Neither is taken for a repeat of the other."""
    typed = after(delivery(APP), Happened(Event.ANSWER, answer="accept"))
    assert typed.state is State.ANSWERED
    with pytest.raises(Refused):
        after(typed, Event.ACCEPT)
    with pytest.raises(Refused):
        after(after(delivery(APP), Event.ACCEPT), Happened(Event.ANSWER, answer="accept"))


@pytest.mark.parametrize(
    ("offered", "happened"),
    [
        (Offered(), Happened(Event.ACCEPT)),
        (Offered(), Happened(Event.DECLINE)),
        (Offered(choices=("Yes",)), Happened(Event.ACCEPT)),
        (Offered(choices=("Yes",)), Happened(Event.ANSWER, answer="yes")),
        (Offered(choices=("Yes",)), Happened(Event.ANSWER, answer="")),
        (Offered(accept_decline=True), Happened(Event.ANSWER, answer="accept")),
        (Offered(free_text=True), Happened(Event.ANSWER, answer="  ")),
    ],
)
def test_only_what_was_offered_counts(offered: Offered, happened: Happened) -> None:
    """Word for word."""
    with pytest.raises(Refused) as refused:
        step(delivery(APP, offered=offered), happened, T0)

    assert refused.value.code is Code.RESPONSE_NOT_OFFERED


@pytest.mark.parametrize("end", [Event.CANCEL, Event.EXPIRE])
@pytest.mark.parametrize("event", [Event.ACCEPT, Event.DECLINE, Event.ANSWER, Event.HAND_BACK])
def test_an_answer_to_what_has_ended_is_told_so(end: Event, event: Event) -> None:
    """The person must not think that somebody waits for them."""
    ended = after(delivery(APP), end)
    with pytest.raises(Refused) as refused:
        step(ended, Happened(event, answer="Busy"), T0)

    assert refused.value.code is Code.ALREADY_ENDED


def test_what_was_answered_does_not_expire_but_can_be_cancelled() -> None:
    """Who has accepted keeps it, until its sender takes it back."""
    accepted = after(delivery(APP), Event.ACCEPT)

    assert after(accepted, Event.EXPIRE) is accepted
    assert after(accepted, Event.CANCEL).state is State.CANCELLED


def test_devices_hear_what_another_device_said() -> None:
    """Read and answered show on all; a mere receipt concerns nobody else. The sender hears each."""
    heard = {
        event: step(delivery(APP, state=State.ACCEPTED if event in HOLDERS else State.PENDING), said, T0)
        for event, said in {
            event: Happened(event, answer="Busy" if event is Event.ANSWER else "")
            for event in Event
            if event is not Event.DEADLINE
        }.items()
    }

    assert {event: decided.tell_person for event, decided in heard.items()} == {
        Event.CONFIRMED: None,
        Event.SEEN: "read",
        Event.ACCEPT: "answered",
        Event.DECLINE: "answered",
        Event.ANSWER: "answered",
        Event.HAND_BACK: "handed_back",
        Event.TAKE: None,
        Event.RING: None,
        Event.KEEP: "answered",
        Event.DONE: "answered",
        Event.CLEAR: "cleared",
        Event.CANCEL: "cancelled",
        Event.EXPIRE: "expired",
        Event.GONE: None,
    }
    silent = [event for event, decided in heard.items() if not decided.tell_sender]
    assert silent == [Event.TAKE, Event.RING, Event.CANCEL, Event.CLEAR]


def test_the_table_leads_out_of_no_end_and_never_back() -> None:
    """But for the hand-back, for being called again, and when the device that has it is somebody else's now."""
    for (before, event), then in TRANSITIONS.items():
        assert before not in ENDED
        assert RANK[then] >= RANK[before] or event in BACKWARDS


HAPPENED = st.builds(
    Happened,
    event=st.sampled_from(Event),
    stage=st.integers(0, 3),
    device_id=st.sampled_from([PHONE, TABLET, None]),
    answer=st.sampled_from(["", "On my way", "Busy", "accept", "anything"]),
)
OFFERED = st.builds(
    Offered,
    accept_decline=st.booleans(),
    choices=st.sampled_from([(), ("On my way", "Busy")]),
    free_text=st.booleans(),
)


@given(
    stages=st.lists(st.sampled_from([APP, EMAIL]), max_size=3),
    kind=st.sampled_from(Kind),
    offered=OFFERED,
    life=st.lists(HAPPENED, max_size=25),
)
def test_no_life_leaves_the_table(stages: list[Stage], kind: Kind, offered: Offered, life: list[Happened]) -> None:
    """
    Whatever happens in whatever order: each change is one of the table, has its fact and its version, never goes
    backwards but by one of BACKWARDS, and an end stays. While it is pending, one deadline is armed; else none.
    """
    now, one = T0, delivery(*stages, kind=kind, offered=offered)
    armed = first_step(one, now).arm is not None
    refusals: list[tuple[Code, Event]] = []
    rung = False
    for happened in life:
        now += SECOND
        try:
            decided = step(one, happened, now)
        except Refused as refused:
            refusals.append((refused.code, happened.event))
            continue
        then = decided.delivery
        if then is one:
            assert decided == Step(one)
            continue
        allowed = {TRANSITIONS[one.state, happened.event]}
        if happened.event in (Event.DEADLINE, Event.GONE):
            allowed.add(State.UNREACHABLE)
        assert then.state in allowed
        assert then.version == one.version + 1
        assert decided.fact is not None
        assert one.state not in ENDED
        assert RANK[then.state] >= RANK[one.state] or happened.event in BACKWARDS
        armed = decided.arm is not None if State.PENDING in (one.state, then.state) else armed
        assert armed is (then.state is State.PENDING)
        assert decided.begin == (then.stages[then.stage] if armed and then.stages else None)
        _agrees(then, rung := rung or happened.event in (Event.RING, Event.GONE))
        again = step(then, happened, now) if happened.event not in NOT_TWICE else None
        assert again is None or again.delivery is then
        one = then
    assert {code for code, _ in refusals} <= {Code.RESPONSE_NOT_OFFERED, Code.ALREADY_ENDED, Code.TOO_LATE}
    assert {event for _, event in refusals} <= {Event.ACCEPT, Event.DECLINE, Event.ANSWER, *HOLDERS}


def _agrees(one: Delivery, rung: bool) -> None:
    """What is kept of a delivery agrees with its state."""
    assert (one.response is not None) is (one.responded_at is not None)
    if one.state in RESPONDED:
        assert one.response is not None
        assert one.read_at is not None
    if one.state in (State.DELIVERED, State.READ) or one.state in RESPONDED:
        assert one.delivered_at is not None
    if one.state in (State.PENDING, State.UNREACHABLE) and not rung:
        assert (one.delivered_at, one.read_at, one.response) == (None, None, None)
    assert one.stage < max(1, len(one.stages))


def test_only_what_escalates_can_be_kept_or_done() -> None:
    """Nobody asks after anything else."""
    plain = replace(delivery(APP, state=State.ACCEPTED), escalates=0)
    for event in (Event.KEEP, Event.DONE):
        with pytest.raises(Refused) as refused:
            step(plain, Happened(event), T0)
        assert refused.value.code is Code.RESPONSE_NOT_OFFERED


def test_whoever_fell_silent_may_still_accept_or_be_called_again() -> None:
    """Somebody else has it; that is no end. Called again, everything begins with the first stage."""
    taken = after(delivery(APP, EMAIL), Event.DEADLINE, Event.TAKE)
    assert (taken.state, taken.stage) == (State.TAKEN, 1)
    assert after(taken, Event.CONFIRMED) is taken
    assert after(taken, Event.ACCEPT).state is State.ACCEPTED
    decided = step(taken, Happened(Event.RING), T0)
    assert (decided.delivery.state, decided.delivery.stage, decided.begin) == (State.PENDING, 0, APP)
    assert decided.arm == T0 + APP.wait
