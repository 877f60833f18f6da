"""Who gets a message, by which endpoints, and why."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.model.samples import (
    ANNA,
    BEN,
    CHEN,
    DORA,
    EVA,
    NAMES,
    OKAFOR,
    T0,
    device,
    directory,
    email,
    group,
    person,
    role,
    shift,
    submission,
)
from wardwire.model import ids
from wardwire.model.coverage import MEANINGS
from wardwire.model.errors import Code, Refused
from wardwire.model.people import Directory, Status
from wardwire.model.priority import Kind, Priority
from wardwire.model.routing import Plan, Planned, Stage, Waits, plan, plan_person, read_stages, write_stages
from wardwire.testing.nights_ward import make_ward

HOUR = timedelta(hours=1)
WARD = directory(
    devices=[device(21, ANNA), device(22, BEN), device(23, CHEN)],
    endpoints=[email(31, ANNA), email(32, EVA)],
    groups=[group(11, "Team", ANNA, BEN), group(12, "Empty"), group(13, "Gone", BEN, disabled=True)],
    roles=[
        role(14, "Cardiology", shift(1, 14, CHEN, T0, T0 + HOUR), fallback=DORA),
        role(15, "Vacant"),
        role(16, "Closed", fallback=DORA, disabled=True),
    ],
)
PEOPLE = list(NAMES)


def planned(*to: str, ward: Directory = WARD, sender: UUID | None = None, now: Any = T0, **fields: Any) -> Plan:
    """The plan of a submission."""
    return plan(submission(*to, **fields), ward, Waits(), now, sender=sender)


def refusal(*to: str, ward: Directory = WARD, sender: UUID | None = None) -> Refused:
    """Why there is no plan."""
    with pytest.raises(Refused) as refused:
        planned(*to, ward=ward, sender=sender)
    return refused.value


def whys(decided: Plan) -> dict[UUID, str]:
    """Who gets it, and why."""
    return {one.person_id: one.why.partition(":")[0] for one in decided.people}


def only(decided: Plan) -> Planned:
    """The one recipient."""
    (one,) = decided.people
    return one


@pytest.mark.parametrize(
    "target", ["Anna", " anna ", "ANNA", "person:Anna", "Person : anna", ids.write_id(ids.PERSON, ANNA)]
)
def test_a_person_is_found_by_id_and_by_name(target: str) -> None:
    """However it is spelt."""
    assert whys(planned(target)) == {ANNA: "named"}


def test_a_name_is_found_composed_or_not() -> None:
    """The directory holds the ü as one character; this sender's keyboard writes two."""
    ward = directory([person(OKAFOR, name="Dr. M\u00fcller")])

    assert whys(planned("dr. mu\u0308ller", ward=ward)) == {OKAFOR: "named"}


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("Nobody", Code.RECIPIENT_UNKNOWN),
        ("", Code.RECIPIENT_UNKNOWN),
        ("group:Anna", Code.RECIPIENT_UNKNOWN),
        ("per_" + "f" * 32, Code.RECIPIENT_UNKNOWN),
        ("per_" + "z" * 32, Code.RECIPIENT_UNKNOWN),
        (ids.write_id(ids.GROUP, ANNA), Code.RECIPIENT_UNKNOWN),
        ("Empty", Code.GROUP_EMPTY),
        (ids.write_id(ids.GROUP, UUID(int=13)), Code.RECIPIENT_DISABLED),
        ("Gone", Code.RECIPIENT_UNKNOWN),
        ("Vacant", Code.ROLE_VACANT),
        (ids.write_id(ids.ROLE, UUID(int=16)), Code.RECIPIENT_DISABLED),
    ],
)
def test_one_bad_target_refuses_the_whole_and_is_pointed_at(target: str, code: Code) -> None:
    """Nobody of the others is reached by halves."""
    refused = refusal("Anna", target)

    assert (refused.code, refused.pointer) == (code, "/to/1")


def test_of_several_who_bear_a_name_all_are_named() -> None:
    """And a word before the colon says which is meant."""
    ward = directory([person(ANNA, name="Surgery"), person(BEN)], groups=[group(11, "surgery", BEN)])
    refused = refusal("Surgery", ward=ward)

    assert refused.code is Code.RECIPIENT_AMBIGUOUS
    assert sorted(refused.fields["candidates"]) == [
        ids.write_id(ids.GROUP, UUID(int=11)),
        ids.write_id(ids.PERSON, ANNA),
    ]
    assert whys(planned("group:Surgery", ward=ward)) == {BEN: "group"}


