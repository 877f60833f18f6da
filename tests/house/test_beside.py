"""Whoever asks for the machine has it alone, and nobody waits for ever."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

WORKERS, ROUNDS = 4, 20
_WORKER = """
import os, sys
from pathlib import Path
from tests.beside import alone, beside

machine, worker, rounds = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
log = os.open(machine.with_suffix(".log"), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
for nth in range(rounds):
    with beside(machine):
        os.write(log, b"beside\\n")
        if nth % 4 == worker:
            with alone():
                os.write(log, b"alone\\n")
                os.sched_yield()
                os.write(log, b"over\\n")
            os.write(log, b"beside\\n")
"""


def test_nothing_runs_beside_whoever_is_alone(tmp_path: Path) -> None:
    """Four workers, each a fourth of its rounds alone: what is written meanwhile is their own."""
    machine = tmp_path / "machine.lock"
    machine.touch()
    workers = [
        subprocess.Popen([sys.executable, "-c", _WORKER, str(machine), str(nth), str(ROUNDS)], cwd=Path.cwd())
        for nth in range(WORKERS)
    ]
    assert [worker.wait(120) for worker in workers] == [0] * WORKERS
    lines = machine.with_suffix(".log").read_text().split()
    assert lines.count("alone") == WORKERS * ROUNDS // 4
    assert all(after == "over" for line, after in pairwise(lines) if line == "alone")
