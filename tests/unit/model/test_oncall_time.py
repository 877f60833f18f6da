"""Which instant a time on the wall means. In every zone, around each turn of its clock: test_zones."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wardwire.model.errors import Code, Refused
from wardwire.model.oncall_time import find_zone, instant_of, wall_of
from wardwire.testing.zones import ZONES

CHICAGO = ZoneInfo("America/Chicago")


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
