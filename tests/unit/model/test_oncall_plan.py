"""Whose turn it is: rotations in wall time, their sums, their windows, and swaps."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.model.samples import ANNA, BEN, CHEN, OKAFOR
from tests.unit.model.test_oncall_time import CHICAGO
from wardwire.model.errors import Code, Refused
from wardwire.model.oncall_plan import (
    Agreed,
    Layer,
    Rota,
    Swap,
    Window,
    check_rota,
    edges_after,
    open_at,
    turn_at,
)
from wardwire.testing.zones import ZONES, check_turns

DAY, WEEK, HOUR = timedelta(days=1), timedelta(days=7), timedelta(hours=1)
LENGTHS = [timedelta(minutes=15), timedelta(minutes=50), HOUR, 12 * HOUR, DAY, WEEK, 10 * DAY, 366 * DAY]
PEOPLE = (ANNA, BEN, CHEN)


def layer(starts: datetime, length: timedelta, *people: UUID, **fields: Any) -> Layer:
    """A rotation of these people."""
    return Layer("first", people or PEOPLE, starts, length)._replace(**fields)


@settings(deadline=None)
@given(
    st.sampled_from(ZONES),
    st.datetimes(datetime(2019, 1, 1), datetime(2019, 12, 31)),
    st.sampled_from(LENGTHS),
    st.datetimes(datetime(2020, 1, 2), datetime(2040, 12, 31)),
)
def test_the_sum_of_a_rotation_is_its_period(zone: str, starts: datetime, length: timedelta, at: datetime) -> None:
    """In all zones, over leap days and both turns of the clock."""
    check_turns(layer(starts.replace(microsecond=0), length), ZoneInfo(zone), at.replace(tzinfo=UTC))


def test_a_hand_over_stays_at_the_same_time_of_the_day() -> None:
    """At 07:00 in summer and winter: the longest night of the year is one hour longer."""
    rotation = layer(datetime(2026, 10, 26, 7), 12 * HOUR, ANNA, BEN)
    night = turn_at(rotation, CHICAGO, datetime(2026, 11, 1, 7, tzinfo=UTC))
    assert night is not None
    assert (night.person_id, night.ends_at - night.starts_at) == (BEN, 13 * HOUR)


def test_a_rotation_has_a_beginning_and_an_end() -> None:
    """Before and after it nobody has a turn; its last turn is cut."""
    rotation = layer(datetime(2026, 12, 1, 8), WEEK, ends=datetime(2026, 12, 10, 8))
    at = datetime(2026, 12, 1, 14, tzinfo=UTC)
    assert turn_at(rotation, CHICAGO, at - HOUR) is None
    assert turn_at(rotation, CHICAGO, at + 9 * DAY) is None
    second = turn_at(rotation, CHICAGO, at + 8 * DAY)
    assert second is not None
    assert (second.person_id, second.ends_at) == (BEN, at + 9 * DAY)
    assert list(edges_after(rotation, CHICAGO, at - DAY)) == [at]
    assert list(edges_after(rotation, CHICAGO, at + 9 * DAY)) == []


@pytest.mark.parametrize(
    ("local", "held"),
    [
        (datetime(2026, 12, 4, 16, 59), False),  # Friday
        (datetime(2026, 12, 4, 17), True),
        (datetime(2026, 12, 5, 6, 59), True),
        (datetime(2026, 12, 5, 7), False),
        (datetime(2026, 12, 3, 18), False),
    ],
)
def test_a_window_holds_over_midnight_on_its_weekdays(local: datetime, held: bool) -> None:
    """Friday evening until Saturday morning, half-open at both ends."""
    rotation = layer(datetime(2026, 1, 1), DAY, windows=(Window((4,), time(17), time(7)),))
    at = local.replace(tzinfo=CHICAGO).astimezone(UTC)
    assert open_at(rotation, CHICAGO, at) is held
    edges = [edge for edge in edges_after(rotation, CHICAGO, at) if open_at(rotation, CHICAGO, edge) is not held]
    assert edges  # whatever a window changes next, it is among the edges


def test_windows_that_meet_on_the_night_of_the_clock_overlap_rather_than_leave_a_gap() -> None:
    """One ends with the last 01:30, the other begins with the first."""
    early = layer(datetime(2026, 1, 1), DAY, windows=(Window((), time(22), time(1, 30)),))
    late = layer(datetime(2026, 1, 1), DAY, windows=(Window((), time(1, 30), time(22)),))
    for minutes in range(0, 600, 10):
        at = datetime(2026, 11, 1, 2, tzinfo=UTC) + timedelta(minutes=minutes)
        assert open_at(early, CHICAGO, at) or open_at(late, CHICAGO, at)


def swap(state: Agreed) -> Swap:
    """Okafor takes two hours in the middle of Chen's four."""
    at = datetime(2026, 12, 1, tzinfo=UTC)
    one = UUID(int=1)
    return Swap(one, one, "shf_1", CHEN, OKAFOR, at, at + 4 * HOUR, at + HOUR, at + 3 * HOUR, state, 1)


