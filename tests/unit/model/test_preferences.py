"""How people want to be tried, and what no preference can do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.model.samples import ANNA, BEN, CHEN, T0, device, directory, group, person, role, shift, submission
from wardwire.model import directory as merge
from wardwire.model.errors import Code, Refused
from wardwire.model.people import KINDS, Directory, Endpoint, Status
from wardwire.model.preferences import (
    CUT,
    Preferences,
    Profile,
    check_preferences,
    choose,
    imagined,
    is_quiet,
)
from wardwire.model.priority import Priority
from wardwire.model.routing import Stage, Waits, plan, rings_for
from wardwire.model.stages import LATER, Ceilings, default_stages, kinds_of

S, HOUR = timedelta(seconds=1), timedelta(hours=1)
CHICAGO = "America/Chicago"
MAIL_FIRST = (Stage(("email",), 60 * S), Stage(("app", "pager"), 30 * S))
NIGHT = Profile("Night", MAIL_FIRST, priorities=frozenset({Priority.MEDIUM}), begins=22 * 60, ends=7 * 60)


def ward(*preferred: Preferences, kinds: tuple[str, ...] = ("email", "pager")) -> Directory:
    """Chen has a phone, and a mailbox and a pager unless told otherwise; Anna is in a group, Ben holds a role."""
    made = directory(
        devices=[device(10, CHEN), device(11, ANNA), device(12, BEN)],
        endpoints=[
            Endpoint(id=UUID(int=70 + nth), person_id=CHEN, kind=kind, address=f"{nth}@ward.example")
            for nth, kind in enumerate(kinds)
        ],
        groups=[group(0x100, "Nurses", ANNA, CHEN)],
        roles=[role(0x200, "Cardiology", shift(1, 0x200, BEN, T0 - HOUR, T0 + HOUR))],
    )
    merge.merge_preferences(made, preferred)
    return made


def own(*profiles: Profile, zone: str = CHICAGO) -> Preferences:
    """Chen's profiles."""
    return Preferences("per", CHEN, profiles, zone, 1)


def tried(made: Directory, priority: Priority, at: datetime = T0, who: UUID = CHEN, **only: Any) -> tuple[str, str]:
    """How somebody is tried, and by whose preference."""
    chosen = choose(who, priority, made, Waits(), at, **only)
    return " ".join(f"{'+'.join(s.kinds)}:{s.wait.total_seconds():g}" for s in chosen.stages), chosen.by


def chicago(text: str) -> datetime:
    """An instant by the wall in Chicago."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(CHICAGO)).astimezone(UTC)


def test_the_first_profile_that_fits_holds_by_the_wall_of_its_zone() -> None:
    """Status, priority and hours; past midnight, half-open; without one the site's default."""
    busy = Profile("Theatre", (Stage(("pager",), 30 * S),), statuses=frozenset({Status.BUSY}))
    made = ward(own(NIGHT, busy))
    assert tried(made, Priority.MEDIUM, chicago("2026-12-12T22:00")) == ("email:60 app+pager:30", "own:Night")
    assert tried(made, Priority.MEDIUM, chicago("2026-12-13T06:59"))[1] == "own:Night"
    assert tried(made, Priority.MEDIUM, chicago("2026-12-13T07:00")) == ("app:30 pager:30 email:30", "")
    assert tried(made, Priority.LOW, chicago("2026-12-13T03:00"))[1] == ""
    merge.merge_people(made, [person(CHEN, status=Status.BUSY)])
    assert tried(made, Priority.LOW) == ("pager:30", "own:Theatre")


def test_hours_of_a_weekday_begin_on_it_and_last_into_the_next() -> None:
    """Both 01:30 of the night in which the clock goes back are within them."""
    friday = NIGHT._replace(days=frozenset({4}))
    made = ward(own(friday))
    for at, by in (
        ("2026-12-11T23:00", "own:Night"),  # Friday
        ("2026-12-12T06:00", "own:Night"),
        ("2026-12-12T23:00", ""),
        ("2026-12-11T06:00", ""),
    ):
        assert tried(made, Priority.MEDIUM, chicago(at))[1] == by
    saturday = ward(own(NIGHT._replace(days=frozenset({5}))))
    for hour in (6, 7):  # 01:30 CDT, 01:30 CST
        assert tried(saturday, Priority.MEDIUM, datetime(2026, 11, 1, hour, 30, tzinfo=UTC))[1] == "own:Night"


