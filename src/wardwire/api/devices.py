"""Devices over HTTP: codes are issued, devices register with them, and are put out again."""

from __future__ import annotations

from wardwire.api import wire
from wardwire.api.operation import Answer, Call, Found, Operation, Registration
from wardwire.model import ids
from wardwire.model.errors import Code, Unavailable
from wardwire.model.matrix import Action, Owner
from wardwire.model.names import clean_line


def registration_of(call: Call) -> Registration:
    """Return what registers devices; a process without it says so."""
    if call.deps.registration is None:
        raise Unavailable(Code.UNAVAILABLE, "this process registers no devices")
    return call.deps.registration


async def issue_code(call: Call) -> Answer:
    """Issue a code for a person."""
    return Answer(body=await registration_of(call).issue(call.caller, call.id(ids.PERSON, "person_id")), status=201)


async def register(call: Call) -> Answer:
    """Register a device with its code: no key is needed, the code is the credential."""
    made = await registration_of(call).register(call.raw, call.address)
    await call.deps.refresh()
    return Answer(body=made, status=201)


async def find_device(call: Call) -> Found:
    """Find whose a device is."""
    device = call.deps.rules().directory.devices.get(call.id(ids.DEVICE, "device_id"))
    units = frozenset({device.unit_id} if device and device.unit_id else ())
    return Found([Owner(people=frozenset({device.person_id}), units=units)] if device else [])


async def revoke(call: Call) -> Answer:
    """Put a device out: committed first, then its connection is closed."""
    why = clean_line(call.body.why, "/why")
    await registration_of(call).revoke(call.caller, call.id(ids.DEVICE, "device_id"), why)
    await call.deps.refresh()
    return Answer(status=204)


OPERATIONS = (
    Operation(
        id="issueCode",
        method="POST",
        path="/v1/people/{person_id}/codes",
        tag="devices",
        about="Issue a one-time code with which one device of a person registers. An unused one ends with it.",
        handler=issue_code,
        answers={201: wire.RegistrationCode},
        refuses=(Code.NOT_FOUND, Code.RATE_LIMITED, Code.COMMIT_UNKNOWN),
        action=Action.DEVICE_ENROL,
    ),
    Operation(
        id="registerDevice",
        method="POST",
        path="/v1/devices/register",
        tag="devices",
        about="Register a device. Repeating it with the same code and keys gives the same device.",
        handler=register,
        body=wire.NewDevice,
        answers={201: wire.RegisteredDevice},
        refuses=(
            Code.NOT_AUTHENTICATED, Code.CODE_EXPIRED, Code.PROOF_INVALID, Code.CONFLICT, Code.RATE_LIMITED,
            Code.COMMIT_UNKNOWN,
        ),
        open=True,
    ),
    Operation(
        id="revokeDevice",
        method="POST",
        path="/v1/devices/{device_id}/revoke",
        tag="devices",
        about="Put a device out. It is committed first, then its connection is closed.",
        handler=revoke,
        body=wire.RevokeIn,
        answers={204: None},
        refuses=(Code.NOT_FOUND, Code.COMMIT_UNKNOWN),
        action=Action.DEVICE_REVOKE,
        find=find_device,
        example={"why": "lost"},
    ),
)  # fmt: skip
