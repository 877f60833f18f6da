"""Takes in a list of people from another system: all of it in one change, or nothing. Who left is disabled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import asyncpg

from wardwire.directory.desk import Change, DirectoryDesk
from wardwire.directory.people import tell_details
from wardwire.model import ids
from wardwire.model.details import FIELDS, Details
from wardwire.model.errors import Code, Refused
from wardwire.model.people import Person
from wardwire.model.rights import Caller
from wardwire.model.roster import Changes, details_of
from wardwire.store import people as store


async def name_busy(connection: asyncpg.Connection, people: Sequence[Person]) -> list[Person]:
    """Return those for whom something is open: a message on its way to them, or an alert that they have."""
    busy = await store.find_busy(connection, [person.id for person in people])
    return [person for person in people if person.id in busy]


async def import_people(desk: DirectoryDesk, caller: Caller, changes: Changes, *, source: str, version: int) -> None:
    """Do what was decided on a version of the directory: each person's change with a fact of its own.

    Raises:
        Refused: `CHANGED_SINCE`: the directory is another by now; `EXTERNAL_ID_TAKEN`, `NOT_PERMITTED`. Nothing was
            changed.
    """

    async def work(change: Change) -> None:
        if change.version != version + 1:
            raise Refused(Code.CHANGED_SINCE, "the directory was changed meanwhile; look at the file's changes again")
        made = ids.count_ids(change.now)
        new = [
            Person(id=next(made), name=row.name, title=row.title or "", details=details_of(row, source))
            for row in changes.add
        ]
        changed = [after for _, after in changes.change]
        gone = [replace(person, disabled=True) for person in changes.disable]
        await store.insert_people(change.connection, new, change.version)
        await store.rewrite_people(change.connection, [*changed, *gone], change.version, change.now)
        for person in new:
            told = {"name": person.name, "title": person.title, **_known(person.details)}
            change.record("person_added", {**told, "source": source}, person_id=person.id)
        for before, after in changes.change:
            change.record("person_changed", {**_difference(before, after), "source": source}, person_id=after.id)
        for person in gone:
            change.record("person_changed", {"disabled": True, "source": source}, person_id=person.id)

    if changes.add or changes.change or changes.disable:
        await desk.change(caller, work)


def _known(details: Details) -> dict[str, object]:
    return tell_details(details, [field for field in FIELDS if getattr(details, field)])


def _difference(before: Person, after: Person) -> dict[str, object]:
    told: dict[str, object] = {
        field: getattr(after, field)
        for field in ("name", "title", "disabled")
        if getattr(after, field) != getattr(before, field)
    }
    fields = [field for field in FIELDS if getattr(after.details, field) != getattr(before.details, field)]
    return told | tell_details(after.details, fields)
