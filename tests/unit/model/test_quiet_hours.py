"""Quiet hours: a profile among others, which silences what may be silent and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.model.samples import CHEN, device, directory
from wardwire.model import directory as merge
from wardwire.model.errors import Code, Refused
from wardwire.model.preferences import NEVER_SILENT, Preferences, Profile, check_preferences, is_quiet
from wardwire.model.priority import Priority
from wardwire.model.quiet_hours import QuietHours, hours_of, with_hours
from wardwire.model.stages import Ceilings, Stage

SECOND = timedelta(seconds=1)
OTHERS = (
    Profile("Theatre", (Stage(("pager",), 30 * SECOND),)),
    Profile("Night", (Stage(("email",), 30 * SECOND),), priorities=frozenset({Priority.LOW}), begins=60, ends=120),
)
minutes = st.integers(0, 1439)
some_hours = st.builds(
    QuietHours,
    begins=minutes,
    ends=minutes,
    priorities=st.sampled_from([frozenset({Priority.LOW}), frozenset({Priority.LOW, Priority.MEDIUM})]),
    days=st.frozensets(st.integers(0, 6), min_size=1),
).filter(lambda hours: hours.begins != hours.ends)


@given(hours=some_hours, others=st.sets(st.sampled_from(OTHERS)), minute=minutes, day=st.integers(0, 6))
def test_hours_silence_what_they_name_and_keep_the_rest(
    hours: QuietHours, others: set[Profile], minute: int, day: int
) -> None:
    """H281: `code` and `high` ring at each minute; other preferences stay; taken away again, all is as before."""
    before = Preferences("per", CHEN, tuple(others), "UTC" if others else "")
    after = with_hours(before, CHEN, hours, "UTC", Ceilings())
    check_preferences(after, Ceilings())
    assert hours_of(after) == hours
    assert set(after.profiles[1:]) == others
    assert with_hours(after, CHEN, None, "", Ceilings()).profiles == before.profiles
    made = directory(devices=[device(10, CHEN)])
    merge.merge_preferences(made, [after])
    at = datetime(2026, 6, 1, minute // 60, minute % 60, tzinfo=UTC) + timedelta(days=day)
    for priority in Priority:
        quiet = priority in hours.priorities and after.profiles[0].holds(at)
        assert is_quiet(CHEN, priority, made, at) == quiet
        assert not (quiet and priority in NEVER_SILENT)


def test_the_zone_of_other_hours_stays() -> None:
    """Two clocks for one person would be one too many: theirs holds."""
    before = Preferences("per", CHEN, OTHERS, "America/Chicago")
    hours = QuietHours(60, 120)
    assert with_hours(before, CHEN, hours, "Europe/Berlin", Ceilings()).zone == "America/Chicago"
    assert with_hours(None, UUID(int=1), hours, "Europe/Berlin", Ceilings()).zone == "Europe/Berlin"


@pytest.mark.parametrize("priorities", [(), (Priority.HIGH,), (Priority.CODE, Priority.LOW)])
def test_no_hours_for_what_always_rings(priorities: tuple[Priority, ...]) -> None:
    """Nor for nothing."""
    with pytest.raises(Refused) as refused:
        with_hours(None, CHEN, QuietHours(60, 120, frozenset(priorities)), "UTC", Ceilings())
    assert refused.value.code is Code.INVALID
