"""Which instant a time on the wall means: in every zone, on the nights on which the clock goes back or forward."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wardwire.model.errors import Code, Refused
from wardwire.model.oncall_time import find_zone, instant_of, wall_of

CHICAGO = ZoneInfo("America/Chicago")
ZONES = sorted(name for name in available_timezones() if "/" in name and not name.startswith(("posix/", "right/")))
BEGIN, END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2041, 1, 1, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
# `make test FULL=1 T=tests/unit/model/test_oncall_time.py` goes through every transition of every zone.
FULL = bool(os.environ.get("FULL"))


def transitions(zone: ZoneInfo) -> Iterator[datetime]:
    """Give the instants at which a zone's offset changes."""
    at, offset = BEGIN, BEGIN.astimezone(zone).utcoffset()
    while at < END:
        after = at + 7 * DAY
        if after.astimezone(zone).utcoffset() != offset:
            low, high = at, after
            while high - low > timedelta(seconds=1):
                middle = low + ((high - low) // 2 // timedelta(seconds=1)) * timedelta(seconds=1)
                low, high = (middle, high) if middle.astimezone(zone).utcoffset() == offset else (low, middle)
            yield high
            after, offset = high, high.astimezone(zone).utcoffset()
        at = after


def check_around(zone: ZoneInfo, turn: datetime) -> None:
    """Every quarter of an hour around a transition means what the wall shows, and later never means earlier."""
    wall = wall_of(turn, zone) - 3 * 60 * MINUTE
    known = instant_of(wall, zone).at
    for nth in range(1, 25):
        meant = instant_of(wall + nth * 15 * MINUTE, zone)
        assert meant.at >= known
        known = meant.at
        if meant.moved:
            assert wall_of(meant.at, zone) > wall + nth * 15 * MINUTE
            assert wall_of(meant.at - timedelta(seconds=1), zone) < wall + nth * 15 * MINUTE
        else:
            assert wall_of(meant.at, zone) == wall + nth * 15 * MINUTE
            last = instant_of(wall + nth * 15 * MINUTE, zone, last=True)
            assert (wall_of(last.at, zone), last.at > meant.at) == (wall + nth * 15 * MINUTE, meant.twice)


@pytest.mark.parametrize("name", ZONES if FULL else ZONES[::60])
def test_every_transition_of_a_zone_is_right(name: str) -> None:
    """Both 01:30s and the missing 02:30, 2020 to 2040."""
    zone = ZoneInfo(name)
    for turn in transitions(zone):
        check_around(zone, turn)


@settings(deadline=None)
@given(st.sampled_from(ZONES), st.datetimes(datetime(2020, 1, 1), datetime(2040, 12, 31)))
def test_an_instant_is_found_again_by_what_the_wall_shows(name: str, at: datetime) -> None:
    """As the first or as the last of its kind."""
    zone, instant = ZoneInfo(name), at.replace(tzinfo=UTC)
    wall = wall_of(instant, zone)
    assert instant in (instant_of(wall, zone).at, instant_of(wall, zone, last=True).at)
    assert not instant_of(wall, zone).moved


def test_both_half_past_ones_and_the_missing_half_past_two() -> None:
    """The nights of acceptance story A7."""
    twice = datetime(2026, 11, 1, 1, 30)
    assert instant_of(twice, CHICAGO) == (datetime(2026, 11, 1, 6, 30, tzinfo=UTC), False, True)
    assert instant_of(twice, CHICAGO, last=True).at == datetime(2026, 11, 1, 7, 30, tzinfo=UTC)
    missing = instant_of(datetime(2027, 3, 14, 2, 30), CHICAGO)
    assert missing == (datetime(2027, 3, 14, 8, tzinfo=UTC), True, False)


def test_a_day_that_a_country_leaves_out_begins_with_the_next() -> None:
    """Samoa had no 30 December 2011."""
    apia = ZoneInfo("Pacific/Apia")
    assert instant_of(datetime(2011, 12, 30, 12), apia).at == datetime(2011, 12, 30, 10, tzinfo=UTC)


@pytest.mark.parametrize("name", ["", "Chicago", "../etc/passwd", "/etc/localtime", "America", "A\x00B"])
def test_an_unknown_zone_is_refused(name: str) -> None:
    """By a code that says so, whatever the name is."""
    with pytest.raises(Refused) as refused:
        find_zone(name)
    assert refused.value.code is Code.ZONE_UNKNOWN
