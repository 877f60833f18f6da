"""Reads facts: of one message for its story, of all chains for the audit."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import asyncpg

from wardwire.model.ids import instant_of
from wardwire.store.queries import load

_SQL = load("fact_reads")
# A message's first fact bears the instant of its batch, which is that of its id to the millisecond.
_MARGIN = timedelta(minutes=1)


class ToldFact(NamedTuple):
    """A fact as it is retold."""

    writer: UUID
    seq: int
    at: datetime
    kind: str
    person_id: UUID | None
    device_id: UUID | None
    body: str


async def facts_of_message(connection: asyncpg.Connection, message_id: UUID) -> list[ToldFact]:
    """Read the facts of one message, in the order of their instants."""
    rows = await connection.fetch(_SQL["of_message"], message_id, instant_of(message_id) - _MARGIN)
    return [ToldFact(*row) for row in rows]


async def lanes_of_writers(connection: asyncpg.Connection, writers: Sequence[UUID]) -> dict[UUID, str]:
    """Return the lane of each writer, e.g. `ward1/high/0`, as its chain began."""
    rows = await connection.fetch(_SQL["beginnings"], list(writers))
    return {row["writer"]: str(json.loads(row["body"]).get("lane", "")) for row in rows}
