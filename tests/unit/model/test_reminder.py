"""When reminders begin: by the clock on the wall, whatever summer time does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.model.samples import T0
from wardwire.model.errors import Code, Refused
from wardwire.model.priority import Priority
from wardwire.model.reminder import Reminder, Rule, check_reminder

CHICAGO = "America/Chicago"
MONDAYS = Rule(frozenset({0}), (7 * 60 + 30,), CHICAGO)


def walls(rule: Rule, now: datetime, count: int) -> list[str]:
    """The next times as the wall shows them, with their offset."""
    return [f"{at.astimezone(ZoneInfo(rule.zone)):%a %d %b %H:%M %z}" for at in rule.next(now, count)]


def test_a_weekly_reminder_keeps_its_hour_over_summer_time() -> None:
    """07:30 on the wall, before and after the clock goes back."""
    assert walls(MONDAYS, datetime(2026, 10, 20, tzinfo=UTC), 2) == [
        "Mon 26 Oct 07:30 -0500",
        "Mon 02 Nov 07:30 -0600",
    ]


def test_a_time_that_is_left_out_and_one_that_comes_twice() -> None:
    """02:30 of the spring night begins at 03:00; 01:30 of the autumn night begins once, the first time."""
    sunday = Rule(frozenset({6}), (90, 150), CHICAGO)
    assert walls(sunday, datetime(2027, 3, 14, 6, tzinfo=UTC), 2) == [
        "Sun 14 Mar 01:30 -0600",
        "Sun 14 Mar 03:00 -0500",
    ]
    assert walls(sunday, datetime(2026, 11, 1, 5, tzinfo=UTC), 2) == [
        "Sun 01 Nov 01:30 -0500",
        "Sun 01 Nov 02:30 -0600",
    ]


def test_it_ends_when_it_was_to() -> None:
    """The last one is at `until` itself."""
    last = datetime(2026, 11, 9, 13, 30, tzinfo=UTC)
    rule = MONDAYS._replace(until=last)
    assert rule.next(datetime(2026, 11, 3, tzinfo=UTC), 9) == [last]
    assert rule.after(last) is None


@settings(deadline=None)
@given(
    st.sets(st.integers(0, 6), min_size=1),
    st.sets(st.integers(0, 1439), min_size=1, max_size=4),
    st.sampled_from([CHICAGO, "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Havana", "UTC"]),
    st.integers(0, 20 * 365 * 24 * 60),
)
def test_there_is_always_a_next_one_within_eight_days_and_none_is_left_out(
    days: set[int], times: set[int], zone: str, minutes: int
) -> None:
    """Later instants give later times, never one that has passed; each is on its weekday."""
    rule, now = (
        Rule(frozenset(days), tuple(times), zone),
        datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes),
    )
    first = rule.after(now)
    assert first is not None
    assert now < first <= now + timedelta(days=8)
    assert rule.after(first - timedelta(microseconds=1)) == first
    assert first.astimezone(ZoneInfo(zone)).weekday() in days


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"rule": MONDAYS._replace(days=frozenset())}, Code.INVALID),
        ({"rule": MONDAYS._replace(times=())}, Code.INVALID),
        ({"rule": MONDAYS._replace(times=(1440,))}, Code.INVALID),
        ({"rule": MONDAYS._replace(zone="America/Gotham")}, Code.ZONE_UNKNOWN),
        ({"rule": MONDAYS._replace(until=T0)}, Code.INVALID),
        ({"priority": Priority.CODE}, Code.INVALID),
        ({"text": " "}, Code.TEXT_BLANK),
        ({"to": ()}, Code.INVALID),
        ({"name": "role:x"}, Code.INVALID),
    ],
)
def test_one_that_could_remind_nobody_is_refused(fields: dict[str, object], code: Code) -> None:
    """Each with its own code."""
    good = Reminder(UUID(int=1), "Crash cart", MONDAYS, ("Anna",), Priority.MEDIUM, "Check it.")
    check_reminder(good, T0)
    with pytest.raises(Refused) as refused:
        check_reminder(good._replace(**fields), T0)  # type: ignore[arg-type]
    assert refused.value.code is code
