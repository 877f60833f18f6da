"""What a role's plan is made of: layers of rotations and their restrictions, and swaps. Who has whose turn, and when.

All intervals are half-open, [start, end). A rotation is agreed on in wall time: its turns begin at the same time of
the day in summer and in winter, and so the longest night of the year is an hour longer. Neighbouring turns share one
instant: there is neither a gap nor an overlap between them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from wardwire.model.errors import Code, Refused
from wardwire.model.oncall_time import FIRST_YEAR, LAST_YEAR, find_zone, in_reach, instant_of, wall_of
from wardwire.model.priority import Word

MAX_LAYERS = 12
MAX_PARTICIPANTS = 100
MAX_WINDOWS = 14
SHORTEST_TURN = timedelta(minutes=15)
LONGEST_TURN = timedelta(days=366)
DAY = timedelta(days=1)


class Window(NamedTuple):
    """When a layer holds at all: hours of some weekdays, by the clock on the wall.

    Attributes:
        weekdays: 0 = Monday … 6 = Sunday, the day on which it begins; () = all.
        begin, end: Where `end` is not after `begin`, it is of the next day.
    """

    weekdays: tuple[int, ...]
    begin: time
    end: time

    def span(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
        """Return from when to when it holds of a day; None = not at all. Of two 01:30s it begins with the first and
        ends with the last.
        """
        if self.weekdays and day.weekday() not in self.weekdays:
            return None
        over = self.end <= self.begin
        start = instant_of(datetime.combine(day, self.begin), zone).at
        return start, instant_of(datetime.combine(day + over * DAY, self.end), zone, last=True).at


class Layer(NamedTuple):
    """A rotation: its participants take turns of one length.

    Attributes:
        name: Which it is; its own within the role.
        starts: Wall time at which the first one's first turn begins: it says the hand-over's time, and its weekday.
        length: Of a turn, by the clock on the wall: a day, a week, twelve hours.
        ends: Wall time at which it ends; None = never.
        windows: When it holds at all; () = always.
    """

    name: str
    participants: tuple[UUID, ...]
    starts: datetime
    length: timedelta
    ends: datetime | None = None
    windows: tuple[Window, ...] = ()


class Turn(NamedTuple):
    """One turn of a layer: the `nth` from its beginning."""

    nth: int
    person_id: UUID
    starts_at: datetime
    ends_at: datetime


class Rota(NamedTuple):
    """The rotations of a role: of its layers the first holds that has somebody."""

    zone: str
    layers: tuple[Layer, ...] = ()


class Agreed(Word):
    """How a swap stands."""

    OFFERED = "offered"  # its taker has not answered
    ACCEPTED = "accepted"
    ASKED = "asked"  # the shift has moved: both are asked again, the old plan holds
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"  # the shift is there no longer, or is over


LIVE = frozenset({Agreed.OFFERED, Agreed.ACCEPTED, Agreed.ASKED})


class Swap(NamedTuple):
    """One person takes a part of another one's shift. It is bound to the shift, not to its times.

    Attributes:
        shift: Which shift: its id as written (`shf_…`), or `layer/nth` of a rotation's turn.
        giver, taker: Whose shift it is, and who takes the part.
        shift_starts_at, shift_ends_at: The shift as both have agreed on it.
        starts_at, ends_at: The part that is taken.
        said: Who has agreed since the shift moved.
        moved: Where `state` is *asked*: the shift as it is now, and the part that would be taken of it.
    """

    id: UUID
    role_id: UUID
    shift: str
    giver: UUID
    taker: UUID
    shift_starts_at: datetime
    shift_ends_at: datetime
    starts_at: datetime
    ends_at: datetime
    state: Agreed
    version: int
    said: tuple[UUID, ...] = ()
    moved: tuple[datetime, datetime, datetime, datetime] | None = None

    def holder_at(self, now: datetime) -> UUID | None:
        """Return who holds the role by this swap; None = it says nothing of this instant."""
        if self.state is Agreed.ACCEPTED:
            return self.taker if self.starts_at <= now < self.ends_at else None
        if self.state is Agreed.ASKED and self.shift_starts_at <= now < self.shift_ends_at:
            return self.taker if self.starts_at <= now < self.ends_at else self.giver
        return None

    def edges(self) -> tuple[datetime, ...]:
        """Return the instants at which it may say something else."""
        if self.state is Agreed.ACCEPTED:
            return (self.starts_at, self.ends_at)
        if self.state is Agreed.ASKED:
            return (self.shift_starts_at, self.starts_at, self.ends_at, self.shift_ends_at)
        return ()


def turn_at(layer: Layer, zone: ZoneInfo, now: datetime) -> Turn | None:
    """Return whose turn it is in a rotation, whatever its windows; None = it has not begun, or is over."""
    nth = (wall_of(now, zone) - layer.starts) // layer.length
    # Where the clock goes back or forward, the wall may be a turn off.
    while _begin(layer, zone, nth) > now:
        nth -= 1
    while _begin(layer, zone, nth + 1) <= now:
        nth += 1
    turn = turn_of(layer, zone, nth)
    return turn if turn is not None and now < turn.ends_at else None


def turn_of(layer: Layer, zone: ZoneInfo, nth: int) -> Turn | None:
    """Return a turn by its number; None = there is none of this number."""
    if nth < 0 or not layer.participants:
        return None
    starts, ends = _begin(layer, zone, nth), _begin(layer, zone, nth + 1)
    over = None if layer.ends is None else instant_of(layer.ends, zone).at
    if over is not None:
        if starts >= over:
            return None
        ends = min(ends, over)
    return Turn(nth, layer.participants[nth % len(layer.participants)], starts, ends)


def open_at(layer: Layer, zone: ZoneInfo, now: datetime) -> bool:
    """Whether a layer's windows let it hold at an instant."""
    return not layer.windows or any(start <= now < end for start, end in _spans(layer, zone, now))


