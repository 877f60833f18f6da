"""Reads what has changed in the directory since a version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import asyncpg

from wardwire.model.coverage import Meant
from wardwire.model.device_settings import DeviceGroup
from wardwire.model.oncall_plan import Swap
from wardwire.model.people import ApiKey, Device, Endpoint, Group, Person, Role, Shift
from wardwire.model.places import Assignment, Place, UnitRole
from wardwire.model.policy import Policy
from wardwire.model.preferences import Preferences
from wardwire.store.device_settings import Layered, device_group_of, layer_of
from wardwire.store.endpoints import endpoint_of
from wardwire.store.groups import group_of
from wardwire.store.meanings import meant_of
from wardwire.store.oncall import role_from_row, swap_from_row
from wardwire.store.people import person_from_row
from wardwire.store.places import assignment_of, place_of
from wardwire.store.policies import policy_of
from wardwire.store.preferences import preferences_of
from wardwire.store.queries import load
from wardwire.store.unit_roles import unit_role_of

_SQL = load("directory")


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything of the directory that is newer than some version, up to `version`."""

    version: int
    people: list[Person]
    endpoints: list[Endpoint]
    devices: list[Device]
    device_groups: list[DeviceGroup]
    device_layers: list[Layered]
    groups: list[Group]
    roles: list[Role]
    shifts: list[Shift]
    cancelled: list[Shift]
    swaps: list[Swap]
    keys: list[ApiKey]
    places: list[Place]
    assignments: list[Assignment]
    unassigned: list[Assignment]
    policies: list[Policy]
    unit_roles: list[UnitRole]
    preferences: list[Preferences]
    meanings: list[Meant]


async def directory_version(connection: asyncpg.Connection) -> int:
    """Return the newest version."""
    version: int = await connection.fetchval(_SQL["version"])
    return version


async def read_changes(connection: asyncpg.Connection, since: int) -> Changes:
    """Read all that changed after version `since`, in one snapshot; -1 = everything."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        version = await directory_version(connection)
        rows: dict[str, list[Any]] = {}
        for noun in (
            "people",
            "endpoints",
            "devices",
            "device_groups",
            "device_settings",
            "groups",
            "roles",
            "shifts",
            "swaps",
            "keys",
            "places",
            "assignments",
            "policies",
            "unit_roles",
            "preferences",
            "status_meanings",
        ):
            rows[noun] = await connection.fetch(_SQL[noun], since)
    shifts = [(_shift(row), row["cancelled"]) for row in rows["shifts"]]
    assignments = [(assignment_of(row), row["cancelled"]) for row in rows["assignments"]]
    return Changes(
        version=version,
        people=[person_from_row(row) for row in rows["people"]],
        endpoints=[endpoint_of(row) for row in rows["endpoints"]],
        devices=[Device(**row) for row in rows["devices"]],
        device_groups=[device_group_of(row) for row in rows["device_groups"]],
        device_layers=[layer_of(row) for row in rows["device_settings"]],
        groups=[group_of(row) for row in rows["groups"]],
        roles=[role_from_row(row) for row in rows["roles"]],
        shifts=[shift for shift, cancelled in shifts if not cancelled],
        cancelled=[shift for shift, cancelled in shifts if cancelled],
        swaps=[swap_from_row(row) for row in rows["swaps"]],
        keys=[_key(row) for row in rows["keys"]],
        places=[place_of(row) for row in rows["places"]],
        assignments=[assignment for assignment, cancelled in assignments if not cancelled],
        unassigned=[assignment for assignment, cancelled in assignments if cancelled],
        policies=[policy_of(row) for row in rows["policies"]],
        preferences=[preferences_of(row) for row in rows["preferences"]],
        meanings=[meant_of(row) for row in rows["status_meanings"]],
        unit_roles=[unit_role_of(row) for row in rows["unit_roles"]],
    )


async def next_version(connection: asyncpg.Connection) -> int:
    """Begin a change: returns its version. Locks the directory's head until the transaction ends."""
    version: int = await connection.fetchval(_SQL["next_version"])
    return version


def _shift(row: Any) -> Shift:
    return Shift(
        id=row["id"],
        role_id=row["role_id"],
        person_id=row["person_id"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        version=row["version"],
        override=row["override"],
    )


def _key(row: Any) -> ApiKey:
    return ApiKey(
        id=row["id"],
        source=row["source"],
        secret=row["secret"],
        scopes=frozenset(row["scopes"]),
        revoked=row["revoked"],
    )
