"""Rotations in every zone, 2020 to 2040: a tenth of the zones a seed, so that ten seeds are all."""

from __future__ import annotations

import asyncio
from concurrent.futures import ProcessPoolExecutor

from tests.faults.scenarios import Case, Finding, scenario
from wardwire.testing.verdict import Invariant, Verdict, Violation
from wardwire.testing.zones import ZONES, Wrong, check_zone

PARTS = 10


@scenario("rotations in every zone", rare=True)
async def rotations(case: Case) -> Finding:
    """Both 01:30s, half-open turns, periods and windows around every turn of a clock."""
    zones, checked = ZONES[case.seed % PARTS :: PARTS], 0
    for name in zones:
        try:
            checked += await asyncio.to_thread(check_zone, name)
        except Wrong as wrong:
            found = Violation(invariant=Invariant.NO_SILENT_FAILURE, what="a wrong rotation", subject=str(wrong))
            return Finding(verdict=Verdict(violations=(found,)))
    return Finding(verdict=Verdict(), figures={"zones": len(zones), "instants": checked})


def main() -> None:
    """Check all zones, on all processors."""
    with ProcessPoolExecutor() as pool:
        print(f"{len(ZONES)} zones, {sum(pool.map(check_zone, ZONES, chunksize=10)):,} instants: all as it must be")


if __name__ == "__main__":
    main()
