"""The register of devices over HTTP: whose each is, what it is, how it stands; and how it is to behave."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from wardwire.api.device_settings import DeviceId, GroupId, LayerOut, show_layer
from wardwire.api.devices import find_device
from wardwire.api.directory import read_operation, write_operation
from wardwire.api.instants import read_instant
from wardwire.api.operation import Answer, Call, Query
from wardwire.api.paging import AFTER, LIMIT, cut, read_cursor
from wardwire.api.versions import etag, expected_version
from wardwire.directory.device_register import MAX_COST_CENTRE, MAX_NAME, change_device
from wardwire.model import ids
from wardwire.model.device_register import Registered
from wardwire.model.device_settings import NOTHING, SETTINGS, Scope, Value
from wardwire.model.directory import settings_of
from wardwire.model.errors import Code, Refused
from wardwire.model.matrix import Action, Reach, reach_of
from wardwire.model.names import clean_line
from wardwire.model.shared_device import NOBODY
from wardwire.store.device_register import Choice, find_registered, list_registered


class DeviceOut(msgspec.Struct, frozen=True):
    """A device. `state` is `active`, `revoked`, or `lost` until it has done what it was ordered.

    What it says of itself is `type` to `charging`, as of `about_at`; an old client says none of it. `last_heard_at`
    is some minutes coarse. A device with a `unit` is shared; `person` is null while nobody has it.
    """

    id: DeviceId
    name: str
    person: str | None
    person_name: str
    app: str
    group: str | None
    group_name: str | None
    state: str
    ownership: str
    cost_centre: str
    unit: str | None
    unit_name: str | None
    held_until: datetime | None
    registered_at: datetime
    last_heard_at: datetime | None
    type: str
    platform: str
    model: str
    os: str
    carrier: str
    battery: int | None
    charging: bool | None
    about_at: datetime | None


class Devices(msgspec.Struct, frozen=True):
    """A page of devices."""

    data: list[DeviceOut]
    next: str | None


class SettingOut(msgspec.Struct, frozen=True):
    """How a setting is for a device: `source` is `default`, `site`, `group` or `device`; `locked_by` may be empty."""

    value: Value
    source: str
    locked_by: str
    about: str


class DeviceShown(msgspec.Struct, frozen=True):
    """A device, and how it is to behave."""

    device: DeviceOut
    settings: dict[str, SettingOut]
    own: LayerOut


class DeviceChange(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What the register is to say; what is left out stays. `group: null` = in none."""

    name: Annotated[str, Meta(min_length=1, max_length=MAX_NAME)] | UnsetType = UNSET
    ownership: Annotated[str, Meta(pattern="^(|hospital|own)$")] | UnsetType = UNSET
    cost_centre: Annotated[str, Meta(max_length=MAX_COST_CENTRE)] | UnsetType = UNSET
    group: GroupId | UnsetType | None = UNSET


def show_registered(device: Registered) -> DeviceOut:
    """Say what the register has of a device."""
    return DeviceOut(
        id=ids.write_id(ids.DEVICE, device.id),
        name=device.name,
        person=ids.write_id(ids.PERSON, device.person_id) if device.person_id != NOBODY else None,
        person_name=device.person,
        app=device.app,
        group=ids.write_id(ids.DEVICE_GROUP, device.group_id) if device.group_id else None,
        group_name=device.group,
        state=device.state,
        ownership=device.ownership,
        cost_centre=device.cost_centre,
        unit=ids.write_id(ids.PLACE, device.unit_id) if device.unit_id else None,
        unit_name=device.unit,
        held_until=device.held_until,
        registered_at=device.registered_at,
        last_heard_at=device.heard_at,
        type=device.kind,
        platform=device.platform,
        model=device.model,
        os=device.os,
        carrier=device.carrier,
        battery=device.battery,
        charging=device.charging,
        about_at=device.about_at,
    )


