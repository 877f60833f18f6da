"""What the auditor reads, as the role that can only read; and its signed reports."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from wardwire.model.conservation import Held
from wardwire.store.queries import load

_SQL = load("conservation")
_AT_ONCE = 2_000


class Look(NamedTuple):
    """What was seen, all of it of one instant.

    Attributes:
        upto: How far new messages were read.
        asked: Which messages were read again.
        growing: Messages that may get more recipients.
        for_nobody, stuck: Messages without anybody; of `growing`, those that nothing would move on.
    """

    upto: UUID
    held: list[Held]
    asked: set[UUID]
    growing: set[UUID]
    for_nobody: list[UUID]
    stuck: list[UUID]


class Horizon(NamedTuple):
    """Which transactions have ended (all below), and which may have begun (none above)."""

    ended_below: int
    begun_below: int


async def read_horizon(connection: asyncpg.Connection) -> Horizon:
    """Read how far commits have come."""
    return Horizon(*await connection.fetchrow(_SQL["horizon"]))


async def find_older(connection: asyncpg.Connection, behind: UUID) -> set[UUID]:
    """Find messages up to `behind` that something still waits for."""
    return {row["message_id"] for row in await connection.fetch(_SQL["older"], behind)}


class LeftOpen(NamedTuple):
    """What an auditor leaves behind for the next one.

    Attributes:
        upto: Up to where it has counted.
        messages: What was open then.
    """

    upto: UUID
    messages: Collection[UUID]


async def find_left_open(connection: asyncpg.Connection) -> LeftOpen | None:
    """Find what the last auditor has left; None = there was none."""
    row = await connection.fetchrow(_SQL["left_open"])
    return LeftOpen(row["upto"], set(row["messages"])) if row else None


async def leave_open(connection: asyncpg.Connection, left: LeftOpen, now: datetime) -> None:
    """Leave behind what is open, as the role that seals the record."""
    await connection.execute(_SQL["leave_open"], left.upto, sorted(left.messages), now)


async def find_forgotten(connection: asyncpg.Connection, behind: UUID) -> set[UUID]:
    """Find messages up to `behind` of which a delivery is open, by reading all of them."""
    return {row["message_id"] for row in await connection.fetch(_SQL["forgotten"], behind)}


async def find_told(connection: asyncpg.Connection) -> list[str]:
    """Find the subjects of open alarms about the law."""
    return [row["subject"] for row in await connection.fetch(_SQL["told"])]


async def find_for_nobody(connection: asyncpg.Connection, messages: Collection[UUID]) -> set[UUID]:
    """Find which of these messages are still for nobody."""
    return {row["id"] for row in await connection.fetch(_SQL["for_nobody"], list(messages))}


async def look(
    connection: asyncpg.Connection, *, behind: UUID, upto: UUID, again: Collection[UUID], limit: int
) -> Look:
    """Read at most `limit` new messages in (behind, upto], and those of `again` and all growing ones once more."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        fresh = await connection.fetch(_SQL["fresh"], behind, upto, limit)
        if len(fresh) == limit:
            upto = fresh[-1]["id"]
        growing = {row["message_id"]: row["armed"] for row in await connection.fetch(_SQL["growing"], upto)}
        asked = {*again, *growing}
        held: list[Held] = []
        for part in _parts({*asked, *(row["id"] for row in fresh)}):
            held += [Held(*row) for row in await connection.fetch(_SQL["held"], part)]
    return Look(
        upto=upto,
        held=held,
        asked=asked,
        growing=set(growing),
        for_nobody=[row["id"] for row in fresh if row["for_nobody"]],
        stuck=sorted(message for message, armed in growing.items() if not armed),
    )


def _parts(messages: set[UUID]) -> list[list[UUID]]:
    every = sorted(messages)
    return [every[first : first + _AT_ONCE] for first in range(0, len(every), _AT_ONCE)]


class SignedReport(NamedTuple):
    """A day's books as they were signed: `content` is the JSON, byte for byte."""

    day: date
    node: str
    content: bytes
    signature: bytes
    at: datetime


async def keep_report(connection: asyncpg.Connection, report: SignedReport) -> None:
    """Keep a report, as the role that seals the record."""
    await connection.execute(_SQL["keep_report"], *report)


async def list_reports(connection: asyncpg.Connection, day: date | None) -> list[SignedReport]:
    """Read the reports of a day, or the latest ones."""
    return [SignedReport(*row) for row in await connection.fetch(_SQL["reports"], day)]
