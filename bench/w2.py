"""W2: one `code` message to a group of 1,000 connected devices, until the last one has it."""

from __future__ import annotations

from contextlib import ExitStack
from statistics import median

from bench.check import check_rounds
from bench.real import real_shape
from bench.result import Report, Result
from bench.shapes.load import Fan, FanOutcome, Run
from bench.shapes.turns import bare_shape
from bench.site import floor_postgres
from bench.w1 import WINDOW, stock_for
from wardwire.ops.roles import run_apart

DEVICES = 1_000


def run_w2(report: Report, *, full: bool) -> None:
    """Measure W2."""
    turns, times = (7, 7) if full else (5, 5)
    with ExitStack() as stack:
        postgres = stack.enter_context(floor_postgres())
        bare = stack.enter_context(bare_shape("bare", "ours", postgres, listeners=DEVICES))
        real, site = stack.enter_context(real_shape("real", listeners=DEVICES, priority="low"))
        for shape in (bare, real):
            shape.fan(Fan(times=3))
        floor: list[FanOutcome] = []
        idle: list[FanOutcome] = []
        for _ in range(turns):
            floor.append(bare.fan(Fan(times=times)))
            idle.append(real.fan(Fan(times=times)))
        show(report, "W2, nothing beside it", {"bare": floor, "real": idle})
        ratio = median(median(b.last) / median(a.last) for a, b in zip(floor, idle, strict=True))
        report.add(Result("w2.last", "W2 until the last of 1,000 devices has it", ratio, "bare", 1.5, False))
        saturate = Run(window=WINDOW, seconds=1.5, stock=300)
        rate = real.run(saturate).rate / 2
        beside: list[FanOutcome] = []
        quiet: list[FanOutcome] = []
        seconds = times * 1.0
        for _ in range(turns):
            quiet.append(real.fan(Fan(times=times)))
            stock = stock_for(rate, Run(seconds=seconds))
            beside.append(real.fan(Fan(times=times, rate=rate, gap_s=0.4, stock=stock)))
        show(report, f"W2 beside low traffic, {rate:,.0f} rounds/s", {"idle": quiet, "beside": beside})
        ratio = median(median(b.last) / median(a.last) for a, b in zip(quiet, beside, strict=True))
        report.add(Result("w2.beside", "W2 beside `low` traffic at half load", ratio, "idle", 3.0, False))
        last = real.run(Run(rate=100, seconds=0.5))
        calls = beside[-1].calls
        report.note("W2 in the database", run_apart(check_rounds(site, last, calls=calls, devices=DEVICES)))


def show(report: Report, title: str, found: dict[str, list[FanOutcome]]) -> None:
    """Print what a fan-out took."""
    print(f"\n{title}\n| shape | first ms | last ms (spread) | all receipts ms | beside rounds | foreign cores |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, each in found.items():
        last = sorted(ms for one in each for ms in one.last)
        print(
            f"| {name} | {median(ms for one in each for ms in one.first):.1f}"
            f" | {median(last):.1f} ({last[0]:.1f}-{last[-1]:.1f})"
            f" | {median(ms for one in each for ms in one.confirmed):.1f}"
            f" | {sum(one.beside for one in each):,} | {median(one.foreign_cores for one in each):.2f} |",
            flush=True,
        )
        if each[-1].refused:
            print(f"  {name}: {each[-1].refused:,} sends were refused so far, none of them stored", flush=True)
        for trouble in each[-1].troubles[:3]:
            print(f"  {name} was told: {trouble}", flush=True)
