"""Whether the way to the devices is there. That no device answers means nothing while it is not: NATS then says *no
responders* of everybody, and no person is absent by that (docs/adr/0017-an-absent-way-is-no-absent-device.md).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from collections.abc import Set as AbstractSet
from uuid import UUID

import structlog

from wardwire.engine.upkeep import LastingAlarm
from wardwire.flow.ports import Rules, Writer
from wardwire.model.clock import Clock

LOOK_EVERY_S = 2.0
# After a change of its links devices are still coming back: so long nobody is taken for absent.
SETTLED_AFTER_S = 10.0
AWAY_AFTER_S = 10.0
MOST_ABSENT = 10_000
KIND, SUBJECT = "way_away", "devices"
_TEXT = (
    "The devices cannot be reached: no edge server is joined to the cores. People are called on other endpoints alone"
    " (e-mail). Look at the process nats-edge, and at the link from nats-core to it."
)

log = structlog.get_logger("wardwire.engine.way")


class Way:
    """What is known of the links to the servers at which devices connect.

    Args:
        links: Asks for the links that stand now, each a value that another one never has again; never raises.
    """

    def __init__(self, links: Callable[[], Awaitable[AbstractSet[object]]], *, clock: Clock) -> None:
        self._links = links
        self._clock = clock
        self._known: AbstractSet[object] = frozenset()
        self._changed_at = clock.monotonic()

    async def look(self) -> None:
        """Ask once."""
        there = await self._links()
        if there != self._known:
            self._known, self._changed_at = there, self._clock.monotonic()

    @property
    def settled(self) -> bool:
        """Whether it has been there, unchanged, for so long that every device could have come back."""
        return bool(self._known) and self._unchanged_s >= SETTLED_AFTER_S

    @property
    def away(self) -> bool:
        """Whether it has not been there for so long that somebody must see to it."""
        return not self._known and self._unchanged_s >= AWAY_AFTER_S

    @property
    def there(self) -> bool:
        """Whether it was there at the last look."""
        return bool(self._known)

    @property
    def _unchanged_s(self) -> float:
        return self._clock.monotonic() - self._changed_at


class Absences:
    """Takes word of people none of whose devices was there, and says whether the way was, by a look of that moment.

    Args:
        tell: Called with (message, person, whether the way is there).
    """

    def __init__(self, way: Way, tell: Callable[[UUID, UUID, bool], None]) -> None:
        self._way = way
        self._tell = tell
        self._waiting: list[tuple[UUID, UUID]] = []
        self._task: asyncio.Task[None] | None = None

    def put(self, message_id: UUID, person_id: UUID) -> None:
        """Take one; what is too much waits for its deadline."""
        if len(self._waiting) < MOST_ABSENT:
            self._waiting.append((message_id, person_id))
            if self._task is None:
                self._task = asyncio.get_running_loop().create_task(self._work(), name="absences")

    async def settled(self) -> None:
        """Wait until everything is told."""
        if self._task is not None:
            await self._task

    async def _work(self) -> None:
        try:
            while self._waiting:
                absent, self._waiting = self._waiting, []
                await self._way.look()
                for message_id, person_id in absent:
                    self._tell(message_id, person_id, self._way.settled)
        finally:
            self._task = None


class WayWatch:
    """Tells the desk while the devices cannot be reached. Run `round` (engine/upkeep.keep)."""

    def __init__(self, way: Way, *, writer: Writer, rules: Callable[[], Rules]) -> None:
        self._way = way
        self._alarm = LastingAlarm(KIND, SUBJECT, writer=writer, rules=rules)

    async def round(self) -> None:
        """Look once; of several cores each does, and the alarm is one."""
        await self._way.look()
        if self._way.away:
            self._alarm.lasts(_TEXT)
        elif self._way.there:
            self._alarm.over("an edge server is joined again")
