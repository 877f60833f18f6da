"""The shapes of who is on call: schedules in, who holds a role when and by which rule out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from wardwire.api.wire import PersonId, ShiftOut, WallOrInstant
from wardwire.store.oncall import LayerText

_PEOPLE = Annotated[list[PersonId], Meta(max_length=500)]


class ScheduleIn(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The rotations of a role. Of its layers the first holds that has somebody; times are the wall's in `zone`.

    A layer's participants take turns of `length_h` hours from `starts` on, which says the time and the weekday of its
    hand-over. Where it has `windows`, it holds only in them. `owners` may change the schedule, `swappers` may take
    shifts, `viewers` may see it (nobody named: everybody), `monitors` get copies; what is left out stays.
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


class NewOverride(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Who holds a role before everybody else, for a time that is to come."""

    person: PersonId
    starts_at: WallOrInstant
    ends_at: WallOrInstant
