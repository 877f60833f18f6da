"""How weekdays and times of the wall clock are written: in files, over HTTP, and as they are stored."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from wardwire.model.errors import Code, Refused
from wardwire.model.reminder import DAY, Rule

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def read_days(days: Iterable[str], pointer: str) -> frozenset[int]:
    """Read weekdays; 0 = Monday.

    Raises:
        Refused: `INVALID`.
    """
    found = set(days)
    if not found <= set(DAYS):
        raise Refused(Code.INVALID, f"days are {', '.join(DAYS)}", pointer=pointer)
    return frozenset(map(DAYS.index, found))


def write_days(days: Iterable[int]) -> list[str]:
    """Write weekdays in their order."""
    return [DAYS[day] for day in sorted(days)]


def read_minute(text: str) -> int:
    """Read `07:30` as a minute of the day; `24:00` is 0. Raises ValueError."""
    hour, minute = text.strip().split(":")
    if not (len(hour) <= 2 and len(minute) == 2 and (hour + minute).isascii() and (hour + minute).isdigit()):
        raise ValueError(text)
    found = int(hour) * 60 + int(minute)
    if int(minute) > 59 or found > DAY:
        raise ValueError(text)
    return found % DAY


def write_minute(minute: int) -> str:
    """Write a minute of the day as `07:30`."""
    return f"{minute // 60:02}:{minute % 60:02}"


def write_times(times: Iterable[int]) -> list[str]:
    """Write times of the day in their order."""
    return [write_minute(minute) for minute in sorted(times)]


def read_rule(days: Iterable[str], times: Iterable[str], zone: str, until: datetime | None) -> Rule:
    """Read a rule of a reminder.

    Raises:
        Refused: `INVALID`.
    """
    try:
        minutes = tuple(sorted({read_minute(text) for text in times}))
    except ValueError:
        raise Refused(Code.INVALID, "times are written 07:30", pointer="/times") from None
    return Rule(read_days(days, "/days"), minutes, zone, until)
