"""The shapes of the directory: people, endpoints, groups, roles, shifts, keys. As strict as those of messages."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from wardwire.api.wire import DeviceOut, Instant, Name, PersonId, Scopes
from wardwire.model.details import FIELDS, MAX_ID, MAX_MANY, MAX_PHOTO
from wardwire.model.groups import MAX_WITHIN
from wardwire.model.membership import MAX_RULE
from wardwire.model.names import MAX_ADDRESS, MAX_NAME
from wardwire.model.quiet import MAX_QUIET

Line = Annotated[str, Meta(max_length=MAX_NAME)]
Lines = Annotated[list[Line], Meta(max_length=MAX_MANY)]
ExternalIds = Annotated[
    dict[str, Annotated[str, Meta(max_length=MAX_ID)]],
    Meta(description='By source: who they are there. "" takes one away; a source that is not named stays.'),
]


class DetailsIn(msgspec.Struct, frozen=True):
    """What else is known of a person; what is left out stays."""

    given: Line | UnsetType = UNSET
    family: Line | UnsetType = UNSET
    preferred: Line | UnsetType = UNSET
    spoken: Line | UnsetType = UNSET
    sort: Line | UnsetType = UNSET
    departments: Lines | UnsetType = UNSET
    location: Line | UnsetType = UNSET
    languages: Lines | UnsetType = UNSET
    photo: Annotated[str, Meta(max_length=MAX_PHOTO)] | UnsetType = UNSET
    phones: Lines | UnsetType = UNSET
    external_ids: ExternalIds | UnsetType = UNSET

    def details(self) -> dict[str, Any]:
        """Return what was given, by field."""
        return {field: value for field in FIELDS if (value := getattr(self, field)) is not UNSET}


class NewPerson(DetailsIn, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A person to be added."""

    name: Name
    title: Line = ""
    scopes: Scopes = []


