"""One core process of the ground: senders that never give up an identity before they know its outcome.

    python -m tests.faults.writer '{"name": "left", "dsn": "...", ...}'

Each sender repeats an *unknown* or passing refusal with the same identity until it is told. SIGTERM: every
sender settles what it has begun, asks again for some that were acknowledged long ago, and the process ends with 0.
SIGKILL: the next life of the same name reads the histories and settles what was left.
"""

from __future__ import annotations

import asyncio
import random
import signal
import sys
import time
from collections import OrderedDict
from pathlib import Path

import msgspec

from tests.faults.ground import GroundSubmitter, KnownEpoch, Mutant, Submitter
from tests.faults.product import ProductCore, ProductSubmitter, person_id
from wardwire.testing.checker import PASSING_CODES
from wardwire.testing.history import Attempt, Operation, Outcome, Recorder, operations, read_history

_PAUSE_S = 0.05


class Orders(msgspec.Struct, frozen=True, kw_only=True):
    """What a writer process is told."""

    name: str
    dsn: str
    folder: str
    life: int = 1
    senders: int = 8
    mutant: Mutant = Mutant.NONE
    ask_again: int = 20
    product: bool = False  # through the product's lanes, else through the ground's few statements


class Sender:
    """One sender with its durable outbox: the history itself."""

    def __init__(self, orders: Orders, number: int, submitter: Submitter) -> None:
        self.source = f"{orders.name}/{number}"
        self.client = f"{self.source}#{orders.life}"
        self._submitter = submitter
        folder = Path(orders.folder)
        earlier = read_history(folder.glob(f"{orders.name}-{number}-*.jsonl"))
        self._recorder = Recorder(folder / f"{orders.name}-{number}-{orders.life}.jsonl")
        self._outbox: OrderedDict[str, None] = OrderedDict(
            (record.external_id, None) for record in earlier if isinstance(record, Attempt)
        )
        self._settled = [o.external_id for o in operations(earlier) if _settles(o)]
        for external_id in self._settled:
            self._outbox.pop(external_id, None)
        self._next = 1 + max((int(r.external_id) for r in earlier if isinstance(r, Attempt)), default=0)
        self._tries = 0
        self._ask_again = orders.ask_again

    async def run(self, stop: asyncio.Event) -> None:
        """Send until told to stop, then leave nothing unsettled."""
        while not stop.is_set():
            if not self._outbox:
                self._outbox[str(self._next)] = None
                self._next += 1
            await self._settle(next(iter(self._outbox)))
        while self._outbox:
            await self._settle(next(iter(self._outbox)))
        some = random.Random(self.source).sample(self._settled, min(self._ask_again, len(self._settled)))
        for external_id in some:
            await self._settle(external_id)
        await self._submitter.close()

    async def _settle(self, external_id: str) -> None:
        while True:
            operation = await self._try(external_id)
            if _settles(operation):
                self._outbox.pop(external_id, None)
                self._settled.append(external_id)
                return
            await asyncio.sleep(_PAUSE_S)

    async def _try(self, external_id: str) -> Operation:
        self._tries += 1
        attempt = Attempt(
            client=self.client,
            n=self._tries,
            source=self.source,
            external_id=external_id,
            digest=f"content of {external_id}",
            t_inv=time.monotonic(),
        )
        self._recorder.write(attempt)
        answer = await self._submitter.submit(self.source, external_id, attempt.digest)
        operation = Operation(
            client=self.client,
            n=self._tries,
            source=self.source,
            external_id=external_id,
            digest=attempt.digest,
            t_inv=attempt.t_inv,
            t_ret=time.monotonic(),
            outcome=answer.outcome,
            message=answer.message,
            code=answer.code,
        )
        self._recorder.write(operation)
        return operation


def _settles(operation: Operation) -> bool:
    if operation.outcome is Outcome.REFUSED:
        return operation.code not in PASSING_CODES
    return operation.outcome is Outcome.OK


async def main(orders: Orders) -> None:
    """Run all senders of one process until SIGTERM and their settling."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    known = KnownEpoch()
    core = ProductCore(orders.name, orders.dsn) if orders.product else None
    if core is not None:
        await core.start()
    async with asyncio.TaskGroup() as group:
        for number in range(orders.senders):
            submitter: Submitter
            if core is not None:
                submitter = ProductSubmitter(core, person_id(orders.name, number))
            else:
                # Two senders of each process write to one person, all others each to their own.
                person = f"{orders.name} {max(number, 1)}"
                submitter = GroundSubmitter(orders.dsn, person, known, mutant=orders.mutant)
            group.create_task(Sender(orders, number, submitter).run(stop))
    if core is not None:
        await core.stop()


if __name__ == "__main__":
    asyncio.run(main(msgspec.json.decode(sys.argv[1], type=Orders)))