def test_a_group_does_not_ring_its_sender_but_a_name_does() -> None:
    """Anna pages her team; Anna writes herself a note."""
    assert whys(planned("Team", sender=ANNA)) == {BEN: "group"}
    assert whys(planned("Team", "Anna", sender=ANNA)) == {BEN: "group", ANNA: "named"}


@pytest.mark.parametrize("to", [("Alone", "Ben"), ("Ben", "Alone")])
def test_a_group_of_the_sender_alone_is_no_fault_beside_others(to: tuple[str, ...]) -> None:
    """In whatever order they are named."""
    ward = directory(groups=[group(11, "Alone", ANNA)])

    assert whys(planned(*to, ward=ward, sender=ANNA)) == {BEN: "named"}


def test_a_message_that_would_reach_the_sender_alone_is_refused() -> None:
    """A group of nobody else is no recipient."""
    ward = directory(groups=[group(11, "Alone", ANNA)])

    assert refusal("Alone", ward=ward, sender=ANNA).code is Code.GROUP_EMPTY


def test_a_disabled_member_is_left_out_with_a_reason() -> None:
    """A code to the group is not refused for one who has left."""
    ward = directory([person(ANNA), person(BEN, disabled=True)], groups=[group(11, "Team", ANNA, BEN)])
    decided = planned("Team", ward=ward, priority=Priority.CODE)

    assert whys(decided) == {ANNA: "group"}
    assert decided.left_out == ((BEN, "disabled"),)


def test_a_group_of_disabled_members_is_empty() -> None:
    """And says so at once."""
    ward = directory([person(BEN, disabled=True)], groups=[group(11, "Team", BEN)])

    assert refusal("Team", ward=ward).code is Code.GROUP_EMPTY


def test_a_role_is_its_holder_then_its_fallback() -> None:
    """Also when the holder has been disabled in the middle of the shift."""
    assert whys(planned("Cardiology")) == {CHEN: "role"}
    assert whys(planned("Cardiology", now=T0 + HOUR)) == {DORA: "fallback"}
    ward = directory(
        [person(CHEN, disabled=True), person(DORA)],
        roles=[role(14, "Cardiology", shift(1, 14, CHEN, T0, T0 + HOUR), fallback=DORA)],
    )
    assert whys(planned("Cardiology", ward=ward)) == {DORA: "fallback"}


def test_stages_follow_the_endpoints_that_there_are() -> None:
    """The app first, then the mailbox, each with the wait of its priority."""
    wait = timedelta(seconds=10)

    assert only(planned("Anna")).stages == (Stage(("app",), wait), Stage(("email",), wait))
    assert only(planned("Ben")).stages == (Stage(("app",), wait),)
    assert only(planned("Eva")).stages == (Stage(("email",), wait),)
    assert only(planned("Dora")).stages == ()


def test_a_code_tries_everything_at_once() -> None:
    """One stage of three seconds, with all endpoints in it."""
    decided = planned("Anna", "Dora", priority=Priority.CODE)

    assert {one.person_id: one.stages for one in decided.people} == {
        ANNA: (Stage(("app", "email"), timedelta(seconds=3)),),
        DORA: (),
    }


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("priority", list(Priority))
def test_a_status_silences_and_never_withholds(status: Status, priority: Priority) -> None:
    """Code and high ring for everybody; the rest is delivered, and shown, without a sound."""
    ward = directory([person(ANNA, status=status)], devices=[device(21, ANNA)])
    one = only(planned("Anna", ward=ward, priority=priority))

    assert one.stages
    assert one.rings is (priority in MEANINGS[status].rings)
    assert one.rings or priority in (Priority.MEDIUM, Priority.LOW)


def test_a_technical_alarm_rings_whoever_is_off() -> None:
    """It is the last resort."""
    ward = directory([person(DORA, status=Status.OFF)])

    assert only(planned("Dora", ward=ward, kind=Kind.TECHNICAL_ALARM, priority=Priority.LOW)).rings


def _try(to: list[str], ward: Directory, sender: UUID | None, priority: Priority) -> Plan:
    """The plan; one of nobody when it is refused."""
    try:
        return planned(*to, ward=ward, sender=sender, priority=priority)
    except Refused:
        return Plan(people=())