class PersonChange(DetailsIn, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What is to change of a person; what is left out stays."""

    name: Name | UnsetType = UNSET
    title: Line | UnsetType = UNSET
    scopes: Scopes | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET


class StatusIn(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A status, until an instant or until changed."""

    status: Annotated[str, Meta(pattern="^(available|busy|in_procedure|do_not_disturb|off)$")]
    until: Instant | None = None
    cover: Annotated[
        str, Meta(max_length=60, description="Who covers: `per_…`, `rol_…`, `number:+1 555 0100`, `hold`.")
    ] = ""


Address = Annotated[str, Meta(min_length=1, max_length=MAX_ADDRESS)]
QuietTimes = Annotated[
    list[str],
    Meta(
        max_length=MAX_QUIET,
        description="When it is used for `code` and `high` alone, e.g. `mon-fri 22:00-07:00 Europe/Berlin`.",
    ),
]


class NewEndpoint(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A way to reach a person outside our own devices."""

    address: Address
    kind: Annotated[str, Meta(pattern="^(email|pager|phone|sms|voice)$")] = "email"
    verified: bool = False
    emergency_only: bool = False
    until: Instant | None = None
    quiet: QuietTimes = []


class EndpointChange(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What is to change of an endpoint; another address is not verified, `until: null` takes its end away."""

    address: Address | UnsetType = UNSET
    verified: bool | UnsetType = UNSET
    emergency_only: bool | UnsetType = UNSET
    until: Instant | UnsetType | None = UNSET
    quiet: QuietTimes | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET


class EndpointOut(msgspec.Struct, frozen=True):
    """An endpoint; its address is shown to those who may change it. What is not `served` has no channel yet."""

    id: str
    kind: str
    address: str
    verified_at: datetime | None
    emergency_only: bool
    until: datetime | None
    quiet: list[str]
    served: bool
    disabled: bool


class PersonOut(msgspec.Struct, frozen=True):
    """A person. `version` is their ETag too; ids elsewhere are shown to those who may change them."""

    id: str
    name: str
    title: str
    status: str
    status_until: datetime | None
    cover: str
    scopes: list[str]
    disabled: bool
    devices: list[DeviceOut]
    endpoints: list[EndpointOut]
    given: str
    family: str
    preferred: str
    spoken: str
    sort: str
    departments: list[str]
    location: str
    languages: list[str]
    photo: str
    phones: list[str]
    external_ids: dict[str, str]
    version: int


class People(msgspec.Struct, frozen=True):
    """A page of people; `next` is the `after` of the next page, null on the last."""

    data: list[PersonOut]
    next: str | None


GroupIds = Annotated[
    list[Annotated[str, Meta(pattern="^grp_[0-9a-f]{32}$", description="A group.")]], Meta(max_length=MAX_WITHIN)
]
RuleText = Annotated[
    str, Meta(max_length=MAX_RULE, description='E.g. `department = "Cardiology" and title contains "RN"`.')
]


class NewGroup(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A group to be added; more members than a request holds are added by PATCH.

    People of the `groups` within it, and whoever the `rule` finds, are in it too.
    """

    name: Name
    members: list[PersonId] = []
    groups: GroupIds = []
    rule: RuleText = ""


class GroupChange(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What is to change of a group; `groups` and `rule` replace what was there."""

    name: Name | UnsetType = UNSET
    add: list[PersonId] = []
    remove: list[PersonId] = []
    groups: GroupIds | UnsetType = UNSET
    rule: RuleText | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET


class GroupOut(msgspec.Struct, frozen=True):
    """A group with its members by name; `people_count` is everybody who is in it, each once."""

    id: str
    name: str
    member_count: int
    members: list[str]
    groups: list[str]
    rule: str
    people_count: int
    disabled: bool


class GroupLine(msgspec.Struct, frozen=True):
    """A group in a list."""

    id: str
    name: str
    member_count: int
    people_count: int
    disabled: bool


class Groups(msgspec.Struct, frozen=True):
    """A page of groups."""

    data: list[GroupLine]
    next: str | None


Fallback = Annotated[
    str,
    Meta(
        pattern="^(desk|(per|grp)_[0-9a-f]{32})$",
        description="Who answers when nobody holds a role: a person, a group, or `desk`, the operators'.",
    ),
]


class NewRole(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A role to be added. It must have a fallback: who answers when nobody holds it."""

    name: Name
    fallback: Fallback | None = None


class RoleChange(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What is to change of a role. Its fallback is changed, and never taken away."""

    name: Name | UnsetType = UNSET
    fallback: Fallback | UnsetType | None = UNSET
    disabled: bool | UnsetType = UNSET


WallOrInstant = Annotated[
    datetime,
    Meta(description="RFC 3339; without an offset it is the wall's time in the zone of the role's schedule."),
]


class NewShift(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Who holds a role from `starts_at` until just before `ends_at`."""

    person: PersonId
    starts_at: WallOrInstant
    ends_at: WallOrInstant


class ShiftOut(msgspec.Struct, frozen=True):
    """A shift, or an override; `notes` say what its times mean on a night on which the clock changes."""

    id: str
    person: str
    name: str
    starts_at: datetime
    ends_at: datetime
    override: bool = False
    notes: list[str] = []


class RoleOut(msgspec.Struct, frozen=True):
    """A role: who holds it now and by which rule, and its shifts that are not over."""

    id: str
    name: str
    fallback: str
    holder: str | None
    disabled: bool
    shifts: list[ShiftOut]
    rule: str | None = None


class Roles(msgspec.Struct, frozen=True):
    """A page of roles."""

    data: list[RoleOut]
    next: str | None


class NewKey(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A key to be made: for which integration, and what it may do."""

    source: Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9._-]{0,59}$")]
    scopes: Annotated[Scopes, Meta(min_length=1)]


class KeyOut(msgspec.Struct, frozen=True):
    """A key, without its secret."""

    id: str
    source: str
    scopes: list[str]
    revoked: bool


class MadeKey(msgspec.Struct, frozen=True):
    """A key that was just made. `key` is shown this once, and kept nowhere: in a repeated answer it is null."""

    id: str
    source: str
    scopes: list[str]
    key: str | None


class Keys(msgspec.Struct, frozen=True):
    """All keys."""

    data: list[KeyOut]
    next: str | None
