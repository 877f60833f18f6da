"""A hundred thousand simulated alerts a seed: with ten seeds, as the full campaign has them, a million."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tests.faults.scenarios import Case, Finding, scenario
from wardwire.testing.nights import Broken, simulate
from wardwire.testing.verdict import Invariant, Verdict, Violation

ALERTS = 100_000
PART = 5_000
TOLD_EVERY_S = 10.0


@scenario("alerts without answer, simulated", rare=True)
async def simulated(case: Case) -> Finding:
    """Random policies, people and sources: every alert ends answered, cleared, cancelled or at the desk."""
    loop = asyncio.get_running_loop()
    ends: Counter[str] = Counter()
    told = time.monotonic()
    with ProcessPoolExecutor(len(os.sched_getaffinity(0)), mp_context=get_context("spawn")) as pool:
        parts = [loop.run_in_executor(pool, simulate, case.seed, PART, first) for first in range(0, ALERTS, PART)]
        try:
            for part in asyncio.as_completed(parts):
                ends += (await part).ends
                if time.monotonic() - told > TOLD_EVERY_S:
                    told = time.monotonic()
                    print(f"    {ends.total():,} of {ALERTS:,} alerts have ended", flush=True)
        except Broken as broken:
            pool.shutdown(cancel_futures=True)
            silent = Violation(invariant=Invariant.NO_SILENT_FAILURE, what="an alert in silence", subject=str(broken))
            return Finding(verdict=Verdict(violations=(silent,)))
    return Finding(verdict=Verdict(), figures={"alerts": ends.total(), **ends})
