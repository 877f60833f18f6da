"""Goals are judged in the right direction, and what is only stated is never missed."""

from __future__ import annotations

from pathlib import Path

import msgspec
from bench.result import Report, Result


def test_a_goal_is_held_on_its_better_side() -> None:
    """Higher or lower, whichever is better; the goal itself holds."""
    assert Result("a", "rounds", 0.6, "bare", 0.6, True).held
    assert not Result("a", "rounds", 0.59, "bare", 0.6, True).held
    assert Result("b", "p99", 2.0, "bare", 2.0, False).held
    assert not Result("b", "p99", 2.1, "bare", 2.0, False).held
    assert Result("c", "memory", 70.0, "", None, False, unit="KiB").held


def test_results_are_a_list_of_objects_with_every_field(tmp_path: Path) -> None:
    """Programs read id, metric, value, unit, floor, goal, higher_is_better."""
    report = Report()
    report.add(Result("a", "rounds", 0.5, "bare", 0.6, True))
    report.write(tmp_path / "results.json")
    (found,) = msgspec.json.decode((tmp_path / "results.json").read_bytes())
    assert set(found) == {"id", "metric", "value", "unit", "floor", "goal", "higher_is_better"}
    assert "**missed**" in report.table()