TARGETS = st.one_of(
    st.sampled_from(PEOPLE).map(lambda value: ids.write_id(ids.PERSON, value)),
    st.sampled_from([11, 12, 13]).map(lambda value: ids.write_id(ids.GROUP, UUID(int=value))),
    st.just(ids.write_id(ids.ROLE, UUID(int=14))),
)
MEMBERS = st.lists(st.sampled_from(PEOPLE), max_size=8)


@given(
    to=st.lists(TARGETS, min_size=1, max_size=6),
    members=st.tuples(MEMBERS, MEMBERS, MEMBERS),
    disabled=st.sets(st.sampled_from(PEOPLE), max_size=2),
    owners=st.sets(st.sampled_from(PEOPLE)),
    mailboxes=st.sets(st.sampled_from(PEOPLE)),
    sender=st.none() | st.sampled_from(PEOPLE),
    priority=st.sampled_from(Priority),
    shuffled=st.randoms(use_true_random=False),
)
def test_everybody_meant_is_reached_once_in_whatever_order_they_are_named(
    to: list[str],
    members: tuple[list[UUID], list[UUID], list[UUID]],
    disabled: set[UUID],
    owners: set[UUID],
    mailboxes: set[UUID],
    sender: UUID | None,
    priority: Priority,
    shuffled: Any,
) -> None:
    """Refused as a whole, or each person once; without stages only who has no endpoint; nobody out and in."""
    ward = directory(
        [person(value, disabled=value in disabled) for value in PEOPLE],
        devices=[device(100 + value.int, value) for value in owners],
        endpoints=[email(200 + value.int, value) for value in mailboxes],
        groups=[group(11 + nth, f"Group {nth}", *who) for nth, who in enumerate(members)],
        roles=[role(14, "Cardiology", shift(1, 14, CHEN, T0, T0 + HOUR), fallback=DORA)],
    )
    again = list(to)
    shuffled.shuffle(again)
    decided, other = (_try(some, ward, sender, priority) for some in (to, again))
    assert {one.person_id for one in decided.people} == {one.person_id for one in other.people}
    reached = [one.person_id for one in decided.people]
    assert len(reached) == len(set(reached))
    assert disabled.isdisjoint(reached)
    assert {person_id for person_id, _ in decided.left_out}.isdisjoint(reached)
    for one in decided.people:
        has = {kind for kind, owned in (("app", owners), ("email", mailboxes)) if one.person_id in owned}
        assert {kind for stage in one.stages for kind in stage.kinds} == has
        assert len(one.stages) == (bool(has) if priority is Priority.CODE else len(has))
        assert read_stages(write_stages(one.stages)) == one.stages


@given(
    st.lists(
        st.tuples(
            st.lists(st.sampled_from(["app", "email", "sms"]), min_size=1, max_size=3).map(tuple),
            st.timedeltas(timedelta(0), timedelta(days=400)),
        ),
        max_size=4,
    )
)
def test_stages_are_read_back_as_they_were_written(parts: list[tuple[tuple[str, ...], timedelta]]) -> None:
    """To the microsecond: a deadline decided anew falls on the same instant."""
    stages = tuple(Stage(kinds, wait) for kinds, wait in parts)

    assert read_stages(write_stages(stages)) == stages


def test_stages_are_written_for_people_too() -> None:
    """A result says `app:10 email:10`."""
    assert write_stages((Stage(("app", "email"), timedelta(seconds=2.5)),)) == "app+email:2.5"
    assert write_stages((Stage(("app",), timedelta(seconds=1200)),)) == "app:1200"
    assert write_stages(()) == ""


def test_each_priority_has_its_wait() -> None:
    """Nobody waits two minutes for a high one."""
    waits = [Waits().of(priority).total_seconds() for priority in Priority]

    assert waits == [3, 10, 30, 120]


@settings(deadline=None)
@given(st.integers(0, 10**9), st.sampled_from(Priority))
def test_many_are_planned_as_each_one_would_be(seed: int, priority: Priority) -> None:
    """Who is alike is planned once: whatever they prefer, wherever they are, and by whatever endpoints."""
    rng = Random(seed)
    ward = make_ward(rng)
    named = tuple(one.name for one in ward.directory.people.values() if not one.disabled)
    asked = submission(*named, priority=priority)
    for planned in plan(asked, ward.directory, Waits(), ward.begin, sender=None).people:
        each = plan_person(planned.person_id, planned.why, asked, ward.directory, Waits(), ward.begin)
        assert planned == each
