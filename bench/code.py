"""A code call: one send to a team of nine by role, quorum shown, until the last of their phones has it."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

import asyncpg

from bench.check import NotStored
from bench.people import Staff
from bench.places import enter_beds
from bench.policies import enter_policies
from bench.real import real_shape
from bench.result import Report, Result
from bench.shapes.load import Fan, FanOutcome
from bench.shapes.mllp import bed_name
from bench.shapes.turns import bare_shape
from bench.site import Site, floor_postgres
from bench.w2 import show
from wardwire.model import ids
from wardwire.model.policy import Ends, Quorum, Step
from wardwire.ops.engines import EngineLogins
from wardwire.ops.roles import run_apart

TEAM = 9
CODE_BLUE = "Code blue"
ROLES = ("Leader", "Airway")
BEDS = 1_000
LONG = timedelta(hours=1)
CALLED = """
SELECT count(*) AS deliveries, count(*) FILTER (WHERE delivered_at IS NOT NULL) AS delivered,
       count(DISTINCT message_id) AS calls
FROM deliveries WHERE priority = 'code'
"""


def enter_team(logins: EngineLogins, staff: Staff) -> None:
    """Enter two roles, held by the first two of the team; the rest is the group of code nurses. Beds; the policy."""
    people = [party.more["person"] for party in staff.members]
    run_apart(_enter_roles(logins, dict(zip(ROLES, people, strict=False))))
    parts = [f"role:{name}" for name in ROLES]
    quorum = (*(Quorum(part, within=LONG) for part in parts), *(Quorum(one, within=LONG) for one in people[2:4]))
    step = Step((*parts, *people[2:]), LONG, ends=Ends.QUORUM, quorum=quorum)
    policies = run_apart(enter_policies(logins, {CODE_BLUE: (step,)}))
    run_apart(
        enter_beds(
            logins,
            unit="Bench",
            policy=policies[CODE_BLUE],
            nurses=dict.fromkeys(map(bed_name, range(BEDS)), people[2]),
        )
    )


def run_code(report: Report, *, full: bool) -> None:
    """Measure the code call."""
    turns = 9 if full else 5
    order = Fan(times=15, gap_s=0.1)
    with ExitStack() as stack:
        postgres = stack.enter_context(floor_postgres())
        bare = stack.enter_context(bare_shape("bare", "ours", postgres, listeners=TEAM))
        call = {"policy": CODE_BLUE, "place": "bed:B#"}
        real, site = stack.enter_context(real_shape("real", listeners=TEAM, enter=enter_team, call=call))
        for shape in (bare, real):
            shape.fan(order)
        floor: list[FanOutcome] = []
        calls: list[FanOutcome] = []
        for _ in range(turns):
            floor.append(bare.fan(order))
            calls.append(real.fan(order))
        show(report, f"A code call to a team of {TEAM}", {"bare": floor, "real": calls})
        ratio = median(median(b.last) / median(a.last) for a, b in zip(floor, calls, strict=True))
        report.add(Result("code.last", f"Code call until all {TEAM} phones have it", ratio, "bare", 1.5, False))
        found = run_apart(_count(site))
        if not found["calls"] == calls[-1].calls == found["delivered"] / TEAM == found["deliveries"] / TEAM:
            raise NotStored(f"{calls[-1].calls} calls to {TEAM} people, the database has {found}")
        report.note("Code calls in the database", found)


async def _enter_roles(logins: EngineLogins, holders: dict[str, str]) -> None:
    now = datetime.now(UTC)
    connection = await asyncpg.connect(logins.database.owner, server_settings={"search_path": "wardwire"})
    try:
        async with connection.transaction():
            version = await connection.fetchval("UPDATE directory_head SET version = version + 1 RETURNING version")
            await connection.copy_records_to_table(
                "roles",
                records=[
                    (ids.new_id(now), name, ids.read_id(ids.PERSON, holder), version)
                    for name, holder in holders.items()
                ],
                columns=("id", "name", "fallback", "version"),
            )
    finally:
        await connection.close()


async def _count(site: Site) -> dict[str, Any]:
    connection = await asyncpg.connect(site.logins.database.readonly, server_settings={"search_path": "wardwire"})
    try:
        return dict(await connection.fetchrow(CALLED))
    finally:
        await connection.close()
