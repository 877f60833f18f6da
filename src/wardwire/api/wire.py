"""The shapes of the HTTP interface: what comes in is strict, what goes out says its units in its names.

A message is stated in the same words as by a device (flow/statement.py); its id is the Idempotency-Key.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from wardwire.flow.statement import Responses, Sender, Statement
from wardwire.flow.views import PromiseLine, Reach
from wardwire.model import message as limits
from wardwire.model.names import MAX_NAME
from wardwire.model.priority import Kind, Priority

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


class DeviceOut(msgspec.Struct, frozen=True):
    """A registered device."""

    id: str
    name: str
    app_version: str
