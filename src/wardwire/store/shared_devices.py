"""Shared devices and badges; columns of their rows."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from wardwire.model.ids import first_id_of
from wardwire.model.shared_device import Held
from wardwire.store.queries import load

_SQL = load("shared_devices")
# What is older and still open is on its way by its escalation, or was told to its sender.
_OPEN_SINCE = timedelta(days=2)


async def lock_held(connection: asyncpg.Connection, device_id: UUID) -> Held | None:
    """Read who has a device, and keep it so until the transaction ends; None when it is unknown or revoked."""
    row = await connection.fetchrow(_SQL["lock"], device_id)
    return Held(*row) if row else None


async def put_turn(
    connection: asyncpg.Connection,
    device_id: UUID,
    *,
    person_id: UUID | None,
    until: datetime | None,
    version: int,
    unit_id: UUID | None = None,
) -> int:
    """Let a device change hands, and end its session; returns its turn from now on."""
    turn: int = await connection.fetchval(_SQL["turn"], device_id, person_id, until, version, unit_id)
    await connection.execute(_SQL["end_session"], device_id)
    return turn


async def count_wrong(connection: asyncpg.Connection, device_id: UUID, wrong: int, since: datetime) -> None:
    """Note a wrong badge."""
    await connection.execute(_SQL["wrong"], device_id, wrong, since)


async def release(connection: asyncpg.Connection, person_id: UUID, device_id: UUID, now: datetime) -> None:
    """Let what was open on somebody's only device fall due now: on to their next endpoint."""
    await connection.execute(_SQL["release"], person_id, device_id, now, first_id_of(now - _OPEN_SINCE))


async def find_due(connection: asyncpg.Connection, now: datetime, limit: int) -> list[UUID]:
    """Return devices whose time is over."""
    return [row["id"] for row in await connection.fetch(_SQL["due"], now, limit)]


async def find_badge(connection: asyncpg.Connection, digest: bytes) -> UUID | None:
    """Return whose badge this is; None = nobody's, or of somebody disabled."""
    person_id: UUID | None = await connection.fetchval(_SQL["badge"], digest)
    return person_id


async def put_badge(
    connection: asyncpg.Connection, digest: bytes, person_id: UUID, *, now: datetime, by: str
) -> None:
    """Give a person a badge, in the place of their former one."""
    await connection.execute(_SQL["put_badge"], digest, person_id, now, by)


async def end_badge(connection: asyncpg.Connection, person_id: UUID) -> bool:
    """Take a person's badge away; False when they had none."""
    return await connection.fetchval(_SQL["end_badge"], person_id) is not None


async def is_person(connection: asyncpg.Connection, person_id: UUID) -> bool:
    """Whether there is such a person, not disabled."""
    return await connection.fetchval(_SQL["person"], person_id) is not None


async def is_unit(connection: asyncpg.Connection, place_id: UUID) -> bool:
    """Whether there is such a unit, not disabled."""
    return await connection.fetchval(_SQL["unit"], place_id) is not None
