"""Compare the shapes: `python -m bench.shapes [--turns 3] [--seconds 2] [--profile]`; prints medians and ratios."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from statistics import median

from bench.shapes.load import Outcome, Run
from bench.shapes.turns import Client, Shape, bare_shape
from wardwire.ops.postgres_throwaway import throwaway_postgres

SHAPES: dict[str, Client] = {"direct": "direct", "bare": "ours", "bare-nats-py": "nats-py"}
# As an installation has them, not as small as for tests: a checkpoint within a run would measure the disk.
POSTGRES = {"shared_buffers": "256MB", "min_wal_size": "1GB", "max_wal_size": "4GB"}


def compare(shapes: list[Shape], order: Run, turns: int) -> dict[str, list[Outcome]]:
    """Let the shapes take turns, A B C A B C …"""
    found: dict[str, list[Outcome]] = {shape.name: [] for shape in shapes}
    for _ in range(turns):
        for shape in shapes:
            found[shape.name].append(shape.run(order))
    return found


def show(title: str, found: dict[str, list[Outcome]]) -> None:
    """Print medians; the rate also as the median of its shares of the first shape's in the same turn."""
    print(f"\n{title}")
    print("| shape | rounds/s | of direct | round p50 / p99 ms | receive p50 / p99 ms | CPU µs a round | foreign |")
    print("|---|---:|---:|---|---|---|---:|")
    floor = next(iter(found.values()))
    for name, outcomes in found.items():
        rate = median(each.rounds / each.seconds for each in outcomes)
        share = median(each.rounds / least.rounds for each, least in zip(outcomes, floor, strict=True))
        cpu = {key: median(each.cpu_us[key] for each in outcomes) for key in outcomes[0].cpu_us}
        parts = ", ".join(f"{key} {value:.0f}" for key, value in cpu.items())
        lost = sum(each.open for each in outcomes)
        print(
            f"| {name} | {rate:,.0f} | {share:.2f}"
            f" | {median(e.round_p50 for e in outcomes):.2f} / {median(e.round_p99 for e in outcomes):.2f}"
            f" | {median(e.receive_p50 for e in outcomes):.2f} / {median(e.receive_p99 for e in outcomes):.2f}"
            f" | {parts} = {sum(cpu.values()):.0f}"
            f" | {median(e.foreign_cores for e in outcomes):.2f}{f', {lost} never ended' if lost else ''} |",
            flush=True,
        )


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--windows", default="1,8,32")
    parser.add_argument("--rate", type=float, default=1000)
    parser.add_argument("--shapes", default=",".join(SHAPES))
    parser.add_argument("--profile", action="store_true")
    given = parser.parse_args()
    with ExitStack() as stack:
        postgres = stack.enter_context(throwaway_postgres(settings=POSTGRES))
        shapes = [
            stack.enter_context(bare_shape(name, SHAPES[name], postgres, profile=given.profile))
            for name in given.shapes.split(",")
        ]
        if given.rate:
            show(
                f"{given.rate:,.0f} sends/s",
                compare(shapes, Run(rate=given.rate, seconds=given.seconds), given.turns),
            )
        for window in (int(text) for text in given.windows.split(",") if text):
            show(f"window {window}", compare(shapes, Run(window=window, seconds=given.seconds), given.turns))


if __name__ == "__main__":
    main()
