"""Reads the alerts of a day that was, and who had which bed then. Nothing here writes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import asyncpg

from wardwire.model.ids import first_id_of
from wardwire.model.places import Assignment
from wardwire.model.priority import Priority
from wardwire.store.places import assignment_of
from wardwire.store.queries import load

_SQL = load("replay")
# An id is made a moment before its facts are written.
_MARGIN = timedelta(minutes=1)


class Alerted(NamedTuple):
    """An alert as it was stored."""

    id: UUID
    priority: Priority
    source: str
    content: bytes
    stored_at: datetime
    ended_at: datetime | None


async def read_alerts(connection: asyncpg.Connection, begin: datetime, end: datetime) -> list[Alerted]:
    """Read the alerts that escalated and were stored in [begin, end)."""
    rows = await connection.fetch(_SQL["alerts"], first_id_of(begin), first_id_of(end), begin - _MARGIN)
    return [Alerted(row[0], Priority(row[1]), *row[2:]) for row in rows]


async def read_assignments(connection: asyncpg.Connection, begin: datetime, end: datetime) -> list[Assignment]:
    """Read who had which bed in [begin, end)."""
    return [assignment_of(row) for row in await connection.fetch(_SQL["assignments"], begin, end)]
