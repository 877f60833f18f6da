"""CPU time from /proc: of processes with their children, of the whole machine; and on which processors we run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TICK_S = 1 / os.sysconf("SC_CLK_TCK")


class Account:
    """CPU seconds of some processes and their living and reaped children."""

    def __init__(self, pids: list[int]) -> None:
        self._pids = [*pids, *(child for pid in pids for child in children(pid))]

    def read(self) -> float:
        """Return what they have used so far; one that is gone counts as nothing (its parent has it)."""
        return sum(_read(pid) for pid in self._pids)


def children(pid: int) -> list[int]:
    """Return the direct children that live now."""
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(child) for child in path.read_text().split()]
    return found


def _read(pid: int) -> float:
    """Sum user, system, and both of reaped children (proc(5), fields 14 to 17)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(int(field) for field in fields[11:15]) * TICK_S


def read_busy() -> float:
    """Return the CPU seconds that anybody on this machine has used."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    user, nice, system, _idle, _wait, irq, softirq = fields[:7]
    return (user + nice + system + irq + softirq) * TICK_S


@contextmanager
def same_cores(count: int) -> Iterator[None]:
    """Hold us, and all that is started meanwhile, to the same processors of this machine."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, set(sorted(before)[:count]))
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
