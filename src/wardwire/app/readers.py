"""Reads other directories for whoever asks over HTTP: begun at once, ended by itself, its report kept by the step."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import structlog

from wardwire.api.sources import Named
from wardwire.app.sources import Made
from wardwire.directory.desk import DirectoryDesk
from wardwire.directory.syncing import Held, sync_source
from wardwire.model import ids
from wardwire.model.clock import Clock
from wardwire.model.errors import Code, Refused, WardwireError
from wardwire.model.people import Directory
from wardwire.model.rights import Caller
from wardwire.sources.contract import SourceFailed

log = structlog.get_logger("wardwire.app.readers")


class Readers:
    """Implements api/sources.Readers, for the sources that the settings name.

    Args:
        pool: Lends connections (asyncpg.Pool).
        node: Names this process among the readers.
        refresh: Takes in what has changed in the directory: before it is compared, and afterwards.
    """

    def __init__(
        self,
        sources: Mapping[str, Made],
        *,
        pool: Any,
        clock: Clock,
        directory: Callable[[], Directory],
        node: str,
        refresh: Callable[[], Awaitable[None]],
    ) -> None:
        self._sources = sources
        self._pool = pool
        self._clock = clock
        self._directory = directory
        self._node = node
        self._refresh = refresh
        self._running: set[asyncio.Task[None]] = set()

    def named(self) -> list[Named]:
        """List what the settings name."""
        return [
            Named(name, made.kind, made.every.total_seconds() if made.every else None)
            for name, made in self._sources.items()
        ]

    async def begin(
        self,
        source: str,
        desk: DirectoryDesk,
        caller: Caller,
        *,
        dry_run: bool = False,
        whole: bool = False,
        who: str = "",
        removals: float | None = None,
    ) -> UUID:
        """Begin to read one; returns the id of its report as soon as nobody else can read it.

        Raises:
            Refused: `CONFLICT`: it is being read.
        """
        made, report_id, claimed = self._sources[source], ids.new_id(self._clock.now()), asyncio.Event()
        way = made.way if removals is None else replace(made.way, removals=removals)

        async def run() -> None:
            await self._refresh()
            async with self._pool.acquire() as connection:
                synced = await sync_source(
                    connection, desk, caller, self._directory, self._clock, way,
                    lambda mark: made.source.read(mark, lambda count: None, who=who),
                    by=f"{self._node} {report_id.hex}", dry_run=dry_run, whole=whole, report_id=report_id,
                    began=claimed.set,
                )  # fmt: skip
            log.info("source_read", source=source, state=synced.report.state, said=synced.report.said)
            await self._refresh()

        running = asyncio.create_task(run())
        self._running.add(running)
        running.add_done_callback(self._ended)
        waiting = asyncio.create_task(claimed.wait())
        try:
            await asyncio.wait((running, waiting), return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        if not claimed.is_set():
            try:
                await running
            except Held:
                raise Refused(Code.CONFLICT, "it is being read by another; wait until that has ended") from None
        return report_id

    def _ended(self, running: asyncio.Task[None]) -> None:
        self._running.discard(running)
        if running.cancelled() or (error := running.exception()) is None:
            return
        if isinstance(error, Held | SourceFailed | WardwireError):
            log.warning("source_not_read", reason=str(error))  # its report says so
        else:
            log.error("source_not_read", exc_info=error)

    async def idle(self) -> None:
        """Wait until nothing is being read."""
        await asyncio.gather(*self._running, return_exceptions=True)

    async def close(self) -> None:
        """End what is being read: nothing of it is taken in that was not."""
        for running in self._running:
            running.cancel()
        await self.idle()
