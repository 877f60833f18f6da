"""Merges changes into the directory in memory: cheap for the usual small change, right for any."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from wardwire.model import ids
from wardwire.model.canary import ROBOTS
from wardwire.model.coverage import Meant
from wardwire.model.device_settings import NOTHING, SITE, DeviceGroup, Effective, Layer, Scope, resolve
from wardwire.model.groups import match_group, match_people
from wardwire.model.names import fold_name
from wardwire.model.oncall_plan import LIVE, Swap
from wardwire.model.people import ApiKey, Device, Directory, Endpoint, Group, Person, Role, Shift
from wardwire.model.places import Assignment, Place, UnitRole, index_places
from wardwire.model.policy import Policy, index_policies
from wardwire.model.preferences import Preferences

# So long the directory remembers who had a bed.
ASSIGNMENTS_KEPT = timedelta(days=2)
_LONG_AGO = datetime(1970, 1, 3, tzinfo=UTC)
_Named = Person | Group | Role


def merge_people(directory: Directory, people: Iterable[Person]) -> None:
    """Take in people, new and changed."""
    directory.worked_out.clear()
    people = list(people)
    for person in people:
        _rename(directory, ids.PERSON, directory.people.get(person.id), person)
        directory.people[person.id] = person
    match_people(directory, people)


def merge_endpoints(directory: Directory, endpoints: Iterable[Endpoint]) -> None:
    """Take in outside endpoints; each replaces its former self."""
    directory.worked_out.clear()
    for endpoint in endpoints:
        others = [e for e in directory.endpoints_of.get(endpoint.person_id, ()) if e.id != endpoint.id]
        directory.endpoints_of[endpoint.person_id] = (*others, endpoint)


def merge_devices(directory: Directory, devices: Iterable[Device]) -> None:
    """Take in devices; a revoked one is no longer among its person's."""
    directory.worked_out.clear()
    for device in devices:
        known = directory.devices.get(device.id)
        if known is not None and known.group_id != device.group_id:
            directory.settings_version += 1
        if known is not None and known.person_id != device.person_id:
            of_former = directory.devices_of.get(known.person_id, ())
            directory.devices_of[known.person_id] = tuple(d for d in of_former if d != device.id)
        directory.devices[device.id] = device
        directory.devices_by_nkey[device.nkey] = device.id
        others = tuple(d for d in directory.devices_of.get(device.person_id, ()) if d != device.id)
        directory.devices_of[device.person_id] = others if device.revoked else (*others, device.id)


def merge_device_settings(
    directory: Directory, groups: Iterable[DeviceGroup], layers: Iterable[tuple[Scope, UUID, Layer]]
) -> None:
    """Take in groups of devices, and what devices are set to."""
    for group in groups:
        directory.device_groups[group.id] = group
        directory.settings_version += 1
    for scope, ref, layer in layers:
        directory.device_layers[scope, ref] = layer
        directory.settings_version += 1


def settings_of(directory: Directory, device: Device) -> dict[str, Effective]:
    """Return how a device is to behave."""
    layers = directory.device_layers
    group = directory.device_groups.get(device.group_id) if device.group_id else None
    return resolve(
        layers.get((Scope.SITE, SITE), NOTHING),
        layers.get((Scope.GROUP, group.id), NOTHING) if group is not None and not group.disabled else NOTHING,
        layers.get((Scope.DEVICE, device.id), NOTHING),
    )


def merge_groups(directory: Directory, groups: Iterable[Group]) -> None:
    """Take in groups, new and changed."""
    directory.worked_out.clear()
    for group in groups:
        before = directory.groups.get(group.id)
        _rename(directory, ids.GROUP, before, group)
        directory.groups[group.id] = group
        match_group(directory, before, group)


