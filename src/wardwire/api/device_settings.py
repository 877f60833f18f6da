"""Groups of devices, and how devices behave, over HTTP. The devices themselves: device_register.py."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from wardwire.api.devices import find_device
from wardwire.api.directory import NAMED, PAGE, changed, cut_page, find, given, read_operation, write_operation
from wardwire.api.making import make
from wardwire.api.operation import Answer, Call
from wardwire.api.wire import Name
from wardwire.directory import device_settings as changes
from wardwire.model import ids
from wardwire.model.device_settings import NOTHING, SITE, DeviceGroup, Layer, Scope, Value
from wardwire.model.errors import Code
from wardwire.model.matrix import Action

DeviceId = Annotated[str, Meta(pattern="^dev_[0-9a-f]{32}$", description="A device.")]
GroupId = Annotated[str, Meta(pattern="^dvg_[0-9a-f]{32}$", description="A group of devices.")]
Handler = Callable[[Call], Awaitable[Answer]]
Key = Annotated[str, Meta(max_length=40)]


class NewDeviceGroup(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A group of devices to be added."""

    name: Name


class DeviceGroupChange(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What is to change of a group of devices."""

    name: Name | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET


class DeviceGroupOut(msgspec.Struct, frozen=True):
    """A group of devices that are set alike."""

    id: str
    name: str
    disabled: bool


class DeviceGroups(msgspec.Struct, frozen=True):
    """A page of groups of devices."""

    data: list[DeviceGroupOut]
    next: str | None


class LayerIn(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """All that a layer says: `values` by setting, and which of them those below may not change (`locked`)."""

    values: Annotated[dict[Key, Value], Meta(max_length=100)] = {}
    locked: Annotated[tuple[Key, ...], Meta(max_length=100)] = ()


class LayerOut(msgspec.Struct, frozen=True):
    """All that a layer says."""

    values: dict[str, Value]
    locked: list[str]


class MoveIn(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Devices that come into a group; `group: null` = into none."""

    devices: Annotated[tuple[DeviceId, ...], Meta(min_length=1, max_length=changes.MAX_AT_ONCE)]
    group: GroupId | None


class Moved(msgspec.Struct, frozen=True):
    """How many were moved."""

    count: int


def show_group(group: DeviceGroup) -> DeviceGroupOut:
    """Say what a group of devices is."""
    return DeviceGroupOut(ids.write_id(ids.DEVICE_GROUP, group.id), group.name, group.disabled)


def show_layer(layer: Layer) -> LayerOut:
    """Say what a layer says."""
    return LayerOut(dict(layer.values), sorted(layer.locked))


async def list_groups(call: Call) -> Answer:
    """List groups of devices."""
    groups = call.deps.rules().directory.device_groups.values()
    page, following, headers = cut_page(call, ids.DEVICE_GROUP, "/v1/device-groups", groups)
    return Answer(body=DeviceGroups([show_group(one) for one in page], following), headers=headers)


async def add_group(call: Call) -> Answer:
    """Add a group of devices."""
    name = call.body.name
    return await make(
        call,
        lambda desk: changes.add_device_group(desk, call.caller, name),
        show_group,
        at="/v1/device-groups",
    )


async def change_group(call: Call) -> Answer:
    """Change a group of devices."""
    body: DeviceGroupChange = call.body
    group_id = call.id(ids.DEVICE_GROUP, "group_id")
    after = await changes.change_device_group(
        call.deps.desk, call.caller, group_id, name=given(body.name), disabled=given(body.disabled)
    )
    return await changed(call, Answer(body=show_group(after)))


async def move(call: Call) -> Answer:
    """Put devices into a group."""
    body: MoveIn = call.body
    devices = [ids.read_id(ids.DEVICE, one) for one in dict.fromkeys(body.devices)]
    group = ids.read_id(ids.DEVICE_GROUP, body.group) if body.group else None
    count = await changes.move_devices(call.deps.desk, call.caller, devices, group)
    return await changed(call, Answer(body=Moved(count)))


def _whose(call: Call, scope: Scope) -> UUID:
    """Return whose layer it is, once that is there."""
    directory = call.deps.rules().directory
    if scope is Scope.SITE:
        return SITE
    if scope is Scope.GROUP:
        return find(directory.device_groups, call.id(ids.DEVICE_GROUP, "group_id")).id
    return find(directory.devices, call.id(ids.DEVICE, "device_id")).id


def _getter(scope: Scope) -> Handler:
    async def get(call: Call) -> Answer:
        layers = call.deps.rules().directory.device_layers
        return Answer(body=show_layer(layers.get((scope, _whose(call, scope)), NOTHING)))

    return get


def _setter(scope: Scope) -> Handler:
    async def put(call: Call) -> Answer:
        body: LayerIn = call.body
        whose = _whose(call, scope)
        layer = await changes.set_layer(call.deps.desk, call.caller, scope, whose, body.values, body.locked)
        return await changed(call, Answer(body=show_layer(layer)))

    return put


_PATHS = {
    Scope.SITE: ("Site", "/v1/device-settings", "the site"),
    Scope.GROUP: ("Group", "/v1/device-groups/{group_id}/settings", "a group of devices"),
    Scope.DEVICE: ("Own", "/v1/devices/{device_id}/settings", "a device"),
}
# Whose device it is decides who sees what is set of it; groups and the site are everybody's.
_OF_DEVICE: dict[str, Any] = {"action": Action.DEVICE_READ, "find": find_device}
_LAYER = (Code.INVALID, Code.NOT_FOUND, Code.COMMIT_UNKNOWN)
_EXAMPLE = {"values": {"tone.high": "alarm", "lock_after_s": 60}, "locked": []}

OPERATIONS = (
    read_operation(
        "listDeviceGroups", "/v1/device-groups", "List groups of devices.", list_groups, DeviceGroups, *PAGE
    ),
    write_operation(
        "addDeviceGroup", "POST", "/v1/device-groups", "Add a group of devices that are set alike.",
        add_group, NewDeviceGroup, 201, DeviceGroupOut, *NAMED, example={"name": "Ward phones"},
    ),
    write_operation(
        "changeDeviceGroup", "PATCH", "/v1/device-groups/{group_id}",
        "Change a group of devices. Those of a disabled one go by the site's settings and their own.",
        change_group, DeviceGroupChange, 200, DeviceGroupOut, *NAMED, example={"name": "Ward phones, new"},
    ),
    write_operation(
        "moveDevices", "POST", "/v1/devices/move", "Put devices into a group, or into none: all of them or nothing.",
        move, MoveIn, 200, Moved, Code.NOT_FOUND, Code.TOO_MANY, Code.COMMIT_UNKNOWN,
        example={"devices": ["dev_0193a1b2c3d47e5f8a9b0c1d2e3f4a5b"], "group": None},
    ),
    *(
        read_operation(
            f"get{word}DeviceSettings", path, f"Show what {whose} says of how devices behave.",
            _getter(scope), LayerOut, **_OF_DEVICE if scope is Scope.DEVICE else {},
        )
        for scope, (word, path, whose) in _PATHS.items()
    ),
    *(
        write_operation(
            f"set{word}DeviceSettings", "PUT", path,
            f"Say all that {whose} says of how devices behave. Connected devices are told at once.",
            _setter(scope), LayerIn, 200, LayerOut, *_LAYER, example=_EXAMPLE,
        )
        for scope, (word, path, whose) in _PATHS.items()
    ),
)  # fmt: skip
