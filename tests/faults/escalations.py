"""Faults during escalations and code calls, with two cores: no step is missed, none is doubled, none is late."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec

from tests.faults.alerts import SETS, Ward
from tests.faults.held_core import HOLD, MUTANT, Hold
from tests.faults.scenarios import Case, Finding, scenario
from tests.faults.serve_whole import CORES
from tests.faults.site import SECOND
from tests.faults.system import System, whole
from tests.faults.whole import ENGINES, kill_everything
from wardwire.engine.due import LEASE
from wardwire.ops.account import drop_account, hand_over
from wardwire.testing import processes
from wardwire.testing.steps import LATE_S
from wardwire.testing.verdict import Invariant

LEASE_S = LEASE.total_seconds()
# Longer than its claims last, and so long that whatever waits for it is late.
FROZEN_S = max(LEASE_S, LATE_S) + 1.0


def environment_of(mutant: str) -> Callable[[Path], dict[str, str]]:
    """What a site with two cores that can be held is told."""

    def environment(home: Path) -> dict[str, str]:
        orders = home / "hold"
        orders.mkdir(mode=0o755)
        hand_over(orders, drop_account())
        return {CORES: "2", HOLD: str(orders), MUTANT: mutant}

    return environment


@contextlib.asynccontextmanager
async def ward(case: Case, mutant: str = "") -> AsyncIterator[tuple[System, Ward]]:
    """A site with two cores whose people are sent alerts, and who answer, decline, or do not hear."""
    async with whole(case, *SETS, pairs=1, environment=environment_of(mutant)) as system:
        hospital = Ward(system)
        await hospital.open()
        await hospital.call()
        yield system, hospital


@scenario("escalations, a core killed")
async def core_killed(case: Case) -> Finding:
    """Of two cores one is killed while alerts escalate; then the other, with a step in its hand."""
    async with ward(case) as (system, hospital):
        first, second = case.plan.order("order", ["path", SECOND])
        await _a_while(case, first)
        system.kill(first)
        await system.flows_again(first)
        await hold(system, second, Hold("decided", signal.SIGKILL))
        await system.flows_again(second)
        return await hospital.judge()


@scenario("escalations, a core frozen in a step")
async def core_frozen(case: Case) -> Finding:
    """A core stops in the middle of a step, and wakes up when another one has long gone on."""
    return await freeze_in_step(case, case.plan.pick("point", ["claimed", "decided", "again"]))


@scenario(
    "escalations, mutant: no guards",
    caught_by=(Invariant.STEP, Invariant.STATUS_FORWARD, Invariant.NO_ACKED_LOSS),
)
async def without_guards(case: Case) -> Finding:
    """A build whose late writes are taken, though another core has gone on since.

    The same step begins twice; or, where somebody had answered meanwhile, their answer is gone.
    """
    return await freeze_in_step(case, "again", mutant="no guards")


@scenario("escalations, mutant: a long lease", caught_by=Invariant.IN_TIME, rare=True)
async def long_lease(case: Case) -> Finding:
    """A build in which a dead core keeps what it has claimed for twenty seconds."""
    async with ward(case, "long lease") as (system, hospital):
        await hold(system, SECOND, Hold("decided", signal.SIGKILL))
        return await hospital.judge()


async def freeze_in_step(case: Case, point: str, *, mutant: str = "") -> Finding:
    """Freeze one of two cores at a point of a step until its claim has run out, and wake it up."""
    async with ward(case, mutant) as (system, hospital):
        core = case.plan.pick("core", ["path", SECOND])
        await _a_while(case, core)
        await hold(system, core, Hold(point))
        await asyncio.sleep(FROZEN_S)
        processes.thaw(system.pid(core))
        await system.flows_again(core)
        return await hospital.judge()


async def hold(system: System, core: str, order: Hold) -> None:
    """Let a core stop, or die, the next time that it comes to a point; returns when it has."""
    folder = system.site.home / "hold"
    draft = folder / f"{core}.draft"
    draft.write_bytes(msgspec.json.encode(order))
    hand_over(draft, drop_account())
    draft.rename(folder / f"{core}.json")
    held = folder / f"{core}.held"
    await processes.wait_until(held.exists, within_s=30, what=f"{core} comes to {order.point}")
    system.struck()
    system.figures[f"{order.point}_with"] = len(msgspec.json.decode(held.read_bytes()))


@scenario("escalations, engines killed")
async def engines_killed(case: Case) -> Finding:
    """PostgreSQL and both NATS servers are killed one after the other while alerts escalate."""
    async with ward(case) as (system, hospital):
        for part in case.plan.order("order", ENGINES):
            await _a_while(case, part)
            system.kill(part)
            await system.flows_again(part)
        return await hospital.judge()


@scenario("escalations, all killed")
async def all_killed(case: Case) -> Finding:
    """Everything is killed at once while alerts escalate, the supervisor too, and started again."""
    async with ward(case) as (system, hospital):
        await _a_while(case, "all")
        began = time.monotonic()
        await kill_everything(system)
        system.figures["down_s"] = round(time.monotonic() - began, 1)
        await system.flows_again("all")
        return await hospital.judge()


async def _a_while(case: Case, name: str) -> None:
    """Let alerts be under way, each at another step."""
    await asyncio.sleep(case.plan.between(f"after_s {name}", 2.0, 4.0))
