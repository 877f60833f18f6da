"""Watches feeds: one that has been silent for longer than it may be is a technical alarm, until it is heard again.

Every core with doors for other systems watches; what one of them hears, all of them know by the database.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any

import structlog

from wardwire.engine.upkeep import Alarm, AlarmOver
from wardwire.flow.ports import Rules, Writer
from wardwire.model.clock import Clock
from wardwire.model.feeds import Quiet, judge
from wardwire.store.alarms import find_open_alarms
from wardwire.store.feeds import hear_feeds, last_heard, watch_feeds

LOOK_EVERY_S = 5.0
KIND = "feed_quiet"
# After a start its sources need a moment to come back.
GRACE = timedelta(seconds=60)

log = structlog.get_logger("wardwire.engine.feeds")


class FeedWatch:
    """Run `round` every few seconds (engine/upkeep.keep).

    Args:
        pool: Lends connections (asyncpg.Pool).
        quiet: Name of a feed -> how long it may be silent.
        heard: Says when this process has last heard each feed, by the monotonic clock; it may name others too.
        zone: Of the hours in `quiet`; asked again at each look.

    Attributes:
        last: When each feed was last heard by any core, as of the last look.
    """

    def __init__(
        self,
        *,
        pool: Any,
        clock: Clock,
        writer: Writer,
        rules: Callable[[], Rules],
        quiet: Mapping[str, Quiet],
        heard: Callable[[], Mapping[str, float]],
        zone: Callable[[datetime], tzinfo],
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._writer = writer
        self._rules = rules
        self._quiet = quiet
        self._heard = heard
        self._zone = zone
        self._since = clock.now()
        self._written: dict[str, float] = {}
        self.last: dict[str, datetime] = {}

    async def round(self) -> None:
        """Write down what was heard, and look for what was not."""
        now, monotonic = self._clock.now(), self._clock.monotonic()
        fresh = {
            name: at for name, at in self._heard().items() if name in self._quiet and self._written.get(name) != at
        }
        async with self._pool.acquire() as connection:
            if fresh:
                instants = {name: now - timedelta(seconds=monotonic - at) for name, at in fresh.items()}
                await hear_feeds(connection, instants)
                self._written.update(fresh)
            self.last = await last_heard(connection, self._quiet)
            if self._quiet.keys() - self.last.keys():
                await watch_feeds(connection, self._quiet, now)
            alarmed = [subject for kind, subject in await find_open_alarms(connection) if kind == KIND]
        verdict = judge(self.last, self._quiet, alarmed, now, self._zone(now))
        for name in verdict.heard:
            why = "it is heard again" if name in self._quiet else "it is watched no more"
            self._writer.put(AlarmOver(KIND, name, why))
        if now - self._since >= GRACE:
            for name in verdict.silent:
                if name not in alarmed:
                    self._raise(name, now)

    def silences(self) -> list[tuple[str, float]]:
        """Return for how many seconds each feed has been silent."""
        now = self._clock.now()
        return [(name, max(0.0, (now - at).total_seconds())) for name, at in sorted(self.last.items())]

    def standing(self) -> list[tuple[str, float, float]]:
        """Return for how many seconds each feed has been silent, and may be at this hour."""
        now = self._clock.now()
        local = now.astimezone(self._zone(now))
        return [(name, silent, self._quiet[name].at(local).total_seconds()) for name, silent in self.silences()]

    def _raise(self, name: str, now: datetime) -> None:
        zone = self._zone(now)
        allowed = self._quiet[name].at(now.astimezone(zone))
        log.error("feed_quiet", feed=name, last_heard=self.last[name].isoformat())
        text = (
            f"The feed {name} has said nothing since {self.last[name].astimezone(zone):%d %b %H:%M}; at this hour"
            f" {_length(allowed)} are allowed. What it would tell us is not heard: look at that system and its"
            " connection, and have its alarms watched where they arise."
        )
        self._writer.put(Alarm(KIND, name, text, self._rules, stands=True))


def _length(allowed: timedelta) -> str:
    seconds = int(allowed.total_seconds())
    if seconds % 3600 == 0:
        return f"{seconds // 3600} h"
    return f"{seconds // 60} min" if seconds % 60 == 0 else f"{seconds} s"
