"""How long a connection waits between two tries."""

from __future__ import annotations

import pytest

from wardwire.carrier.connection import SOON_S, pause_s
from wardwire.carrier.wire import Timing

TIMING = Timing(retry_s_min=0.05, retry_s_max=2.0)


def longest(low: float, high: float) -> float:
    return high


def test_the_wait_doubles_up_to_its_bound_and_is_spread() -> None:
    """Whoever is refused at once asks less and less often."""
    assert [pause_s(TIMING, tries, 0.0, longest) for tries in (0, 1, 20)] == pytest.approx([0.075, 0.15, 3.0])
    assert pause_s(TIMING, 20, 0.0, lambda low, high: low) == 1.0


def test_who_stood_at_a_closed_door_comes_again_soon() -> None:
    """What an attempt has lasted was waited already; all of them come then, so not all at once."""
    assert pause_s(TIMING, 20, 10.0, longest) == SOON_S
    assert pause_s(TIMING, 20, 10.0, lambda low, high: low) == 0.0
    assert pause_s(TIMING, 20, 0.5, longest) == 2.5
