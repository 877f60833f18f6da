"""A small ward in memory, and a submission to it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from wardwire.model import directory as merge
from wardwire.model.message import Submission
from wardwire.model.people import Device, Directory, Endpoint, Group, Person, Role, Shift
from wardwire.model.priority import Kind, Priority

T0 = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
ANNA, BEN, CHEN, OKAFOR, DORA, EVA, MALLORY = (UUID(int=nth) for nth in range(1, 8))
NAMES = {ANNA: "Anna", BEN: "Ben", CHEN: "Dr. Chen", OKAFOR: "Dr. Okafor", DORA: "Dora", EVA: "Eva"}


def person(person_id: UUID, **fields: Any) -> Person:
    """Somebody of the ward."""
    return Person(id=person_id, name=fields.pop("name", NAMES.get(person_id, "Mallory")), **fields)


def device(device_id: int, owner: UUID, *, revoked: bool = False) -> Device:
    """A device of somebody."""
    return Device(
        id=UUID(int=device_id),
        person_id=owner,
        name="phone",
        app_version="1",
        nkey=f"U{device_id}",
        x25519=bytes(32),
        revoked=revoked,
    )


def email(endpoint_id: int, owner: UUID, *, disabled: bool = False) -> Endpoint:
    """A mailbox of somebody."""
    return Endpoint(
        id=UUID(int=endpoint_id),
        person_id=owner,
        kind="email",
        address=f"{endpoint_id}@ward.example",
        disabled=disabled,
    )


def group(group_id: int, name: str, *members: UUID, disabled: bool = False) -> Group:
    """A group."""
    return Group(id=UUID(int=group_id), name=name, members=members, disabled=disabled)


def role(role_id: int, name: str, *shifts: Shift, fallback: UUID | None = None, disabled: bool = False) -> Role:
    """A role with its shifts."""
    return Role(id=UUID(int=role_id), name=name, fallback=fallback, shifts=shifts, disabled=disabled)


def shift(shift_id: int, role_id: int, holder: UUID, begin: datetime, end: datetime, version: int = 1) -> Shift:
    """Somebody holds a role for a time."""
    return Shift(
        id=UUID(int=shift_id),
        role_id=UUID(int=role_id),
        person_id=holder,
        starts_at=begin,
        ends_at=end,
        version=version,
    )


def directory(
    people: Iterable[Person] = (),
    *,
    devices: Iterable[Device] = (),
    endpoints: Iterable[Endpoint] = (),
    groups: Iterable[Group] = (),
    roles: Iterable[Role] = (),
) -> Directory:
    """A directory of these; without people, of everybody in `NAMES`."""
    made = Directory(version=0)
    merge.merge_people(made, people or [person(person_id) for person_id in NAMES])
    merge.merge_devices(made, devices)
    merge.merge_endpoints(made, endpoints)
    merge.merge_groups(made, groups)
    merge.merge_roles(made, roles, (), ())
    return made


def submission(*to: str, **fields: Any) -> Submission:
    """A submission that is fit to be kept, unless `fields` say otherwise."""
    fields.setdefault("source", "lab")
    fields.setdefault("external_id", "1")
    fields.setdefault("kind", Kind.ALERT)
    fields.setdefault("priority", Priority.HIGH)
    fields.setdefault("subject", "")
    fields.setdefault("text", "Please come to bed 12.")
    return Submission(to=to, **fields)
