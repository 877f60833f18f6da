"""Notes when each device was last heard, and what it says of itself: coarsely, in batches, off the path.

A frame costs nothing more: its door's bucket knows when it was last taken from. A round looks at all doors, writes
those that have something to say, and each of them once in some minutes at most. What a core forgets when it dies is a
few minutes of a list that nothing is routed by.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import timedelta
from uuid import UUID

from wardwire.devices.catchup import Acquire
from wardwire.devices.session import Door
from wardwire.model.clock import Clock
from wardwire.store.device_register import Heard, note_heard

# A device is written at most once in this time; rounds are this far apart.
COARSE = timedelta(minutes=5)
ROUND_S = 60.0
# Of several cores that hear one device the second finds it noted.
_NOTED_BY_ANOTHER = COARSE - timedelta(seconds=ROUND_S)
# Some 2 ms of work; some 10 ms of the database.
SLICE = 1_000


class Presence:
    """The rounds of one core.

    Args:
        doors: The devices of this core, as of now.
    """

    def __init__(self, *, doors: Callable[[], Iterable[Door]], acquire: Acquire, clock: Clock) -> None:
        self._doors = doors
        self._acquire = acquire
        self._clock = clock
        self.written = 0

    async def round(self) -> None:
        """Note whoever was heard since they were last noted, and that is long enough ago."""
        doors = list(self._doors())
        for first in range(0, len(doors), SLICE):
            now, monotonic = self._clock.now(), self._clock.monotonic()
            due = [one for one in doors[first : first + SLICE] if _is_due(one, monotonic)]
            if due:
                heard = [
                    Heard(UUID(hex=one.name), now - timedelta(seconds=monotonic - one.bucket.at), one.about)
                    for one in due
                ]
                async with self._acquire() as connection:
                    await note_heard(connection, heard, coarse=_NOTED_BY_ANOTHER)
                for one, noted in zip(due, heard, strict=True):
                    one.noted_at = monotonic
                    if one.about is noted.about:  # it may have said more meanwhile
                        one.about = None
                self.written += len(due)
            await asyncio.sleep(0)


def _is_due(door: Door, monotonic: float) -> bool:
    return (
        door.bucket.at > door.noted_at or door.about is not None
    ) and monotonic - door.noted_at >= COARSE.total_seconds()
