"""Faults of the whole product, with people who page each other by their devices meanwhile."""

from __future__ import annotations

import asyncio

from tests.faults.scenarios import Case, Finding, scenario
from tests.faults.system import whole


@scenario("system, path killed")
async def path_killed(case: Case) -> Finding:
    """The process of devices and deadlines is killed under load, twice; the supervisor starts it again."""
    return await kill_part(case, "path")


async def kill_part(case: Case, part: str, *, times: int = 2) -> Finding:
    """Kill one part under load, some times, each time after all flows again."""
    async with whole(case) as system:
        await system.speak()
        for number in range(times):
            await asyncio.sleep(case.plan.between(f"after_s {number}", 0.3, 1.5))
            system.kill(part)
            await asyncio.sleep(0.1)
            await system.flows_again()
        return await system.judge()
