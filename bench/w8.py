"""W8: two core processes on two processors against one, and `code` messages while a storm of `low` ones comes in."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import asyncpg
from msgspec.structs import replace

from bench.check import check_rounds
from bench.real import VOICE, real_shape
from bench.result import Report, Result
from bench.shapes.cpu import same_cores
from bench.shapes.devices import NATS
from bench.shapes.load import Connect, Outcome, Run
from bench.shapes.turns import PAIRS, Shape, load_maker
from bench.site import PATH, Site, real_site
from bench.w1 import WINDOW, Turns, stock_for, take_turns
from wardwire.ops.roles import run_apart

STORM = 20_000
STORM_S = 2.0
CODE_PAIRS = 16
CODE_RATE = 100.0
CODE_S = 4.0
CALM_AFTER_S = 60.0
LOOK_S = 0.2


def run_w8(report: Report, *, full: bool) -> None:
    """Measure W8."""
    with same_cores(2):
        share(report, turns=9 if full else 4, seconds=4.0 if full else 2.5)
        storm(report, turns=9 if full else 3)


def share(report: Report, *, turns: int, seconds: float) -> None:
    """Let one core and two cores, each with engines of their own, run W1 at saturation, in turns."""
    with ExitStack() as stack:
        one, _ = stack.enter_context(real_shape("one"))
        two, site = stack.enter_context(real_shape("two", serve=(PATH, PATH)))
        for shape in (one, two):
            last = shape.run(Run(window=WINDOW, seconds=1.5, stock=300))
        saturate = Run(window=WINDOW, seconds=seconds)
        saturate.stock = stock_for(last.rate * 1.3, saturate)
        found = take_turns(one, two, saturate, turns)
        report.outcomes("W8 at saturation, one core process and two", {"one": found.floor, "two": found.other})
        report.add(Result("w8.share", "W8 rounds/s of two cores", found.ratio("rate"), "one core", 1.0, True))
        cpu = found.cpu_ratio("core", "postgres")
        report.add(Result("w8.share.cpu", "W8 CPU a round of two cores", cpu, "one core", None, False))
        report.note("W8 in the database", run_apart(check_rounds(site, found.other[-1])))


def storm(report: Report, *, turns: int) -> None:
    """Send `code` messages, alone and while a storm is sent and worked off."""
    with ExitStack() as stack:
        low, code, site = stack.enter_context(weather())
        pool = stack.enter_context(ThreadPoolExecutor(1))
        low.run(Run(window=8, seconds=1.5, stock=200))
        ahead = int(CODE_RATE * CODE_S * 1.2 / CODE_PAIRS) + 2
        order = Run(rate=CODE_RATE, warm_s=0, seconds=CODE_S, stock=ahead)
        code.run(order)
        idle: list[Outcome] = []
        beside: list[Outcome] = []
        for _ in range(turns):
            idle.append(code.run(order))
            low.run(Run(seconds=0, warm_s=0, stock=int(STORM * 1.02 / PAIRS) + 2))
            code.run(Run(seconds=0, warm_s=0, stock=ahead))
            blowing = pool.submit(low.run, Run(rate=STORM / STORM_S, warm_s=0, seconds=STORM_S))
            beside.append(code.run(order))
            last = blowing.result()
            run_apart(calm(site))
        found = Turns(idle, beside)
        report.outcomes("W8: `code`, idle and in a storm of 20,000 `low`", {"idle": idle, "storm": beside})
        text = "W8 p99 of `code` in a storm of 20,000 `low`"
        report.add(Result("w8.storm.p99", text, found.ratio("round_p99"), "idle", 3.0, False))
        both = replace(last, sent=last.sent + beside[-1].sent, refused=last.refused + beside[-1].refused)
        report.note("W8 storms", {"sent": last.sent, "refused": last.refused})
        report.note("W8 in the database", run_apart(check_rounds(site, both)))


@contextmanager
def weather() -> Iterator[tuple[Shape, Shape, Site]]:
    """Start a site with two load makers: pairs that send `low`, and pairs that send `code`."""
    with ExitStack() as stack:
        site = stack.enter_context(real_site(people=2 * (PAIRS + CODE_PAIRS)))
        parties = site.staff.pairs(PAIRS + CODE_PAIRS)
        shapes = []
        for name, part in (("low", parties[:PAIRS]), ("code", parties[PAIRS:])):
            pairs = [tuple(replace(p, more=p.more | {"priority": name}) for p in pair) for pair in part]
            order = Connect(carrier=NATS, port=site.edge_port, pairs=pairs, voice=VOICE)  # type: ignore[arg-type]
            load = load_maker(stack, order)
            shapes.append(Shape(name, load, {**site.pids(), "load": [load.process.pid]}))
        yield shapes[0], shapes[1], site


async def calm(site: Site) -> None:
    """Wait until every message that was sent is confirmed."""
    connection = await asyncpg.connect(site.logins.database.readonly, server_settings={"search_path": "wardwire"})
    try:
        for _ in range(int(CALM_AFTER_S / LOOK_S)):
            if not await connection.fetchval("SELECT EXISTS (SELECT FROM deadlines)"):
                break
            await asyncio.sleep(LOOK_S)
    finally:
        await connection.close()
