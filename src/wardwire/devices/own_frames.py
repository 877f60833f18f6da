"""Frames of what is a person's own: devices, quiet hours. Part of devices/frames.py, which reads and writes them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from wardwire.model.priority import Priority

OwnId = Annotated[str, Meta(min_length=1, max_length=200)]
DeviceId = Annotated[str, Meta(max_length=36)]


class _Up(Struct, tag_field="t", forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    id: OwnId


class AskDevices(_Up, frozen=True, tag="devices"):
    """Which devices have I? Answered by `devices`. Only to a core whose welcome `hears` `own`, like the next two."""


class ReportLost(_Up, frozen=True, tag="device_lost"):
    """Report one of my devices as lost: it is put out at once, and wipes itself when it comes back.

    Answered by `done` once that is committed, or `refused`; safe to repeat.
    """

    device: DeviceId


class RemoveDevice(_Up, frozen=True, tag="device_remove"):
    """Put one of my devices out, or this one. Answered as a lost one is; a unit's device is no one's to remove."""

    device: DeviceId


class AskQuiet(_Up, frozen=True, tag="quiet"):
    """Which quiet hours have I? Answered by `quiet`. Only to a core that `hears` `quiet`, like the next two."""


class _Hours(_Up, frozen=True, kw_only=True):
    """`hours` is `22:00-07:00` by the wall clock of `zone`, "" = none; `days` (`mon` …) are those on which they
    begin, none named = all; `priorities` are of `medium` and `low`."""

    hours: Annotated[str, Meta(max_length=11)] = ""
    days: Annotated[tuple[str, ...], Meta(max_length=7)] = ()
    priorities: Annotated[tuple[Priority, ...], Meta(max_length=4)] = (Priority.LOW,)
    zone: Annotated[str, Meta(max_length=60)] = ""


class SetQuiet(_Hours, frozen=True, kw_only=True, tag="quiet_set"):
    """Set my quiet hours, or with `hours` "" none. Answered by `quiet` as it then is, or `refused`.

    `version`: as it was read; when it was changed since, `changed_since`.
    """

    version: Annotated[int, Meta(ge=0, le=2**53)] = 0


class TryQuiet(_Hours, frozen=True, kw_only=True, tag="quiet_try"):
    """What would ring at an instant, with these hours? Answered by `rung`. Nothing is changed or sent."""

    at: Annotated[datetime, Meta(tz=True)]


class KeepPush(_Up, frozen=True, tag="push"):
    """Here my browser lets itself be woken (Web Push). Answered by `done`, or `refused`; the same again is safe.

    Only to a core whose welcome has a `push` key, with which the browser was asked.

    Attributes:
        endpoint: https, of a push service.
        p256dh, auth: The browser's keys, base64url without padding.
    """

    endpoint: Annotated[str, Meta(min_length=12, max_length=1024)]
    p256dh: Annotated[str, Meta(min_length=87, max_length=87)]
    auth: Annotated[str, Meta(min_length=22, max_length=22)]


class EndPush(_Up, frozen=True, tag="push_end"):
    """Wake my browser no more. Answered by `done`."""


class AskCodes(_Up, frozen=True, tag="codes"):
    """Which kinds of code call may I make? Answered by `codes`, or `refused`. Only to a core that `hears` `codes`."""


class OwnDevice(Struct, frozen=True, omit_defaults=True):
    """A device that is let in. `unit`: it is a shared one, and whose. `last_heard_at` is some minutes coarse."""

    id: str
    name: str
    registered_at: datetime
    last_heard_at: datetime | None = None
    type: str = ""
    platform: str = ""
    os: str = ""
    app: str = ""
    unit: str = ""


class LostOne(Struct, frozen=True):
    """A device that was reported lost, and how far its order has come: `requested`, `delivered` (it has the order),
    `confirmed` (it says that it is done), `unconfirmed` (a day has passed, and nobody knows)."""

    id: str
    name: str
    order: str
    state: str
    at: datetime


class DevicesFrame(Struct, tag_field="t", frozen=True, omit_defaults=True, tag="devices"):
    """One's devices, the oldest first, and those that were lost, the latest first."""

    id: str
    data: list[OwnDevice] = []
    lost: list[LostOne] = []


class QuietFrame(Struct, tag_field="t", frozen=True, omit_defaults=True, tag="quiet"):
    """One's quiet hours, and what the site lets nobody prefer.

    Attributes:
        zone: Whose wall clock the hours are read from; "" = the device's own will do.
        fixed: One has other preferences with hours in this zone: it stays.
        high_calls_within_s: So soon something must call for `high`.
    """

    id: str
    version: int
    high_calls_within_s: float
    hours: str = ""
    days: list[str] = []
    priorities: list[Priority] = []
    zone: str = ""
    fixed: bool = False


class RungTry(Struct, frozen=True):
    """What is tried together, so many seconds later if nothing was confirmed."""

    after_s: float
    endpoints: list[str]


class Rung(Struct, frozen=True, omit_defaults=True):
    """What a message of a priority would do. `by`: whose preference says so, as in a result's; "" = the site."""

    priority: Priority
    rings: bool
    tries: list[RungTry]
    by: str = ""


class RungFrame(Struct, tag_field="t", frozen=True, tag="rung"):
    """What would ring at an instant, by priority, the most urgent first."""

    id: str
    at: datetime
    data: list[Rung]


class CodeType(Struct, frozen=True):
    """A kind of code call: a policy that calls a team, to be named in `policy` of a send."""

    id: str
    name: str


class CodesFrame(Struct, tag_field="t", frozen=True, omit_defaults=True, tag="codes"):
    """The kinds of code call, by name."""

    id: str
    data: list[CodeType] = []
