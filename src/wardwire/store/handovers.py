"""The operators' desk changes hands: what is open then, and who has taken it over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from wardwire.store.queries import load

_SQL = load("handovers")


class Item(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that is open: `page`, `call` or `alarm`; its written id, and what whoever leaves says of it."""

    kind: str
    id: str
    note: str = ""


class Handover(NamedTuple):
    """One change of hands.

    Attributes:
        replaced_at: When whoever leaves handed over anew, before anybody had accepted; None = they did not.
    """

    id: UUID
    giver: UUID
    note: str
    items: tuple[Item, ...]
    made_at: datetime
    accepted_by: UUID | None
    accepted_at: datetime | None
    replaced_at: datetime | None


class Candidate(NamedTuple):
    """An alert that may be open. `states`: how far it came with anybody, each once."""

    id: UUID
    content: bytes
    priority: str
    stored_at: datetime
    states: list[str]


class AlarmLine(NamedTuple):
    """What a technical alarm says, and since when; `cleared_at` once it is over."""

    id: UUID
    detail: str
    raised_at: datetime
    cleared_at: datetime | None


class Passed(NamedTuple):
    """An alarm that somebody else has now."""

    id: UUID
    kind: str
    message_id: UUID | None


_ITEMS = msgspec.json.Decoder(tuple[Item, ...])
_encode = msgspec.json.Encoder().encode


def _read(row: asyncpg.Record) -> Handover:
    return Handover(**{**dict(row), "items": _ITEMS.decode(row["items"])})


async def list_candidates(connection: asyncpg.Connection, person: UUID, since: UUID, limit: int) -> list[Candidate]:
    """Read alerts of a person from an id on that have not ended, the newest first."""
    return [Candidate(*row) for row in await connection.fetch(_SQL["candidates"], person, since, limit)]


async def list_calls(connection: asyncpg.Connection, limit: int) -> list[UUID]:
    """Read which code calls run."""
    return [row["message_id"] for row in await connection.fetch(_SQL["calls"], limit)]


async def list_alarms_of(connection: asyncpg.Connection, taken_by: str, limit: int) -> list[UUID]:
    """Read which alarms nobody has, or somebody by this written id."""
    return [row["id"] for row in await connection.fetch(_SQL["alarms"], taken_by, limit)]


async def load_alarms(connection: asyncpg.Connection, alarms: Sequence[UUID]) -> dict[UUID, AlarmLine]:
    """Read what alarms say."""
    return {row["id"]: AlarmLine(*row) for row in await connection.fetch(_SQL["about_alarms"], list(alarms))}


async def load_ends(connection: asyncpg.Connection, messages: Sequence[UUID]) -> dict[UUID, datetime | None]:
    """Read when messages ended, as alerts or themselves; None = they run."""
    return {row["id"]: row["ended_at"] for row in await connection.fetch(_SQL["open_of"], list(messages))}


async def add_handover(connection: asyncpg.Connection, one: Handover) -> None:
    """Write one down; what the same person had begun, and nobody accepted, is replaced by it."""
    await connection.execute(_SQL["replace"], one.giver, one.made_at)
    await connection.execute(_SQL["insert"], one.id, one.giver, one.note, _encode(one.items).decode(), one.made_at)


async def forget_handovers(connection: asyncpg.Connection, before: datetime) -> None:
    """Forget those that are long over."""
    await connection.execute(_SQL["forget"], before)


async def lock_handover(connection: asyncpg.Connection, handover_id: UUID) -> Handover | None:
    """Read one, locked until its change is committed."""
    row = await connection.fetchrow(_SQL["lock"], handover_id)
    return _read(row) if row else None


async def list_handovers(connection: asyncpg.Connection, *, before: UUID | None, limit: int) -> list[Handover]:
    """Read them, the newest first; `before` goes on behind the last one of a page."""
    return [_read(row) for row in await connection.fetch(_SQL["list"], before, limit)]


async def accept_handover(connection: asyncpg.Connection, handover_id: UUID, by: UUID, now: datetime) -> None:
    """Write down who has taken it over; the row was locked before."""
    await connection.execute(_SQL["accept"], handover_id, by, now)


async def pass_alarms(
    connection: asyncpg.Connection, alarms: Sequence[UUID], *, giver: str, taker: str, now: datetime
) -> list[Passed]:
    """Give the open alarms that one has to another; returns which."""
    return [Passed(*row) for row in await connection.fetch(_SQL["pass_alarms"], list(alarms), giver, taker, now)]
