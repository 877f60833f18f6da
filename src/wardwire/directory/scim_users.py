"""Users of SCIM: a provisioning system adds, changes, disables and takes back people. Nobody is ever erased.

Each request is one change with its facts: the person, their endpoints and what is kept of what was said, or nothing.
Whose user is taken back is disabled, and comes back as the same person when the system names them anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from wardwire.directory.desk import Change, DirectoryDesk
from wardwire.directory.leaving import tell_leaving
from wardwire.directory.people import check_version
from wardwire.model import ids
from wardwire.model.canary import ROBOTS
from wardwire.model.details import FIELDS, MAX_ID
from wardwire.model.errors import Code, Refused
from wardwire.model.names import clean_line
from wardwire.model.people import Endpoint, Person
from wardwire.model.rights import Caller
from wardwire.model.scim.schema import Resource
from wardwire.model.scim.user import (
    NOTHING,
    Wanted,
    apply_to,
    said_of,
    show_user,
    tell_difference,
    user_name_of,
    wanted_of,
)
from wardwire.store import endpoints as endpoint_store
from wardwire.store import people as store
from wardwire.store import scim
from wardwire.store.scim import Kept


async def add_user(desk: DirectoryDesk, caller: Caller, user: Resource) -> Person:
    """Add a user. Whom the system has taken back, or another way of import knows by the same id, is the same person.

    Raises:
        Refused: `NAME_TAKEN` (userName), `EXTERNAL_ID_TAKEN`, and what names may not be.
    """
    name = user_name_of(user)

    async def work(change: Change) -> Person:
        before = await _known_as(change, user.get("externalId", ""))
        kept = (await scim.find_users(change.connection, [before.id])).get(before.id) if before else None
        if kept is not None and not kept.deleted:
            raise Refused(Code.EXTERNAL_ID_TAKEN, "another user has this externalId", pointer="/externalId")
        old = NOTHING if kept is None else _wanted(kept)
        return await _write(change, before, old, {"active": True, **user}, name)

    return await desk.change(caller, work)


async def replace_user(
    desk: DirectoryDesk, caller: Caller, person_id: UUID, user: Resource, expected: int | None = None
) -> Person:
    """Let a user be what is given; what is left out is taken away, except whether they are active.

    Raises:
        Refused: As `add_user`; `NOT_FOUND`, `CHANGED_SINCE`.
    """
    name = user_name_of(user)

    async def work(change: Change) -> Person:
        before, kept, _ = await _lock(change, person_id, expected)
        old = NOTHING if kept is None else _wanted(kept)
        return await _write(change, before, old, {"active": not before.disabled, **user}, name)

    return await desk.change(caller, work)


async def change_user(
    desk: DirectoryDesk,
    caller: Caller,
    person_id: UUID,
    step: Callable[[Resource], Resource],
    expected: int | None = None,
) -> Person:
    """Change a user as they are now: `step` returns what they are to be.

    Raises:
        Refused: As `add_user` and `step`; `NOT_FOUND`, `CHANGED_SINCE`.
    """

    async def work(change: Change) -> Person:
        before, kept, endpoints = await _lock(change, person_id, expected)
        user_name = kept.user_name if kept else ids.write_id(ids.PERSON, person_id)
        shown = show_user(before, kept.said if kept else None, user_name, endpoints, caller.source)
        shown["id"] = ids.write_id(ids.PERSON, person_id)
        after = step(shown)
        if after == shown:
            return before
        old = _wanted(kept) if kept else wanted_of(said_of(shown), user_name)
        return await _write(change, before, old, {"active": not before.disabled, **after}, user_name_of(after))

    return await desk.change(caller, work)


async def remove_user(desk: DirectoryDesk, caller: Caller, person_id: UUID, expected: int | None = None) -> None:
    """Take a user back: the person is disabled, and stays; the userName is free.

    Raises:
        Refused: `NOT_FOUND`, `CHANGED_SINCE`.
    """

    async def work(change: Change) -> None:
        before, kept, _ = await _lock(change, person_id, expected)
        gone = kept or Kept(person_id, ids.write_id(ids.PERSON, person_id), {})
        await scim.keep_user(change.connection, gone._replace(deleted=True), change.now)
        after = replace(before, disabled=True)
        await store.rewrite_people(change.connection, [after], change.version, change.now)
        told: dict[str, object] = {"disabled": True, "taken_back": gone.user_name}
        if not before.disabled and await tell_leaving(change, [after]):
            told["open"] = True
        change.record("person_changed", told, person_id=person_id)

    await desk.change(caller, work)


async def _known_as(change: Change, external_id: str) -> Person | None:
    if not external_id:
        return None
    person_id = await scim.find_known_as(change.connection, change.caller.source, _clean_id(external_id))
    return await store.lock_person(change.connection, person_id) if person_id else None


async def _lock(change: Change, person_id: UUID, expected: int | None) -> tuple[Person, Kept | None, list[Endpoint]]:
    before = None if person_id in ROBOTS else await store.lock_person(change.connection, person_id)
    kept = (await scim.find_users(change.connection, [person_id])).get(person_id)
    if before is None or (kept is not None and kept.deleted):
        raise Refused(Code.NOT_FOUND, "there is no such user")
    check_version(before.version, expected)
    return before, kept, await scim.lock_endpoints(change.connection, person_id)


def _wanted(kept: Kept) -> Wanted:
    return wanted_of(kept.said, kept.user_name)


async def _write(change: Change, before: Person | None, old: Wanted, user: Resource, name: str) -> Person:
    """Write the person, their endpoints and what is kept."""
    said = said_of(user)
    new = wanted_of(said, name)
    start = before or Person(id=ids.new_id(change.now), name=new.name, version=change.version)
    external_id = _clean_id(user.get("externalId", ""))
    after = apply_to(start, old, new, change.caller.source, external_id)
    after = replace(after, disabled=not user["active"], version=change.version)
    if before is None:
        await store.insert_person(change.connection, replace(after, disabled=False), change.version)
    if before is not None or after.disabled:
        await store.rewrite_people(change.connection, [after], change.version, change.now)
    await scim.keep_user(change.connection, Kept(after.id, name, said), change.now)
    told: dict[str, object] = {field: getattr(after, field) for field in ("name", "title", "disabled")}
    if before is not None:
        told = {field: value for field, value in told.items() if value != getattr(before, field)}
    told |= tell_difference(start.details, after.details, FIELDS)
    told |= {"user_name": name, "left_out": list(new.unfit) or None}
    if before is not None and after.disabled and not before.disabled and await tell_leaving(change, [after]):
        told["open"] = True
    change.record("person_changed" if before else "person_added", told, person_id=after.id)
    await _write_endpoints(change, after.id, old, new)
    return after


def _clean_id(external_id: str) -> str:
    return clean_line(external_id, "/externalId", MAX_ID)


async def _write_endpoints(change: Change, person_id: UUID, old: Wanted, new: Wanted) -> None:
    """Bring endpoints to what is wanted: an address that takes another's place keeps its rules; by hand stays."""
    gone = [way for way in old.ways if way not in new.ways]
    fresh = [way for way in new.ways if way not in old.ways]
    there = await scim.lock_endpoints(change.connection, person_id) if gone or fresh else []
    living = {(one.kind, one.address): one for one in there if not one.disabled}
    fresh = [way for way in fresh if way not in living]
    for way in gone:
        endpoint = living.get(way)
        if endpoint is None:
            continue
        follower = next((one for one in fresh if one[0] == way[0]), None)
        if follower is None:
            after = replace(endpoint, disabled=True)
        else:
            fresh.remove(follower)
            after = replace(endpoint, address=follower[1], verified_at=None)
        await endpoint_store.update_endpoint(change.connection, after, change.version, change.now)
        change.record("endpoint_changed", _told(after) | {"disabled": after.disabled}, person_id=person_id)
    added = [Endpoint(id=ids.new_id(change.now), person_id=person_id, kind=kind, address=at) for kind, at in fresh]
    await endpoint_store.insert_endpoints(change.connection, added, change.version)
    for endpoint in added:
        change.record("endpoint_added", _told(endpoint), person_id=person_id)


def _told(endpoint: Endpoint) -> dict[str, object]:
    written = ids.write_id(ids.ENDPOINT, endpoint.id)
    return {"endpoint": written, "kind": endpoint.kind, "address": endpoint.address}
