"""A hundred thousand simulated alerts a seed: with ten seeds, as the full campaign has them, a million."""

from __future__ import annotations

import asyncio

from tests.faults.scenarios import Case, Finding, scenario
from wardwire.testing.nights import Broken, simulate
from wardwire.testing.verdict import Invariant, Verdict, Violation

ALERTS = 100_000


@scenario("alerts without answer, simulated", rare=True)
async def simulated(case: Case) -> Finding:
    """Random policies, people and sources: every alert ends answered, cleared, cancelled or at the desk."""
    try:
        nights = await asyncio.to_thread(simulate, case.seed, ALERTS)
    except Broken as broken:
        silent = Violation(invariant=Invariant.NO_SILENT_FAILURE, what="an alert in silence", subject=str(broken))
        return Finding(verdict=Verdict(violations=(silent,)))
    return Finding(verdict=Verdict(), figures={"alerts": nights.ends.total(), **nights.ends})
