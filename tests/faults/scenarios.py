"""The register of fault scenarios: each a name, a seeded run, and what it must come to.

A module registers its scenarios by decorator and is named in `MODULES`; pytest then runs one seed of each, and
`python -m tests.faults.campaign` as many as are asked for. A scenario of a sound build must hold every invariant.
A scenario of a mutant must break the one that it names: else the test is blind.
"""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from wardwire.testing.plan import FaultPlan
from wardwire.testing.verdict import Invariant, Verdict

MODULES = (
    "tests.faults.failover",
    "tests.faults.single",
    "tests.faults.whole",
    "tests.faults.escalations",
    "tests.faults.mail",
    "tests.faults.monitors",
    "tests.faults.stampede",
    "tests.faults.nights",
    "tests.faults.zones",
    "tests.faults.harmed",
)

FEW, MANY = 3, 1_000

Figures = dict[str, float | int | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One run of one scenario: its seed's choices, and the folder where its evidence goes."""

    plan: FaultPlan
    folder: Path

    @property
    def seed(self) -> int:
        return self.plan.seed


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a run came to."""

    verdict: Verdict
    figures: Figures = field(default_factory=dict)


Run = Callable[[Case], Awaitable[Finding]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A fault under load, and its judgement.

    Attributes:
        caught_by: Empty for a sound build; for a mutant the invariants of which it must break one.
        needs: Markers of what the machine must have, e.g. `needs_root`.
        rare: Run by the campaign only: the daily tests have a near relation of it.
        alone: Its figures want the whole machine: the campaign runs nothing beside it.
        most_seeds: More would show nothing new: a mutant is there to show that the checker sees.
    """

    name: str
    run: Run
    caught_by: tuple[Invariant, ...] = ()
    needs: tuple[str, ...] = ()
    rare: bool = False
    alone: bool = False
    most_seeds: int = MANY

    @property
    def purpose(self) -> str:
        """The first line of the run's docstring."""
        return (self.run.__doc__ or self.name).strip().splitlines()[0]

    def fault_in(self, finding: Finding) -> str | None:
        """Tell what is wrong with a finding; None when it is as it must be."""
        if not self.caught_by:
            return None if finding.verdict.held else str(finding.verdict)
        if finding.verdict.of(*self.caught_by):
            return None
        return f"the mutant was not caught by {' or '.join(self.caught_by)}: {finding.verdict}"


_register: dict[str, Scenario] = {}


def scenario(
    name: str,
    *,
    caught_by: Invariant | tuple[Invariant, ...] = (),
    needs: tuple[str, ...] = (),
    rare: bool = False,
    alone: bool = False,
) -> Callable[[Run], Run]:
    """Register a run under a name."""
    caught_by = (caught_by,) if isinstance(caught_by, Invariant) else caught_by
    most_seeds = FEW if caught_by or alone else MANY

    def keep(run: Run) -> Run:
        if name in _register:
            raise ValueError(f"two scenarios are named {name}")
        _register[name] = Scenario(
            name=name, run=run, caught_by=caught_by, needs=needs, rare=rare, alone=alone, most_seeds=most_seeds
        )
        return run

    return keep


def all_scenarios() -> list[Scenario]:
    """Load every module of scenarios and give them in the order of registration."""
    for module in MODULES:
        importlib.import_module(module)
    return list(_register.values())
