"""Passkeys and the challenges that they sign; columns of their rows."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from wardwire.store.queries import load

_SQL = load("passkeys")


class Passkey(NamedTuple):
    """A passkey. `id` is the authenticator's, `number` ours; `sign_count` stays 0 where it counts nothing."""

    id: bytes
    number: UUID
    account_id: UUID
    public_key: bytes
    sign_count: int
    name: str
    made_at: datetime
    used_at: datetime | None = None


class Challenge(NamedTuple):
    """A challenge that was used just now. `account_id`: whose passkey is made; None = somebody signs in."""

    account_id: UUID | None


async def put_challenge(
    connection: asyncpg.Connection,
    digest: bytes,
    account_id: UUID | None,
    *,
    now: datetime,
    expires_at: datetime,
    address: str,
    most: int,
) -> bool:
    """Keep a challenge; False when an address has `most` of them open."""
    made = await connection.fetchval(_SQL["challenge"], digest, account_id, now, expires_at, most, address)
    return made is not None


async def use_challenge(connection: asyncpg.Connection, digest: bytes, now: datetime) -> Challenge | None:
    """Use a challenge; None when it is not known, too old, or was used before."""
    row = await connection.fetchrow(_SQL["use_challenge"], digest, now)
    return Challenge(row["account_id"]) if row else None


async def insert_passkey(connection: asyncpg.Connection, passkey: Passkey) -> None:
    """Add a passkey. Raises asyncpg.UniqueViolationError when it is somebody's already."""
    await connection.execute(_SQL["add"], *passkey[:-1])


async def list_passkeys(connection: asyncpg.Connection, account_id: UUID) -> list[Passkey]:
    """Read the passkeys of an account, the oldest first."""
    return [Passkey(*row) for row in await connection.fetch(_SQL["list"], account_id)]


async def lock_passkey(connection: asyncpg.Connection, id: bytes) -> Passkey | None:
    """Read a passkey, and let nobody else use it until the transaction ends."""
    row = await connection.fetchrow(_SQL["lock"], id)
    return Passkey(*row) if row else None


async def note_used(connection: asyncpg.Connection, id: bytes, sign_count: int, now: datetime) -> None:
    """Note that a passkey was used."""
    await connection.execute(_SQL["used"], id, sign_count, now)


async def name_passkey(connection: asyncpg.Connection, account_id: UUID, number: UUID, name: str) -> bool:
    """Name a passkey; False when the account has no such."""
    return await connection.fetchval(_SQL["name"], account_id, number, name) is not None


async def remove_passkeys(connection: asyncpg.Connection, account_id: UUID, number: UUID | None = None) -> list[str]:
    """Remove one passkey of an account, or all; returns their names."""
    return [row["name"] for row in await connection.fetch(_SQL["remove"], account_id, number)]


async def count_passkeys(connection: asyncpg.Connection, account_id: UUID) -> int:
    """Count the passkeys of an account."""
    number: int = await connection.fetchval(_SQL["count"], account_id)
    return number
