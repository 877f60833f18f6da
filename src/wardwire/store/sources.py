"""Which sources of people there are, how far each was read, and who reads one now: one at a time."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import asyncpg
import msgspec

from wardwire.model.sync_report import SyncReport
from wardwire.store.queries import load

_SQL = load("sources")
_ENCODE = msgspec.json.Encoder().encode
_DECODE = msgspec.json.Decoder(SyncReport).decode


class Standing(NamedTuple):
    """How a source stands.

    Attributes:
        mark: From which a reading can go on; "" = it must be whole.
        whole_at: When all of it was last read and taken in.
        done_at: When it was last read and taken in.
        said: How the last try ended.
        held_until: Somebody reads it now.
    """

    name: str
    mark: str
    whole_at: datetime | None
    tried_at: datetime | None
    done_at: datetime | None
    said: str
    held_until: datetime | None


async def claim_source(
    connection: asyncpg.Connection,
    name: str,
    *,
    by: str,
    now: datetime,
    until: datetime,
    tried_before: datetime | None = None,
) -> tuple[str, datetime | None] | None:
    """Take a source for a while; returns its mark and when it was last read whole. None = another has it, or its time
    has not come.

    Args:
        tried_before: Only if nobody has tried since; None = whenever.
    """
    row = await connection.fetchrow(_SQL["claim"], name, by, now, until, tried_before)
    return (row["mark"], row["whole_at"]) if row else None


async def release_source(
    connection: asyncpg.Connection,
    name: str,
    *,
    by: str,
    said: str,
    mark: str | None = None,
    whole_at: datetime | None = None,
    done_at: datetime | None = None,
    report: SyncReport | None = None,
) -> None:
    """Give a source back, and say how it went; what is None stays. Nothing when another has it by now."""
    written = None if report is None else _ENCODE(report).decode()
    await connection.execute(_SQL["release"], name, by, said, mark, whole_at, done_at, written)


async def read_report(connection: asyncpg.Connection, name: str) -> SyncReport | None:
    """Read how the last reading of a source went; None = there was none yet."""
    text: str | None = await connection.fetchval(_SQL["report"], name)
    return _DECODE(text) if text else None


async def list_sources(connection: asyncpg.Connection) -> list[Standing]:
    """Read how all sources stand."""
    return [Standing(**row) for row in await connection.fetch(_SQL["list"])]
