"""W5: deadlines that fall due one after the other: nobody has answered, and the next person is called.

The product's are steps of escalations: 64 chains of a sender, a first person who confirms and never answers, and a
second one, whose device writes down when it was called. The floor claims a row and publishes it.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any
from uuid import UUID

import asyncpg

from bench.check import NotStored
from bench.people import Staff, with_more
from bench.policies import enter_policies
from bench.real import VOICE
from bench.result import Report, Result
from bench.shapes.cpu import Account, read_busy
from bench.shapes.devices import NATS
from bench.shapes.load import Connect, Heard, Outcome, Run
from bench.shapes.turns import Shape, bare_shape, load_maker
from bench.site import Site, floor_postgres, real_site
from wardwire.model.policy import Step
from wardwire.ops.engines import EngineLogins
from wardwire.ops.postgres import Postgres
from wardwire.ops.roles import OWNER, run_apart

CHAINS = 64
# A slice of the product: alerts are sent for SEND_S, half of them with each wait, and so fall due evenly for twice as
# long. Three slices are 10,000 deadlines, due within a minute.
SEND_S = 5.0
WAITS_S = (6.0, 6.0 + SEND_S)
RATE = 335.0
FLOOR_S = 4.0
LONG = timedelta(hours=1)
SETTLE_S = 1.5
PATIENCE_S = 30.0
DUE = """
SELECT e.message_id, e.started_at + make_interval(secs => (e.policy::json->'steps'->0->>'wait_s')::float8) AS due_at,
       coalesce(f.steps, 0) AS steps