def merge_roles(
    directory: Directory,
    roles: Iterable[Role],
    shifts: Iterable[Shift],
    cancelled: Iterable[Shift],
    swaps: Iterable[Swap] = (),
) -> None:
    """Take in roles, their shifts and swaps. A changed role keeps those that it had; ended swaps are forgotten."""
    directory.worked_out.clear()
    for role in roles:
        known = directory.roles.get(role.id)
        _rename(directory, ids.ROLE, known, role)
        directory.roles[role.id] = replace(role, shifts=known.shifts, swaps=known.swaps) if known else role
    gone = {shift.id for shift in cancelled}
    touched: dict[UUID, dict[UUID, Shift]] = {}
    for shift in (*shifts, *cancelled):
        held = touched.setdefault(shift.role_id, {known.id: known for known in directory.roles[shift.role_id].shifts})
        if shift.id in gone:
            held.pop(shift.id, None)
        else:
            held[shift.id] = shift
    for role_id, held in touched.items():
        directory.roles[role_id] = replace(directory.roles[role_id], shifts=tuple(held.values()))
    for swap in swaps:
        role = directory.roles[swap.role_id]
        others = tuple(one for one in role.swaps if one.id != swap.id)
        directory.roles[role.id] = replace(role, swaps=(*others, swap) if swap.state in LIVE else others)


def merge_keys(directory: Directory, keys: Iterable[ApiKey]) -> None:
    """Take in keys of integrations."""
    for key in keys:
        directory.keys[key.id] = key


def merge_places(directory: Directory, places: Iterable[Place]) -> None:
    """Take in places, new and changed."""
    directory.worked_out.clear()
    changed = False
    for place in places:
        directory.places[place.id], changed = place, True
    if changed:
        directory.place_names = index_places(directory.places.values())


def merge_assignments(directory: Directory, assignments: Iterable[Assignment], ended: Iterable[Assignment]) -> None:
    """Take in assignments, new and changed, and forget those that were taken back. What was over days before the new
    ones begin is forgotten too: nothing grows with the shifts that were.
    """
    directory.worked_out.clear()
    gone, new = list(ended), list(assignments)
    over = min((one.starts_at for one in new), default=_LONG_AGO) - ASSIGNMENTS_KEPT
    dropped = {one.id for one in gone}
    touched: dict[UUID, dict[UUID, Assignment]] = {}
    for one in (*new, *gone):
        held = touched.setdefault(one.place_id, {a.id: a for a in directory.assignments.get(one.place_id, ())})
        if one.id in dropped:
            held.pop(one.id, None)
        else:
            held[one.id] = one
    for place_id, held in touched.items():
        directory.assignments[place_id] = tuple(a for a in held.values() if a.ends_at is None or a.ends_at > over)


def merge_preferences(directory: Directory, changed: Iterable[Preferences]) -> None:
    """Take in how people want to be tried; whoever has no profile any more is forgotten."""
    directory.worked_out.clear()
    for one in changed:
        if one.profiles:
            directory.preferences[one.owner] = one
        else:
            directory.preferences.pop(one.owner, None)


def merge_meanings(directory: Directory, changed: Iterable[Meant]) -> None:
    """Take in what statuses mean at this site."""
    directory.worked_out.clear()
    for one in changed:
        directory.meanings[one.status] = one


def merge_unit_roles(directory: Directory, changed: Iterable[UnitRole]) -> None:
    """Take in which roles units have for their functions, and forget those that they have no more."""
    directory.worked_out.clear()
    for one in changed:
        held = {**directory.unit_roles.get(one.unit_id, {}), one.function: one.role_id}
        directory.unit_roles[one.unit_id] = {function: role for function, role in held.items() if role is not None}


def merge_policies(directory: Directory, policies: Iterable[Policy]) -> None:
    """Take in policies: of each its newest version."""
    directory.worked_out.clear()
    changed = False
    for policy in policies:
        directory.policies[policy.id], changed = policy, True
    if changed:
        directory.policy_names = index_policies(directory.policies.values())


def _rename(directory: Directory, kind: str, before: _Named | None, after: _Named) -> None:
    """Keep the index of names: only what is not disabled can be found by name. Costs nothing but for a new name."""
    former, name = _found_by(before), _found_by(after)
    if former == name:
        return
    if former is not None:
        left = tuple(hit for hit in directory.names[former] if hit != (kind, after.id))
        if left:
            directory.names[former] = left
        else:
            del directory.names[former]
    if name is not None:
        directory.names[name] = tuple(sorted((*directory.names.get(name, ()), (kind, after.id))))


def _found_by(thing: _Named | None) -> str | None:
    if thing is None or thing.disabled or thing.id in ROBOTS:
        return None
    return fold_name(thing.name)
