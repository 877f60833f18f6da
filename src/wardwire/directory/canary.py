"""Enters the canaries' own people, with the device or the mailbox at which their canaries are confirmed."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from wardwire.directory.desk import Change, DirectoryDesk
from wardwire.model import ids
from wardwire.model.canary import NAME, PEOPLE
from wardwire.model.facts import FactKind
from wardwire.model.names import clean_address
from wardwire.model.people import Directory, Endpoint, Person
from wardwire.model.rights import SYSTEM
from wardwire.store import endpoints, people
from wardwire.store.registration import DeviceRow, add_device

APP, EMAIL = "app", "email"


def has_device(directory: Directory, device_id: UUID) -> bool:
    """Whether the canary's device is entered. One that somebody has revoked stays so."""
    return device_id in directory.devices


def has_mailbox(directory: Directory, mailbox: str) -> bool:
    """Whether the canary's e-mails go to this mailbox, and to no other; "" = to none."""
    addresses = [one.address for one in directory.active_endpoints(PEOPLE[EMAIL], EMAIL)]
    return addresses == ([mailbox] if mailbox else [])


async def enter_device(desk: DirectoryDesk, directory: Directory, device: DeviceRow, *, app: str, name: str) -> None:
    """Enter a device of the canary; raises as every change of the directory."""

    async def work(change: Change) -> None:
        await _person(change, directory, APP)
        await add_device(
            change.connection, device, name=name, app_version=app, now=change.now, version=change.version
        )
        told = {"name": name, "nkey": device.nkey}
        change.record(
            "canary_entered", told, kind=FactKind.DEVICE_REGISTERED, person_id=device.person_id, device_id=device.id
        )

    await desk.change(SYSTEM, work)


async def enter_mailbox(desk: DirectoryDesk, directory: Directory, mailbox: str) -> None:
    """Let the canary's e-mails go to this mailbox and to no other; "" = to none."""
    address = clean_address(EMAIL, mailbox) if mailbox else ""

    async def work(change: Change) -> None:
        await _person(change, directory, EMAIL)
        for former in directory.active_endpoints(PEOPLE[EMAIL], EMAIL):
            await endpoints.update_endpoint(
                change.connection, replace(former, disabled=True), change.version, change.now
            )
        if address:
            endpoint = Endpoint(id=ids.new_id(change.now), person_id=PEOPLE[EMAIL], kind=EMAIL, address=address)
            await endpoints.insert_endpoints(change.connection, [endpoint], change.version)
        change.record("canary_mailbox", {"address": address}, person_id=PEOPLE[EMAIL])

    await desk.change(SYSTEM, work)


async def _person(change: Change, directory: Directory, channel: str) -> None:
    if PEOPLE[channel] not in directory.people:
        person = Person(id=PEOPLE[channel], name=NAME, title=f"proves the way ({channel})")
        await people.insert_person(change.connection, person, change.version)
