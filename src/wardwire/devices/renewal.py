"""Asks devices to log in anew long before their logins end, a few at a time, and never while a core is unwell.

A login ends at 0.9 to 1.1 of its lifetime, whether or not anybody is there to give another. From half of it on
devices are asked; by three quarters each has been. So cores that are away for a tenth of a lifetime (hours) cut off
nobody, and devices that came back all at once are not all due at once again.

Who is connected, and since when, is asked of the servers: a core that was restarted knows it too.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

import structlog

from wardwire.carrier.errors import CarrierError
from wardwire.carrier.kick import ConnectionInfo, SystemAccount
from wardwire.devices.frames import Relogin, encode
from wardwire.model.errors import Unavailable

FROM, UNTIL = 0.5, 0.75
# Rounds in a lifetime: each asks its share, so that a lifetime's quarter is enough for everybody.
ROUNDS = 200
MOST_S = 300.0
# Between two devices that are asked: at most some hundred logins a second come of it, a third of what a core takes.
PACE_S = 0.003

log = structlog.get_logger("wardwire.devices")


def due_for_login(
    connections: Sequence[ConnectionInfo], *, lifetime: timedelta, every: timedelta
) -> list[ConnectionInfo]:
    """Choose who is asked in this round: the oldest of those past half of their time, a share of all; who is past
    three quarters in any case. Pure."""
    old = [each for each in connections if each.age >= lifetime * FROM]
    old.sort(key=lambda each: each.age, reverse=True)
    share = math.ceil(len(connections) * (every / (lifetime * (UNTIL - FROM))))
    overdue = sum(each.age >= lifetime * UNTIL for each in old)
    return old[: max(share, overdue)]


class Renewal:
    """The rounds of one core. Several cores may do so: each ask names the connection, and a new one is young.

    Args:
        lifetime: Of logins (`CalloutLimits.lifetime`).
        publish: Sends a frame on a subject; never waits.
        healthy: Whether this core could let devices in now.
    """

    def __init__(
        self,
        system: SystemAccount,
        *,
        lifetime: timedelta,
        publish: Callable[[str, bytes], None],
        healthy: Callable[[], bool],
        account: str = "EDGE",
    ) -> None:
        self._system = system
        self._lifetime = lifetime
        self._every = min(lifetime / ROUNDS, timedelta(seconds=MOST_S))
        self._publish = publish
        self._healthy = healthy
        self._account = account
        self.asked = 0

    async def run(self) -> None:
        """Ask, round after round, until cancelled."""
        clock = asyncio.get_running_loop().time
        last = clock()
        while True:
            await asyncio.sleep(self._every.total_seconds())
            if not self._healthy():
                continue
            now = clock()
            # A round takes its own time, and some were left out while this core was unwell: their share is asked now.
            since, last = timedelta(seconds=now - last), now
            try:
                await self.round(min(since, 10 * self._every))
            except (CarrierError, Unavailable) as error:
                log.warning("renewal_failed", reason=error)

    async def round(self, every: timedelta) -> None:
        """Ask those of every server who are due, when the last round was so long ago.

        Raises:
            CarrierError, Unavailable: A list could not be had.
        """
        for server_id in await self._system.servers():
            connections = await self._system.connections(server_id, account=self._account)
            await self._ask(server_id, due_for_login(connections, lifetime=self._lifetime, every=every))

    async def _ask(self, server_id: str, connections: Iterable[ConnectionInfo]) -> None:
        for each in connections:
            if not self._healthy():
                return
            if each.device:
                self.asked += 1
                frame = Relogin(server_id=server_id, cid=each.cid)
                self._publish(f"d.{each.device}.down.m", encode(frame))
                await asyncio.sleep(PACE_S)
