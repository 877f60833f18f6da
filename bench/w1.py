"""W1: a durable 1:1 message and its stored delivery receipt, 64 pairs of connected devices."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from statistics import median

from bench.check import check_rounds
from bench.real import real_shape
from bench.result import Report, Result
from bench.shapes.load import Outcome, Run
from bench.shapes.turns import PAIRS, Shape, bare_shape
from bench.site import Site, floor_postgres
from wardwire.ops.roles import run_apart

RATE = 1000.0
WINDOW = 32


@contextmanager
def side_by_side() -> Iterator[tuple[Shape, Shape, Site]]:
    """Start the floor and the product, each with servers of its own."""
    with ExitStack() as stack:
        postgres = stack.enter_context(floor_postgres())
        bare = stack.enter_context(bare_shape("bare", "ours", postgres))
        real, site = stack.enter_context(real_shape("real"))
        yield bare, real, site


class Turns:
    """Outcomes of shapes that took turns, A B A B …"""

    def __init__(self, floor: list[Outcome], other: list[Outcome]) -> None:
        self.floor = floor
        self.other = other

    def ratio(self, of: str) -> float:
        """The median of the ratios of neighbours in time: the machine's own drift cancels out."""
        pairs = zip(self.other, self.floor, strict=True)
        return float(median(getattr(a, of) / max(getattr(b, of), 1e-9) for a, b in pairs))

    def cpu_ratio(self, *accounts: str) -> float:
        """The same of the CPU that these processes took for a round."""
        pairs = zip(self.other, self.floor, strict=True)
        return median(
            sum(a.cpu_us[name] for name in accounts) / max(sum(b.cpu_us[name] for name in accounts), 1e-9)
            for a, b in pairs
        )


def take_turns(floor: Shape, other: Shape, order: Run, turns: int) -> Turns:
    """Let both run the same, in turns."""
    first: list[Outcome] = []
    second: list[Outcome] = []
    for _ in range(turns):
        first.append(floor.run(order))
        second.append(other.run(order))
    return Turns(first, second)


def stock_for(rate: float, order: Run) -> int:
    """How many sends each sender makes ahead for a run at this rate."""
    return int(rate * (order.warm_s + order.seconds) * 1.4 / PAIRS) + WINDOW


def run_w1(report: Report, *, full: bool) -> None:
    """Measure W1."""
    turns, seconds = (9, 4.0) if full else (5, 2.5)
    with side_by_side() as (bare, real, site):
        saturate = Run(window=WINDOW, seconds=seconds)
        saturate.stock = stock_for(15_000, saturate)
        for shape in (bare, real):  # plans, caches and statistics settle
            last = shape.run(Run(window=WINDOW, seconds=1.5, stock=300))
        saturate.stock = stock_for(last.rate, saturate)
        flat_out = take_turns(bare, real, saturate, turns)
        report.outcomes("W1 at saturation", {"bare": flat_out.floor, "real": flat_out.other})
        report.add(Result("w1.saturation", "W1 rounds/s at saturation", flat_out.ratio("rate"), "bare", 0.6, True))
        cpu = flat_out.cpu_ratio("core", "postgres")
        report.add(Result("w1.cpu", "W1 CPU of core + PostgreSQL a round", cpu, "bare", 2.0, False))
        after(report, bare, real, saturate, turns=3 if full else 2)
        paced = Run(rate=RATE, seconds=seconds, stock=stock_for(RATE, Run(seconds=seconds)))
        even = take_turns(bare, real, paced, turns)
        report.outcomes(f"W1 at {RATE:,.0f}/s", {"bare": even.floor, "real": even.other})
        report.add(Result("w1.p50", "W1 round trip p50 at 1,000/s", even.ratio("round_p50"), "bare", 1.5, False))
        report.add(Result("w1.p99", "W1 round trip p99 at 1,000/s", even.ratio("round_p99"), "bare", 2.0, False))
        report.note("W1 in the database", run_apart(check_rounds(site, even.other[-1])))


def after(report: Report, bare: Shape, real: Shape, saturate: Run, *, turns: int) -> None:
    """The first five seconds after a saturation: whatever comes late then is a stall."""
    first: list[Outcome] = []
    second: list[Outcome] = []
    paced = Run(rate=RATE, seconds=5, warm_s=0, stock=stock_for(RATE, Run(seconds=5)))
    for _ in range(turns):
        for shape, found in ((bare, first), (real, second)):
            shape.run(saturate)
            found.append(shape.run(paced))
    both = Turns(first, second)
    report.outcomes("W1 at 1,000/s, the first 5 s after a saturation", {"bare": first, "real": second})
    report.add(
        Result("w1.after.p99", "W1 p99 in the 5 s after a saturation", both.ratio("round_p99"), "bare", 2.0, False)
    )
    report.note(
        "the slowest round after a saturation, ms",
        {s: max(o.round_max for o in f) for s, f in (("bare", first), ("real", second))},
    )
