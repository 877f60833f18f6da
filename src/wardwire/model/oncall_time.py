"""Wall time and instants: which instant a hand-over means that people have agreed on by the clock on the wall.

Pure; the rules of a zone come from the system's (zoneinfo). Wall times are naive, instants aware and in UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from wardwire.model.errors import Code, Refused

_SECOND = timedelta(seconds=1)


# Beyond these years nothing is planned, and arithmetic with zones fails.
FIRST_YEAR, LAST_YEAR = 1971, 2999


def in_reach(at: datetime) -> bool:
    """Whether an instant or a wall time is one that plans can be made for."""
    return FIRST_YEAR <= at.year <= LAST_YEAR


class Meant(NamedTuple):
    """What a wall time means.

    Attributes:
        at: The instant, UTC.
        moved: The wall time is left out that day: `at` is the first instant after the gap.
        twice: The wall time comes twice that day.
    """

    at: datetime
    moved: bool = False
    twice: bool = False


@lru_cache(maxsize=64)
def find_zone(name: str, pointer: str = "/zone") -> ZoneInfo:
    """Return a zone by its name, e.g. `America/Chicago`.

    Raises:
        Refused: `ZONE_UNKNOWN`.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise Refused(
            Code.ZONE_UNKNOWN, "no zone has this name; write it like America/Chicago", pointer=pointer
        ) from None


# The hand-overs of some days are asked for again and again: by every page to a role, and by each look ahead.
@lru_cache(maxsize=16_384)
def instant_of(wall: datetime, zone: ZoneInfo, *, last: bool = False) -> Meant:
    """Return the instant that a wall time means.

    A time that the zone leaves out begins at the next valid instant. Of one that comes twice it is the first, or the
    `last`. Later wall times never mean earlier instants.
    """
    before = wall.replace(tzinfo=zone, fold=0).utcoffset()
    after = wall.replace(tzinfo=zone, fold=1).utcoffset()
    assert before is not None
    assert after is not None
    naive = wall.replace(tzinfo=UTC, fold=0)
    if before == after:
        return Meant(naive - before)
    if before > after:  # the clock goes back: this time comes twice
        return Meant(naive - (after if last else before), twice=True)
    return Meant(_end_of_gap(naive - after, naive - before, zone), moved=True)


def _end_of_gap(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """Return the first instant after `low` at which the zone's offset is what it is at `high`."""
    offset = high.astimezone(zone).utcoffset()
    while high - low > _SECOND:
        middle = low + ((high - low) // 2 // _SECOND or 1) * _SECOND
        if middle.astimezone(zone).utcoffset() == offset:
            high = middle
        else:
            low = middle
    return high


def wall_of(at: datetime, zone: ZoneInfo) -> datetime:
    """Return what the clock on the wall shows at an instant."""
    return at.astimezone(zone).replace(tzinfo=None, fold=0)
