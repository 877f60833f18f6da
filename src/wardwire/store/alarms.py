"""Technical alarms: read, taken, cleared. They are raised in the batch of what they tell (store/batch.sql)."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from wardwire.store.queries import load

_SQL = load("alarms")


class Alarm(NamedTuple):
    """A technical alarm that is open or was.

    Attributes:
        message_id: The message that it is about, if any.
        told_by: The message that rings for it at the operators' desk; None where there was no desk.
        taken_by, cleared_by: A person's written id, or the name of an integration; None = nobody yet.
        times: How often it was raised while it was open.
        last_raised_at: When it was raised again; None = it was not.
    """

    id: UUID
    kind: str
    subject: str
    detail: str
    message_id: UUID | None
    told_by: UUID | None
    raised_at: datetime
    taken_at: datetime | None
    taken_by: str | None
    cleared_at: datetime | None
    cleared_by: str | None
    cleared_why: str | None
    times: int
    last_raised_at: datetime | None

    @property
    def state(self) -> str:
        """`open`, `taken` or `cleared`."""
        return "cleared" if self.cleared_at else "taken" if self.taken_at else "open"


async def count_open_alarms(connection: asyncpg.Connection) -> int:
    """Count the alarms that nobody has cleared."""
    count: int = await connection.fetchval(_SQL["count_open"])
    return count


async def find_open_alarms(connection: asyncpg.Connection) -> frozenset[tuple[str, str]]:
    """Find kind and subject of every alarm that is open."""
    return frozenset((row["kind"], row["subject"]) for row in await connection.fetch(_SQL["open"]))


async def claim_asks(
    connection: asyncpg.Connection, now: datetime, *, asked_before: datetime | None, unanswered_before: datetime
) -> list[UUID]:
    """Claim the messages of alarms that nobody sees to, where the desk was last asked before an instant.

    Args:
        asked_before: None = nobody is asked again.
        unanswered_before: The instant for alerts that nobody answers.
    """
    rows = await connection.fetch(_SQL["claim_asks"], now, asked_before, unanswered_before)
    return [row["told_by"] for row in rows]


async def find_untold(connection: asyncpg.Connection) -> list[tuple[UUID, str]]:
    """Find open alarms that ring nowhere, because nobody was at the desk: their ids and what they say."""
    return [tuple(row) for row in await connection.fetch(_SQL["untold"])]


async def find_settled(connection: asyncpg.Connection, since: datetime) -> list[tuple[UUID, bool]]:
    """Find messages that still ring for alarms taken or cleared since an instant, and whether they were cleared."""
    return [(row["told_by"], row["over"]) for row in await connection.fetch(_SQL["settled"], since)]


async def was_raised(connection: asyncpg.Connection, kind: str, subject: str, since: datetime) -> bool:
    """Whether an alarm of this kind and subject was raised since an instant, open or not."""
    raised: bool = await connection.fetchval(_SQL["was_raised"], kind, subject, since)
    return raised


async def list_alarms(
    connection: asyncpg.Connection, *, also_cleared: bool, limit: int, before: UUID | None = None
) -> list[Alarm]:
    """Read alarms, the newest first; `before` goes on behind the last one of a page."""
    return [Alarm(*row) for row in await connection.fetch(_SQL["list"], also_cleared, before, limit)]


async def load_alarm(connection: asyncpg.Connection, alarm_id: UUID, *, lock: bool = False) -> Alarm | None:
    """Read one, and lock its row when it is to be changed."""
    row = await connection.fetchrow(_SQL["lock" if lock else "one"], alarm_id)
    return Alarm(*row) if row else None


async def take_alarm(connection: asyncpg.Connection, alarm_id: UUID, by: str, now: datetime) -> None:
    """Write down who sees to it; the row was locked before."""
    await connection.execute(_SQL["take"], alarm_id, by, now)


async def clear_alarm(connection: asyncpg.Connection, alarm_id: UUID, by: str, why: str, now: datetime) -> None:
    """Write down that it is over; the row was locked before."""
    await connection.execute(_SQL["clear"], alarm_id, by, why, now)
