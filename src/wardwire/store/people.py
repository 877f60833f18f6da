"""Writes people. Runs inside the transaction of a change of the directory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from wardwire.model.details import NO_DETAILS, Details
from wardwire.model.ids import first_id_of
from wardwire.model.people import Person, Status
from wardwire.store.batch import NOBODY
from wardwire.store.queries import load

_SQL = load("people")
_COLUMNS = (
    "id", "name", "title", "scopes", "version", "given_name", "family_name", "preferred", "spoken", "sort_name",
    "departments", "location", "languages", "photo", "phones",
)  # fmt: skip


async def insert_person(connection: asyncpg.Connection, person: Person, version: int) -> None:
    """Add a person with the counter of their inbox."""
    await insert_people(connection, [person], version)


async def insert_people(connection: asyncpg.Connection, people: Sequence[Person], version: int) -> None:
    """Add many people with the counters of their inboxes, and all that is known of them."""
    if not people:
        return
    rows = [
        (p.id, p.name, p.title, sorted(p.scopes), version, d.given, d.family, d.preferred, d.spoken, d.sort,
         d.departments, d.location, d.languages, d.photo, d.phones)
        for p in people
        for d in (p.details,)
    ]  # fmt: skip
    await connection.copy_records_to_table("people", records=rows, columns=_COLUMNS)
    await connection.copy_records_to_table(
        "inbox_heads", records=[(person.id,) for person in people], columns=("person_id",)
    )
    found = [(source, known, person.id) for person in people for source, known in person.details.external_ids]
    if found:
        await connection.copy_records_to_table(
            "person_ids", records=found, columns=("source", "external_id", "person_id")
        )


async def write_details(connection: asyncpg.Connection, people: Sequence[Person]) -> None:
    """Write what is known of people; an id that is somebody else's violates `person_ids_of_nobody_else`."""
    rows = [
        (p.id, d.given, d.family, d.preferred, d.spoken, d.sort, d.departments, d.location, d.languages, d.photo,
         d.phones)
        for p in people
        for d in (p.details,)
    ]  # fmt: skip
    await connection.executemany(_SQL["set_details"], rows)
    await connection.executemany(_SQL["clear_ids"], [(person.id,) for person in people])
    found = [(source, known, person.id) for person in people for source, known in person.details.external_ids]
    await connection.executemany(_SQL["add_id"], found)


async def lock_person(connection: asyncpg.Connection, person_id: UUID) -> Person | None:
    """Read a person and lock their row."""
    await connection.execute(_SQL["lock"], person_id)
    return await find_person(connection, person_id)


async def lock_people(connection: asyncpg.Connection, people: Sequence[UUID]) -> dict[UUID, Person]:
    """Read people and lock their rows; whom there is not is missing."""
    if not people:
        return {}
    await connection.execute(_SQL["lock_many"], people)
    return {row["id"]: person_from_row(row) for row in await connection.fetch(_SQL["get_many"], people)}


async def find_person(connection: asyncpg.Connection, person_id: UUID) -> Person | None:
    """Read a person."""
    row = await connection.fetchrow(_SQL["get"], person_id)
    return person_from_row(row) if row else None


async def update_person(
    connection: asyncpg.Connection,
    person_id: UUID,
    version: int,
    now: datetime,
    *,
    name: str | None,
    title: str | None,
    scopes: Sequence[str] | None,
    disabled: bool | None,
) -> Person | None:
    """Change what is not None; locks the person's row. None when there is no such person."""
    await connection.execute(_SQL["change"], person_id, name, title, scopes, disabled, now, version)
    return await find_person(connection, person_id)


async def rewrite_people(
    connection: asyncpg.Connection, people: Sequence[Person], version: int, now: datetime
) -> None:
    """Write name, title, details and whether they are disabled of many, as they are to be."""
    rows = [(p.id, p.name, p.title, None, p.disabled, now, version) for p in people]
    await connection.executemany(_SQL["change"], rows)
    await write_details(connection, people)


async def find_busy(connection: asyncpg.Connection, people: Sequence[UUID]) -> frozenset[UUID]:
    """Return those of these for whom something is open: what must happen by a time, or an alert that they are in."""
    return frozenset(row["person_id"] for row in await connection.fetch(_SQL["busy"], list(people)))


async def update_status(
    connection: asyncpg.Connection,
    person_id: UUID,
    version: int,
    status: Status,
    until: datetime | None,
    *,
    cover: str = "",
    now: datetime,
) -> Person | None:
    """Set a person's status; locks the person's row. None when there is no such person.

    When it ends by itself they are told what has come meanwhile: a deadline of kind `back` sees to it.
    """
    in_procedure = status is Status.IN_PROCEDURE
    written = Status.DO_NOT_DISTURB if in_procedure else status
    await connection.execute(_SQL["set_status"], person_id, written, until, version, in_procedure, cover, now)
    await connection.execute(_SQL["disarm_back"], person_id)
    if until is not None and status is not Status.AVAILABLE:
        await connection.execute(_SQL["arm_back"], person_id, NOBODY, until)
    return await find_person(connection, person_id)


def person_from_row(row: asyncpg.Record) -> Person:
    """Make a person of a row of `get`."""
    return Person(
        id=row["id"],
        name=row["name"],
        title=row["title"],
        status=_status(row),
        cover=row["cover"],
        status_since=row["status_since"],
        status_until=row["status_until"],
        scopes=frozenset(row["scopes"]),
        disabled=row["disabled"],
        details=_details(row),
        version=row["version"],
    )


def _status(row: asyncpg.Record) -> Status:
    status = Status(row["status"])
    return Status.IN_PROCEDURE if row["in_procedure"] and status is Status.DO_NOT_DISTURB else status


async def count_waiting(connection: asyncpg.Connection, person_id: UUID, since: datetime) -> int:
    """Count what has come for somebody since an instant, and was not read."""
    count: int = await connection.fetchval(_SQL["waiting"], person_id, first_id_of(since))
    return count


def _details(row: asyncpg.Record) -> Details:
    details = Details(
        given=row["given_name"],
        family=row["family_name"],
        preferred=row["preferred"],
        spoken=row["spoken"],
        sort=row["sort_name"],
        departments=tuple(row["departments"]),
        location=row["location"],
        languages=tuple(row["languages"]),
        photo=row["photo"],
        phones=tuple(row["phones"]),
        external_ids=tuple(_pair(text) for text in row["ids"]),
    )
    return NO_DETAILS if details == NO_DETAILS else details


def _pair(text: str) -> tuple[str, str]:
    source, _, known = text.partition(" ")  # a source has no space in it
    return source, known
