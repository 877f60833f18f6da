"""What somebody is in, where schedules are not for everybody."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from tests.unit.model.samples import ANNA, CHEN, OKAFOR, directory, group, role, shift
from wardwire.model.people import Directory, Person
from wardwire.model.rights import AccessRole, Caller
from wardwire.model.ties import ties_of

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
BY = Caller(source="acc_1", scopes=frozenset(), person_id=ANNA, roles=frozenset({AccessRole.CLINICIAN}))


def told(there: Directory, person: UUID, caller: Caller = BY) -> list[tuple[str, str, str]]:
    """Name, how, and who comes then."""
    found: Person = there.people[person]
    return [(tie.name, tie.how, tie.then) for tie in ties_of(found, there, NOW, caller=caller, desk="")]


def test_of_a_schedule_that_one_may_not_see_only_who_is_on_call_is_told() -> None:
    """Who is on call is everybody's to know; which shifts are to come is the viewers'."""
    turns = (
        shift(1, 9, CHEN, NOW - timedelta(hours=1), NOW + timedelta(hours=1)),
        shift(2, 9, CHEN, NOW + timedelta(hours=5), NOW + timedelta(hours=9)),
        shift(3, 9, CHEN, NOW - timedelta(hours=9), NOW - timedelta(hours=5)),
    )
    seen = role(9, "Cardiology 1st", *turns, fallback=OKAFOR)
    on = ("Cardiology 1st", "on_call", "Dr. Okafor")
    assert told(directory(roles=[replace(seen, viewers=frozenset({OKAFOR}))]), CHEN) == [on]
    assert told(directory(roles=[seen]), CHEN) == [on, *[("Cardiology 1st", "shift", "")] * 2]


def test_who_would_answer_instead_is_not_kept_for_anybody_else() -> None:
    """The imagined directory does not leak into what was worked out of the real one."""
    there = directory(roles=[role(9, "Cardiology 1st", fallback=CHEN)])
    assert told(there, CHEN) == [("Cardiology 1st", "on_call", ""), ("Cardiology 1st", "fallback", "")]
    assert told(there, CHEN) == [("Cardiology 1st", "on_call", ""), ("Cardiology 1st", "fallback", "")]


def test_what_is_disabled_ties_nobody() -> None:
    """A group and a role that are not used any more."""
    there = directory(
        groups=[group(5, "Old team", CHEN, disabled=True)], roles=[role(9, "Old role", fallback=CHEN, disabled=True)]
    )
    assert told(there, CHEN) == []
