"""Figures of what was sent and how soon it came, counted from the messages and deliveries themselves."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import NamedTuple

import asyncpg

from wardwire.model import ids
from wardwire.store.queries import load

_SQL = load("figures")


class Stored(NamedTuple):
    """So many messages of a priority were stored in a slot."""

    slot: datetime
    priority: str
    stored: int


class Waits(NamedTuple):
    """How long people of a slot waited for the first confirmation; `half_s` and `most_s` (of 95 in 100) of those who
    were reached.
    """

    slot: datetime
    priority: str
    people: int
    reached: int
    half_s: float | None
    most_s: float | None


class Group(NamedTuple):
    """How soon people of a group were reached and answered; `asked`: to so many an answer was offered.

    `paper`: so many of the people were called by hand while the site was away.
    """

    key: str
    people: int
    reached: int
    asked: int
    answered: int
    delivered_half_s: float | None
    delivered_most_s: float | None
    answered_half_s: float | None
    answered_most_s: float | None
    paper: int


class Day(NamedTuple):
    """What was sent on a day (UTC), by how many people and other systems."""

    day: date
    messages: int
    alerts: int
    chats: int
    senders: int
    systems: int


async def count_traffic(connection: asyncpg.Connection, since: datetime, slot: timedelta) -> list[Stored]:
    """Count messages since an instant, in slots of this length."""
    rows = await connection.fetch(_SQL["traffic"], ids.first_id_of(since), since, slot)
    return [Stored(*row) for row in rows]


async def measure_waits(connection: asyncpg.Connection, since: datetime, slot: timedelta) -> list[Waits]:
    """Measure how long people waited since an instant, in slots of this length."""
    rows = await connection.fetch(_SQL["waits"], ids.first_id_of(since), since, slot)
    return [Waits(*row) for row in rows]


async def measure_responses(connection: asyncpg.Connection, since: datetime, until: datetime, by: str) -> list[Group]:
    """Measure how soon people were reached and answered, of what was stored in a time.

    Args:
        by: `priority`, `role`, `unit` or `day`.
    """
    rows = await connection.fetch(_SQL["responses"], ids.first_id_of(since), ids.first_id_of(until), by)
    return [Group(*row) for row in rows]


async def count_usage(connection: asyncpg.Connection, since: datetime, until: datetime) -> list[Day]:
    """Count what was sent on each day."""
    rows = await connection.fetch(_SQL["usage"], ids.first_id_of(since), ids.first_id_of(until))
    return [Day(*row) for row in rows]
