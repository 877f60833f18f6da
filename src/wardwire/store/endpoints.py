"""Writes the outside endpoints of people. Runs inside the transaction of a change of the directory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from wardwire.model.people import Endpoint
from wardwire.model.quiet import read_quiet, write_quiet
from wardwire.store.queries import load

_SQL = load("endpoints")


async def insert_endpoints(connection: asyncpg.Connection, endpoints: Sequence[Endpoint], version: int) -> None:
    """Add endpoints; an unknown person violates the foreign key."""
    rows = [(e.id, e.person_id, e.kind, *_rules(e), version) for e in endpoints]
    await connection.executemany(_SQL["add"], rows)


async def lock_endpoint(connection: asyncpg.Connection, endpoint_id: UUID) -> Endpoint | None:
    """Read an endpoint and lock its row."""
    row = await connection.fetchrow(_SQL["lock"], endpoint_id)
    return endpoint_of(row) if row else None


async def update_endpoint(connection: asyncpg.Connection, endpoint: Endpoint, version: int, now: datetime) -> None:
    """Write an endpoint as it is to be; it was locked before."""
    await connection.execute(_SQL["change"], endpoint.id, *_rules(endpoint), endpoint.disabled, now, version)


def endpoint_of(row: asyncpg.Record) -> Endpoint:
    """Make an endpoint of its row."""
    return Endpoint(
        id=row["id"],
        person_id=row["person_id"],
        kind=row["kind"],
        address=row["address"],
        verified_at=row["verified_at"],
        emergency_only=row["emergency_only"],
        until=row["until_at"],
        quiet=tuple(read_quiet(text) for text in row["quiet"]),
        disabled=row["disabled"],
    )


def _rules(endpoint: Endpoint) -> tuple[object, ...]:
    quiet = [write_quiet(one) for one in endpoint.quiet]
    return endpoint.address, endpoint.verified_at, endpoint.emergency_only, endpoint.until, quiet
