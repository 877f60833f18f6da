"""Writes people and their outside endpoints. Runs inside the transaction of a change of the directory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from wardwire.model.people import Endpoint, Person, Status
from wardwire.store.queries import load

_SQL = load("people")


async def insert_person(connection: asyncpg.Connection, person: Person, version: int) -> None:
    """Add a person with the counter of their inbox."""
    scopes = sorted(person.scopes)
    await connection.execute(_SQL["add"], person.id, person.name, person.title, scopes, version)
    await connection.execute(_SQL["add_inbox"], person.id)


async def insert_people(connection: asyncpg.Connection, people: Sequence[Person], version: int) -> None:
    """Add many people with the counters of their inboxes."""
    rows = [(person.id, person.name, person.title, sorted(person.scopes), version) for person in people]
    await connection.executemany(_SQL["add"], rows)
    await connection.executemany(_SQL["add_inbox"], [(person.id,) for person in people])


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
    row = await connection.fetchrow(_SQL["change"], person_id, name, title, scopes, disabled, now, version)
    return person_from_row(row) if row else None


async def update_status(
    connection: asyncpg.Connection, person_id: UUID, version: int, status: Status, until: datetime | None
) -> Person | None:
    """Set a person's status; locks the person's row. None when there is no such person."""
    row = await connection.fetchrow(_SQL["set_status"], person_id, status, until, version)
    return person_from_row(row) if row else None


async def insert_endpoint(connection: asyncpg.Connection, endpoint: Endpoint, version: int) -> None:
    """Add an endpoint; an unknown person violates the foreign key."""
    await connection.execute(
        _SQL["add_endpoint"], endpoint.id, endpoint.person_id, endpoint.kind, endpoint.address, version
    )


async def insert_endpoints(connection: asyncpg.Connection, endpoints: Sequence[Endpoint], version: int) -> None:
    """Add many endpoints; an unknown person violates the foreign key."""
    rows = [(e.id, e.person_id, e.kind, e.address, version) for e in endpoints]
    await connection.executemany(_SQL["add_endpoint"], rows)


async def update_endpoint(
    connection: asyncpg.Connection,
    endpoint_id: UUID,
    version: int,
    now: datetime,
    *,
    address: str | None,
    disabled: bool | None,
) -> Endpoint | None:
    """Change what is not None; locks the endpoint's row. None when there is no such endpoint."""
    row = await connection.fetchrow(_SQL["change_endpoint"], endpoint_id, address, disabled, now, version)
    return Endpoint(**row) if row else None


def person_from_row(row: asyncpg.Record) -> Person:
    """Make a person of a row of `get`."""
    return Person(
        id=row["id"],
        name=row["name"],
        title=row["title"],
        status=Status(row["status"]),
        status_until=row["status_until"],
        scopes=frozenset(row["scopes"]),
        disabled=row["disabled"],
    )