def read_choice(call: Call) -> Choice:
    """Read which devices are asked for; who may not see all sees their own, whatever they ask for.

    Raises:
        Refused: `INVALID`, naming the parameter.
    """
    query = call.query
    own = None if reach_of(call.caller, Action.DEVICE_READ) is Reach.ANY else call.caller.person_id
    return Choice(
        person_id=own or read_cursor(ids.PERSON, query["person"], None),
        group_id=read_cursor(ids.DEVICE_GROUP, query["group"], None),
        ownership=_read_line(call, "ownership"),
        cost_centre=_read_line(call, "cost_centre"),
        platform=_read_line(call, "platform"),
        silent_since=read_instant(call, "not_heard_since"),
        unit_id=read_cursor(ids.PLACE, query["unit"], None),
        state=_read_line(call, "state"),
    )


def _read_line(call: Call, name: str) -> str | None:
    text = call.query[name]
    try:
        return None if text is None else clean_line(text, "")
    except Refused as refused:
        raise Refused(Code.INVALID, refused.detail, parameter=name) from None


async def list_devices(call: Call) -> Answer:
    """List devices: all, or one's own."""
    limit, after = call.query["limit"], read_cursor(ids.DEVICE, call.query["after"], None)
    choice = read_choice(call)
    start = {} if after is None else {"after": after}
    found = await call.read(lambda c: list_registered(c, choice, limit=limit + 1, **start))
    shown = [show_registered(device) for device in found]
    kept = {query.name: call.query[query.name] for query in _CHOICE}
    page, following, headers = cut(shown, limit, lambda one: one.id, "/v1/devices", **kept)
    return Answer(body=Devices(page, following), headers=headers)


async def get_device(call: Call) -> Answer:
    """Show a device."""
    directory, device_id = call.deps.rules().directory, call.id(ids.DEVICE, "device_id")
    found = await call.read(lambda c: find_registered(c, device_id))
    device = directory.devices.get(device_id)
    if found is None or device is None:
        raise Refused(Code.NOT_FOUND, "there is nothing of this id")
    settings = {
        key: SettingOut(one.value, one.source, one.locked_by, SETTINGS[key].about)
        for key, one in settings_of(directory, device).items()
    }
    own = show_layer(directory.device_layers.get((Scope.DEVICE, device_id), NOTHING))
    return Answer(body=DeviceShown(show_registered(found), settings, own), headers=etag(found.version))


async def change(call: Call) -> Answer:
    """Change what the register says of a device."""
    body: DeviceChange = call.body
    group = None
    if body.group is not UNSET:
        group = (ids.read_id(ids.DEVICE_GROUP, body.group) if body.group else None,)
    await change_device(
        call.deps.desk,
        call.caller,
        call.id(ids.DEVICE, "device_id"),
        name=None if body.name is UNSET else body.name,
        ownership=None if body.ownership is UNSET else body.ownership,
        cost_centre=None if body.cost_centre is UNSET else body.cost_centre,
        group=group,
        expected=expected_version(call),
    )
    await call.deps.refresh()
    return await get_device(call)


_CHOICE = (
    Query(name="person", kind="string", about="Only of this person."),
    Query(name="group", kind="string", about="Only of this group of devices."),
    Query(name="unit", kind="string", about="Only shared devices of this unit."),
    Query(name="ownership", kind="string", about="`hospital` or `own`."),
    Query(name="cost_centre", kind="string", about="Only of this cost centre."),
    Query(name="platform", kind="string", about="Only of this platform."),
    Query(name="state", kind="string", about="`active`, `revoked` or `lost`."),
    Query(name="not_heard_since", kind="string", about="Only those that were not heard since this instant."),
)

OPERATIONS = (
    read_operation(
        "listDevices", "/v1/devices",
        "List devices: whose each is, what it is, when it was last heard; one's own, where one may not see all.",
        list_devices, Devices, LIMIT, AFTER, *_CHOICE, action=Action.DEVICE_READ, narrows=True,
    ),
    read_operation(
        "getDevice", "/v1/devices/{device_id}", "Show a device, how it is to behave, and which layer says so.",
        get_device, DeviceShown, action=Action.DEVICE_READ, find=find_device,
    ),
    write_operation(
        "changeDevice", "PATCH", "/v1/devices/{device_id}", "Change what the register says of a device.",
        change, DeviceChange, 200, DeviceShown,
        Code.NOT_FOUND, Code.INVALID, Code.TEXT_BLANK, Code.TEXT_TOO_LONG, Code.COMMIT_UNKNOWN,
        guarded=True, example={"ownership": "hospital", "cost_centre": "4711"},
    ),
)  # fmt: skip
