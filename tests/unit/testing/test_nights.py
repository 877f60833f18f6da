"""A hundred thousand alerts: none of them ends in silence."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ProcessPoolExecutor

import pytest

from wardwire.model import standing
from wardwire.model.alert import Event
from wardwire.testing.nights import ALERTS_A_WARD, Broken, simulate

ALERTS = 100_000
PARTS = 10


def test_a_hundred_thousand_alerts_end_answered_cleared_cancelled_or_at_the_desk() -> None:
    """Random policies, empty groups, declines, hand-backs, hand-overs; and each way of ending is really seen."""
    with ProcessPoolExecutor(2) as pool:
        found = list(pool.map(simulate, range(PARTS), [ALERTS // PARTS] * PARTS))
    ends = sum((nights.ends for nights in found), Counter[str]())
    assert set(ends) == {"answered", "done", "cleared", "cancelled", "technical alarm"}
    assert ends.total() == ALERTS
    commands = sum((nights.commands for nights in found), Counter[str]())
    assert min(commands[one] for one in ("Page", "Ring", "Silence", "Tell", "Alarm", "Record")) > 1000


def test_parts_of_a_seed_are_the_same_alerts_wherever_they_run() -> None:
    """Two halves find what the whole finds."""
    half = ALERTS_A_WARD
    first, second = simulate(7, half), simulate(7, half, half)
    assert first.ends + second.ends == simulate(7, 2 * half).ends
    assert first.ends != second.ends


def test_a_rule_that_forgets_a_decline_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The simulation is not blind: nobody left, and nobody notices, until the time is up or for ever."""
    real = standing.derive

    def blind(*given: object) -> Event | None:
        found = real(*given)  # type: ignore[arg-type]
        return None if found in (Event.TIME_UP, Event.NOBODY_LEFT) else found

    monkeypatch.setattr(standing, "derive", blind)
    with pytest.raises(Broken):
        simulate(1, 200)
