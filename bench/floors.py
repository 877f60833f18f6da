"""Question A, the floors against each other: does carrying through NATS hold what a WebSocket in the core does?"""

from __future__ import annotations

from contextlib import ExitStack

from bench.result import Report, Result
from bench.shapes.load import Run
from bench.shapes.turns import bare_shape
from bench.site import floor_postgres
from bench.w1 import WINDOW, take_turns


def run_floors(report: Report, *, full: bool) -> None:
    """Measure bare against direct; `python -m bench.shapes` has more of it."""
    turns, seconds = (9, 3.0) if full else (5, 2.0)
    with ExitStack() as stack:
        postgres = stack.enter_context(floor_postgres())
        direct = stack.enter_context(bare_shape("direct", "direct", postgres))
        bare = stack.enter_context(bare_shape("bare", "ours", postgres))
        for window in (8, WINDOW):
            found = take_turns(direct, bare, Run(window=window, seconds=seconds), turns)
            report.outcomes(f"A: {window} open a sender", {"direct": found.floor, "bare": found.other})
            ratio = found.ratio("rate")
            report.add(Result(f"a.{window}", f"A rounds/s, {window} open a sender", ratio, "direct", 0.4, True))
