"""Registration codes and the devices that they bring in; revocation takes devices away again."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from wardwire.model.errors import Code, Refused
from wardwire.store.queries import load

_SQL = load("registration")


class CodeRow(NamedTuple):
    """A registration code; the code itself is kept nowhere."""

    digest: bytes
    person_id: UUID
    expires_at: datetime
    used_at: datetime | None
    device_id: UUID | None


class DeviceRow(NamedTuple):
    """What is needed of a device to register it again: nothing but to see that it is the same."""

    id: UUID
    person_id: UUID
    nkey: str
    x25519: bytes


class ListedDevice(NamedTuple):
    """A device as people see it. `opened_at` is that of its last session; `replaced` counts second places."""

    id: UUID
    person_id: UUID
    name: str
    app_version: str
    registered_at: datetime
    revoked_at: datetime | None
    opened_at: datetime | None
    offset_ms: int | None
    replaced: int | None


async def person_name(connection: asyncpg.Connection, person_id: UUID) -> str | None:
    """Return the name of a person who is not disabled."""
    name: str | None = await connection.fetchval(_SQL["person"], person_id)
    return name


async def add_code(
    connection: asyncpg.Connection, digest: bytes, person_id: UUID, *, now: datetime, expires_at: datetime
) -> None:
    """Keep a code's digest; the person's unused codes end now."""
    await connection.execute(_SQL["issue"], digest, person_id, now, expires_at)


async def lock_code(connection: asyncpg.Connection, digest: bytes) -> CodeRow | None:
    """Read a code and keep others from using it until the transaction ends."""
    row = await connection.fetchrow(_SQL["code"], digest)
    return CodeRow(*row) if row else None


async def use_code(connection: asyncpg.Connection, digest: bytes, device_id: UUID, now: datetime) -> None:
    """Mark a code as used."""
    await connection.execute(_SQL["use"], digest, now, device_id)


async def add_device(
    connection: asyncpg.Connection,
    device: DeviceRow,
    *,
    name: str,
    app_version: str,
    now: datetime,
    version: int,
) -> None:
    """Register a device.

    Raises:
        Refused: `CONFLICT` when its key is registered already.
    """
    try:
        await connection.execute(
            _SQL["add"],
            device.id,
            device.person_id,
            name,
            app_version,
            device.nkey,
            device.x25519,
            now,
            version,
        )
    except asyncpg.UniqueViolationError:
        raise Refused(Code.CONFLICT, "this key is registered already", pointer="/nkey") from None


async def find_device(connection: asyncpg.Connection, device_id: UUID) -> DeviceRow | None:
    """Read a device that is not revoked."""
    row = await connection.fetchrow(_SQL["device"], device_id)
    return DeviceRow(*row) if row else None


async def end_device(
    connection: asyncpg.Connection, device_id: UUID, *, now: datetime, why: str, version: int
) -> UUID | None:
    """Revoke a device; returns its person, or None when it was revoked before.

    Raises:
        Refused: `NOT_FOUND`.
    """
    person_id: UUID | None = await connection.fetchval(_SQL["revoke"], device_id, now, why, version)
    if person_id is None and not await connection.fetchval(_SQL["is_known"], device_id):
        raise Refused(Code.NOT_FOUND, "there is no such device")
    return person_id


async def list_devices(connection: asyncpg.Connection, person_id: UUID | None, limit: int) -> list[ListedDevice]:
    """Read devices, newest first, of one person or of all."""
    return [ListedDevice(*row) for row in await connection.fetch(_SQL["of_person"], person_id, limit)]
