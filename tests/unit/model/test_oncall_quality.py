"""What is to be said of a schedule before it is lived by."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from tests.unit.model.samples import ANNA, BEN, CHEN, EVA, OKAFOR, directory, person, role, shift
from wardwire.model.oncall_plan import Layer, Rota, Window
from wardwire.model.oncall_quality import judge
from wardwire.model.people import Role

BEGIN = datetime(2026, 12, 7, tzinfo=UTC)  # a Monday
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)


def planned(number: int, *layers: Layer) -> Role:
    """A role with these layers."""
    return replace(role(number, f"R{number}"), rota=Rota("UTC", layers))


def weeks(*people: object, windows: tuple[Window, ...] = ()) -> Layer:
    """A weekly rotation from the beginning."""
    return Layer("weeks", people, datetime(2026, 12, 7), WEEK, windows=windows)  # type: ignore[arg-type]


def test_hours_of_nobody_are_counted() -> None:
    """Saturdays and Sundays are nobody's: 48 hours in each of 52 weeks."""
    one = planned(1, weeks(ANNA, BEN, windows=(Window((0, 1, 2, 3, 4), time(0), time(0)),)))
    found = judge(one, directory(roles=[one]), BEGIN)
    assert found.uncovered_hours == 52 * 48
    assert (len(found.uncovered), found.uncovered[0].starts_at) == (52, BEGIN + 5 * DAY)
    assert [(load.person_id, load.hours) for load in found.loads] == [(ANNA, 26 * 120), (BEN, 26 * 120)]
    assert (found.disabled, found.conflicts) == ((), ())


def test_too_much_for_one_is_told_with_the_week() -> None:
    """A whole week alone is 168 hours."""
    one = planned(1, weeks(ANNA, BEN))
    found = judge(one, directory(roles=[one]), BEGIN, weeks=4)
    assert [(load.person_id, load.most_in_a_week, load.fullest) for load in found.overloaded] == [
        (ANNA, 168, BEGIN),
        (BEN, 168, BEGIN + WEEK),
    ]
    assert judge(one, directory(roles=[one]), BEGIN, weeks=4, most_hours=168).overloaded == ()


def test_two_roles_at_once_are_a_conflict_where_they_are_to_be_apart() -> None:
    """Ben is second in the week in which he is also first."""
    first, second = planned(1, weeks(ANNA, BEN)), planned(2, weeks(OKAFOR, BEN, CHEN))
    there = directory(roles=[first, second])
    assert judge(first, there, BEGIN, weeks=3).conflicts == ()
    (clash,) = judge(first, there, BEGIN, weeks=3, apart=[second.id]).conflicts
    assert clash == (BEN, second.id, BEGIN + WEEK, BEGIN + 2 * WEEK)


def test_who_is_disabled_is_named_and_their_time_is_nobodys() -> None:
    """Someone has left, and still stands in the rotation."""
    one = replace(planned(1, weeks(ANNA, EVA)), shifts=(shift(1, 1, CHEN, BEGIN, BEGIN + HOUR),))
    there = directory([person(ANNA), person(EVA, disabled=True), person(CHEN)], roles=[one])
    found = judge(one, there, BEGIN, weeks=2)
    assert (found.disabled, found.uncovered_hours) == ((EVA,), 168)
