"""Takes in people of other directories at their interval: whichever core comes first does. When it fails the desk is
told once, until it has gone well again, whoever did it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

import structlog

from wardwire.directory.desk import DirectoryDesk
from wardwire.directory.live import LiveDirectory
from wardwire.directory.syncing import Held, Way, sync_source
from wardwire.engine.upkeep import Alarm, AlarmOver
from wardwire.flow.ports import Rules, Writer
from wardwire.model.clock import Clock
from wardwire.model.errors import WardwireError
from wardwire.model.rights import SYSTEM
from wardwire.sources.contract import Source, SourceFailed
from wardwire.store.alarms import find_open_alarms, was_raised
from wardwire.store.sources import Standing, list_sources

LOOK_EVERY_S = 15.0
KIND = "source_failed"
# What has failed is tried again after so long, or at its interval if that is shorter.
AGAIN = timedelta(minutes=15)

log = structlog.get_logger("wardwire.engine.sources")


class Feeding(NamedTuple):
    """A source, the way it is taken in, and how often."""

    way: Way
    source: Source
    every: timedelta


class SourceWatch:
    """Run `round` every few seconds (engine/upkeep.keep), without a limit to how long it takes.

    Args:
        pool: Lends connections (asyncpg.Pool).
        node: Names this process among the readers.
    """

    def __init__(
        self,
        *,
        pool: Any,
        clock: Clock,
        desk: DirectoryDesk,
        people: LiveDirectory,
        writer: Writer,
        rules: Callable[[], Rules],
        sources: Mapping[str, Feeding],
        node: str,
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._desk = desk
        self._people = people
        self._writer = writer
        self._rules = rules
        self._sources = sources
        self._node = node

    async def round(self) -> None:
        """Take in whatever is due, one after the other."""
        async with self._pool.acquire() as connection:
            standing = {one.name: one for one in await list_sources(connection)}
            open_alarms = await find_open_alarms(connection)
        for kind, name in open_alarms:
            if kind == KIND and (name not in self._sources or _went_well(standing.get(name))):
                self._writer.put(AlarmOver(KIND, name, "it was read and taken in, or is read no more"))
        for name, feeding in self._sources.items():
            if self._is_due(standing.get(name), feeding):
                await self._take_in(name, feeding, standing.get(name))

    def _is_due(self, standing: Standing | None, feeding: Feeding) -> bool:
        now = self._clock.now()
        if standing is None or standing.tried_at is None:
            return True
        if now - standing.tried_at < min(AGAIN, feeding.every):
            return False
        return standing.done_at is None or now - standing.done_at >= feeding.every

    async def _take_in(self, name: str, feeding: Feeding, standing: Standing | None) -> None:
        tried = standing.tried_at if standing else None
        try:
            async with self._pool.acquire() as connection:
                synced = await sync_source(
                    connection,
                    self._desk,
                    SYSTEM,
                    lambda: self._people.directory,
                    self._clock,
                    feeding.way,
                    lambda mark: feeding.source.read(mark, lambda count: None),
                    by=self._node,
                    tried_before=tried or self._clock.now(),
                )
        except Held:
            return
        except (SourceFailed, WardwireError) as error:
            await self._tell(name, str(error), standing)
            return
        if synced.refused:
            await self._tell(name, synced.refused, standing)
            return
        log.info("source_taken_in", source=name, changes=str(synced.changes), faults=len(synced.taken.faults))

    async def _tell(self, name: str, why: str, standing: Standing | None) -> None:
        """Raise the alarm, once for each time that it has ceased to go well."""
        log.error("source_failed", source=name, reason=why)
        async with self._pool.acquire() as connection:
            since = standing.done_at if standing and standing.done_at else None
            if since is not None and await was_raised(connection, KIND, name, since):
                return
        text = (
            f"People of the directory {name} could not be taken in: {why}. Those who are known stay as they are; new"
            f" ones are not reached. See: wardwire directory sync --source {name} --dry-run"
        )
        self._writer.put(Alarm(KIND, name, text, self._rules, stands=True))


def _went_well(standing: Standing | None) -> bool:
    return bool(standing and standing.done_at and standing.tried_at and standing.done_at >= standing.tried_at)
