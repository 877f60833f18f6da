"""The bare store: two connections that write whatever has gathered while the last commit was under way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import asyncpg
from asyncpg.pgproto.pgproto import UUID

BATCH_MAX = 1000

KEEP = """
WITH given AS (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::bytea[]) WITH ORDINALITY
        AS g (id, source, external_id, person_id, content, ord)
), kept AS (
    INSERT INTO identities (source, external_id, message_id, stored_at)
    SELECT source, external_id, id, $6 FROM given
    ON CONFLICT (source, external_id) DO UPDATE SET repeated_at = excluded.stored_at
    RETURNING source, external_id, message_id
), fresh AS (
    SELECT g.* FROM given g JOIN kept k ON k.message_id = g.id
), said AS (
    INSERT INTO messages SELECT id, source, content, $6 FROM fresh
), owed AS (
    INSERT INTO deliveries SELECT id, person_id, 'planned' FROM fresh
), heads AS (
    INSERT INTO inbox_heads AS h (person_id, seq)
    SELECT person_id, count(*) FROM fresh GROUP BY person_id ORDER BY person_id
    ON CONFLICT (person_id) DO UPDATE SET seq = h.seq + excluded.seq
    RETURNING person_id, seq
), listed AS (
    INSERT INTO inbox
    SELECT f.person_id,
           h.seq - count(*) OVER (PARTITION BY f.person_id)
                 + row_number() OVER (PARTITION BY f.person_id ORDER BY f.ord),
           'new', f.id, $6
    FROM fresh f JOIN heads h USING (person_id)
    RETURNING message_id, seq
)
SELECT k.message_id, l.seq FROM given g
JOIN kept k USING (source, external_id) LEFT JOIN listed l ON l.message_id = g.id
ORDER BY g.ord
"""

PAGE = """
WITH kept AS (
    INSERT INTO identities (source, external_id, message_id, stored_at) VALUES ($2, $3, $1, $6)
    ON CONFLICT (source, external_id) DO UPDATE SET repeated_at = excluded.stored_at
), said AS (
    INSERT INTO messages VALUES ($1, $2, $5, $6)
), owed AS (
    INSERT INTO deliveries SELECT $1, person_id, 'planned' FROM unnest($4::uuid[]) AS p (person_id)
), heads AS (
    INSERT INTO inbox_heads AS h (person_id, seq)
    SELECT person_id, 1 FROM unnest($4::uuid[]) AS p (person_id) ORDER BY person_id
    ON CONFLICT (person_id) DO UPDATE SET seq = h.seq + 1
    RETURNING person_id, seq
)
INSERT INTO inbox SELECT person_id, seq, 'new', $1, $6 FROM heads RETURNING person_id, seq
"""

RECEIVE = """
UPDATE deliveries d SET state = 'delivered', delivered_at = $3
FROM unnest($1::uuid[], $2::uuid[]) AS r (message_id, person_id)
WHERE d.message_id = r.message_id AND d.person_id = r.person_id AND d.state = 'planned'
"""


@dataclass(slots=True)
class Kept:
    """A message to be kept."""

    id: UUID
    source: str
    external_id: str
    person: UUID
    content: bytes


@dataclass(slots=True)
class Paged:
    """A message for many, to be kept."""

    id: UUID
    source: str
    external_id: str
    people: list[UUID]
    content: bytes


@dataclass(slots=True)
class Received:
    """A receipt to be kept."""

    message: UUID
    person: UUID


class Store:
    """Natural batches: no timer, and never more than one statement under way for a writer.

    Args:
        kept: Called with each committed batch of messages and the inbox numbers of each.
        received: Called with each committed batch of receipts.
        paged: Called with each committed page and the inbox number of each person.
    """

    def __init__(
        self,
        kept: Callable[[list[Kept], list[int]], Awaitable[None]],
        received: Callable[[list[Received]], Awaitable[None]],
        paged: Callable[[Paged, dict[UUID, int]], Awaitable[None]],
    ) -> None:
        self._kept = kept
        self._received = received
        self._paged = paged
        self._pages: list[Paged] = []
        self._messages: list[Kept] = []
        self._receipts: list[Received] = []
        self._idle: list[asyncio.Future[None]] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self, dsn: str, writers: int = 2) -> None:
        """Connect and begin to write."""
        for _ in range(writers):
            keep = await _prepare(dsn, KEEP, not_wanted="enable_nestloop")
            receive = await _prepare(dsn, RECEIVE, not_wanted="enable_hashjoin")
            page = await _prepare(dsn, PAGE, not_wanted="enable_nestloop")
            self._tasks.append(asyncio.create_task(self._write(keep, receive, page)))

    def keep(self, message: Kept) -> None:
        """Take a message for the next batch."""
        self._messages.append(message)
        self._wake()

    def page(self, page: Paged) -> None:
        """Take a message for many; it is kept by itself."""
        self._pages.append(page)
        self._wake()

    def receive(self, receipt: Received) -> None:
        """Take a receipt for the next batch."""
        self._receipts.append(receipt)
        self._wake()

    def _wake(self) -> None:
        if self._idle:
            self._idle.pop().set_result(None)

    async def _write(self, keep: Any, receive: Any, page: Any) -> None:
        loop = asyncio.get_running_loop()
        while True:
            if not self._messages and not self._receipts and not self._pages:
                waiter: asyncio.Future[None] = loop.create_future()
                self._idle.append(waiter)
                await waiter
            if self._pages:
                one = self._pages.pop(0)
                rows = await page.fetch(
                    one.id, one.source, one.external_id, one.people, one.content, datetime.now(UTC)
                )
                await self._paged(one, dict(rows))
            if batch := self._messages[:BATCH_MAX]:
                del self._messages[:BATCH_MAX]
                rows = await keep.fetch(
                    [m.id for m in batch],
                    [m.source for m in batch],
                    [m.external_id for m in batch],
                    [m.person for m in batch],
                    [m.content for m in batch],
                    datetime.now(UTC),
                )
                await self._kept(batch, [row[1] for row in rows])
            if receipts := self._receipts[:BATCH_MAX]:
                del self._receipts[:BATCH_MAX]
                await receive.fetch([r.message for r in receipts], [r.person for r in receipts], datetime.now(UTC))
                await self._received(receipts)


async def _prepare(dsn: str, query: str, *, not_wanted: str) -> Any:
    """Prepare on a session of its own, so that the plan stays the right one when statistics are renewed.

    A batch joins its own rows by hash, but looks deliveries up by their key. A plan made while the table is
    still empty would read all of it for each batch, until the next ANALYZE some minute later.
    """
    settings = dict.fromkeys((not_wanted, "enable_mergejoin", "enable_seqscan", "jit"), "off")
    settings["plan_cache_mode"] = "force_generic_plan"
    connection = await asyncpg.connect(dsn, server_settings=settings)
    return await connection.prepare(query)
