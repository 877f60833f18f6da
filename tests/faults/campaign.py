"""Run every fault scenario for many seeds, keep a ledger, and write its table into docs/reliability.md.

    python -m tests.faults.campaign --seeds 10 [--only NAME] [--jobs 1] [--fresh]

Goes on where an interrupted campaign of the same build stopped. A run in which all that is wrong is that something
came late is run again at the end, with nothing beside it, and judged by that. Ends with 1 when a sound build broke an
invariant or a mutant was not caught; the evidence of such a run is kept, and its place is printed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

import msgspec

from tests.faults.ledger import ROOT, Entry, Ledger, build_digest, render, write_table
from tests.faults.scenarios import Case, Scenario, all_scenarios
from wardwire.testing.plan import FaultPlan

DATA = ROOT / ".data" / "faults"


async def run_case(scenario: Scenario, seed: int, *, build: str, folder: Path) -> Entry:
    """Run one scenario with one seed. Its evidence is in `folder`, kept only when something was wrong."""
    _empty(folder)
    case = Case(plan=FaultPlan(seed), folder=folder)
    began, late = time.monotonic(), False
    try:
        finding = await scenario.run(case)
    except Exception as error:
        late = isinstance(error, TimeoutError)
        fault: str | None = f"{type(error).__name__}: {error} [{case.plan.describe()}]"
        figures = {}
    else:
        fault, figures = scenario.fault_in(finding), finding.figures
        late = not scenario.caught_by and finding.verdict.late
    if fault is None:
        shutil.rmtree(folder, ignore_errors=True)
    return Entry(
        build=build,
        scenario=scenario.name,
        seed=seed,
        seconds=round(time.monotonic() - began, 1),
        fault=fault,
        figures=figures,
        late=late,
    )


async def run_apart(scenario: Scenario, seed: int, *, build: str, folder: Path) -> Entry:
    """Run one scenario with one seed in a process of its own, so that others may run beside it."""
    command = [sys.executable, "-m", "tests.faults.campaign", "--one", scenario.name, "--seed", str(seed)]
    process = await asyncio.create_subprocess_exec(
        *command, "--build", build, "--folder", str(folder), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        told, _ = await process.communicate()
    except asyncio.CancelledError:
        process.terminate()
        await process.wait()
        raise
    try:
        return msgspec.json.decode(told.splitlines()[-1], type=Entry)
    except (IndexError, msgspec.DecodeError):
        fault = f"its process ended with {process.returncode} and told nothing"
        return Entry(build=build, scenario=scenario.name, seed=seed, seconds=0.0, fault=fault, figures={})


class Campaign:
    """Runs that are left, several at a time: most of them wait for something, most of the time."""

    def __init__(self, ledger: Ledger, build: str, left: Sequence[tuple[Scenario, int]]) -> None:
        self._ledger = ledger
        self._build = build
        self._beside = deque(run for run in left if not run[0].alone)
        self._alone = deque(run for run in left if run[0].alone)
        self._count = len(left)
        self._ended = 0
        self.faults = 0

    async def run(self, jobs: int) -> None:
        """Run all; those that want the machine for themselves at the end, one by one."""
        async with asyncio.TaskGroup() as tasks:
            for _ in range(jobs):
                tasks.create_task(self._work(self._beside))
        await self._work(self._alone)

    async def _work(self, runs: deque[tuple[Scenario, int]]) -> None:
        while runs:
            scenario, seed = runs.popleft()
            word = scenario.name.replace(" ", "-").replace(":", "").replace(",", "")
            folder = DATA / f"{word}-{seed}"
            entry = await run_apart(scenario, seed, build=self._build, folder=folder)
            if entry.late and runs is self._beside:
                self._alone.append((scenario, seed))
                continue
            self._ledger.add(entry)
            self._tell(entry, folder)

    def _tell(self, entry: Entry, folder: Path) -> None:
        self._ended += 1
        self.faults += entry.fault is not None
        word = "ok" if entry.fault is None else "FAULT"
        shown = ", ".join(f"{k} {v}" for k, v in entry.figures.items() if k != "plan")
        place = f"[{self._ended}/{self._count}]"
        print(f"{place} {word:5} {entry.scenario}, seed {entry.seed}, {entry.seconds:g} s: {shown}", flush=True)
        if entry.fault is not None:
            print(f"{entry.fault}\nevidence: {folder}", flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Run the campaign from the command line; the exit code tells whether all was as it must be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=1, help="run seeds 1 to N of each scenario")
    parser.add_argument("--only", default="", help="only scenarios whose name contains this")
    parser.add_argument("--jobs", type=int, default=2 * len(os.sched_getaffinity(0)), help="so many at a time")
    parser.add_argument("--resume", action="store_true", help="go on where the last one stopped (the default)")
    parser.add_argument("--fresh", action="store_true", help="run all again")
    for name in ("--one", "--seed", "--build", "--folder"):
        parser.add_argument(name, default="", help=argparse.SUPPRESS)  # a run apart
    options = parser.parse_args(arguments)
    if options.one:
        (scenario,) = [each for each in all_scenarios() if each.name == options.one]
        run = run_case(scenario, int(options.seed), build=options.build, folder=Path(options.folder))
        print(msgspec.json.encode(asyncio.run(run)).decode())
        return 0
    build = build_digest()
    ledger = Ledger(DATA / "ledger.jsonl")
    scenarios = [each for each in all_scenarios() if options.only in each.name]
    runnable = [each for each in scenarios if not _lacks(each)]
    for each in scenarios:
        if each not in runnable:
            print(f"left out: {each.name}: this machine lacks {_lacks(each)}")
    done = set() if options.fresh else {(e.scenario, e.seed) for e in ledger.entries(build) if e.fault is None}
    wanted = [(each, seed) for seed in range(1, options.seeds + 1) for each in runnable if seed <= each.most_seeds]
    left = [(each, seed) for each, seed in wanted if (each.name, seed) not in done]
    print(f"build {build}: {len(left)} runs to do, {len(wanted) - len(left)} done before", flush=True)
    campaign = Campaign(ledger, build, left)
    asyncio.run(campaign.run(options.jobs))
    if not options.only:  # the table is of all of them
        write_table(ROOT / "docs" / "reliability.md", render(all_scenarios(), ledger.entries(build), build))
    return 1 if campaign.faults else 0


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