FROM escalations e LEFT JOIN (
    SELECT message_id, count(*) AS steps FROM facts WHERE kind = 'Escalated' AND body::json->>'step' = '2' GROUP BY 1
) f USING (message_id)
"""


@dataclass
class Slice:
    """Lateness in ms of what fell due in some seconds, and what they cost."""

    late: list[float]
    cpu_us: dict[str, float] = field(default_factory=dict)
    foreign_cores: float = 0.0

    def rank(self, share: float) -> float:
        """The lateness that this share of them did not pass."""
        return sorted(self.late)[min(len(self.late) - 1, int(len(self.late) * share))]


@contextmanager
def chains() -> Iterator[tuple[Shape, Site]]:
    """Start the product with its chains."""
    policies: dict[str, str] = {}

    def enter(logins: EngineLogins, staff: Staff) -> None:
        steps = {}
        for chain in range(CHAINS):
            first, second = (staff.parties[CHAINS * nth + chain].more["person"] for nth in (1, 2))
            wait = timedelta(seconds=WAITS_S[chain % 2])
            steps[f"Chain {chain}"] = (Step((first,), wait), Step((second,), LONG))
        policies.update(run_apart(enter_policies(logins, steps)))

    with ExitStack() as stack:
        site = stack.enter_context(real_site(people=3 * CHAINS, enter=enter))
        senders, first, second = (site.staff.parties[CHAINS * nth : CHAINS * (nth + 1)] for nth in range(3))
        pairs = [
            (with_more(sender, priority="high", policy=policies[f"Chain {nth}"]), with_more(other, priority="high"))
            for nth, (sender, other) in enumerate(zip(senders, first, strict=True))
        ]
        listeners = [with_more(party, priority="high") for party in second]
        order = Connect(carrier=NATS, port=site.edge_port, pairs=pairs, voice=VOICE, listeners=listeners, log=True)
        load = load_maker(stack, order)
        yield Shape("real", load, {**site.pids(), "load": [load.process.pid]}), site


def run_w5(report: Report, *, full: bool) -> None:
    """Measure W5."""
    turns = 5 if full else 3
    with ExitStack() as stack:
        postgres = stack.enter_context(floor_postgres())
        bare = stack.enter_context(bare_shape("claim", "claim", postgres, listeners=CHAINS))
        real, site = stack.enter_context(chains())
        floor_slice(bare, postgres, 0.5)
        time.sleep(max(WAITS_S))  # what connected the chains falls due
        heard = real.logs()
        floors, slices = [floor_slice(bare, postgres, FLOOR_S)], []
        for _ in range(turns):
            one, lines, last = escalate(real, site, len(heard))
            heard += lines
            slices.append(one)
            floors.append(floor_slice(bare, postgres, FLOOR_S))
        rows = run_apart(read_due(site))
    show(report, {"bare": floors, "real": slices})
    missed, doubled = judge(rows, heard)
    if len(rows) != last.sent - last.refused:
        raise NotStored(f"the load maker sent {last.sent - last.refused} alerts, the database has {len(rows)}")
    report.note("W5 in the database", {"alerts": len(rows), "steps": sum(row["steps"] for row in rows)})
    count = f"of {len(rows):,} deadlines"
    report.add(Result("w5.missed", f"W5 missed, {count}", missed, "", 0, False, unit="missed"))
    report.add(Result("w5.doubled", f"W5 doubled, {count}", doubled, "", 0, False, unit="doubled"))
    around = zip(slices, floors[:-1], floors[1:], strict=True)
    ratio = median(one.rank(0.99) * 2 / (a.rank(0.99) + b.rank(0.99)) for one, a, b in around)
    report.add(Result("w5.p99", "W5 lateness p99, 10,000 due within a minute", ratio, "bare", 3.0, False))
    every = Slice([ms for one in slices for ms in one.late])
    report.add(Result("w5.backstop", "W5 lateness p99", every.rank(0.99), "", 500, False, unit="ms"))


def escalate(real: Shape, site: Site, known: int) -> tuple[Slice, list[Heard], Outcome]:
    """Send alerts that nobody answers; wait until their steps are due and past. `known` were heard before."""
    began = time.time()
    rate = 2 * RATE
    order = Run(rate=rate, warm_s=0, seconds=SEND_S, stock=int(rate * SEND_S * 1.2 / CHAINS) + 2)
    sent = real.run(order)
    begins = began + WAITS_S[0]
    time.sleep(max(0.0, begins - time.time()))
    meter = Meter(real.accounts)
    time.sleep(max(0.0, began + max(WAITS_S) + SEND_S + SETTLE_S - time.time()))
    spent = meter.read(int(rate * SEND_S))
    due = {row["message_id"].hex: row["due_at"].timestamp() for row in run_apart(read_due(site))}
    lines = real.logs()
    for _ in range(int(PATIENCE_S)):  # what is very late is late, not missed
        if known + len(lines) >= len(due):
            break
        time.sleep(1)
        lines += real.logs()
    late = [(line.at - due[line.message]) * 1e3 for line in lines if line.message in due]
    return Slice(late, *spent), lines, sent


def floor_slice(bare: Shape, postgres: Postgres, seconds: float) -> Slice:
    """Let the floor tell of as many deadlines a second for some seconds."""
    begins = datetime.now(UTC) + timedelta(seconds=1)
    due = {
        os.urandom(16).hex(): (begins + timedelta(seconds=nth / RATE), bare.listeners[nth % len(bare.listeners)])
        for nth in range(int(RATE * seconds))
    }
    run_apart(_fill(postgres, [(UUID(hex=name), device, at) for name, (at, device) in due.items()]))
    time.sleep(max(0.0, (begins - datetime.now(UTC)).total_seconds()))
    meter = Meter(bare.accounts)
    time.sleep(seconds + 0.5)
    lines = bare.logs()
    if len(lines) != len(due):
        raise NotStored(f"of {len(due)} deadlines of the floor {len(lines)} were heard")
    return Slice([(line.at - due[line.message][0].timestamp()) * 1e3 for line in lines], *meter.read(len(lines)))


class Meter:
    """CPU of processes, and of everybody else, from its making on."""

    def __init__(self, accounts: dict[str, list[int]]) -> None:
        self._accounts = {name: Account(pids) for name, pids in accounts.items()}
        self._before = {name: account.read() for name, account in self._accounts.items()}
        self._busy, self._began = read_busy(), time.perf_counter()

    def read(self, times: int) -> tuple[dict[str, float], float]:
        """Return microseconds by account for each of so many, and the cores that everybody else used."""
        spent = {name: account.read() - self._before[name] for name, account in self._accounts.items()}
        foreign = (read_busy() - self._busy - sum(spent.values())) / (time.perf_counter() - self._began)
        return {name: cpu / max(times, 1) * 1e6 for name, cpu in spent.items()}, foreign


def judge(rows: list[Any], heard: list[Heard]) -> tuple[int, int]:
    """Count what was missed and what was doubled, by the facts and by the devices' own logs."""
    told = Counter(line.message for line in heard)
    missed = sum(row["steps"] < 1 or told[row["message_id"].hex] < 1 for row in rows)
    doubled = sum(row["steps"] > 1 or told[row["message_id"].hex] > 1 for row in rows)
    return missed, doubled


def show(report: Report, found: dict[str, list[Slice]]) -> None:
    """Print lateness and cost."""
    print(f"\nW5, {RATE:,.0f} deadlines a second")
    print("| shape | late p50 / p99 / max ms | CPU µs a deadline | foreign cores |\n|---|---|---|---:|")
    for name, each in found.items():
        cpu = {key: median(one.cpu_us[key] for one in each) for key in sorted(each[0].cpu_us)}
        parts = ", ".join(f"{key} {value:.0f}" for key, value in cpu.items())
        print(
            f"| {name} | {median(e.rank(0.5) for e in each):.2f} / {median(e.rank(0.99) for e in each):.2f}"
            f" / {max(e.rank(1) for e in each):.1f} | {parts} = {sum(cpu.values()):.0f}"
            f" | {median(e.foreign_cores for e in each):.2f} |",
            flush=True,
        )


async def read_due(site: Site) -> list[Any]:
    """Read of each alert when its second step was due, and how often it began."""
    connection = await asyncpg.connect(site.logins.database.readonly, server_settings={"search_path": "wardwire"})
    try:
        return list(await connection.fetch(DUE))
    finally:
        await connection.close()


async def _fill(postgres: Postgres, rows: list[tuple[UUID, str, datetime]]) -> None:
    connection = await asyncpg.connect(postgres.dsn("shape_claim", OWNER))
    try:
        await connection.copy_records_to_table("due", records=rows, columns=("id", "device", "visible_at"))
    finally:
        await connection.close()
