"""The shapes of who is on call: schedules in, who holds a role when and by which rule out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from wardwire.api.directory_wire import ShiftOut, WallOrInstant
from wardwire.api.wire import PersonId
from wardwire.store.oncall import LayerText

_PEOPLE = Annotated[list[PersonId], Meta(max_length=500)]


class ScheduleIn(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The rotations of a role. Of its layers the first holds that has somebody; times are the wall's in `zone`.

    A layer's participants take turns of `length_h` hours from `starts` on, which says the time and the weekday of its
    hand-over. Where it has `windows`, it holds only in them. `owners` may change the schedule, `swappers` may take
    shifts, `viewers` may see it (nobody named: everybody), `monitors` get silent copies of what goes through the
    role, and are counted nowhere; what is left out stays.
    """

    zone: Annotated[str, Meta(max_length=60)]
    layers: Annotated[tuple[LayerText, ...], Meta(max_length=12)]
    owners: _PEOPLE | UnsetType = UNSET
    swappers: _PEOPLE | UnsetType = UNSET
    viewers: _PEOPLE | UnsetType = UNSET
    monitors: _PEOPLE | UnsetType = UNSET


class Stretch(msgspec.Struct, frozen=True):
    """Somebody holds the role from `starts_at` until just before `ends_at`; nobody: only its fallback answers."""

    starts_at: datetime
    ends_at: datetime
    person: str | None
    name: str
    rule: str
    source: str


class ScheduleOut(msgspec.Struct, frozen=True):
    """A role's schedule, and what comes of all its rules from now on: `final`."""

    role: str
    zone: str
    layers: list[LayerText]
    fallback: str
    owners: list[str]
    swappers: list[str]
    viewers: list[str]
    monitors: list[str]
    shifts: list[ShiftOut]
    final: list[Stretch]


class Holder(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who answers for a role, by which rule: `override`, `swap`, `shift`, `layer 2`, `fallback`."""

    person: str
    name: str
    rule: str
    source: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None


class OnCall(msgspec.Struct, frozen=True):
    """Who is on call at an instant, and when that may change next. `local` is the wall's time, with its offset."""

    role: str
    at: datetime
    local: str
    holders: list[Holder]
    until: datetime | None


class SwapIn(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A shift that is offered to somebody: `shf_…`, or a layer's name with the number of a turn, as `source` has it.

    Without times it is the whole shift. What comes twice on the night of the clock is meant from its first time to
    its last; with an offset it is the other one.
    """

    shift: Annotated[str, Meta(min_length=1, max_length=140)]
    taker: PersonId
    starts_at: WallOrInstant | None = None
    ends_at: WallOrInstant | None = None


class SwapAnswer(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What somebody says to a swap; `person` where it is said for another, by telephone."""

    accept: bool
    person: PersonId | None = None


class SwapOut(msgspec.Struct, frozen=True):
    """A swap. While it is `asked`, its shift has moved: `said` have agreed to `moved`, and the old plan holds."""

    id: str
    role: str
    shift: str
    giver: str
    taker: str
    starts_at: datetime
    ends_at: datetime
    state: str
    said: list[str]
    moved: list[datetime] | None
    notes: list[str] = []


class Swaps(msgspec.Struct, frozen=True):
    """The swaps of a role that are open, or agreed on."""

    data: list[SwapOut]
    next: str | None


class ShiftChange(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Other times for a shift. Who has agreed on a swap of it is asked again."""

    starts_at: WallOrInstant | UnsetType = UNSET
    ends_at: WallOrInstant | UnsetType = UNSET


class CalendarMade(msgspec.Struct, frozen=True):
    """The address of a role's calendar; its secret is shown this once, and whoever has it may read the calendar."""

    path: str | None


class CalendarIn(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A calendar (RFC 5545) whose events become shifts by hand; each one's summary names the person."""

    calendar: Annotated[str, Meta(min_length=1)]


class Imported(msgspec.Struct, frozen=True):
    """The shifts that are new."""

    data: list[ShiftOut]


class Hours(msgspec.Struct, frozen=True):
    """How much somebody is on call; `most_in_a_week` in the week that begins at `fullest`."""

    person: str
    name: str
    hours: float
    most_in_a_week: float
    fullest: datetime


class Clash(msgspec.Struct, frozen=True):
    """Somebody holds this role and another one at once."""

    person: str
    name: str
    other_role: str
    starts_at: datetime
    ends_at: datetime


class QualityOut(msgspec.Struct, frozen=True):
    """How good a schedule is: `uncovered` are the stretches in which only the fallback answers."""

    begin: datetime
    end: datetime
    uncovered_hours: float
    uncovered: list[Stretch]
    hours: list[Hours]
    overloaded: list[str]
    conflicts: list[Clash]
    disabled: list[str]


class NewOverride(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Who holds a role before everybody else, for a time that is to come."""

    person: PersonId
    starts_at: WallOrInstant
    ends_at: WallOrInstant
