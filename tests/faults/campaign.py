"""Run every fault scenario for many seeds, keep a ledger, and write its table into docs/reliability.md.

    python -m tests.faults.campaign --seeds 10 [--only NAME] [--fresh]

Goes on where an interrupted campaign of the same build stopped. Ends with 1 when a sound build broke an
invariant or a mutant was not caught; the evidence of such a run is kept, and its place is printed.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import time
from pathlib import Path

from tests.faults.ledger import ROOT, Entry, Ledger, build_digest, render, write_table
from tests.faults.scenarios import Case, Scenario, all_scenarios
from wardwire.testing.plan import FaultPlan

DATA = ROOT / ".data" / "faults"


async def run_case(scenario: Scenario, seed: int, *, build: str, folder: Path) -> Entry:
    """Run one scenario with one seed. Its evidence is in `folder`, kept only when something was wrong."""
    _empty(folder)
    case = Case(plan=FaultPlan(seed), folder=folder)
    began = time.monotonic()
    try:
        finding = await scenario.run(case)
    except Exception as error:
        fault: str | None = f"{type(error).__name__}: {error} [{case.plan.describe()}]"
        figures = {}
    else:
        fault, figures = scenario.fault_in(finding), finding.figures
    if fault is None:
        shutil.rmtree(folder, ignore_errors=True)
    return Entry(
        build=build,
        scenario=scenario.name,
        seed=seed,
        seconds=round(time.monotonic() - began, 1),
        fault=fault,
        figures=figures,
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the campaign from the command line; the exit code tells whether all was as it must be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=1, help="run seeds 1 to N of each scenario")
    parser.add_argument("--only", default="", help="only scenarios whose name contains this")
    parser.add_argument("--resume", action="store_true", help="go on where the last one stopped (the default)")
    parser.add_argument("--fresh", action="store_true", help="run all again")
    options = parser.parse_args(arguments)
    build = build_digest()
    ledger = Ledger(DATA / "ledger.jsonl")
    scenarios = [each for each in all_scenarios() if options.only in each.name]
    runnable = [each for each in scenarios if not _lacks(each)]
    for each in scenarios:
        if each not in runnable:
            print(f"left out: {each.name}: this machine lacks {_lacks(each)}")
    done = {} if options.fresh else {(e.scenario, e.seed) for e in ledger.entries(build) if e.fault is None}
    left = [
        (each, seed) for seed in range(1, options.seeds + 1) for each in runnable if (each.name, seed) not in done
    ]
    print(f"build {build}: {len(left)} runs to do, {len(runnable) * options.seeds - len(left)} done before")
    faults = 0
    for number, (each, seed) in enumerate(left, 1):
        folder = DATA / f"{each.name.replace(' ', '-').replace(':', '').replace(',', '')}-{seed}"
        entry = asyncio.run(run_case(each, seed, build=build, folder=folder))
        ledger.add(entry)
        faults += entry.fault is not None
        word = "ok" if entry.fault is None else "FAULT"
        shown = ", ".join(f"{k} {v}" for k, v in entry.figures.items() if k != "plan")
        print(f"[{number}/{len(left)}] {word:5} {each.name}, seed {seed}, {entry.seconds:g} s: {shown}", flush=True)
        if entry.fault is not None:
            print(f"{entry.fault}\nevidence: {folder}", flush=True)
    write_table(ROOT / "docs" / "reliability.md", render(all_scenarios(), ledger.entries(build), build))
    return 1 if faults else 0


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def _lacks(scenario: Scenario) -> str:
    if not scenario.needs:
        return ""
    from tests.machine import lacks

    return ", ".join(need.name for marker in scenario.needs if (need := lacks(marker)))


if __name__ == "__main__":
    sys.exit(main())
