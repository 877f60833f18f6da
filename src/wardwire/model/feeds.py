"""How long a feed may be silent, by the hours of the day; and whether it has been silent for too long."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta, tzinfo
from typing import NamedTuple

LISTENER = "listener:"
_SECONDS = {"s": 1, "m": 60, "h": 3600}
_LENGTH = re.compile(r"([0-9]{1,6})([smh])")
_WINDOW = re.compile(r"([0-9]{1,2}:[0-9]{2})-([0-9]{1,2}:[0-9]{2})\s+(\S+)")
_DAY = timedelta(days=1)


class Window(NamedTuple):
    """Hours of each day, over midnight too, and what is allowed in them."""

    begin: time
    end: time
    allowed: timedelta

    def holds(self, at: time) -> bool:
        """Whether an hour of the day is in it."""
        if self.begin <= self.end:
            return self.begin <= at < self.end
        return at >= self.begin or at < self.end


class Quiet(NamedTuple):
    """How long a feed may be silent: in the first window that holds, else as always."""

    always: timedelta
    windows: tuple[Window, ...] = ()

    def at(self, local: datetime) -> timedelta:
        """Return what is allowed at an instant."""
        hour = local.time()
        return next((window.allowed for window in self.windows if window.holds(hour)), self.always)

    def turn(self, local: datetime) -> datetime:
        """Return the next instant at which something else may be allowed."""
        turns = [turn for window in self.windows for turn in (window.begin, window.end)]
        days = [datetime.combine(local.date(), turn, local.tzinfo) for turn in turns]
        return min((day if day > local else day + _DAY for day in days), default=local + 400 * _DAY)


def read_quiet(text: str) -> Quiet:
    """Read a rule: `5m`, or `5m; 22:00-06:00 30m; 12:00-13:00 15m`.

    Raises:
        ValueError: Says what is wrong.
    """
    first, *parts = (part.strip() for part in text.split(";"))
    windows = []
    for part in parts:
        found = _WINDOW.fullmatch(part)
        if found is None:
            raise ValueError(f"{part!r} is not of the form 22:00-06:00 30m")
        windows.append(Window(_hour(found[1]), _hour(found[2]), _length(found[3])))
    return Quiet(_length(first), tuple(windows))


def spent(quiet: Quiet, heard: datetime, now: datetime, zone: tzinfo) -> float:
    """Return which part of what is allowed a silence has used up; from 1 on it is too long.

    Each stretch counts by what is allowed in it: when the night ends, a feed is not late at once.
    """
    at, end, total = heard.astimezone(zone), now.astimezone(zone), 0.0
    while at < end and total < 1:
        until = min(quiet.turn(at), end)
        total += (until - at) / quiet.at(at)
        at = until
    return total


def names_of(application: str, facility: str) -> tuple[str, ...]:
    """Return the names under which a sender may be watched: of its application, or of application and facility."""
    return tuple(dict.fromkeys((application, f"{application}|{facility}"))) if application else ()


class Verdict(NamedTuple):
    """Which feeds have been silent for too long, and which are heard."""

    silent: tuple[str, ...]
    heard: frozenset[str]


def judge(
    last: Mapping[str, datetime], rules: Mapping[str, Quiet], alarmed: Sequence[str], now: datetime, zone: tzinfo
) -> Verdict:
    """Decide of every feed that is watched; a feed of an alarm that is watched no more counts as heard."""
    silent = [name for name, quiet in rules.items() if name in last and spent(quiet, last[name], now, zone) >= 1]
    return Verdict(tuple(silent), frozenset(alarmed) - set(silent))


def _hour(text: str) -> time:
    hour, minute = text.split(":")
    try:
        return time(int(hour), int(minute))
    except ValueError:
        raise ValueError(f"{text!r} is no time of the day") from None


def _length(text: str) -> timedelta:
    found = _LENGTH.fullmatch(text)
    length = timedelta(seconds=int(found[1]) * _SECONDS[found[2]]) if found else timedelta(0)
    if not length:
        raise ValueError(f"{text!r} is no length such as 90s, 5m or 4h")
    return length
