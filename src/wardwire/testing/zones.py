"""Rotations in every zone, 2020 to 2040: what must be so of wall times, turns and windows where a clock turns.

Half-open intervals: at the instant at which a turn ends the next one has it. The sum of a rotation is its period. Of
two 01:30s the first and the last are told apart, and a 02:30 that is left out is the next instant there is.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo, available_timezones

from wardwire.model.oncall_plan import Layer, Window, edges_after, open_at, turn_at, turn_of
from wardwire.model.oncall_time import instant_of, wall_of
from wardwire.testing.nights_ward import an_id

# Not zones: copies of them by other names, with leap seconds, or of this machine.
_NONE = ("posix/", "right/", "Factory", "localtime", "posixrules")
ZONES = sorted(name for name in available_timezones() if not name.startswith(_NONE))
BEGIN, END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2041, 1, 1, tzinfo=UTC)
PEOPLE = tuple(an_id(nth) for nth in range(1, 4))
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
# Turns of every length that is in use, handed over at the hours at which clocks turn.
ROTATIONS = (
    Layer("days", PEOPLE, datetime(2019, 12, 30, 1, 30), DAY),
    Layer("halves", PEOPLE, datetime(2019, 12, 30, 2, 30), 12 * HOUR),
    Layer("quarters", PEOPLE, datetime(2019, 12, 30), 15 * MINUTE),
    Layer("weeks", PEOPLE, datetime(2019, 12, 29, 2), 7 * DAY),
)
# The same turn of a clock may come to 00:00, 01:30, 02:30 or 03:00: one window ends where the next begins.
SEAMS = (time(0), time(1, 30), time(2, 30), time(3))
OFTEN = 20


class Wrong(Exception):
    """Something is not as it must be; says in which zone, and when."""


def some_zones(day: date, count: int) -> list[str]:
    """Choose zones by the day: another few each day."""
    return Random(f"zones of {day.isoformat()}").sample(ZONES, count)


def check_zone(name: str) -> int:
    """Check everything in a zone; return around how many instants.

    Raises:
        Wrong: At the first thing that is not as it must be.
    """
    zone = ZoneInfo(name)
    turns = list(transitions(zone))
    chance = Random(name)
    for turn in turns:
        check_wall(zone, turn)
        check_windows(zone, turn)
        for rotation in ROTATIONS:
            for minutes in (-181, -61, -1, 0, 1, 29, 30, 59, 60, 90, 121):
                check_turns(rotation, zone, turn + minutes * MINUTE)
    for _ in range(OFTEN):
        at = BEGIN + chance.randrange(21 * 365 * 24 * 60) * MINUTE
        check_wall(zone, at)
        for rotation in ROTATIONS:
            check_turns(rotation, zone, at)
    return len(turns) + OFTEN


def transitions(zone: ZoneInfo) -> Iterator[datetime]:
    """Give the instants at which a zone's offset changes."""
    at, offset = BEGIN, BEGIN.astimezone(zone).utcoffset()
    while at < END:
        after = at + 7 * DAY
        if after.astimezone(zone).utcoffset() != offset:
            low, high = at, after
            while high - low > SECOND:
                middle = low + ((high - low) // 2 // SECOND) * SECOND
                low, high = (middle, high) if middle.astimezone(zone).utcoffset() == offset else (low, middle)
            yield high
            after, offset = high, high.astimezone(zone).utcoffset()
        at = after


def check_wall(zone: ZoneInfo, turn: datetime) -> None:
    """Every quarter of an hour around an instant means what the wall shows, and later never means earlier."""
    wall = wall_of(turn, zone) - 3 * HOUR
    known = instant_of(wall, zone).at
    for nth in range(1, 25):
        shown = wall + nth * 15 * MINUTE
        meant = instant_of(shown, zone)
        _must(meant.at >= known, zone, shown, "a later time means an earlier instant")
        known = meant.at
        if meant.moved:
            _must(wall_of(meant.at, zone) > shown, zone, shown, "it is left out, and means no later one")
            _must(wall_of(meant.at - SECOND, zone) < shown, zone, shown, "it is left out, and a whole second is lost")
            continue
        _must(wall_of(meant.at, zone) == shown, zone, shown, "it means another time")
        last = instant_of(shown, zone, last=True).at
        _must(wall_of(last, zone) == shown, zone, shown, "the last of two means another time")
        _must((last > meant.at) == meant.twice, zone, shown, "the first and the last of two are one")


def check_turns(rotation: Layer, zone: ZoneInfo, at: datetime) -> None:
    """At an instant it is one's turn; turns follow each other without gap or overlap, and sum to the period."""
    turn = turn_at(rotation, zone, at)
    if turn is None or not turn.starts_at <= at < turn.ends_at:
        raise Wrong(f"{zone.key}, {at}, {rotation.name}: it is nobody's turn")
    turns = [turn_of(rotation, zone, turn.nth + nth) for nth in range(len(rotation.participants) + 1)]
    for nth, (one, other) in enumerate(pairwise(turns)):
        holder = rotation.participants[(turn.nth + nth) % len(rotation.participants)]
        if one is None or other is None or one.ends_at != other.starts_at or one.person_id != holder:
            raise Wrong(f"{zone.key}, {at}, {rotation.name}: {one} before {other}")
    after = turn_at(rotation, zone, turn.ends_at)
    # A turn that falls into what the clock leaves out has no length, and is passed over.
    _must(after is not None and after.nth > turn.nth, zone, turn.ends_at, "a turn holds at its own end")
    if turn.ends_at > turn.starts_at:
        before = turn_at(rotation, zone, turn.ends_at - SECOND)
        _must(before is not None and before.nth == turn.nth, zone, turn.ends_at, "a turn ends a second early")
    _must(turn.ends_at in edges_after(rotation, zone, at), zone, at, "nobody looks when the turn ends")
    begins = rotation.starts + turn.nth * rotation.length
    period = len(rotation.participants) * rotation.length
    lasts = sum((one.ends_at - one.starts_at for one in turns[:-1] if one), timedelta(0))
    first, end = instant_of(begins, zone), instant_of(begins + period, zone)
    _must(lasts == end.at - first.at, zone, at, "the turns do not sum to the period")
    offsets = first.at.astimezone(zone).utcoffset(), end.at.astimezone(zone).utcoffset()
    if not first.moved and not end.moved and offsets[0] is not None and offsets[1] is not None:
        _must(lasts == period + offsets[0] - offsets[1], zone, at, "the period is another one on the wall")


def check_windows(zone: ZoneInfo, turn: datetime) -> None:
    """Windows that meet leave no gap, and what they change next is among the edges."""
    for seam in SEAMS:
        early = ROTATIONS[0]._replace(windows=(Window((), time(12), seam),))
        late = ROTATIONS[0]._replace(windows=(Window((), seam, time(12)),))
        for minutes in range(-180, 181, 20):
            at = turn + minutes * MINUTE
            held = open_at(early, zone, at)
            _must(held or open_at(late, zone, at), zone, at, f"a gap at {seam}")
        edge = min(edges_after(early, zone, turn))
        at = turn
        while at + 30 * MINUTE < edge:
            _must(open_at(early, zone, at) == open_at(early, zone, turn), zone, at, "a window changes unannounced")
            at += 30 * MINUTE


def _must(so: bool, zone: ZoneInfo, at: datetime, else_: str) -> None:
    if not so:
        raise Wrong(f"{zone.key}, {at}: {else_}")
