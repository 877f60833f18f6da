"""Whom a step means, and whom it is useless to wait for."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from tests.unit.model.samples import ANNA, BEN, CHEN, DORA, OKAFOR, T0, device, directory, group, person, role, shift
from wardwire.model import ids
from wardwire.model.alert import Circumstances, Escalation, Page, Ring, State
from wardwire.model.escalation import begin, fold
from wardwire.model.people import Directory, Person, Status
from wardwire.model.policy import Policy, Step
from wardwire.model.priority import Priority
from wardwire.model.whom import next_turn, resolver, turned_roles, why_absent

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
CARDIOLOGY, DESK = UUID(int=40), UUID(int=41)


def ward(*changed: Person) -> Directory:
    """Chen holds Cardiology for an hour, and then nobody; at the desk Dora has two hours, and then Okafor."""
    people = {one: person(one) for one in (ANNA, BEN, CHEN, OKAFOR, DORA)} | {one.id: one for one in changed}
    roles = [
        role(40, "Cardiology", shift(1, 40, CHEN, T0, T0 + HOUR)),
        role(41, "Desk", shift(2, 41, DORA, T0, T0 + 2 * HOUR), shift(3, 41, OKAFOR, T0 + 2 * HOUR, T0 + 4 * HOUR)),
    ]
    devices = [device(100 + nth, one) for nth, one in enumerate(people)]
    return directory(people.values(), devices=devices, roles=roles, groups=[group(0x100, "Physicians", CHEN)])


def test_nobody_waits_for_somebody_whose_messages_are_kept_until_they_are_back() -> None:
    """Busy, and what is not urgent is held: their phone shows it, and does not ring."""
    there = ward(person(ANNA, status=Status.BUSY, cover="hold"))
    absent = [
        why_absent(ANNA, directory=there, kinds=(), priority=priority, now=T0)
        for priority in (Priority.MEDIUM, Priority.HIGH)
    ]
    assert absent == ["status_busy", ""]


def test_a_fallback_changes_hands_with_the_desk() -> None:
    """Cardiology is nobody's, and so the desk's: when Dora goes home, in that very second it is Okafor's."""
    there, called = ward(), [(CARDIOLOGY, DORA)]
    assert next_turn(called, there, "role:Desk", T0) == T0 + HOUR
    assert next_turn(called, there, "role:Desk", T0 + HOUR) == T0 + 2 * HOUR
    assert turned_roles(called, there, "role:Desk", T0 + 2 * HOUR) == {CARDIOLOGY: OKAFOR}


def test_whom_one_target_covers_and_another_means_is_rung() -> None:
    """Okafor covers for Chen as the holder of a role; the group means Chen himself."""
    cover = ids.write_id(ids.PERSON, OKAFOR)
    there = ward(person(CHEN, status=Status.IN_PROCEDURE, status_until=T0 + HOUR, cover=cover))
    policy = Policy(UUID(int=9), "p", 1, (Step(("role:Cardiology", "group:Physicians"), MINUTE),))
    fresh = Escalation(UUID(int=1), 1, State.RUNNING, policy, Priority.HIGH, T0, T0)
    decided = begin(fresh, resolver(there, bed=None, desk="", priority=Priority.HIGH, now=T0), T0)
    pages = {one.person_id: one.why.partition(":")[0] for one in decided.commands if isinstance(one, Page)}
    assert pages == {CHEN: "group", OKAFOR: "covers"}


def test_nobody_is_rung_again_when_it_has_become_quiet_around_all() -> None:
    """Low, and Anna goes into theatre after a minute: two more rings in silence would be four minutes of nothing."""
    there = ward()
    policy = Policy(UUID(int=9), "p", 1, (Step(("Anna",), MINUTE, repeat=2), Step(("Ben",), MINUTE)))
    fresh = Escalation(UUID(int=1), 1, State.RUNNING, policy, Priority.LOW, T0, T0)
    before = begin(fresh, resolver(there, bed=None, desk="", priority=Priority.LOW, now=T0), T0).escalation
    away = ward(person(ANNA, status=Status.IN_PROCEDURE, status_until=T0 + HOUR))
    for house, called in ((there, ANNA), (away, BEN)):
        whom = resolver(house, bed=None, desk="", priority=Priority.LOW, now=T0 + MINUTE)
        after = fold(before, Circumstances({}, whom), T0 + MINUTE)
        assert [one.person_id for one in after.commands if isinstance(one, Page | Ring)] == [called]
