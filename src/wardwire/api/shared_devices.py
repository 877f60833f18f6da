"""Shared devices and badges over HTTP: a unit's devices, given to people and taken back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from wardwire.api.device_register import DeviceShown, get_device
from wardwire.api.devices import find_device, registration_of
from wardwire.api.operation import Answer, Call, Operation
from wardwire.model import ids
from wardwire.model.errors import Code
from wardwire.model.matrix import Action

PersonId = Annotated[str, Meta(pattern="^per_[0-9a-f]{32}$", description="A person.")]
UnitId = Annotated[str, Meta(pattern="^plc_[0-9a-f]{32}$", description="A unit.")]


class ShareIn(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The unit that a device belongs to from now on."""

    unit: UnitId


class CheckOutIn(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Who gets a device, and until when; without an instant for a shift."""

    person: PersonId
    until: Annotated[datetime, Meta(tz=True)] | None = None


class BadgeIn(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A badge's number, as a reader reads it. It is kept as a keyed digest alone."""

    badge: Annotated[str, Meta(min_length=4, max_length=128)]


async def share(call: Call) -> Answer:
    """Make a device one of a unit."""
    unit_id = ids.read_id(ids.PLACE, call.body.unit)
    await registration_of(call).share(call.caller, call.id(ids.DEVICE, "device_id"), unit_id)
    return await _shown(call)


async def check_out(call: Call) -> Answer:
    """Give a shared device to a person."""
    body: CheckOutIn = call.body
    person_id = ids.read_id(ids.PERSON, body.person)
    await registration_of(call).check_out(call.caller, call.id(ids.DEVICE, "device_id"), person_id, body.until)
    return await _shown(call)


async def check_in(call: Call) -> Answer:
    """Take a shared device back."""
    await registration_of(call).check_in(call.caller, call.id(ids.DEVICE, "device_id"))
    return await _shown(call)


async def set_badge(call: Call) -> Answer:
    """Give a person a badge."""
    await registration_of(call).set_badge(call.caller, call.id(ids.PERSON, "person_id"), call.body.badge)
    return Answer(status=204)


async def end_badge(call: Call) -> Answer:
    """Take a person's badge away."""
    await registration_of(call).set_badge(call.caller, call.id(ids.PERSON, "person_id"), None)
    return Answer(status=204)


async def _shown(call: Call) -> Answer:
    await call.deps.refresh()
    return await get_device(call)


_TURNS = (Code.NOT_FOUND, Code.CONFLICT, Code.INVALID, Code.COMMIT_UNKNOWN)

OPERATIONS = (
    Operation(
        id="shareDevice", method="POST", path="/v1/devices/{device_id}/share", tag="devices",
        about="Make a device one of a unit: nobody has it, until somebody takes it by badge or is given it. Safe to "
        "repeat; whoever has it is signed out first.",
        handler=share, body=ShareIn, answers={200: DeviceShown}, refuses=_TURNS, action=Action.DIRECTORY_WRITE,
        example={"unit": "plc_0193a1b2c3d47e5f8a9b0c1d2e3f4a5b"},
    ),
    Operation(
        id="checkOutDevice", method="POST", path="/v1/devices/{device_id}/check-out", tag="devices",
        about="Give a shared device to a person. The session of whoever had it ends first, committed; then the "
        "device clears itself. What was open for them goes on to their next endpoint at once.",
        handler=check_out, body=CheckOutIn, answers={200: DeviceShown}, refuses=_TURNS,
        action=Action.DEVICE_CHECK_OUT, find=find_device,
        example={"person": "per_0193a1b2c3d47e5f8a9b0c1d2e3f4a5b"},
    ),
    Operation(
        id="checkInDevice", method="POST", path="/v1/devices/{device_id}/check-in", tag="devices",
        about="Take a shared device back, as checkOutDevice does, for nobody. Safe to repeat.",
        handler=check_in, answers={200: DeviceShown}, refuses=_TURNS, action=Action.DEVICE_CHECK_IN, find=find_device,
    ),
    Operation(
        id="setBadge", method="PUT", path="/v1/people/{person_id}/badge", tag="devices",
        about="Give a person a badge, in the place of their former one.",
        handler=set_badge, body=BadgeIn, answers={204: None}, refuses=_TURNS, action=Action.DIRECTORY_WRITE,
        example={"badge": "04:A2:2B:91"},
    ),
    Operation(
        id="endBadge", method="DELETE", path="/v1/people/{person_id}/badge", tag="devices",
        about="Take a person's badge away. Safe to repeat.",
        handler=end_badge, answers={204: None}, refuses=_TURNS, action=Action.DIRECTORY_WRITE,
    ),
)  # fmt: skip
