"""Writes and reads reminders, and arms the deadline of each: when it begins next."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import asyncpg

from wardwire.model.ids import new_id
from wardwire.model.priority import Priority, lane_of
from wardwire.model.reminder import Reminder, Rule
from wardwire.store.batch import NOBODY
from wardwire.store.queries import load

_SQL = load("reminders")


async def insert_reminder(connection: asyncpg.Connection, reminder: Reminder, first: datetime, now: datetime) -> None:
    """Add a reminder that begins at `first`."""
    rule = reminder.rule
    await connection.execute(
        _SQL["add"], reminder.id, reminder.name, sorted(rule.days), list(rule.times), rule.zone, rule.until,
        list(reminder.to), reminder.policy, reminder.place, reminder.priority, reminder.subject, reminder.text,
        reminder.author, now,
    )  # fmt: skip
    lane = int(lane_of(reminder.priority))
    await connection.execute(_SQL["arm"], new_id(first), NOBODY, reminder.id, lane, first)


async def cancel_reminder(connection: asyncpg.Connection, reminder_id: UUID, by: str, now: datetime) -> bool:
    """Cancel a reminder, and whatever of it is to come; returns whether it was living."""
    found = await connection.fetchval(_SQL["cancel"], reminder_id, now, by)
    await connection.execute(_SQL["disarm"], reminder_id)
    return found is not None


async def find_reminder(connection: asyncpg.Connection, reminder_id: UUID) -> Reminder | None:
    """Read a reminder, also one that was cancelled."""
    row = await connection.fetchrow(_SQL["read"], reminder_id)
    return _reminder_of(row) if row else None


async def list_reminders(connection: asyncpg.Connection, after: UUID, limit: int) -> list[Reminder]:
    """Read a page of those that nobody has cancelled."""
    return [_reminder_of(row) for row in await connection.fetch(_SQL["list"], after, limit)]


def _reminder_of(row: asyncpg.Record) -> Reminder:
    return Reminder(
        id=row["id"],
        name=row["name"],
        rule=Rule(frozenset(row["days"]), tuple(row["times"]), row["zone"], row["until"]),
        to=tuple(row["recipients"]),
        priority=Priority(row["priority"]),
        text=row["text"],
        subject=row["subject"],
        policy=row["policy"],
        place=row["place"],
        author=row["author"],
        cancelled_by=row["cancelled_by"],
        next_at=row["next_at"],
    )
