"""Seals the heads of the chains each second: in the database as a role that can do nothing else, and as lines of a
file outside it. Any number of cores may do it; a head only moves forward.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import structlog

from wardwire.model.anchor import Anchored, write_line
from wardwire.model.clock import Clock
from wardwire.store.sealing import Head, find_heads, seal, sealed_heads

SEAL_EVERY_S = 1.0

log = structlog.get_logger("wardwire.engine.sealer")


class Sealer:
    """Run `round` every second (engine/upkeep.keep)."""

    def __init__(
        self,
        *,
        connect: Callable[[], Awaitable[asyncpg.Connection]],
        clock: Clock,
        folder: Path | None,
        alarm: Callable[[str, str, str], None],
    ) -> None:
        """Make a sealer.

        Args:
            connect: Opens a connection of the role wardwire_sealer, in our schema.
            folder: Where the files lie, one a day (`heads-20261124.txt`); best on another disk or machine.
                None = no file is written.
            alarm: Raises a technical alarm: kind, subject, text.
        """
        self._connect = connect
        self._clock = clock
        self._folder = folder
        self._alarm = alarm
        self._connection: asyncpg.Connection | None = None
        self._last: dict[UUID, Head] = {}
        self.sealed = 0

    async def round(self) -> None:
        """Seal what has grown. A chain that is shorter than its sealed head is a technical alarm.

        Raises:
            OSError, asyncpg.PostgresError: The next round begins with a new connection.
        """
        try:
            connection = await self._ready()
            now = self._clock.now()
            today = now.replace(hour=0, minute=0, second=0, microsecond=0)
            heads = await find_heads(connection, today - timedelta(days=1))
            grown = [head for head in heads if self._has_grown(head)]
            if grown:
                await seal(connection, grown, now)
                await asyncio.to_thread(self._anchor, grown, now)
                self._last.update((head.writer, head) for head in grown)
                self.sealed += len(grown)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(Exception):
                await connection.close(timeout=1)

    async def _ready(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await self._connect()
            for writer, seq, digest, _ in await sealed_heads(self._connection):
                self._last[writer] = Head(writer, seq, digest)
        return self._connection

    def _has_grown(self, head: Head) -> bool:
        last = self._last.get(head.writer)
        if last is None or head.seq > last.seq:
            return True
        # Another core may have sealed further than this snapshot saw; a second later it is seen here too.
        if head.seq == last.seq and head.hash != last.hash:
            log.error("chain_differs_from_seal", writer=head.writer.hex, seq=head.seq)
            self._alarm(
                "audit",
                head.writer.hex,
                f"The audit chain {head.writer.hex} differs from its sealed head. Run: wardwire audit verify",
            )
        return False

    def _anchor(self, heads: list[Head], now: datetime) -> None:
        """Append lines, and return when they are on the disk."""
        if self._folder is None:
            return
        lines = "".join(write_line(Anchored(now, *head)) for head in heads).encode()
        path = self._folder / f"heads-{now:%Y%m%d}.txt"
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, lines)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
