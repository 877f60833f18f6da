"""A monitors' gateway as a process: `python -m bench.shapes.mllp`, orders as lines of JSON on stdin.

It says alarms over MLLP, evenly spaced over its connections, and hears their acknowledgements.
"""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import UTC, datetime
from typing import cast

import msgspec
import uvloop

from wardwire.adapters.hl7.frame import Deframer, render_frame
from wardwire.model.priority import Priority
from wardwire.testing.hospital.day import Alarm, Phase
from wardwire.testing.hospital.hl7 import write_alarm
from wardwire.testing.hospital.plan import Bed

UNIT = "Bench"
PATIENCE_S = 10.0
LOOK_S = 0.05


class Alarms(msgspec.Struct, tag=True, kw_only=True):
    """Say so many alarms, each of a bed in its turn.

    Attributes:
        first: The number of the first alarm; no two of a run are alike.
    """

    port: int
    rate: float
    count: int
    first: int
    beds: int
    connections: int = 4


class Said(msgspec.Struct, kw_only=True):
    """What was said: when each alarm was due (Unix seconds), and how long its acknowledgement took (ms)."""

    due: dict[str, float]
    acknowledged: list[float]
    refused: int


def write(number: int, beds: int) -> tuple[str, bytes]:
    """Write an alarm with its control id."""
    nth = number % beds
    alarm = Alarm(
        number=number,
        bed=Bed(bed_name(nth), f"R{nth // 2}", UNIT),
        event="196670^MDC_EVT_LO^MDC",
        words="SpO2 low",
        priority=Priority.HIGH,
        phases=(),
    )
    text = write_alarm(alarm, Phase(0, "start"), day="b", at=datetime.now(UTC))
    return text.split(b"|", 10)[9].decode(), render_frame(text)


def bed_name(nth: int) -> str:
    """Name a bed."""
    return f"B{nth}"


class Line(asyncio.Protocol):
    """A connection of the gateway."""

    def __init__(self, heard: dict[str, float]) -> None:
        self._heard = heard
        self._deframer = Deframer()
        self.refused = 0
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        now = time.time()
        for message in self._deframer.feed(data):
            word, control = message.partition(b"\rMSA|")[2].split(b"|", 2)[:2]
            self._heard[control.split(b"\r")[0].decode()] = now
            self.refused += word not in (b"AA", b"CA")


async def say(order: Alarms) -> Said:
    """Say them, and wait for every acknowledgement."""
    loop = asyncio.get_running_loop()
    written = [write(order.first + nth, order.beds) for nth in range(order.count)]
    heard: dict[str, float] = {}
    lines = [
        (await loop.create_connection(lambda: Line(heard), "127.0.0.1", order.port))[1]
        for _ in range(order.connections)
    ]
    due: dict[str, float] = {}
    began = time.time() + 0.1
    for nth, (control, frame) in enumerate(written):
        due[control] = began + nth / order.rate
        await asyncio.sleep(max(0.0, due[control] - time.time()))
        lines[nth % len(lines)].transport.write(frame)
    for _ in range(int(PATIENCE_S / LOOK_S)):
        if len(heard) == len(due):
            break
        await asyncio.sleep(LOOK_S)
    for line in lines:
        line.transport.close()
    late = [(heard[control] - at) * 1e3 for control, at in due.items() if control in heard]
    return Said(due=due, acknowledged=late, refused=sum(line.refused for line in lines))


async def serve() -> None:
    """Take orders until stdin ends."""
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.buffer.readline):
        said = await say(msgspec.json.decode(line, type=Alarms))
        sys.stdout.buffer.write(msgspec.json.encode(said) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    uvloop.run(serve())
