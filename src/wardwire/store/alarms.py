"""Reads technical alarms. They are raised in the batch of what they tell (store/batch.sql)."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from wardwire.store.queries import load

_SQL = load("alarms")


class Alarm(NamedTuple):
    """A technical alarm that is open or was."""

    id: UUID
    kind: str
    subject: str
    detail: str
    message_id: UUID | None
    raised_at: datetime
    cleared_at: datetime | None


async def count_open_alarms(connection: asyncpg.Connection) -> int:
    """Count the alarms that nobody has cleared."""
    count: int = await connection.fetchval(_SQL["count_open"])
    return count


async def list_alarms(connection: asyncpg.Connection, *, also_cleared: bool, limit: int) -> list[Alarm]:
    """Read alarms, the newest first."""
    return [Alarm(*row) for row in await connection.fetch(_SQL["list"], also_cleared, limit)]
