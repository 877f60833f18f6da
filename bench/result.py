"""Results: the table that people read, and results.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

import msgspec

from bench.shapes.load import Outcome


class Result(msgspec.Struct, frozen=True):
    """One figure, a ratio unless its unit says otherwise.

    Attributes:
        floor: What it is a ratio to; "" for a figure that is only stated.
        goal: What it must reach; None where nothing is asked.
    """

    id: str
    metric: str
    value: float
    floor: str
    goal: float | None
    higher_is_better: bool
    unit: str = "×"

    @property
    def held(self) -> bool:
        """Whether the goal is reached."""
        if self.goal is None:
            return True
        return self.value >= self.goal if self.higher_is_better else self.value <= self.goal


class Report:
    """Gathers results, and prints raw figures as they come."""

    def __init__(self) -> None:
        self.results: list[Result] = []

    def add(self, result: Result) -> None:
        """Take a result."""
        self.results.append(result)

    def outcomes(self, title: str, found: Mapping[str, Sequence[Outcome]]) -> None:
        """Print the medians of runs, by shape."""
        print(f"\n{title}", flush=True)
        print(
            "| shape | rounds/s | round p50 / p99 / max ms | receive p50 / p99 ms | CPU µs a round | foreign cores |"
        )
        print("|---|---:|---|---|---|---:|")
        for name, each in found.items():
            cpu = {key: median(one.cpu_us[key] for one in each) for key in sorted(each[0].cpu_us)}
            parts = ", ".join(f"{key} {value:.0f}" for key, value in cpu.items())
            print(
                f"| {name} | {median(e.rate for e in each):,.0f}"
                f" | {median(e.round_p50 for e in each):.2f} / {median(e.round_p99 for e in each):.2f}"
                f" / {max(e.round_max for e in each):.1f}"
                f" | {median(e.receive_p50 for e in each):.2f} / {median(e.receive_p99 for e in each):.2f}"
                f" | {parts} = {sum(cpu.values()):.0f}"
                f" | {median(e.foreign_cores for e in each):.2f} |",
                flush=True,
            )
            for trouble in [text for one in each[-1:] for text in one.troubles][:3]:
                print(f"  {name} was told: {trouble}", flush=True)
            if each[-1].refused:
                print(f"  {name}: {each[-1].refused:,} sends were refused so far, none of them stored", flush=True)
            if lost := sum(one.open for one in each):
                print(f"  {name}: {lost} rounds never ended", flush=True)

    def note(self, what: str, figures: Mapping[str, float]) -> None:
        """Print figures that are only stated."""
        print(f"{what}: " + ", ".join(f"{key} {value:,.6g}" for key, value in figures.items()), flush=True)

    def table(self) -> str:
        """Write the results, goals and whether they are held."""
        lines = ["", "| what | measured | goal | |", "|---|---:|---:|---|"]
        for each in self.results:
            unit = f" {each.unit}" if each.unit != "×" else f" × {each.floor}"
            sign = "≥" if each.higher_is_better else "≤"
            goal = f"{sign} {each.goal:,g}" if each.goal is not None else "stated"
            mark = "" if each.goal is None else "held" if each.held else "**missed**"
            value = f"{each.value:,.0f}" if each.value >= 1000 else f"{each.value:.3g}"
            lines.append(f"| {each.metric} | {value}{unit} | {goal} | {mark} |")
        return "\n".join(lines)

    def write(self, path: Path) -> None:
        """Write results.json, whole or not at all."""
        draft = path.with_name(path.name + ".tmp")
        draft.write_bytes(msgspec.json.format(msgspec.json.encode(self.results)) + b"\n")
        draft.replace(path)
