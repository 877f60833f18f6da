"""Frees logins that wait for an answer which nobody will give: the question was lost while the way to us was away.

A server asks once, and lets the device wait until its own timeout (20 s, which a stampede needs). A device that
connects in the moment before the link is back would stay out that long. So when a server has come back, its
connections that still wait, although no core has a question left, are closed: they come again at once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import structlog

from wardwire.carrier.errors import CarrierError
from wardwire.carrier.kick import SystemAccount
from wardwire.devices.kicks import kick_all
from wardwire.devices.logins import Place
from wardwire.model.errors import Unavailable

# A question that was asked is answered long before.
LOST_AFTER = timedelta(seconds=0.5)

log = structlog.get_logger("wardwire.devices")


class LostLogins:
    """Finds and frees them.

    Args:
        waiting: How many logins wait for their turn here; while any does, nobody is taken for lost.
    """

    def __init__(self, system: SystemAccount, *, waiting: Callable[[], int]) -> None:
        self._system = system
        self._waiting = waiting
        self.freed = 0

    async def free(self) -> None:
        """Close the connections of all servers that wait in vain; trouble ends this round."""
        if self._waiting():
            return
        try:
            lost = [
                Place(server_id, each.cid)
                for server_id in await self._system.servers()
                for each in await self._system.connections(server_id)
                if not each.account and each.age > LOST_AFTER
            ]
        except (CarrierError, Unavailable) as error:
            log.warning("connections_unknown", reason=error)
            return
        if lost:
            log.warning("logins_lost", count=len(lost))
            self.freed += await kick_all(self._system.kick, lost)
