"""Quiet times by a wall clock: written, read, and held to through midnight and the change to summer time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardwire.model.errors import Code, Refused
from wardwire.model.quiet import DAYS, read_quiet, write_quiet

BERLIN = ZoneInfo("Europe/Berlin")


def test_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    """Friday's lasts into Saturday morning, and Saturday has none."""
    quiet = read_quiet("mon-fri 22:00-07:00 Europe/Berlin")

    def holds(day: int, hour: int, minute: int = 0) -> bool:
        return quiet.holds(datetime(2026, 11, day, hour, minute, tzinfo=BERLIN))

    assert [holds(27, 21, 59), holds(27, 22), holds(28, 6, 59), holds(28, 7)] == [False, True, True, False]
    assert [holds(28, 22), holds(29, 6)] == [False, False]


def test_a_night_is_as_long_as_the_wall_clock_says() -> None:
    """When summer time begins it is an hour shorter; both of 02:30 are quiet when it ends."""
    quiet = read_quiet("sat-sun 22:00-07:00 Europe/Berlin")
    for begins, hours in ((datetime(2027, 3, 27, 21, tzinfo=UTC), 8), (datetime(2026, 10, 24, 20, tzinfo=UTC), 10)):
        held = [
            begins + timedelta(minutes=nth) for nth in range(-60, 660) if quiet.holds(begins + timedelta(minutes=nth))
        ]
        assert (held[0], len(held)) == (begins, hours * 60)


@given(
    st.sets(st.sampled_from(range(7)), min_size=1),
    st.integers(0, 1439),
    st.integers(1, 1440),
    st.sampled_from(["UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns"]),
)
def test_what_is_written_is_read_again(days: set[int], begins: int, ends: int, zone: str) -> None:
    """And means the same."""
    if begins == ends:
        return
    text = f"{','.join(DAYS[day] for day in sorted(days))} {begins // 60:02}:{begins % 60:02}-"
    quiet = read_quiet(f"{text}{ends // 60:02}:{ends % 60:02} {zone}")

    assert (set(quiet.days), quiet.begins, quiet.ends) == (days, begins, ends)
    assert read_quiet(write_quiet(quiet)) == quiet


@pytest.mark.parametrize(
    "text",
    [
        "",
        "always",
        "mon-fri 22:00-07:00",
        "mon-fri 22:00-07:00 Europe/Atlantis",
        "mon-fri 22:00-07:00 ../../etc/passwd",
        "mon-moon 22:00-07:00 UTC",
        "mon 22:00-22:00 UTC",
        "mon 24:00-07:00 UTC",
        "mon 22:00-24:01 UTC",
        "mon 29:00-07:00 UTC",
    ],
)
def test_what_is_no_quiet_time_is_refused(text: str) -> None:
    """With its place."""
    with pytest.raises(Refused) as refused:
        read_quiet(text, "/quiet/0")
    assert (refused.value.code, refused.value.pointer) == (Code.INVALID, "/quiet/0")
