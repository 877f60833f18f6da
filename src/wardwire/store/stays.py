"""Reads where patients are. It is changed by store/batch.py alone (flow/moving.py)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import msgspec

from wardwire.model.stays import Moved, Stay
from wardwire.store.queries import load

_SQL = load("stays")
# So long a patient is remembered who is out: a discharge may be cancelled.
OUT_KEPT = timedelta(days=30)
_ENCODE = msgspec.json.Encoder().encode
_DECODE = msgspec.json.Decoder(tuple[Moved, ...]).decode


def to_row(stay: Stay, now: datetime) -> tuple[Any, ...]:
    """Write a stay as batch.sql takes it (`stay`)."""
    return (stay.patient, stay.authority, stay.version, stay.place, _ENCODE(stay.moves).decode(), now)


async def load_stays(connection: asyncpg.Connection, patients: Sequence[str]) -> list[Stay]:
    """Read the stays that bear some numbers."""
    return [
        Stay(row["patient"], row["authority"], row["version"], row["place_id"], _DECODE(row["moves"]))
        for row in await connection.fetch(_SQL["load"], list(patients))
    ]


async def forget_stays(connection: asyncpg.Connection, now: datetime, limit: int) -> int:
    """Forget who has been out for long, at most so many; returns how many there were."""
    count: int = await connection.fetchval(_SQL["forget"], now - OUT_KEPT, limit)
    return count
