"""The shapes of the HTTP interface: what comes in is strict, what goes out says its units in its names.

A message is stated in the same words as by a device (flow/statement.py); its id is the Idempotency-Key.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from wardwire.flow.statement import Responses, Sender, Statement
from wardwire.flow.views import PromiseLine, Reach
from wardwire.model import message as limits
from wardwire.model.details import FIELDS, MAX_ID, MAX_MANY, MAX_PHOTO
from wardwire.model.groups import MAX_WITHIN
from wardwire.model.membership import MAX_RULE
from wardwire.model.names import MAX_ADDRESS, MAX_NAME
from wardwire.model.priority import Kind, Priority
from wardwire.model.quiet import MAX_QUIET

Instant = Annotated[datetime, Meta(tz=True, description="RFC 3339, with its offset.")]
Name = Annotated[str, Meta(min_length=1, max_length=MAX_NAME)]
PersonId = Annotated[str, Meta(pattern="^per_[0-9a-f]{32}$", description="A person.")]
Scopes = list[str]


class OfferedIn(msgspec.Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """The responses that are offered: accept and decline, up to 12 choices of your own, free text."""

    accept_decline: bool = False
    choices: Annotated[tuple[str, ...], Meta(max_length=limits.MAX_CHOICES)] = ()
    free_text: bool = False


class NewMessage(msgspec.Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """A message as you state it. `to` holds ids or names: `Dr. Chen`, `role:Cardiology 1st`, `grp_…`.

    With a `policy`, or a `place` whose unit has one, it escalates: whoever its steps name is called in turn, until
    somebody accepts. `to` may then be empty; whoever stands there belongs to the first step. A `code` call that runs
    at its place already is refused `code_running`: join it with `add_to`, or say `force`. A `drill` is practice, and
    never counted as real.

    Subject or text must have a visible character. `patient` is kept apart from the text, so that no e-mail and no
    lock screen shows it. `expires_at` is refused for alerts of `code` and `high`.
    """

    priority: Priority
    to: Annotated[tuple[str, ...], Meta(max_length=limits.MAX_TARGETS)] = ()
    kind: Annotated[str, Meta(pattern="^(alert|chat)$")] = "alert"
    subject: Annotated[str, Meta(max_length=limits.MAX_SUBJECT)] = ""
    text: Annotated[str, Meta(max_length=limits.MAX_TEXT)] = ""
    callback: Annotated[str, Meta(max_length=limits.MAX_CALLBACK)] = ""
    responses: OfferedIn = OfferedIn()
    expires_at: Instant | None = None
    patient: Annotated[str, Meta(max_length=limits.MAX_PATIENT)] = ""
    reply_to: Annotated[str, Meta(pattern="^msg_[0-9a-f]{32}$")] | None = None
    policy: Annotated[str, Meta(max_length=MAX_NAME + 10)] = ""
    place: Annotated[str, Meta(max_length=MAX_NAME + 10)] = ""
    drill: bool = False
    force: bool = False
    add_to: Annotated[str, Meta(pattern="^msg_[0-9a-f]{32}$")] | None = None

    def statement(self, external_id: str) -> Statement:
        """Return the statement under an id."""
        offered = self.responses
        return Statement(
            id=external_id,
            to=self.to,
            priority=self.priority,
            kind=Kind(self.kind),
            subject=self.subject,
            text=self.text,
            callback=self.callback,
            responses=Responses(offered.accept_decline, offered.choices, offered.free_text),
            expires_at=self.expires_at,
            patient=self.patient,
            reply_to=self.reply_to,
            policy=self.policy,
            place=self.place,
            drill=self.drill,
            force=self.force,
            add_to=self.add_to,
        )


class DryRun(msgspec.Struct, frozen=True):
    """Who would get it, by which endpoints, and why; and who would be called by when. Nothing was kept."""

    recipient_count: int
    recipients: list[Reach]
    promise: list[PromiseLine]


class EscalateIn(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How a message becomes an alert: to whom, or by which policy, and how urgent it is now."""

    priority: Priority
    to: Annotated[tuple[str, ...], Meta(max_length=limits.MAX_TARGETS)] = ()
    policy: Annotated[str, Meta(max_length=MAX_NAME + 10)] = ""
    place: Annotated[str, Meta(max_length=MAX_NAME + 10)] = ""


