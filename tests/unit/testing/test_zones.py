"""Rotations in a few zones a day; in all of them by `make faults FULL=1`, or `python -m tests.faults.zones`."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from wardwire.model import oncall_plan
from wardwire.model.oncall_time import instant_of
from wardwire.testing import zones
from wardwire.testing.zones import ZONES, Wrong, check_zone, some_zones

# Another day's zones again: DAY=2026-11-29 make test T=tests/unit/testing/test_zones.py
DAY = os.environ.get("DAY", "")
A_DAY = 6
# Clocks that turn by half an hour, at midnight, twice in Ramadan, not at all, and by a whole day's name.
ALWAYS = ("Australia/Lord_Howe", "Africa/Casablanca", "America/Chicago", "Asia/Beirut", "UTC", "Pacific/Apia")


def test_rotations_are_right_in_other_zones_each_day() -> None:
    """A failure names the zone; `DAY` chooses the same ones again."""
    day = date.fromisoformat(DAY) if DAY else datetime.now(UTC).date()
    for name in some_zones(day, A_DAY):
        assert check_zone(name) >= zones.OFTEN


@pytest.mark.parametrize("name", ALWAYS)
def test_rotations_are_right_where_clocks_are_strange(name: str) -> None:
    """In every year from 2020 to 2040."""
    assert check_zone(name) >= zones.OFTEN


def test_every_day_other_zones_are_chosen() -> None:
    """In a month most of them have been."""
    month = [some_zones(date(2026, 11, 1) + timedelta(days=nth), 6) for nth in range(30)]
    assert len({name for day in month for name in day}) > 120
    assert all(name in ZONES for day in month for name in day)


def test_a_rotation_that_forgets_the_second_half_past_one_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check is not blind: of two 01:30s the last is the first."""
    real = instant_of
    monkeypatch.setattr(zones, "instant_of", lambda wall, zone, **_: real(wall, zone))
    with pytest.raises(Wrong, match="the first and the last of two are one"):
        check_zone("America/Chicago")


def test_a_rotation_in_the_offset_of_its_first_day_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check is not blind: in summer everybody is called an hour late."""
    real = instant_of

    def winter(wall: datetime, zone: ZoneInfo, **given: Any) -> Any:
        meant = real(wall, zone, **given)
        there, first = wall.replace(tzinfo=zone).utcoffset(), datetime(2019, 12, 30, tzinfo=zone).utcoffset()
        assert there is not None
        assert first is not None
        return meant._replace(at=meant.at + there - first)

    monkeypatch.setattr(oncall_plan, "instant_of", winter)
    with pytest.raises(Wrong):
        check_zone("America/Chicago")


def test_a_turn_that_holds_at_its_own_end_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check is not blind: closed intervals instead of half-open ones."""
    real = oncall_plan.turn_at
    monkeypatch.setattr(zones, "turn_at", lambda layer, zone, at: real(layer, zone, at - timedelta(seconds=1)))
    with pytest.raises(Wrong):
        check_zone("UTC")
