"""Faults during escalations and code calls, with two cores: no step is missed, none is doubled, none is late."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from tests.faults.alerts import SETS, Ward
from tests.faults.scenarios import Case, Finding, scenario
from tests.faults.serve_whole import CORES
from tests.faults.site import SECOND
from tests.faults.system import System, whole


@contextlib.asynccontextmanager
async def ward(case: Case) -> AsyncIterator[tuple[System, Ward]]:
    """A site with two cores whose people are sent alerts, and who answer, decline, or do not hear."""
    async with whole(case, *SETS, pairs=1, environment=lambda _: {CORES: "2"}) as system:
        hospital = Ward(system)
        await hospital.open()
        await hospital.call()
        yield system, hospital


@scenario("escalations, a core killed")
async def core_killed(case: Case) -> Finding:
    """Of two cores first one, then the other is killed while alerts escalate."""
    async with ward(case) as (system, hospital):
        for part in case.plan.order("order", ["path", SECOND]):
            await _a_while(case, part)
            system.kill(part)
            await system.flows_again(part)
        return await hospital.judge()


async def _a_while(case: Case, name: str) -> None:
    """Let alerts be under way, each at another step."""
    await asyncio.sleep(case.plan.between(f"after_s {name}", 2.0, 4.0))
