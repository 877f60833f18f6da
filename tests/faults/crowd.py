"""A process of very many devices that do nothing but stay connected and show what comes.

    python -m tests.faults.crowd ORDERS.json

Writes `crowd.jsonl` (what devices saw) and, ten times a second, a line of counts to `crowd-counts.txt`:
monotonic time, devices let in, devices welcomed, logins ended by expiry, tries refused, logins asked for anew.
Each message shown is a line `shown TIME MESSAGE` in the same file. SIGTERM ends it.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
import signal
import sys
import time
from collections import Counter
from pathlib import Path

import msgspec
import uvloop

from wardwire.carrier.connection import State
from wardwire.client.card import Card
from wardwire.client.device import Device
from wardwire.devices.frames import Condensed, Event, StatusFrame
from wardwire.testing.history import Condensed as CondensedRecord
from wardwire.testing.history import Recorder, Seen

COUNT_S = 0.1


class Orders(msgspec.Struct, frozen=True, kw_only=True):
    """What it is told. Devices start spread over `spread_s`."""

    folder: str
    cards: list[str]
    spread_s: float = 0.0


class Crowd:
    """What all devices together write down."""

    def __init__(self, folder: Path) -> None:
        self.recorder = Recorder(folder / "crowd.jsonl")
        self.counts: Counter[str] = Counter()
        self._lines = (folder / "crowd-counts.txt").open("w", buffering=1)

    def write(self, line: str) -> None:
        """Write a line of counts."""
        self._lines.write(line + "\n")

    def shown(self, message: str) -> None:
        """Somebody sees a message."""
        self.write(f"shown {time.monotonic():.3f} {message}")


class OneOfMany(Device):
    """A device that counts how its connection fares."""

    def __init__(self, card: Card, crowd: Crowd) -> None:
        self._crowd = crowd
        self._person = card.place.person.removeprefix("per_")
        super().__init__(card, diary=self)

    def _on_state(self, state: State, detail: str) -> None:
        if state is State.REFUSED:
            self._crowd.counts["refused"] += 1
        elif state is State.DISCONNECTED:
            kind = "expired" if "xpired" in detail else "anew" if "anew" in detail else "cut"
            self._crowd.counts[kind] += 1
        super()._on_state(state, detail)

    def seen(self, event: Event, shown: bool) -> None:
        """Write an event down."""
        record = Seen(
            device=self.card.name,
            person=self._person,
            epoch=event.epoch,
            seq=event.seq,
            event=event.event,
            message=event.id,
            shown=shown,
        )
        self._crowd.recorder.write(record)
        if shown:
            self._crowd.shown(event.id)

    def condensed(self, page: Condensed) -> None:
        """Write down what will not come singly."""
        self._crowd.recorder.write(CondensedRecord(device=self.card.name, first=page.first, last=page.last))

    def status(self, status: StatusFrame) -> None:
        """Nothing: it sends nothing."""


async def main(orders: Orders) -> None:
    """Stay until SIGTERM."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    crowd = Crowd(Path(orders.folder))
    devices = [OneOfMany(Card.load(Path(card)), crowd) for card in orders.cards]
    end = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, end.set)
    starting = asyncio.ensure_future(_start(devices, orders.spread_s))
    while not end.is_set():
        there = sum(device._connection.connected for device in devices)
        welcomed = sum(device.connected for device in devices)
        numbers = (there, welcomed, *(crowd.counts[kind] for kind in ("expired", "refused", "anew", "cut")))
        crowd.write(f"{time.monotonic():.3f} " + " ".join(map(str, numbers)))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(COUNT_S):
                await end.wait()
    await starting
    await asyncio.gather(*(device.close() for device in devices))


async def _start(devices: list[OneOfMany], spread_s: float) -> None:
    for device in devices:
        device.start()
        await asyncio.sleep(spread_s / len(devices))


if __name__ == "__main__":
    uvloop.run(main(msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Orders)))