@pytest.mark.parametrize(
    ("state", "held"),
    [
        (Agreed.OFFERED, [None, None, None, None, None]),
        (Agreed.ACCEPTED, [None, OKAFOR, OKAFOR, None, None]),
        (Agreed.ASKED, [CHEN, OKAFOR, OKAFOR, CHEN, None]),
        (Agreed.DECLINED, [None, None, None, None, None]),
    ],
)
def test_a_swap_holds_by_consent_and_while_both_are_asked_the_old_plan_holds(
    state: Agreed, held: list[UUID | None]
) -> None:
    """Wherever the shift has gone meanwhile."""
    one = swap(state)
    assert [one.holder_at(one.shift_starts_at + nth * HOUR) for nth in range(5)] == held


@pytest.mark.parametrize(
    ("rota", "code", "pointer"),
    [
        (Rota("Chicago"), Code.ZONE_UNKNOWN, "/zone"),
        (Rota("UTC", (layer(datetime(2026, 1, 1), DAY, participants=()),)), None, "/layers/0/participants"),
        (Rota("UTC", (layer(datetime(2026, 1, 1), timedelta(0)),)), None, "/layers/0/length_h"),
        (Rota("UTC", (layer(datetime(2026, 1, 1), 367 * DAY),)), None, "/layers/0/length_h"),
        (Rota("UTC", (layer(datetime(2026, 1, 1, tzinfo=UTC), DAY),)), None, "/layers/0/starts"),
        (Rota("UTC", (layer(datetime(2026, 1, 1), DAY, ends=datetime(2026, 1, 1)),)), None, "/layers/0/ends"),
        (Rota("UTC", (layer(datetime(1, 1, 1), DAY),)), None, "/layers/0/starts"),
        (Rota("UTC", (layer(datetime(9999, 12, 31, 23), DAY),)), None, "/layers/0/starts"),
        (Rota("UTC", (layer(datetime(2026, 1, 1), DAY, ends=datetime.max),)), None, "/layers/0/starts"),
        (Rota("UTC", 2 * (layer(datetime(2026, 1, 1), DAY),)), None, "/layers/1/name"),
        (Rota("UTC", (layer(datetime(2026, 1, 1), DAY, name="a/b"),)), None, "/layers/0/name"),
        (
            Rota("UTC", (layer(datetime(2026, 1, 1), DAY, windows=(Window((7,), time(1), time(2)),)),)),
            None,
            "/layers/0/windows/0/weekdays",
        ),
    ],
)
def test_rotations_that_cannot_be_gone_by_are_refused(rota: Rota, code: Code | None, pointer: str) -> None:
    """With the layer and the field."""
    with pytest.raises(Refused) as refused:
        check_rota(rota)
    assert (refused.value.code, refused.value.pointer) == (code or Code.SCHEDULE_INVALID, pointer)
