"""W6: W1 on a store with a history against an empty one, both alive, in turns."""

from __future__ import annotations

from contextlib import ExitStack

from bench.check import check_rounds
from bench.history import NoRoom, add_today, home_with_history
from bench.real import real_shape
from bench.result import Report, Result
from bench.shapes.load import Run
from bench.w1 import RATE, WINDOW, stock_for, take_turns
from wardwire.ops.roles import run_apart

MESSAGES = 1_000_000
MESSAGES_FULL = 10_000_000


def run_w6(report: Report, *, full: bool) -> None:
    """Measure W6."""
    turns, seconds = (9, 4.0) if full else (5, 2.5)
    messages = MESSAGES_FULL if full else MESSAGES
    try:
        home = home_with_history(messages)
    except NoRoom as error:
        print(f"\nW6 is left out: {error}.", flush=True)
        return
    with ExitStack() as stack:
        empty, _ = stack.enter_context(real_shape("empty"))
        filled, site = stack.enter_context(
            real_shape("filled", home=home, before=lambda logins: add_today(logins, messages))
        )
        for shape in (empty, filled):
            last = shape.run(Run(window=WINDOW, seconds=1.5, stock=300))
        saturate = Run(window=WINDOW, seconds=seconds)
        saturate.stock = stock_for(last.rate * 1.3, saturate)
        flat_out = take_turns(empty, filled, saturate, turns)
        paced = take_turns(empty, filled, Run(rate=RATE, seconds=2, stock=stock_for(RATE, Run())), 3)
        what = f"{messages:,} messages"
        report.outcomes(
            f"W6: W1 at saturation, empty and with {what}", {"empty": flat_out.floor, "filled": flat_out.other}
        )
        report.outcomes(f"W6: W1 at {RATE:,.0f}/s, the same", {"empty": paced.floor, "filled": paced.other})
        ratio = flat_out.ratio("rate")
        report.add(Result("w6.saturation", f"W6 rounds/s with {what} stored", ratio, "empty", 0.9, True))
        cpu = flat_out.cpu_ratio("core", "postgres")
        report.add(Result("w6.cpu", f"W6 CPU a round with {what} stored", cpu, "empty", None, False))
        p50 = paced.ratio("round_p50")
        report.add(Result("w6.p50", f"W6 p50 at 1,000/s with {what} stored", p50, "empty", None, False))
        report.note("W6 in the database", run_apart(check_rounds(site, paced.other[-1])))
