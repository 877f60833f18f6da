"""Tells devices that a core is here again, so that none of them waits for its next beat to find out.

What was on its way when a core, a NATS server or their link went is lost: NATS keeps nothing. Devices find it out
by themselves (a request is said again after two seconds, a beat every fifteen shows a hole); this makes it at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import asyncpg
import structlog

from wardwire.carrier.errors import CarrierError
from wardwire.carrier.kick import Link, SystemAccount
from wardwire.devices.catchup import Acquire
from wardwire.devices.frames import BeatBack, encode
from wardwire.model.clock import Clock
from wardwire.model.errors import Unavailable
from wardwire.model.people import Directory
from wardwire.store.inbox import read_heads

WATCH_S = 1.0
# The leaves of one link come back one by one: called once they may be there, and once they surely are.
PAUSES_S = (0.2, 1.5)
# So many beats go out in one turn of the loop, then pages have their turn.
CHUNK = 200
CHUNK_S = 0.02

log = structlog.get_logger("wardwire.devices")


class RollCall:
    """Sends every registered device a beat that says *again*.

    Args:
        publish: Sends a frame on a subject; never waits.
        epoch: The database's epoch; 0 = not known now, and then nobody is called.
    """

    def __init__(
        self,
        *,
        acquire: Acquire,
        publish: Callable[[str, bytes], None],
        directory: Callable[[], Directory],
        clock: Clock,
        epoch: Callable[[], int],
    ) -> None:
        self._acquire = acquire
        self._publish = publish
        self._directory = directory
        self._clock = clock
        self._epoch = epoch
        self.calls = 0

    async def call(self) -> None:
        """Call all devices; those that are not connected miss nothing by it."""
        epoch = self._epoch()
        if not epoch:
            return
        devices = [
            (device.id, device.person_id) for device in self._directory().devices.values() if not device.revoked
        ]
        try:
            async with self._acquire() as connection:
                heads = await read_heads(connection, list({person for _, person in devices}))
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
            log.warning("roll_call_failed", reason=error)
            return
        self.calls += 1
        now = self._clock.now()
        for number, (device_id, person_id) in enumerate(devices, 1):
            beat = BeatBack(epoch=epoch, head=heads[person_id], time=now, again=True)
            self._publish(_down(device_id), encode(beat))
            if number % CHUNK == 0:
                await asyncio.sleep(CHUNK_S)

    async def watch(self, system: SystemAccount, returned: Callable[[], Awaitable[None]]) -> None:
        """Call at the start, and whenever the way to the devices was away; runs until cancelled.

        A server that does not answer (frozen) is away, too, and so is a leaf that was made anew since.

        Args:
            returned: Done with each call: what else is to be done when the way is back.
        """
        known: set[Link] = set()
        while True:
            try:
                there = await system.links()
            except (CarrierError, Unavailable):
                there = set()
            if there - known:
                log.info("devices_called", links=len(there))
                for pause in PAUSES_S:
                    await asyncio.sleep(pause)
                    await self.call()
                    await returned()
            known = there
            await asyncio.sleep(WATCH_S)


def _down(device_id: UUID) -> str:
    return f"d.{device_id.hex}.down.m"
