"""Writes the keys of integrations: digests only. Runs inside the transaction of a change of the directory."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import asyncpg

from wardwire.model.people import ApiKey
from wardwire.store.queries import load

_SQL = load("keys")


async def insert_key(connection: asyncpg.Connection, key: ApiKey, version: int, now: datetime) -> None:
    """Add a key."""
    await connection.execute(_SQL["add"], key.id, key.source, key.secret, sorted(key.scopes), now, version)


async def revoke_key(connection: asyncpg.Connection, key_id: UUID, version: int, now: datetime) -> ApiKey | None:
    """Revoke a key; twice is no fault. None when there is no such key."""
    row = await connection.fetchrow(_SQL["revoke"], key_id, now, version)
    if row is None:
        return None
    return ApiKey(
        id=row["id"], source=row["source"], secret=row["secret"], scopes=frozenset(row["scopes"]), revoked=True
    )
