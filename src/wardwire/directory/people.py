"""Changes to people: who there is, what they may do, what is known of them, their status."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from wardwire.directory.desk import Change, DirectoryDesk
from wardwire.directory.leaving import tell_leaving
from wardwire.directory.oncall import tell_people
from wardwire.directory.scopes import check_scopes
from wardwire.model import ids
from wardwire.model.coverage import check_cover
from wardwire.model.details import NO_DETAILS, Details, change_details
from wardwire.model.errors import Code, Refused
from wardwire.model.names import clean_line, clean_name
from wardwire.model.people import Directory, Person, Status
from wardwire.model.rights import DIRECTORY, Caller, require_passed
from wardwire.store import people as store

NOTHING: Mapping[str, Any] = MappingProxyType({})


async def add_person(
    desk: DirectoryDesk,
    caller: Caller,
    *,
    name: str,
    title: str = "",
    scopes: Iterable[str] = (),
    details: Mapping[str, Any] = NOTHING,
) -> Person:
    """Add a person. Several may bear one name; a message to that name is then refused with all of them named.

    Args:
        details: Fields of model/details.py.

    Raises:
        Refused: `INVALID`, `TEXT_BLANK`, `TEXT_TOO_LONG`, `EXTERNAL_ID_TAKEN`, `NOT_PERMITTED`.
    """
    wanted = check_scopes(caller, scopes)
    name, title = clean_name(name), clean_line(title, "/title")
    known = change_details(NO_DETAILS, details)

    async def work(change: Change) -> Person:
        person = Person(
            id=ids.new_id(change.now),
            name=name,
            title=title,
            scopes=wanted,
            details=known,
            version=change.version,
        )
        await store.insert_person(change.connection, person, change.version)
        told = {"name": name, "title": title, "scopes": sorted(wanted), **tell_details(known, details)}
        change.record("person_added", told, person_id=person.id)
        return person

    return await desk.change(caller, work)


async def change_person(
    desk: DirectoryDesk,
    caller: Caller,
    person_id: UUID,
    *,
    name: str | None = None,
    title: str | None = None,
    scopes: Iterable[str] | None = None,
    disabled: bool | None = None,
    details: Mapping[str, Any] = NOTHING,
    expected: int | None = None,
) -> Person:
    """Change what is not None. Whoever is disabled gets nothing more; of what is open for them the desk is told.

    Args:
        details: Fields of model/details.py that are to change.
        expected: The version that the change was decided on; None = any.

    Raises:
        Refused: As `add_person`, and `NOT_FOUND`, `CHANGED_SINCE`.
    """
    name = None if name is None else clean_name(name)
    title = None if title is None else clean_line(title, "/title")

    async def work(change: Change) -> Person:
        before = await store.lock_person(change.connection, person_id)
        if before is None:
            raise Refused(Code.NOT_FOUND, "there is no such person")
        check_version(before.version, expected)
        wanted = None if scopes is None else sorted(check_scopes(caller, scopes, held=before.scopes))
        known = change_details(before.details, details)
        if known != before.details:
            await store.write_details(change.connection, [replace(before, details=known)])
        person = await store.update_person(
            change.connection,
            person_id,
            change.version,
            change.now,
            name=name,
            title=title,
            scopes=wanted,
            disabled=disabled,
        )
        assert person is not None, "it was locked"
        told = {"name": name, "title": title, "scopes": wanted, "disabled": disabled, **tell_details(known, details)}
        if person.disabled and not before.disabled and await tell_leaving(change, [person]):
            told["open"] = True
        change.record("person_changed", told, person_id=person_id)
        return person

    return await desk.change(caller, work)


def check_version(version: int, expected: int | None) -> None:
    """Raise `CHANGED_SINCE` when something is not what was expected."""
    if expected is not None and version != expected:
        raise Refused(Code.CHANGED_SINCE, "it was changed since; read it again", parameter="If-Match")


def tell_details(details: Details, changed: Iterable[str]) -> dict[str, object]:
    """Say for a fact what of somebody's details was changed."""
    return {field: getattr(details, field) for field in changed}


async def set_status(
    desk: DirectoryDesk,
    caller: Caller,
    person_id: UUID,
    status: Status,
    until: datetime | None = None,
    *,
    cover: str = "",
    directory: Directory | None = None,
) -> Person:
    """Set a person's status, until an instant or until changed, and who covers. Everybody may set their own.

    Args:
        cover: As model/coverage.py writes it; needs a `directory`, in which its chain is followed.

    Raises:
        Refused: `NOT_FOUND`, `NOT_PERMITTED`, or `INVALID` when `until` has passed or has no offset; `COVER_REQUIRED`
            and `COVERAGE_LOOP`.
    """
    if caller.person_id != person_id:
        require_passed(caller, DIRECTORY)
    if until is not None and until.tzinfo is None:
        raise Refused(Code.INVALID, "an instant needs its offset, e.g. Z", pointer="/until")

    async def work(change: Change) -> Person:
        if until is not None and until <= change.now:
            raise Refused(Code.INVALID, "this instant has passed already", pointer="/until")
        known = directory or Directory()
        stead = check_cover(known, person_id, status, cover, change.now, "")
        person = await store.update_status(
            change.connection, person_id, change.version, status, until, cover=stead, now=change.now
        )
        if person is None:
            raise Refused(Code.NOT_FOUND, "there is no such person")
        ends = until.isoformat() if until else None
        told = {"status": status, "until": ends, "cover": stead or None}
        change.record("status_set", told, person_id=person_id)
        if stead.startswith(ids.PERSON):
            covers = ids.read_id(ids.PERSON, stead)
            lasts = f" until {until:%a %d %b %H:%M %Z}" if until else ""
            await tell_people(change, {covers: f"You cover for {person.name}{lasts}."})
        return person

    return await desk.change(caller, work, scope=None)
