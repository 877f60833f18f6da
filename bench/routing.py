"""Routing: a message to a role whose fallback is nested groups of 10,000, until it is committed; against the bare
insert of 10,000 deliveries, in turns, in one run.

`medium` is what such a message is: its recipients are frozen with it, and expanded in parts. `high` has all of it in
the one commit: deliveries, deadlines, events of inboxes, facts; it is stated, without a goal.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from statistics import median
from uuid import UUID, uuid4

import asyncpg

from bench.result import Report, Result
from bench.site import SITE
from wardwire.app.core import settle
from wardwire.model import ids
from wardwire.model.priority import Priority
from wardwire.ops.postgres_throwaway import throwaway_postgres
from wardwire.ops.roles import logins, run_apart
from wardwire.store.migrations import migrate
from wardwire.testing.ward import Ward

PEOPLE, A_GROUP, GROUPS = 10_000, 100, 10
_BARE = """
CREATE TABLE bare (
    message_id uuid, person_id uuid, version integer NOT NULL, state text NOT NULL, stage smallint NOT NULL,
    plan text NOT NULL, why text NOT NULL, kind text NOT NULL, priority text NOT NULL,
    PRIMARY KEY (message_id, person_id)
)
"""
_INSERT = """
INSERT INTO bare
SELECT $1, person, 1, 'pending', 0, plan, why, 'message', 'medium'
FROM unnest($2::uuid[], $3::text[], $4::text[]) AS u(person, plan, why)
"""


def run_routing(report: Report, *, full: bool) -> None:
    """Measure routing."""
    with throwaway_postgres() as server:
        places = logins(server.plan)
        run_apart(compare(report, places.owner, places.app, turns=15 if full else 7))


async def compare(report: Report, owner: str, app: str, *, turns: int) -> None:
    """Do both in turns."""
    now = datetime.now(UTC)
    await migrate(owner, today=now.date(), site_id=SITE)
    bare = await asyncpg.connect(owner)
    await bare.execute(_BARE)
    async with Ward(app, patience_s=60, start=now) as ward:
        people = await enter(ward)
        plans, whys = ["app:30"] * len(people), [f"fallback:rol_{uuid4().hex}"] * len(people)

        async def insert() -> None:
            await bare.execute(_INSERT, uuid4(), people, plans, whys)

        async def send(priority: Priority) -> None:
            stored = await ward.send(ward.anna, ["role:Everybody"], id=uuid4().hex, priority=priority)
            assert stored.recipient_count == len(people)

        settle()  # garbage is searched for as in a core, whose work this is
        found: dict[str, list[float]] = {"bare": [], "medium": [], "high": []}
        for nth in range(turns + 1):
            for name, work in (
                ("bare", insert), ("medium", lambda: send(Priority.MEDIUM)), ("high", lambda: send(Priority.HIGH)),
            ):  # fmt: skip
                took = await timed(work)
                if nth:  # the first of each warms up
                    found[name].append(took)
    await bare.close()
    print(f"\nRouting to {PEOPLE:,} people in nested groups until committed, of {turns} turns")
    print("| what | median ms | least | most |\n|---|---:|---:|---:|")
    for name, each in found.items():
        print(f"| {name} | {median(each):.0f} | {min(each):.0f} | {max(each):.0f} |", flush=True)
    for name, goal in (("medium", 1.5), ("high", None)):
        ratio = median(one / other for one, other in zip(found[name], found["bare"], strict=True))
        title = f"Routing to nested groups of {PEOPLE:,}, {name}, until committed"
        report.add(Result(f"routing.{name}", title, ratio, "bare insert", goal, False))


async def timed(work: Callable[[], Awaitable[None]]) -> float:
    """Do it; returns milliseconds."""
    began = time.perf_counter()
    await work()
    return (time.perf_counter() - began) * 1e3


async def enter(ward: Ward) -> list[UUID]:
    """Enter people with a phone each, in groups of 100 within groups of ten within one, and a role for them all."""
    people = [uuid4() for _ in range(PEOPLE)]
    names = [f"Person {nth}" for nth in range(PEOPLE)]
    await ward._change(
        "INSERT INTO people (id, name, version) SELECT i, n, $1 FROM unnest($2::uuid[], $3::text[]) AS u(i, n)",
        people,
        names,
    )
    await ward.connection.execute("INSERT INTO inbox_heads (person_id) SELECT unnest($1::uuid[])", people)
    devices = [uuid4() for _ in people]
    await ward._change(
        "INSERT INTO devices (id, person_id, name, nkey, x25519, registered_at, version)"
        " SELECT d, p, 'phone', 'U' || d, $4, $5, $1 FROM unnest($2::uuid[], $3::uuid[]) AS u(d, p)",
        devices, people, bytes(32), ward.clock.now(),
    )  # fmt: skip
    leaves = [
        await add_group(ward, f"Leaf {nth}", people[nth : nth + A_GROUP], []) for nth in range(0, PEOPLE, A_GROUP)
    ]
    within = [
        await add_group(ward, f"Part {nth}", [], leaves[nth : nth + GROUPS]) for nth in range(0, len(leaves), GROUPS)
    ]
    top = await add_group(ward, "All", [], within)
    await ward._change(
        "INSERT INTO roles (id, name, fallback_to, version) VALUES ($2, 'Everybody', $3, $1)",
        uuid4(), ids.write_id(ids.GROUP, top),
    )  # fmt: skip
    return people


async def add_group(ward: Ward, name: str, members: list[UUID], groups: list[UUID]) -> UUID:
    """Add a group."""
    made = uuid4()
    await ward._change(
        "INSERT INTO groups (id, name, members, within, version) VALUES ($2, $3, $4, $5, $1)",
        made, name, members, groups,
    )  # fmt: skip
    return made
