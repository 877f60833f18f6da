"""A draft is tried on scenes: what they show, what is refused, and that the engine does just that."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.model.samples import ANNA, BEN, DORA, EVA, T0, device, directory, group, person
from wardwire.model import directory as merge
from wardwire.model.alert import Alarm, Circumstances, Command, Escalation, Page, Ring, State
from wardwire.model.delivery import Delivery, Event, Happened, step
from wardwire.model.delivery import State as Stands
from wardwire.model.errors import Code, Refused
from wardwire.model.escalation import begin, fold, next_due
from wardwire.model.message import NOTHING_OFFERED
from wardwire.model.people import Directory
from wardwire.model.policy import Answer, Policy, Step
from wardwire.model.priority import Kind, Priority
from wardwire.model.routing import Stage, Waits, kinds_of
from wardwire.model.scene import Grounds, Scene, check_end, check_scene, play
from wardwire.model.whom import next_turn, resolver, turned_roles
from wardwire.testing import nights

S, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def grounds(*, desk: str = "Dora") -> Grounds:
    """Anna, Ben and Dora have phones; Eva, alone in her group, has none."""
    made = directory(
        devices=[device(10, ANNA), device(11, BEN), device(12, DORA)], groups=[group(0x100, "Charge 4W", EVA)]
    )
    return Grounds(made, desk, Waits())


def policy(*steps: Step, loops: int = 0) -> Policy:
    """A policy of some steps."""
    return Policy(UUID(int=9), "p", 1, steps, loops=loops)


def test_a_last_step_that_reaches_nobody_is_refused_and_the_desk_never_is() -> None:
    """A10: the group is skipped with its reason; the desk after it is the worst case."""
    night, charge = Step(("Anna",), 90 * S), Step(("group:Charge 4W",), MINUTE)
    scene = Scene(T0, to=("Ben",))
    bad = play(policy(night, charge), scene, grounds())
    assert (bad.reaches_end, bad.worst_case) == (False, 90 * S)
    with pytest.raises(Refused) as refused:
        check_end([(scene, bad)])
    assert (refused.value.code, refused.value.pointer) == (Code.UNREACHABLE_END, "/steps")
    good = play(policy(night, charge, Step(("desk",), MINUTE)), scene, grounds())
    assert (good.reaches_end, good.worst_case, good.attended) == (True, 90 * S, True)
    assert good.lines[0].people == (BEN, ANNA)
    check_end([(scene, good)])
    away = play(policy(night, Step(("desk",), MINUTE)), scene, grounds(desk=""))
    assert (away.reaches_end, away.attended) == (True, False)


def test_an_instant_of_which_nothing_is_known_is_refused() -> None:
    """Ten years off nobody's shifts are known."""
    check_scene(Scene(T0 + timedelta(days=365)), T0)
    with pytest.raises(Refused):
        check_scene(Scene(T0 + timedelta(days=4000)), T0)


@settings(deadline=None)
@given(st.integers(0, 10**9))
def test_the_engine_does_to_the_instant_what_is_simulated(seed: int) -> None:
    """Over random people, statuses, preferences, groups, roles that change hands, repeats, teams and rounds."""
    rng = Random(seed)
    ward = nights.make_ward(rng)
    found = nights.make_policy(rng)
    # A receipt is no word of anybody's: where it ends a step the alert is over at once.
    asked = tuple(one._replace(answer=Answer.ACCEPTED) for one in found.steps)
    found = found._replace(steps=asked)
    merge.merge_policies(ward, [found])
    place = ward.places[nights.BED]
    priority = rng.choice((Priority.HIGH, Priority.MEDIUM))
    scene = Scene(nights.BEGIN, place=f"bed:{place.name}", priority=priority)
    foretold = [
        (line.at, line.people if not line.desk else (), line.desk)
        for line in play(found, scene, Grounds(ward, nights.DESK, Waits())).lines
        if line.people or line.desk
    ]
    assert _merged(foretold) == _merged(_run(found, ward, priority))


def _run(found: Policy, ward: Directory, priority: Priority) -> list[tuple[datetime, tuple[UUID, ...], bool]]:
    """Let an alert live as the engine has it: every device confirms, nobody says a word."""
    now, deliveries = nights.BEGIN, dict[UUID, Delivery]()
    fresh = Escalation(UUID(int=1), 1, State.RUNNING, found, priority, now, now, bed=nights.BED)
    whom = resolver(ward, bed=nights.BED, desk=nights.DESK, priority=priority, now=now)
    decided = begin(fresh, whom, now)
    told: list[tuple[datetime, tuple[UUID, ...], bool]] = []
    while True:
        called = filter(_calls, decided.commands)
        told += [_happened(command, ward, deliveries, now, priority) for command in called]
        escalation = decided.escalation
        due = next_due(escalation, now, next_turn(escalation.roles, ward, now))
        if escalation.state is State.EXHAUSTED or due is None:
            return told
        now = due
        whom = resolver(ward, bed=nights.BED, desk=nights.DESK, priority=priority, now=now)
        turned = turned_roles(escalation.roles, ward, nights.DESK, now)
        decided = fold(escalation, Circumstances(deliveries, whom, turned), now)


def _calls(command: Command) -> bool:
    return isinstance(command, Page | Ring | Alarm)


def _happened(
    command: Command, ward: Directory, deliveries: dict[UUID, Delivery], now: datetime, priority: Priority
) -> tuple[datetime, tuple[UUID, ...], bool]:
    if isinstance(command, Alarm):
        return now, (), True
    assert isinstance(command, Page | Ring)
    who = command.person_id
    assert isinstance(command, Page) == (who not in deliveries)
    there = kinds_of(ward, who, priority, now)
    before = deliveries.get(who) or Delivery(
        UUID(int=1), who, 1, Stands.PENDING, 0, (Stage(there, 10 * S),) if there else (), Kind.ALERT, priority,
        None, NOTHING_OFFERED, escalates=1,
    )  # fmt: skip
    if isinstance(command, Ring):
        before = step(before, Happened(Event.RING), now).delivery
    event = Event.CONFIRMED if there else Event.DEADLINE
    deliveries[who] = step(before, Happened(event, stage=before.stage), now).delivery
    return now, (who,), False


def _merged(told: list[tuple[datetime, tuple[UUID, ...], bool]]) -> dict[datetime, tuple[list[UUID], int]]:
    """At each instant: who is called, in their order, and how often the desk."""
    merged: dict[datetime, tuple[list[UUID], int]] = {}
    for at, people, desk in told:
        called, alarms = merged.get(at, ([], 0))
        merged[at] = ([*called, *people], alarms + desk)
    return merged


def test_a_person_without_a_phone_is_not_the_end() -> None:
    """Named beside the policy they are called, and that is no step."""
    made = grounds()
    merge.merge_people(made.directory, [person(EVA)])
    found = play(policy(Step(("Anna",), MINUTE)), Scene(T0, to=("Eva",)), made)
    assert found.reaches_end
