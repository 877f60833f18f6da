"""How long a feed may be silent."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, timezone

import pytest

from wardwire.model.feeds import Quiet, Window, judge, names_of, read_quiet, spent

ZONE = timezone(timedelta(hours=1))
NIGHTS = read_quiet("10m; 22:00-06:00 4h")


def at(hour: int, minute: int = 0, day: int = 28) -> datetime:
    """An instant, told by the local clock."""
    return datetime(2026, 11, day, hour, minute, tzinfo=ZONE).astimezone(UTC)


def test_a_rule_is_read() -> None:
    """Seconds, minutes, hours; as many windows as one likes."""
    assert read_quiet("90s") == Quiet(timedelta(seconds=90))
    assert read_quiet(" 10m ; 22:00-06:00 4h; 12:00-13:00 15m") == Quiet(
        timedelta(minutes=10),
        (
            Window(time(22), time(6), timedelta(hours=4)),
            Window(time(12), time(13), timedelta(minutes=15)),
        ),
    )


@pytest.mark.parametrize("text", ["", "5", "0m", "5 m", "5m;", "5m; 22-06 4h", "5m; 24:00-06:00 4h", "5m; 4h"])
def test_what_is_no_rule_is_refused(text: str) -> None:
    """It says what is wrong."""
    with pytest.raises(ValueError, match="is no"):
        read_quiet(text)


@pytest.mark.parametrize(
    ("heard", "now", "share"),
    [
        (at(12), at(12, 9), 0.9),
        (at(12), at(12, 10), 1.0),
        (at(23), at(1, day=29), 0.5),  # over midnight
        (at(21, 55), at(22), 0.5),
        (at(21, 55), at(0, 0, day=29), 1.0),  # half by day, and two of four hours by night
        (at(2), at(6), 1.0),
        (at(4), at(6), 0.5),
        (at(4), at(6, 4), 0.9),  # when the night ends it is not late at once
        (at(13), at(12), 0.0),
    ],
)
def test_each_stretch_of_a_silence_counts_by_what_is_allowed_in_it(
    heard: datetime, now: datetime, share: float
) -> None:
    """By the hours of the site's day."""
    assert spent(NIGHTS, heard, now, ZONE) == pytest.approx(share)


def test_a_feed_is_silent_or_heard_and_one_that_is_watched_no_more_counts_as_heard() -> None:
    """Every alarm that is open and not of a silent one is over."""
    last = {"monitors": at(12), "lab": at(12, 15)}
    rules = {"monitors": read_quiet("10m"), "lab": read_quiet("10m"), "new": read_quiet("1s")}
    verdict = judge(last, rules, ["lab", "former", "monitors"], at(12, 20), ZONE)
    assert verdict.silent == ("monitors",)
    assert verdict.heard == {"lab", "former"}


def test_a_sender_may_be_watched_by_its_application_or_with_its_facility() -> None:
    """One without an application has no name."""
    assert names_of("GW", "4 WEST") == ("GW", "GW|4 WEST")
    assert names_of("", "4 WEST") == ()
