"""Closes connections that must not stay: of revoked devices, and of sessions that were replaced."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import structlog

from wardwire.carrier.errors import CarrierError
from wardwire.devices.gather import Gather
from wardwire.devices.logins import Place
from wardwire.model.errors import Unavailable

Kick = Callable[[str, int], Awaitable[bool]]
"""`carrier.kick.SystemAccount.kick`: True = closed, False = there is no such connection any more."""

TRIES = 3
# The last word of a core goes another way than the end of the connection: a device that hears why it is closed stays
# away; one that is only cut off would come back.
LAST_WORD_S = 0.5

log = structlog.get_logger("wardwire.devices")


async def kick_all(kick: Kick, places: Iterable[Place]) -> int:
    """Close connections, each tried three times; returns how many were closed.

    What could not be closed is logged: its device can do nothing more once its revocation is committed.
    """
    closed = 0
    for place in places:
        for left in reversed(range(TRIES)):
            try:
                closed += await kick(place.server_id, place.client_id)
            except (CarrierError, Unavailable) as error:
                if not left:
                    log.error("kick_failed", server=place.server_id, client=place.client_id, reason=error)
            else:
                break
    return closed


class Kicks:
    """Takes connections to close and does so beside the hot path."""

    def __init__(self, kick: Kick) -> None:
        self._kick = kick
        self._gather: Gather[Place] = Gather("kicks", self._work, largest=1, most_waiting=20_000, at_once=8)
        self._later: dict[asyncio.TimerHandle, Place] = {}
        self.closed = 0

    def put(self, place: Place, *, after_s: float = 0.0) -> None:
        """Close a connection soon; `after_s` leaves time for a last word, which goes another way, to arrive."""
        if not after_s:
            self._gather.put(place)
            return

        def now() -> None:
            self._gather.put(self._later.pop(timer))

        timer = asyncio.get_running_loop().call_later(after_s, now)
        self._later[timer] = place

    async def settled(self) -> None:
        """Close at once what waits for its last word, too; wait until all were tried."""
        for timer, place in self._later.items():
            timer.cancel()
            self._gather.put(place)
        self._later.clear()
        await self._gather.settled()

    async def stop(self) -> None:
        """Close no more."""
        for timer in self._later:
            timer.cancel()
        self._later.clear()
        await self._gather.stop()

    async def _work(self, places: list[Place]) -> None:
        self.closed += await kick_all(self._kick, places)