class CancelIn(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How to take a message back: cancelled, it stays to be read; recalled, devices no longer show it.

    `all_clear` says of an alert that what it called for is over.
    """

    recall: bool = False
    all_clear: bool = False


class Cancelled(msgspec.Struct, frozen=True):
    """A message was taken back; `ended` deliveries ended by this request."""

    message: str
    why: str
    ended: int


class DeliveryOut(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a message stands with one person."""

    person: str
    name: str
    state: str
    why: str
    tries: str
    delivered_at: datetime | None = None
    read_at: datetime | None = None
    response: str = ""
    responded_at: datetime | None = None


class MessageOut(msgspec.Struct, frozen=True, omit_defaults=True):
    """A message, and how it stands. `states` counts all deliveries; of them the first 100 are named.

    Where there are more, `next` is the `after` of their next page at `/v1/messages/{message_id}/deliveries`.
    """

    id: str
    thread: str
    kind: str
    priority: str
    sender: Sender
    external_id: str
    stored_at: datetime
    states: dict[str, int]
    deliveries: list[DeliveryOut]
    subject: str = ""
    text: str = ""
    callback: str = ""
    responses: Responses = Responses()
    patient: str = ""
    reply_to: str = ""
    expires_at: datetime | None = None
    ended_at: datetime | None = None
    ended_why: str = ""
    next: str | None = None


class Deliveries(msgspec.Struct, frozen=True):
    """A page of a message's deliveries, by the ids of their people; `next` is the `after` of the next page."""

    data: list[DeliveryOut]
    next: str | None


class MessageLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """A message in a list."""

    id: str
    kind: str
    priority: str
    sender: Sender
    external_id: str
    stored_at: datetime
    ended_at: datetime | None = None
    ended_why: str = ""


class Messages(msgspec.Struct, frozen=True):
    """A page of messages, newest first; `next` is the `after` of the next page, null on the last."""

    data: list[MessageLine]
    next: str | None


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


class DeviceOut(msgspec.Struct, frozen=True):
    """A registered device."""

    id: str
    name: str
    app_version: str


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


class NewDevice(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What a device hands in to be registered: its public keys, made on it, and a proof that it holds them.

    `proof` is Ed25519 over "wardwire/1 register\\n" + SHA-256(code) + x25519. All bytes are base64url.
    """

    code: Annotated[str, Meta(min_length=8, max_length=40)]
    nkey: Annotated[str, Meta(pattern="^U[A-Z2-7]{55}$", description="Its Ed25519 public key, as a NATS user nkey.")]
    x25519: Annotated[str, Meta(min_length=43, max_length=44)]
    proof: Annotated[str, Meta(min_length=86, max_length=88)]
    name: Annotated[str, Meta(min_length=1, max_length=80)]
    app: Annotated[str, Meta(max_length=64)] = ""


class RegisteredDevice(msgspec.Struct, frozen=True):
    """What a registered device must know: who it is, where it connects, and the site's key.

    `authority` is the certificate that it must trust, where the site is its own authority.
    """

    device: str
    person: str
    name: str
    server: str
    site_x25519: str
    authority: str = ""


class RegistrationCode(msgspec.Struct, frozen=True):
    """A code to be read out or shown, once; good for one device and ten minutes.

    `url` opens the app and registers it; `qr` is the same as a picture (SVG). Both are empty without a front.
    """

    code: str
    person: str
    expires_at: datetime
    url: str
    qr: str


class RevokeIn(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Why a device is put out, e.g. `lost`."""

    why: Annotated[str, Meta(min_length=1, max_length=100)] = "not said"