def test_roles_and_groups_have_defaults_for_those_who_say_nothing() -> None:
    """Their own first, then those of a role that they hold now, then of a group."""
    pager = Profile("Duty", (Stage(("pager",), 20 * S), Stage(("app",), 20 * S)))
    made = ward(
        Preferences("grp", UUID(int=0x100), (pager,)),
        Preferences("rol", UUID(int=0x200), (pager._replace(name="R"),)),
    )
    assert tried(made, Priority.HIGH)[1] == f"group:grp_{0x100:032x}:Duty"
    assert tried(made, Priority.HIGH, who=BEN) == ("app:20", f"role:rol_{0x200:032x}:R")
    assert tried(made, Priority.HIGH, T0 + HOUR, who=BEN)[1] == ""
    merge.merge_preferences(made, [own(Profile("Mine", (Stage(("app",), 5 * S),)))])
    assert tried(made, Priority.HIGH) == ("app:5", "own:Mine")
    merge.merge_preferences(made, [own()])
    assert tried(made, Priority.HIGH)[1].startswith("group:")


def test_a_profile_that_reaches_nobody_falls_back_to_the_site() -> None:
    """H154: never silence; and it says so."""
    made = ward(own(Profile("Pager", (Stage(("pager",), 30 * S),))), kinds=("email",))
    assert tried(made, Priority.MEDIUM) == ("app:30 email:30", "default after own:Pager")
    assert tried(made, Priority.MEDIUM, only=("email",)) == ("email:30", "default after own:Pager")
    assert tried(made, Priority.MEDIUM, only=("voice",)) == ("", "")  # nothing there to fall back to


def test_the_site_says_how_far_it_may_go() -> None:
    """`high` calls in time whatever is stored; a wait is cut; what has no time left is tried together."""
    made = ward(own(Profile("Late", MAIL_FIRST)))
    assert tried(made, Priority.HIGH) == ("email:10 app+pager:30", f"own:Late{CUT}")
    only_mail = ward(own(Profile("Mail", (Stage(("email",), 300 * S),))))
    assert tried(only_mail, Priority.HIGH) == ("email:10 app:10 pager:10", f"own:Mail{CUT}")
    at_once = Waits(ceilings=Ceilings(high_calls_within=0 * S))
    found = choose(CHEN, Priority.HIGH, made, at_once, T0).stages
    assert found == (Stage(("email", "app", "pager"), 30 * S),)


def test_quiet_shows_and_does_not_ring_and_never_for_what_is_urgent() -> None:
    """A plan says so; the profile of `high` cannot."""
    quiet = Profile("Rest", (Stage(("app",), 60 * S),), quiet=True)
    made = ward(own(quiet))
    assert [rings_for(CHEN, priority, made, T0) for priority in Priority] == [True, True, False, False]
    asked = submission("Dr. Chen", priority=Priority.LOW)
    (planned,) = plan(asked, made, Waits(), T0, sender=None).people
    assert (planned.rings, planned.by, planned.written) == (False, "own:Rest", "app:60")
    assert imagined(made, CHEN, Status.OFF, own()).preferences[CHEN].profiles == ()
    assert made.preferences[CHEN].profiles == (quiet,)


def test_a_plan_holds_until_the_hours_may_turn() -> None:
    """What is kept of a plan is looked at again when another profile may fit."""
    made = ward(own(NIGHT))
    at = T0 + 12 * S
    assert plan(submission("Dr. Chen"), made, Waits(), at, sender=None).until == T0 + 60 * S
    assert plan(submission("Anna"), made, Waits(), at, sender=None).until is None


