"""Lost devices and their orders; columns of their rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from wardwire.model.lost import Lost, Order
from wardwire.store.queries import load

_SQL = load("lost")


async def put_order(
    connection: asyncpg.Connection, device_id: UUID, order: Order, *, now: datetime, why: str, by: str, version: int
) -> bool:
    """Revoke a device and give it an order; False when it has this one, or a harder one, already."""
    done: str = await connection.execute(_SQL["order"], device_id, now, why, order, by, version)
    return done.endswith(" 1")


async def put_told(
    connection: asyncpg.Connection, device_id: UUID, ordered_at: datetime, now: datetime
) -> UUID | None:
    """Note that a device was given its order; returns its person, or None when that was noted before."""
    person_id: UUID | None = await connection.fetchval(_SQL["told"], device_id, ordered_at, now)
    return person_id


async def put_confirmed(
    connection: asyncpg.Connection, device_id: UUID, ordered_at: datetime, *, now: datetime, version: int
) -> UUID | None:
    """Note that a device has done what it was ordered; returns its person, or None when there is nothing to note."""
    person_id: UUID | None = await connection.fetchval(_SQL["confirmed"], device_id, ordered_at, now, version)
    return person_id


async def load_lost(connection: asyncpg.Connection, device_id: UUID) -> Lost | None:
    """Read the order of a device."""
    row = await connection.fetchrow(_SQL["one"], device_id)
    return _lost(row) if row else None


async def find_ordered(connection: asyncpg.Connection, device_ids: Sequence[UUID]) -> set[UUID]:
    """Return those of some devices that are lost and have not obeyed, or were not revoked at all."""
    return {row["id"] for row in await connection.fetch(_SQL["ordered"], list(device_ids))}


async def list_lost(
    connection: asyncpg.Connection, *, after: UUID | None, limit: int, person_id: UUID | None = None
) -> list[Lost]:
    """Read lost devices, of one person or of all, the newest order first."""
    return [_lost(row) for row in await connection.fetch(_SQL["list"], after, limit, person_id)]


def _lost(row: asyncpg.Record) -> Lost:
    lost = Lost(*row)
    return lost._replace(order=Order(lost.order))
