"""Reads where patients are. It is changed by store/batch.py alone (flow/moving.py)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from wardwire.model.stays import Moved, Stay
from wardwire.store.queries import load

_SQL = load("stays")
# So long a patient is remembered who is out: a discharge may be cancelled.
OUT_KEPT = timedelta(days=30)
# A number that was merged into another may still stand on papers.
MERGED_KEPT = timedelta(days=400)
_ENCODE = msgspec.json.Encoder().encode
_DECODE = msgspec.json.Decoder(tuple[Moved, ...]).decode


def to_row(stay: Stay, now: datetime) -> tuple[Any, ...]:
    """Write a stay as batch.sql takes it (`stay`)."""
    into = stay.into or (None, None)
    return (stay.patient, stay.authority, stay.version, stay.place, _ENCODE(stay.moves).decode(), now, *into)


async def load_stays(connection: asyncpg.Connection, patients: Sequence[str]) -> list[Stay]:
    """Read the stays that bear some numbers, and those that they were merged into."""
    return [
        Stay(
            row["patient"],
            row["authority"],
            row["version"],
            row["place_id"],
            _DECODE(row["moves"]),
            (row["into_patient"], row["into_authority"]) if row["into_patient"] is not None else None,
        )
        for row in await connection.fetch(_SQL["load"], list(patients))
    ]


async def find_about(connection: asyncpg.Connection, patients: Sequence[str]) -> list[UUID]:
    """Find the open alerts that may be about patients, by their numbers: whoever reads them sees whether they are."""
    rows = await connection.fetch(_SQL["about"], [msgspec.json.encode(one)[1:-1].decode() for one in patients])
    return [row["message_id"] for row in rows]


async def forget_stays(connection: asyncpg.Connection, now: datetime, limit: int) -> int:
    """Forget who has been out for long, at most so many; returns how many there were."""
    count: int = await connection.fetchval(_SQL["forget"], now - OUT_KEPT, limit, now - MERGED_KEPT)
    return count
