"""Records refused access as facts: some of it, because whoever is refused may try without end."""

from __future__ import annotations

import json
from typing import NamedTuple
from uuid import UUID

from wardwire.devices.gather import Gather
from wardwire.devices.rate import Bucket
from wardwire.model.clock import Clock
from wardwire.model.errors import Code
from wardwire.model.facts import FactKind
from wardwire.store.chain import Draft
from wardwire.store.ledger import Ledger


class _Denial(NamedTuple):
    device_id: UUID | None
    code: Code


class Denials:
    """Call it with (device, code); ten facts a second at most, the next one tells how many were left out."""

    def __init__(self, *, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._bucket = Bucket(10, 100, clock.monotonic())
        self._left_out = 0
        self._gather: Gather[_Denial] = Gather("denials", self._record, largest=100, most_waiting=1_000)

    def __call__(self, device_id: UUID | None, code: Code) -> None:
        """Record that something was refused; never waits."""
        if not self._bucket.take(self._clock.monotonic()) or not self._gather.put(_Denial(device_id, code)):
            self._left_out += 1

    async def settled(self) -> None:
        """Wait until all is recorded."""
        await self._gather.settled()

    async def stop(self) -> None:
        """Record no more."""
        await self._gather.stop()

    async def _record(self, denials: list[_Denial]) -> None:
        left_out, self._left_out = self._left_out, 0
        drafts = []
        for denial in denials:
            body = json.dumps({"code": denial.code, **({"left_out": left_out} if left_out else {})})
            drafts.append(Draft(FactKind.ACCESS_DENIED, None, None, denial.device_id, body))
            left_out = 0

        async def work(_connection: object) -> tuple[None, list[Draft]]:
            return None, drafts

        await self._ledger.commit(self._clock.now(), work)
