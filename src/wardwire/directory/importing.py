"""Takes in what was decided on people of another system, a few hundred at a time. Who left is disabled, not erased.

Each few hundred are one durable change of the directory, so that nobody else who changes it waits; what is broken off
between two of them is finished by taking in the same again. Who leaves comes last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from uuid import UUID

import asyncpg

from wardwire.directory.desk import Change, DirectoryDesk
from wardwire.directory.leaving import tell_leaving
from wardwire.directory.people import tell_details
from wardwire.model import ids
from wardwire.model.details import FIELDS, Details
from wardwire.model.people import Person
from wardwire.model.rights import Caller
from wardwire.model.roster import Changes, carry_over, details_of
from wardwire.store import people as store

# So many in one change: it holds the directory's head for some 50 ms.
AT_ONCE = 250

Progress = Callable[[int, int], None]
"""Told how many are done, of how many."""


async def name_busy(connection: asyncpg.Connection, people: Sequence[Person]) -> list[Person]:
    """Return those for whom something is open: a message on its way to them, or an alert that they have."""
    busy = await store.find_busy(connection, [person.id for person in people])
    return [person for person in people if person.id in busy]


async def import_people(
    desk: DirectoryDesk,
    caller: Caller,
    changes: Changes,
    *,
    source: str,
    progress: Progress = lambda done, of: None,
) -> None:
    """Do what was decided: each person's change with a fact of its own, on them as they are when it is done.

    When it raises, what was done before stays; the same again does the rest.

    Raises:
        Refused: `EXTERNAL_ID_TAKEN`: somebody else has been given an id meanwhile; `NOT_PERMITTED`.
        Unknown, Unavailable: As `DirectoryDesk.change`.
    """
    done = 0
    for piece in changes.pieces(AT_ONCE):
        await desk.change(caller, lambda change, piece=piece: _apply(change, piece, source))  # type: ignore[misc]
        done += len(piece)
        progress(done, len(changes))


async def _apply(change: Change, piece: Changes, source: str) -> None:
    made = ids.count_ids(change.now)
    new = [
        Person(id=next(made), name=row.name, title=row.title or "", details=details_of(row, source))
        for row in piece.add
    ]
    here = await store.lock_people(change.connection, _ids(piece))
    pairs = [(here[after.id], carry_over(before, after, here[after.id])) for before, after in piece.change]
    changed = [(before, after) for before, after in pairs if after != before]
    gone = [replace(here[person.id], disabled=True) for person in piece.disable if not here[person.id].disabled]
    await store.insert_people(change.connection, new, change.version)
    await store.rewrite_people(
        change.connection, [*(after for _, after in changed), *gone], change.version, change.now
    )
    for person in new:
        told = {"name": person.name, "title": person.title, **_known(person.details)}
        change.record("person_added", {**told, "source": source}, person_id=person.id)
    for before, after in changed:
        change.record("person_changed", {**_difference(before, after), "source": source}, person_id=after.id)
    busy = await tell_leaving(change, gone)
    for person in gone:
        left = {"disabled": True, "source": source, "open": True if person.id in busy else None}
        change.record("person_changed", left, person_id=person.id)


def _ids(piece: Changes) -> list[UUID]:
    people: Iterable[Person] = (*(before for before, _ in piece.change), *piece.disable)
    return [person.id for person in people]


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
