"""Lets canaries fly, looks whether they get through, and calls the desk when one does not.

Every core that serves `audit` looks; of those that would send the same one, one does (flow/canary.py).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

import structlog

from wardwire.engine.upkeep import Alarm, AlarmOver
from wardwire.flow.canary import SendCanary
from wardwire.flow.ports import Rules, Writer
from wardwire.model.canary import NO_UNIT, Canary, Rhythm, Verdict, Way, judge
from wardwire.model.clock import Clock
from wardwire.model.people import Directory
from wardwire.model.places import PlaceKind
from wardwire.store.alarms import find_open_alarms
from wardwire.store.canaries import forget_canaries, list_canaries

LOOK_EVERY_S = 2.0
KIND = "canary"
_CHANNELS = {"app": "devices", "email": "e-mail"}
_NAMED_MAX = 5

log = structlog.get_logger("wardwire.engine.canary")


class CanaryWatch:
    """Run `round` every few seconds (engine/upkeep.keep).

    Args:
        pool: Lends connections (asyncpg.Pool).
        channels: Of which there are canaries here; their people are entered already.

    Attributes:
        flown: The last canary of each way, as of the last look.
        failing: Channels by which one was late, until all of them have got through again.
    """

    def __init__(
        self,
        *,
        pool: Any,
        clock: Clock,
        writer: Writer,
        rules: Callable[[], Rules],
        rhythm: Rhythm,
        channels: Collection[str],
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._writer = writer
        self._rules = rules
        self._rhythm = rhythm
        self._channels = channels
        self._since = clock.now()
        self._refused: dict[Way, datetime] = {}
        self.flown: list[Canary] = []
        self.failing: frozenset[str] = frozenset()

    async def round(self) -> None:
        """Look once."""
        directory = self._rules().directory
        units = [p.id for p in directory.places.values() if p.kind is PlaceKind.UNIT and not p.disabled]
        async with self._pool.acquire() as connection:
            flown = await list_canaries(connection)
            alarms = {subject for kind, subject in await find_open_alarms(connection) if kind == KIND}
            now = self._clock.now()
            sent = {canary.way: canary.sent_at for canary in flown}
            self._refused = {way: at for way, at in self._refused.items() if sent.get(way, at) <= at}
            ways = self._rhythm.ways(units, self._channels)
            verdict = judge(flown, ways, self._rhythm, refused=self._refused, since=self._since, now=now)
            if verdict.gone:
                await forget_canaries(connection, verdict.gone)
        late = {way.channel for way in verdict.late}
        self.flown = flown
        self.failing = frozenset(self.failing | alarms | late) & verdict.unsound
        self._send(verdict, directory)
        for channel in sorted(late - alarms):
            self._raise(channel, [way for way in verdict.late if way.channel == channel], directory)
        for channel in sorted(alarms - verdict.unsound):
            self._writer.put(AlarmOver(KIND, channel, "the next one has got through"))

    def last(self, directory: Directory) -> list[tuple[str, str, datetime | None, float | None]]:
        """Return channel, unit, and of the last one that got through: when, after how many seconds."""
        return [(canary.way.channel, name_unit(canary.way, directory), *canary.last) for canary in self.flown]

    def _send(self, verdict: Verdict, directory: Directory) -> None:
        former = {canary.way: canary for canary in self.flown}
        for way in verdict.send:
            name = name_unit(way, directory)
            self._writer.put(
                SendCanary(
                    way,
                    name,
                    former.get(way),
                    rhythm=self._rhythm,
                    rules=self._rules,
                    refused=self._not_stored,
                    now=self._clock.now(),
                )
            )

    def _not_stored(self, way: Way) -> None:
        self._refused.setdefault(way, self._clock.now())

    def _raise(self, channel: str, late: list[Way], directory: Directory) -> None:
        names = sorted(filter(None, (name_unit(way, directory) for way in late)))
        more = f" and {len(names) - _NAMED_MAX} more" if len(names) > _NAMED_MAX else ""
        units = f" for {', '.join(names[:_NAMED_MAX])}{more}" if names else ""
        within = self._rhythm.allowed(late[0]).total_seconds()
        log.error("canary_late", channel=channel, ways=len(late))
        text = (
            f"The canary by {_CHANNELS.get(channel, channel)}{units} was not confirmed within {within:.0f} s:"
            " messages may not get through. Look at /readyz and at `wardwire cores`, and call by other means."
        )
        self._writer.put(Alarm(KIND, channel, text, self._rules, stands=True))


def name_unit(way: Way, directory: Directory) -> str:
    """Name the unit of a way; "" = none."""
    place = directory.places.get(way.unit) if way.unit != NO_UNIT else None
    return place.name if place else ""
