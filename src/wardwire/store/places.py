"""Writes places and who has them. Runs inside the transaction of a change of the directory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from wardwire.model.places import Assignment, Place, PlaceKind, Rank
from wardwire.store.queries import load

_SQL = load("places")
AREAS = frozenset({PlaceKind.SITE, PlaceKind.BUILDING})


async def insert_places(connection: asyncpg.Connection, places: Sequence[Place], version: int) -> None:
    """Add places, parents before what stands in them; a name that a living place of its kind bears violates
    `places_name`."""
    areas = [(a.id, a.kind.value, a.name, a.parent, a.zone, version) for a in places if a.kind in AREAS]
    await connection.executemany(_SQL["add_area"], areas)
    rows = [_row(place) for place in places if place.kind not in AREAS]
    if rows:
        await connection.execute(_SQL["add"], *map(list, zip(*rows, strict=True)), version)


async def lock_place(connection: asyncpg.Connection, place_id: UUID) -> Place | None:
    """Read a place and lock its row."""
    row = await connection.fetchrow(_SQL["lock"], place_id) or await connection.fetchrow(_SQL["lock_area"], place_id)
    return place_of(row) if row else None


async def update_place(connection: asyncpg.Connection, place: Place, version: int, now: datetime) -> None:
    """Write a place as it is to be; it was locked before."""
    if place.kind in AREAS:
        await connection.execute(_SQL["change_area"], place.id, place.name, place.zone, place.disabled, now, version)
        return
    area = place.parent if place.kind is PlaceKind.UNIT else None
    await connection.execute(_SQL["change"], place.id, place.name, place.policy, place.disabled, now, version, area)


async def insert_assignments(connection: asyncpg.Connection, assignments: Sequence[Assignment]) -> None:
    """Add assignments; an unknown place or person violates its foreign key."""
    rows = [(a.id, a.place_id, a.person_id, a.rank.value, a.starts_at, a.ends_at, a.version) for a in assignments]
    await connection.execute(_SQL["assign"], *map(list, zip(*rows, strict=True)))


async def cancel_assignment(
    connection: asyncpg.Connection, assignment_id: UUID, version: int, now: datetime
) -> Assignment | None:
    """Take an assignment away; twice is no fault. None when there is no such assignment."""
    row = await connection.fetchrow(_SQL["cancel"], assignment_id, now, version)
    return assignment_of(row) if row else None


def place_of(row: asyncpg.Record) -> Place:
    """Make a place of its row."""
    return Place(
        id=row["id"],
        kind=PlaceKind(row["kind"]),
        name=row["name"],
        parent=row["parent"],
        policy=row["policy"],
        zone=row["zone"],
        disabled=row["disabled"],
        version=row["version"],
    )


def _row(place: Place) -> tuple[object, ...]:
    """What a unit stands in is an area, not a place."""
    parent, area = (None, place.parent) if place.kind is PlaceKind.UNIT else (place.parent, None)
    return place.id, place.kind.value, place.name, parent, area, place.policy


def assignment_of(row: asyncpg.Record) -> Assignment:
    """Make an assignment of its row."""
    return Assignment(
        id=row["id"],
        place_id=row["place_id"],
        person_id=row["person_id"],
        rank=Rank(row["rank"]),
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        version=row["version"],
    )
