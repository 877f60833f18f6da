"""The load maker of `settings`: thousands of subscriptions over few connections, in a process of its own.

An order is how many frames are to come; it answers at once (`ready`), and with the monotonic time at which the last
of them was here. One account's connections are bounded, so several devices' subjects share one.
"""

from __future__ import annotations

import asyncio
import sys
import time

import msgspec

from wardwire.carrier.connection import Connection, Target
from wardwire.carrier.login import Login
from wardwire.carrier.nkeys import KeyPair

CONNECTIONS = 20


class Ears(msgspec.Struct, frozen=True):
    """Where to listen: the server, the seed of an account's user, and the subjects."""

    url: str
    seed: str
    subjects: list[str]


class _Count:
    def __init__(self) -> None:
        self.left = 0
        self.over = asyncio.Event()

    def take(self, _subject: str, _reply: str, _payload: bytes, _status: int) -> None:
        self.left -= 1
        if self.left == 0:
            self.over.set()


async def listen(ears: Ears) -> None:
    """Hear until stdin ends."""
    count = _Count()
    lines = []
    for nth in range(CONNECTIONS):
        line = Connection(
            Target(
                servers=(ears.url,),
                name=f"ears {nth}",
                login=Login.by_key(KeyPair.from_seed(ears.seed)),
                inbox_prefix="rep",
            )
        )
        for subject in ears.subjects[nth::CONNECTIONS]:
            line.subscribe(subject, count.take)
        line.start()
        lines.append(line)
    for line in lines:
        await line.ready(30)
        await line.flush()
    print("hearing", flush=True)
    while order := await asyncio.to_thread(sys.stdin.readline):
        count.left = int(order)
        count.over.clear()
        print("ready", flush=True)
        await count.over.wait()
        print(time.monotonic(), flush=True)
    for line in lines:
        await line.close()


if __name__ == "__main__":
    asyncio.run(listen(msgspec.json.decode(sys.stdin.readline(), type=Ears)))
