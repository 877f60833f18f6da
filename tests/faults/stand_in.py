"""A stand-in for a core process: says that it is ready, and then every second that it lives."""

from __future__ import annotations

import select
import signal
import sys

from wardwire.ops.child import drop_if_told
from wardwire.ops.heartbeat import Heartbeat


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    drop_if_told()
    heartbeat = Heartbeat.from_environment()
    while True:
        heartbeat.beat()
        select.select([], [], [], 0.5)


if __name__ == "__main__":
    main()
