"""How commands understand whom is meant: an id, or a name of somebody living."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.names import fold_name
from wardwire.model.people import Device, Directory
from wardwire.model.places import PlaceKind
from wardwire.model.targets import find_target

_WORDS = {ids.PERSON: "person", ids.GROUP: "group", ids.ROLE: "role"}


def find_one(directory: Directory, kind: str, text: str) -> UUID:
    """Return the id of a person, group or role (`ids.PERSON`, ...).

    Raises:
        Refused: `RECIPIENT_UNKNOWN`, or `RECIPIENT_AMBIGUOUS` with the candidates.
    """
    if text.startswith(f"{kind}_") and len(text) == 36:
        return find_target(text, directory, "")[1]
    try:
        return find_target(f"{_WORDS[kind]}:{text}", directory, "")[1]
    except Refused as refused:
        if refused.code is Code.RECIPIENT_UNKNOWN:
            raise Refused(Code.NOT_FOUND, f"there is no {_WORDS[kind]} {text!r}") from None
        raise


def read_instant(text: str) -> datetime:
    """Read an instant; without an offset it is this machine's local time.

    Raises:
        Refused: `INVALID`.
    """
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError:
        raise Refused(Code.INVALID, f"{text!r} is no instant such as 2026-11-24T07:00") from None


def find_device(directory: Directory, written: str) -> Device:
    """Find a device by its id, as written.

    Raises:
        Refused: `NOT_FOUND`, `INVALID`.
    """
    device = directory.devices.get(ids.read_id(ids.DEVICE, written))
    if device is None:
        raise Refused(Code.NOT_FOUND, "there is no such device; see: wardwire devices list")
    return device


def find_device_group(directory: Directory, name: str) -> UUID | None:
    """Find a group of devices by its name; None when no enabled one bears it."""
    folded = fold_name(name)
    for group in directory.device_groups.values():
        if not group.disabled and fold_name(group.name) == folded:
            return group.id
    return None


def get_device_group(directory: Directory, name: str) -> UUID:
    """Return the group of devices of this name. Raises `NOT_FOUND`."""
    found = find_device_group(directory, name)
    if found is None:
        raise Refused(Code.NOT_FOUND, f"no group of devices is named {name}; see: wardwire devices group --help")
    return found


def find_unit(directory: Directory, text: str) -> UUID:
    """Return the unit of a name, or an id plc_…. Raises `NOT_FOUND`."""
    if text.startswith(f"{ids.PLACE}_"):
        return ids.read_id(ids.PLACE, text)
    folded = fold_name(text)
    for place in directory.places.values():
        if place.kind is PlaceKind.UNIT and not place.disabled and fold_name(place.name) == folded:
            return place.id
    raise Refused(Code.NOT_FOUND, f"there is no unit {text!r}; see: wardwire place list")
