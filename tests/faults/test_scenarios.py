"""One seed of every fault scenario: sound builds hold all invariants, every mutant is caught.

What came only too late while other tests ran is judged once more with nothing beside it: seconds are promised for a
machine that serves a hospital, not for one that runs four tests at once. Nothing else is tried again.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.beside import alone
from tests.faults.campaign import run_case
from tests.faults.scenarios import Scenario, all_scenarios

SEED = int(os.environ.get("SEED", "1"))


@pytest.mark.parametrize(
    "scenario",
    [
        pytest.param(each, id=each.name, marks=[getattr(pytest.mark, need) for need in each.needs])
        for each in all_scenarios()
        if not each.rare
    ],
)
async def test_scenario_comes_to_what_it_must(scenario: Scenario, tmp_path: Path) -> None:
    """A sound build holds every invariant through the fault; a mutant breaks the one it is made to break."""
    entry = await run_case(scenario, SEED, build="", folder=tmp_path / "evidence")
    if entry.late:
        with alone():
            entry = await run_case(scenario, SEED, build="", folder=tmp_path / "evidence")
    assert entry.fault is None, f"seed {SEED}: {entry.fault}"