@pytest.mark.parametrize(
    ("profile", "pointer"),
    [
        (Profile("P", (Stage(("app",), 5 * S),), priorities=frozenset({Priority.CODE})), "/profiles/0/priorities"),
        (Profile("P", (Stage(("app",), 5 * S),), quiet=True), "/profiles/0/quiet"),
        (Profile("P", (Stage(("app",), 31 * S),)), "/profiles/0/tries/0/wait_s"),
        (Profile("P", (Stage(("email",), 11 * S), Stage(("app",), 5 * S))), "/profiles/0/tries"),
        (Profile("P", (Stage(("email",), 5 * S),)), "/profiles/0/tries"),
        (Profile("P", ()), "/profiles/0/tries"),
        (Profile("P", (Stage(("app",), 5 * S), Stage(("app",), 5 * S))), "/profiles/0/tries"),
        (Profile("P", (Stage(("fax",), 5 * S),)), "/profiles/0/tries"),
        (Profile("P", (Stage(("app",), 5 * S),), days=frozenset()), "/profiles/0"),
        (Profile("P", (Stage(("app",), 5 * S),), begins=60), "/zone"),
    ],
)
def test_what_goes_too_far_is_refused_where_it_stands(profile: Profile, pointer: str) -> None:
    """Nobody saves what the site would not do."""
    with pytest.raises(Refused) as refused:
        check_preferences(own(profile, zone=""), Ceilings())
    assert (refused.value.code, refused.value.pointer) == (Code.INVALID, pointer)


def test_a_zone_that_is_none_and_a_name_twice_are_refused() -> None:
    """Each with its own code."""
    with pytest.raises(Refused) as refused:
        check_preferences(own(NIGHT, zone="America/Gotham"), Ceilings())
    assert refused.value.code is Code.ZONE_UNKNOWN
    with pytest.raises(Refused):
        check_preferences(own(NIGHT, NIGHT), Ceilings())
    check_preferences(own(NIGHT), Ceilings())


_STAGES = st.permutations(KINDS).flatmap(
    lambda kinds: st.lists(st.tuples(st.integers(1, len(kinds)), st.integers(0, 7200)), min_size=1, max_size=4).map(
        lambda cuts: tuple(Stage(tuple(kinds[:n]), w * S) for n, w in cuts)
    )
)
_PROFILES = st.lists(
    st.builds(
        lambda tries, statuses, priorities, days, begins, ends, quiet: Profile(
            "P", tries, frozenset(statuses), frozenset(priorities), frozenset(days), begins, ends, quiet
        ),
        _STAGES, st.sets(st.sampled_from(Status)), st.sets(st.sampled_from(Priority)), st.sets(st.integers(0, 6)),
        st.integers(0, 1439), st.integers(0, 1439), st.booleans(),
    ),
    max_size=3,
).map(tuple)  # fmt: skip


@settings(deadline=None)
@given(_PROFILES, st.sets(st.sampled_from(KINDS[1:])), st.sampled_from(Status), st.integers(0, 10**6))
def test_no_preference_silences_anybody(
    profiles: tuple[Profile, ...], kinds: set[str], status: Status, minutes: int
) -> None:
    """H155: whatever is stored, also what could not be saved today: `code` uses everything at once as Settled says,
    `high` calls in time, and whoever has an endpoint is tried by one.
    """
    made = ward(own(*profiles), kinds=tuple(kinds))
    merge.merge_people(made, [person(CHEN, status=status)])
    at, waits = T0 + timedelta(minutes=minutes), Waits()
    code = choose(CHEN, Priority.CODE, made, waits, at)
    there = kinds_of(made, CHEN, Priority.CODE, at)
    assert code.stages == default_stages(there, waits.code, True)
    assert {kind for kind in there if kind not in LATER} == set(code.stages[0].kinds)
    for priority in (Priority.HIGH, Priority.MEDIUM, Priority.LOW):
        chosen = choose(CHEN, priority, made, waits, at)
        assert chosen.stages
        assert {kind for stage in chosen.stages for kind in stage.kinds} <= set(there)
        assert all(
            0 * S < stage.wait <= max(waits.ceilings.of(priority), waits.of(priority)) for stage in chosen.stages
        )
    assert not is_quiet(CHEN, Priority.HIGH, made, at)
    passed = timedelta(0)
    for stage in choose(CHEN, Priority.HIGH, made, waits, at).stages:
        if any(kind != "email" for kind in stage.kinds):
            break
        passed += stage.wait
    else:
        raise AssertionError("nothing calls")
    assert passed <= waits.ceilings.high_calls_within
