"""Quiet times of an endpoint: days and hours by a wall clock, in which it rings for what is urgent alone.

Written `mon-fri 22:00-07:00 Europe/Berlin`, `sat,sun 00:00-24:00 UTC`. A time that passes midnight belongs to the day
on which it begins. The wall clock is that of the zone named, so that a change to summer time moves nothing.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from wardwire.model.errors import Code, Refused

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MAX_QUIET = 10
_FORM = re.compile(r"([a-z,-]+) ([0-2]\d):([0-5]\d)-([0-2]\d):([0-5]\d) ([A-Za-z0-9_+/-]{1,60})")
_WHOLE_DAY = 24 * 60


class Quiet(NamedTuple):
    """Some hours of some days; from `begins` until just before `ends`, in minutes of the wall clock's day."""

    days: frozenset[int]
    begins: int
    ends: int
    zone: ZoneInfo

    def holds(self, now: datetime) -> bool:
        """Whether it is quiet at an instant."""
        there = now.astimezone(self.zone)
        minute = there.hour * 60 + there.minute
        today, yesterday = there.weekday() in self.days, (there.weekday() - 1) % 7 in self.days
        if self.begins < self.ends:
            return today and self.begins <= minute < self.ends
        return (today and minute >= self.begins) or (yesterday and minute < self.ends)


def read_quiet(text: str, pointer: str = "/quiet") -> Quiet:
    """Read a quiet time as it is written.

    Raises:
        Refused: `INVALID`.
    """
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise Refused(Code.INVALID, "a quiet time is written like mon-fri 22:00-07:00 Europe/Berlin", pointer=pointer)
    begins, ends = int(found[2]) * 60 + int(found[3]), int(found[4]) * 60 + int(found[5])
    if begins >= _WHOLE_DAY or ends > _WHOLE_DAY or begins == ends:
        raise Refused(Code.INVALID, "a quiet time begins and ends at two times of a day", pointer=pointer)
    try:
        zone = ZoneInfo(found[6])
    except (KeyError, OSError, ValueError):
        raise Refused(Code.INVALID, "there is no such time zone; e.g. Europe/Berlin", pointer=pointer) from None
    return Quiet(_read_days(found[1], pointer), begins, ends, zone)


def write_quiet(quiet: Quiet) -> str:
    """Write a quiet time; `read_quiet` reads it again."""
    days = ",".join(DAYS[day] for day in sorted(quiet.days))
    return f"{days} {_write(quiet.begins)}-{_write(quiet.ends)} {quiet.zone.key}"


def _write(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _read_days(text: str, pointer: str) -> frozenset[int]:
    days: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if first not in DAYS or (dash and last not in DAYS):
            raise Refused(Code.INVALID, f"days are {', '.join(DAYS)}, or mon-fri", pointer=pointer)
        begin = DAYS.index(first)
        length = (DAYS.index(last) - begin) % 7 if dash else 0
        days.update((begin + nth) % 7 for nth in range(length + 1))
    return frozenset(days)
