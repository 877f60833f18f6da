"""What is told of a message's state: results to senders, status to their devices, events to recipients' devices."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from wardwire.model import ids
from wardwire.model.delivery import Delivery

# So many recipients are named in a result; the rest is a number.
MAX_NAMED = 100


class Reach(msgspec.Struct, frozen=True, omit_defaults=True):
    """One recipient of a result.

    `reach` is `device`, `email` or `none`: the best endpoint there is. `tries` are the stages to come, with
    their seconds. `status` is named when it is not *available*, with
    `until` when and who covers (`cover`); `passed`, which endpoints are not used and why; `by`,
    whose preference made the tries, and which, when it was not the site's default.
    """

    person: str
    name: str
    why: str
    reach: str
    tries: str
    status: str = ""
    until: datetime | None = None
    cover: str = ""
    passed: list[str] = []
    by: str = ""


def say_status(reach: Reach) -> str:
    """Say what a recipient is, until when, and who covers: `, in procedure until 11:30, Dr. Okafor covers`."""
    if not reach.status:
        return ""
    until = f" until {reach.until.astimezone():%H:%M}" if reach.until else ""
    cover = f", {reach.cover} covers" if reach.cover else ""
    return f", {reach.status.replace('_', ' ')}{until}{cover}"


class PromiseLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who is called by when if nobody answers before: seconds from `at`, names, and how (model/promise.py)."""

    in_s: float
    who: str
    how: str


class Stored(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer to a submission: it is committed.

    `durability` is `synchronous` or `degraded`. Of more than 100 recipients only those are named who have no
    endpoint, up to 100.
    """

    message: str
    thread: str
    at: datetime
    durability: str
    recipient_count: int
    recipients: list[Reach]
    promise: list[PromiseLine] = []


read_stored = msgspec.json.Decoder(Stored).decode
"""Read a result as it is kept with its identity, and told."""


read_promise = msgspec.json.Decoder(list[PromiseLine]).decode
"""Read a promise as it is kept with a plan."""


class NewBody(msgspec.Struct, frozen=True, gc=False):
    """The body of the event `new`: the message as JSON, and whether this person's devices ring."""

    message: bytes
    rings: bool
    stored_at: datetime


class DeliveryView(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a delivery stands, for the person's own other devices and for the sender.

    `name` is the person's, for others who are to see who has it; `by` the name of who has ended the message.
    """

    message: str
    person: str
    state: str
    at: datetime
    response: str = ""
    device: str = ""
    name: str = ""
    by: str = ""


class Part(msgspec.Struct, frozen=True, omit_defaults=True):
    """A part of a team: how many are needed of it, how many have accepted, and who they are.

    `missing`: it was not there in its time, or no longer can be: the operators' desk was told and its backup called.
    `due`: until then it is not missing, it has only not come yet; absent once it is there or missing.
    """

    role: str
    needed: int
    there: int
    who: list[str] = []
    missing: bool = False
    due: datetime | None = None


class Team(msgspec.Struct, frozen=True, gc=False):
    """A live word to everybody of a team call: which parts of it are there, and which are missing."""

    to: tuple[UUID, ...]
    message_id: UUID
    parts: tuple[Part, ...]


class Status(msgspec.Struct, frozen=True, gc=False):
    """A live word to a sender's devices: how a delivery stands, since when, and by which device."""

    to: UUID
    delivery: Delivery
    at: datetime
    device_id: UUID | None

    @property
    def view(self) -> DeliveryView:
        """What is said."""
        return view_delivery(self.delivery, self.at, self.device_id)


def view_delivery(
    delivery: Delivery, at: datetime, device_id: UUID | None, name: str = "", by: str = ""
) -> DeliveryView:
    """Say how a delivery stands; with the person's name for those who are to see who has it."""
    return DeliveryView(
        message=ids.write_id(ids.MESSAGE, delivery.message_id),
        person=ids.write_id(ids.PERSON, delivery.person_id),
        state=delivery.state,
        at=at,
        response=delivery.response or "",
        device=ids.write_id(ids.DEVICE, device_id) if device_id else "",
        name=name,
        by=by,
    )
