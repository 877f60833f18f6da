"""When a core is ready, and when not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from wardwire.engine.health import Door, Vitals, readiness

WELL = Vitals(probed_at=100.0, durability="synchronous", lanes_serving=True)


def test_a_core_that_has_just_committed_is_ready() -> None:
    """Nothing fails and nothing is to be seen to."""
    decided = readiness(WELL, 100.9)
    assert (decided.ready, decided.failing, decided.warnings) == (True, (), ())


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"probed_at": None}, "yet"),
        ({"probed_at": 98.0}, "2.5 s"),
        ({"lanes_serving": False}, "lane"),
        ({"lag_s": 0.9}, "event loop"),
        ({"draining": True}, "stopped"),
    ],
)
def test_a_core_that_cannot_promise_is_not_ready_and_says_why(change: dict[str, Any], why: str) -> None:
    """A ping is not enough: the last durable commit must be fresh."""
    decided = readiness(replace(WELL, **change), 100.5)
    assert not decided.ready
    assert why in " ".join(decided.failing)


@pytest.mark.parametrize(
    "change",
    [
        {"durability": "degraded"},
        {"room": "warn"},
        {"room": "urgent_only"},
        {"strays": 3},
        {"deadlines_late": 1},
        {"open_alarms": 2},
        {"conservation": "broken"},
        {"audit_age_s": 61.0},
        {"audit_behind_s": 61.0},
        {"canary": "late"},
        {"cores": 3, "cores_heard": 2},
        {"doors": (Door(name="hl7", adapter="hl7", address="127.0.0.1:2575", state="shut", why="no table"),)},
        {"attended": False},
    ],
)
def test_what_does_not_stop_messages_is_told_and_stops_nothing(change: dict[str, Any]) -> None:
    """In doubt messages go on."""
    decided = readiness(replace(WELL, **change), 100.5)
    assert decided.ready
    assert len(decided.warnings) == 1
