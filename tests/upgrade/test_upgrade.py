"""A hospital upgrades while it works: nothing that was acknowledged is lost, and somebody serves all the time."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import asyncpg
import pytest

from tests.faults.system import System
from tests.faults.voices import PRIORITIES
from tests.upgrade.former import Former, first_former, last_former, ours
from tests.upgrade.site import NEW, OLD, UpgradedSite, upgraded
from wardwire.client.device import Device
from wardwire.flow.audit import verify
from wardwire.flow.statement import Statement
from wardwire.testing.history import Operation, Outcome, operations
from wardwire.testing.processes import wait_until

pytestmark = pytest.mark.needs_history
FACTS_EACH = 20
# What a device needs to notice that its core is gone, and to be welcomed by another one.
GAP_S = 15.0


async def test_old_and_new_code_serve_side_by_side(tmp_path: Path) -> None:
    """The former code goes on on the new schema, this code joins it, then stays alone; people notice nothing."""
    former = last_former()
    async with upgraded(former, tmp_path) as (system, site):
        await system.speak(http=False)
        await system.flows_again()
        before = await counted(site)
        assert set(await site.migrate("pre")) == {name for name in missing(former) if "_pre_" in name}
        await system.flows_again()
        site.start_core(NEW)
        began = await counted(site)
        assert began[site.node(OLD)] > before[site.node(OLD)], "the old code stopped at the migration"

        async def both_serve() -> bool:
            found = await counted(site)
            return all(found[site.node(name)] > began[site.node(name)] + FACTS_EACH for name in (OLD, NEW))

        await wait_until(both_serve, within_s=30, what="both versions serve beside each other", every_s=0.3)
        await system.flows_again()
        await asyncio.to_thread(site.stop_core, OLD)
        assert set(await site.migrate("post")) == {name for name in missing(former) if "_post_" in name}
        await system.flows_again()
        await judge(system, site)


async def test_the_first_schema_comes_all_the_way(tmp_path: Path) -> None:
    """What the first schema's code wrote is there, and goes on, after all migrations at once."""
    former = first_former()
    async with upgraded(former, tmp_path) as (system, site):
        await system.speak(http=False)
        await system.flows_again()
        await asyncio.to_thread(site.stop_core, OLD)
        assert [*await site.migrate("pre"), *await site.migrate("post")] == missing(former)
        site.start_core(NEW)
        await system.flows_again()
        await judge(system, site)


async def judge(system: System, site: UpgradedSite) -> None:
    """Nothing acknowledged lost or doubled, numbers dense, chains whole, first results given again."""
    finding = await system.judge()
    assert finding.verdict.held, str(finding.verdict)
    assert finding.verdict.acknowledged > 0
    assert float(finding.figures["gap_s"]) < GAP_S
    connection = await system.owner()
    try:
        chains = await verify(connection)
    finally:
        await connection.close()
    assert chains.good, chains.findings
    await first_result_again(system)


async def first_result_again(system: System) -> None:
    """A device repeats what the old code had acknowledged: the new code gives the same message."""
    member = system.members[1]
    first = next(o for o in operations(system.history()) if o.client == member.card.name and _stored(o))
    number = int(first.external_id)
    statement = Statement(
        id=first.external_id,
        to=(system.members[0].wire,),
        priority=PRIORITIES[number % len(PRIORITIES)],
        text=first.digest,
    )
    async with Device(member.card) as device:
        assert (await device.send(statement, timeout_s=10)).message == first.message


async def counted(site: UpgradedSite) -> Counter[str]:
    """Count the facts of each core's process."""
    connection = await asyncpg.connect(site.logins().database.readonly, server_settings={"search_path": "wardwire"})
    try:
        rows = await connection.fetch(
            "SELECT b.body::json ->> 'lane' AS writer, sum(f.seq) AS n"
            " FROM (SELECT writer, max(seq) AS seq FROM facts GROUP BY writer) f"
            " JOIN facts b ON b.writer = f.writer AND b.kind = 'ChainBegun' GROUP BY 1"
        )
    finally:
        await connection.close()
    found: Counter[str] = Counter()
    for row in rows:
        host_and_pid = row["writer"].split("/")[0]
        found[f"-{host_and_pid.rpartition('-')[2]}"] += int(row["n"])
    return found


def missing(former: Former) -> list[str]:
    """The migrations that this code has and the former one had not."""
    return [name for name in ours() if name not in former.migrations]


def _stored(operation: Operation) -> bool:
    return operation.outcome is Outcome.OK
