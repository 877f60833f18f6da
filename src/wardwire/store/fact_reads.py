"""Reads facts: of one message for its story, of all chains for the audit."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import asyncpg

from wardwire.model.facts import Fact
from wardwire.model.ids import instant_of
from wardwire.store.queries import load

_SQL = load("fact_reads")
# A message's first fact bears the instant of its batch, which is that of its id to the millisecond.
_MARGIN = timedelta(minutes=1)
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_AT_ONCE = 5_000


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


async def facts_beyond(
    connection: asyncpg.Connection, message_id: UUID, place: Mapping[UUID, int], since: datetime, limit: int
) -> list[ToldFact]:
    """Read the facts of one message since an instant whose number is beyond that of their writer in `place`."""
    rows = await connection.fetch(
        _SQL["of_message_beyond"], message_id, max(since, instant_of(message_id) - _MARGIN), list(place),
        list(place.values()), limit,
    )  # fmt: skip
    return [ToldFact(*row) for row in rows]


async def facts_of_messages(connection: asyncpg.Connection, messages: Sequence[UUID]) -> dict[UUID, list[ToldFact]]:
    """Read the facts of some messages, each in the order of their instants."""
    found: dict[UUID, list[ToldFact]] = {message_id: [] for message_id in messages}
    since = min(map(instant_of, messages), default=_EVER) - _MARGIN if messages else _EVER
    for row in await connection.fetch(_SQL["of_messages"], list(messages), since):
        found[row["message_id"]].append(ToldFact(*row[:7]))
    return found


async def lanes_of_writers(connection: asyncpg.Connection, writers: Sequence[UUID]) -> dict[UUID, str]:
    """Return the lane of each writer, e.g. `ward1/high/0`, as its chain began."""
    rows = await connection.fetch(_SQL["beginnings"], list(writers))
    return {row["writer"]: str(json.loads(row["body"]).get("lane", "")) for row in rows}


async def read_chains(connection: asyncpg.Connection, since: datetime | None) -> AsyncIterator[list[Fact]]:
    """Read all facts in the order (writer, seq), some thousand at a time. Needs an open transaction."""
    cursor = await connection.cursor(_SQL["chains"], since or _EVER)
    while rows := await cursor.fetch(_AT_ONCE):
        yield [Fact(*row) for row in rows]


async def count_facts(connection: asyncpg.Connection, since: datetime | None) -> int:
    """Count facts."""
    count: int = await connection.fetchval(_SQL["count"], since or _EVER)
    return count


async def signed_since(
    connection: asyncpg.Connection, writer: UUID, behind: int, upto: int, limit: int, kinds: Iterable[str]
) -> list[Fact]:
    """Read the facts of these kinds that devices have made, of one chain in (behind, upto], in order."""
    rows = await connection.fetch(_SQL["signed_since"], writer, behind, upto, limit, list(kinds))
    return [Fact(*row) for row in rows]


async def kept_responses(connection: asyncpg.Connection, messages: Sequence[UUID]) -> dict[tuple[UUID, bytes], bytes]:
    """Return what people answered to these messages, as signed: by message and by the digest that was kept."""
    rows = await connection.fetch(_SQL["responses"], list(messages))
    return {(row["message_id"], row["digest"]): row["body"] for row in rows}


async def keys_of_devices(connection: asyncpg.Connection, devices: Sequence[UUID]) -> dict[UUID, str]:
    """Return the nkeys of devices, revoked ones too."""
    rows = await connection.fetch(_SQL["keys_of_devices"], list(devices))
    return {row["id"]: row["nkey"] for row in rows}


async def read_log(
    connection: asyncpg.Connection,
    *,
    since: datetime,
    before: tuple[datetime, UUID, int],
    kinds: Iterable[str],
    person: UUID | None,
    limit: int,
) -> list[Fact]:
    """Read the facts of these kinds since an instant and before a place (instant, writer, number), newest first."""
    rows = await connection.fetch(_SQL["log"], since, *before, list(kinds), person, limit)
    return [Fact(*row) for row in rows]
