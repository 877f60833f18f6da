"""Tests run beside each other, on one machine; a test that judges seconds may ask to run alone.

The workers of one run share two files, and each test holds a lock of the kernel on them, which ends with its process.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# The machine, as this process holds it; None = nothing runs beside it.
_machine: Path | None = None
_mine = -1


@contextmanager
def beside(machine: Path) -> Iterator[None]:
    """Hold the machine with others, which is a file that all of them can lock."""
    global _machine, _mine
    _machine, _mine = machine, os.open(machine, os.O_RDWR)
    _share()
    try:
        yield
    finally:
        _machine = None
        # By name: a child that was forked has the same lock, and may live longer.
        fcntl.flock(_mine, fcntl.LOCK_UN)
        os.close(_mine)


@contextmanager
def alone() -> Iterator[None]:
    """Let go, and hold the machine alone: waits until every other test has ended, while none begins."""
    if _machine is None:
        yield
        return
    fcntl.flock(_mine, fcntl.LOCK_UN)
    with _turn():
        fcntl.flock(_mine, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(_mine, fcntl.LOCK_UN)
        _share()


def _share() -> None:
    with _turn():
        fcntl.flock(_mine, fcntl.LOCK_SH)


@contextmanager
def _turn() -> Iterator[None]:
    """Wait in a line: whoever wants the machine alone would wait for ever beside others who share it in turns."""
    assert _machine is not None
    turn = os.open(_machine.with_suffix(".turn"), os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield
    finally:
        fcntl.flock(turn, fcntl.LOCK_UN)
        os.close(turn)
