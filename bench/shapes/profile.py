"""Where a core's CPU goes, by package: the innermost Python frame at each hundredth of a second of CPU time."""

from __future__ import annotations

import signal
from collections import Counter
from types import FrameType


class Profile:
    """Samples by the CPU timer of this process; what C code does counts for the Python line that called it."""

    def __init__(self, interval_s: float = 0.005) -> None:
        self._seen: Counter[str] = Counter()
        signal.signal(signal.SIGPROF, self._sample)
        signal.setitimer(signal.ITIMER_PROF, interval_s, interval_s)

    def _sample(self, _number: int, frame: FrameType | None) -> None:
        self._seen[_package(frame.f_code.co_filename) if frame else "?"] += 1

    def report(self) -> str:
        """Return shares by package, the largest first."""
        signal.setitimer(signal.ITIMER_PROF, 0)
        total = sum(self._seen.values()) or 1
        return ", ".join(f"{name} {100 * n / total:.0f} %" for name, n in self._seen.most_common(8))


def _package(path: str) -> str:
    for mark, name in (
        ("/wardwire/carrier/", "carrier"),
        ("/nats/", "nats-py"),
        ("/asyncpg/", "asyncpg"),
        ("/bench/", "bench"),
        ("/asyncio/", "asyncio"),
        ("/wardwire/", "wardwire"),
    ):
        if mark in path:
            return name
    return path.rsplit("/", 1)[-1]
