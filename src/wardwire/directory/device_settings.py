"""Changes to groups of devices, and to how devices behave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from wardwire.directory.desk import Change, DirectoryDesk
from wardwire.model import ids
from wardwire.model.device_settings import SITE, DeviceGroup, Layer, Scope, Value, check_layer
from wardwire.model.errors import Code, Refused
from wardwire.model.names import clean_name
from wardwire.model.rights import Caller
from wardwire.store import device_settings as store

MAX_AT_ONCE = 10_000


async def add_device_group(desk: DirectoryDesk, caller: Caller, name: str) -> DeviceGroup:
    """Add a group of devices.

    Raises:
        Refused: `NAME_TAKEN`, `TEXT_BLANK`, `TEXT_TOO_LONG`, `NOT_PERMITTED`.
    """
    name = clean_name(name)

    async def work(change: Change) -> DeviceGroup:
        group = DeviceGroup(ids.new_id(change.now), name)
        await store.insert_group(change.connection, group, change.version)
        change.record("device_group_added", {"group": ids.write_id(ids.DEVICE_GROUP, group.id), "name": name})
        return group

    return await desk.change(caller, work)


async def change_device_group(
    desk: DirectoryDesk, caller: Caller, group_id: UUID, *, name: str | None = None, disabled: bool | None = None
) -> DeviceGroup:
    """Change what is not None. Devices of a disabled group go by the site's settings and their own.

    Raises:
        Refused: As `add_device_group`, and `NOT_FOUND`.
    """
    name = None if name is None else clean_name(name)

    async def work(change: Change) -> DeviceGroup:
        group = await store.update_group(
            change.connection, group_id, name=name, disabled=disabled, now=change.now, version=change.version
        )
        if group is None:
            raise Refused(Code.NOT_FOUND, "there is no such group of devices")
        told = {"group": ids.write_id(ids.DEVICE_GROUP, group_id), "name": group.name, "disabled": group.disabled}
        change.record("device_group_changed", told)
        return group

    return await desk.change(caller, work)


async def set_layer(
    desk: DirectoryDesk,
    caller: Caller,
    scope: Scope,
    ref: UUID | None,
    values: Mapping[str, Value],
    locked: Iterable[str] = (),
) -> Layer:
    """Say all that a layer says of how devices behave; connected devices are told at once.

    Args:
        ref: The group or the device; None for the site.

    Raises:
        Refused: `INVALID` with a pointer to the setting; a device locks nothing, for nothing stands below it.
    """
    layer = check_layer(values, locked)
    if scope is Scope.DEVICE and layer.locked:
        raise Refused(Code.INVALID, "a device has nothing below it for which to lock", pointer="/locked")

    async def work(change: Change) -> Layer:
        await store.put_layer(change.connection, scope, ref or SITE, layer, change.version)
        told = {"scope": scope, "ref": ref.hex if ref else None, "values": dict(layer.values)}
        change.record("device_settings_set", told | {"locked": sorted(layer.locked)})
        return layer

    return await desk.change(caller, work)


async def move_devices(desk: DirectoryDesk, caller: Caller, device_ids: Sequence[UUID], group_id: UUID | None) -> int:
    """Put devices into a group, or into none; all of them or nothing.

    Raises:
        Refused: `NOT_FOUND` (a device, which is named; the group), `TOO_MANY`.
    """
    if len(device_ids) > MAX_AT_ONCE:
        raise Refused(Code.TOO_MANY, f"at most {MAX_AT_ONCE:,} at once", pointer="/devices")

    async def work(change: Change) -> int:
        moved = await store.move_devices(change.connection, device_ids, group_id, change.version)
        if missing := [one for one in device_ids if one not in moved]:
            named = [ids.write_id(ids.DEVICE, one) for one in missing[:10]]
            raise Refused(Code.NOT_FOUND, "there is no such device", pointer="/devices", devices=named)
        group = ids.write_id(ids.DEVICE_GROUP, group_id) if group_id else None
        change.record("devices_moved", {"group": group, "count": len(moved)})
        return len(moved)

    return await desk.change(caller, work)