def edges_after(layer: Layer, zone: ZoneInfo, now: datetime) -> Iterator[datetime]:
    """Give instants after `now`, the next one among them, at which a layer may say something else."""
    turn = turn_at(layer, zone, now)
    if turn is not None:
        yield turn.ends_at
    else:
        first = turn_of(layer, zone, 0)
        if first is not None and first.starts_at > now:
            yield first.starts_at
    today = wall_of(now, zone).date() if layer.windows else date.min
    for window in layer.windows:
        begins = ends = None
        # Each weekday's window begins, and ends, after that of the day before.
        for days in range(-2, 9):
            span = window.span(today + days * DAY, zone)
            if span is None:
                continue
            begins = begins or (span[0] if span[0] > now else None)
            ends = ends or (span[1] if span[1] > now else None)
            if begins and ends:
                break
        yield from (edge for edge in (begins, ends) if edge is not None)


def check_rota(rota: Rota) -> None:
    """Refuse rotations that cannot be gone by.

    Raises:
        Refused: `ZONE_UNKNOWN`, `SCHEDULE_INVALID`, with a pointer to the layer and field.
    """
    find_zone(rota.zone)
    if len(rota.layers) > MAX_LAYERS:
        raise _invalid(f"a role has at most {MAX_LAYERS} layers", "/layers")
    names = [layer.name.strip().casefold() for layer in rota.layers]
    for nth, layer in enumerate(rota.layers):
        at = f"/layers/{nth}"
        if not names[nth] or "/" in layer.name or names.index(names[nth]) != nth:
            raise _invalid("a layer has a name of its own, without a slash", f"{at}/name")
        if not 1 <= len(layer.participants) <= MAX_PARTICIPANTS:
            raise _invalid(f"a rotation has 1 to {MAX_PARTICIPANTS} participants", f"{at}/participants")
        if not SHORTEST_TURN <= layer.length <= LONGEST_TURN:
            raise _invalid("a turn lasts from 15 minutes to 366 days", f"{at}/length_h")
        if layer.starts.tzinfo is not None or (layer.ends is not None and layer.ends.tzinfo is not None):
            raise _invalid("a rotation is agreed on in wall time: leave the offset out", f"{at}/starts")
        if not in_reach(layer.starts) or (layer.ends is not None and not in_reach(layer.ends)):
            raise _invalid(f"a rotation lies within the years {FIRST_YEAR} to {LAST_YEAR}", f"{at}/starts")
        if layer.ends is not None and layer.ends <= layer.starts:
            raise _invalid("a rotation ends after it starts", f"{at}/ends")
        if len(layer.windows) > MAX_WINDOWS:
            raise _invalid(f"a layer has at most {MAX_WINDOWS} windows", f"{at}/windows")
        for number, window in enumerate(layer.windows):
            if any(not 0 <= weekday <= 6 for weekday in window.weekdays):
                raise _invalid("a weekday is 0, Monday, to 6, Sunday", f"{at}/windows/{number}/weekdays")


def _begin(layer: Layer, zone: ZoneInfo, nth: int) -> datetime:
    return instant_of(layer.starts + nth * layer.length, zone).at


def _spans(layer: Layer, zone: ZoneInfo, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Give the spans of a layer's windows that begin from the day before yesterday until today."""
    today = wall_of(now, zone).date()
    for days in range(-2, 1):
        for window in layer.windows:
            span = window.span(today + days * DAY, zone)
            if span is not None:
                yield span


def _invalid(detail: str, pointer: str) -> Refused:
    return Refused(Code.SCHEDULE_INVALID, detail, pointer=pointer)
