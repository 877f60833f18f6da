"""A hundred thousand harmed HL7 messages a seed: with ten seeds, as the full campaign has them, a million."""

from __future__ import annotations

import asyncio
import os
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import NamedTuple

from tests.faults.scenarios import Case, Finding, scenario
from tests.unit.adapters.hl7.harm import harm
from wardwire.testing.verdict import Verdict

MESSAGES = 100_000
PART = 5_000
WARM = 500
GROWTH_MAX_MB = 32
TOLD_EVERY_S = 10.0


class Taken(NamedTuple):
    """What came of a part.

    Attributes:
        taken: How many were messages still.
        memory_mb: The most that its process ever had; `growth_mb` of that during this part.
    """

    taken: int
    memory_mb: float
    growth_mb: float


@scenario("HL7, harmed messages", rare=True)
async def harmed(case: Case) -> Finding:
    """Bytes are changed, cut out, put in, doubled: nothing is raised, answers keep their frame, memory is bounded."""
    loop = asyncio.get_running_loop()
    began = told = time.monotonic()
    done: list[Taken] = []
    with ProcessPoolExecutor(len(os.sched_getaffinity(0)), mp_context=get_context("spawn")) as pool:
        seeds = [case.seed * MESSAGES + first for first in range(0, MESSAGES, PART)]
        for part in asyncio.as_completed([loop.run_in_executor(pool, take_part, seed) for seed in seeds]):
            done.append(await part)
            if time.monotonic() - told > TOLD_EVERY_S:
                told = time.monotonic()
                print(f"    {len(done) * PART:,} of {MESSAGES:,} messages were taken", flush=True)
    growth = max(part.growth_mb for part in done)
    assert growth < GROWTH_MAX_MB, f"the memory of a process has grown by {growth:.0f} MB"
    return Finding(
        verdict=Verdict(),
        figures={
            "messages": MESSAGES,
            "still readable": sum(part.taken for part in done),
            "memory_mb": round(max(part.memory_mb for part in done), 1),
            "growth_mb": round(growth, 1),
            "per_s": round(MESSAGES / (time.monotonic() - began)),
        },
    )


def take_part(seed: int) -> Taken:
    """Take one part, in a process of its own; what breaks says its seed."""
    harm(WARM, seed)
    before = _memory_mb()
    try:
        taken = harm(PART, seed)
    except Exception as error:
        error.add_note(f"python -m tests.unit.adapters.hl7.harm {PART} {seed}")
        raise
    return Taken(taken, _memory_mb(), _memory_mb() - before)


def _memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
