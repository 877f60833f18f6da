"""Deadlines are counted as missed and doubled by the facts and by what devices wrote down: either is enough."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import pytest
from bench.shapes.load import Heard
from bench.w5 import Slice, judge

ALERT = UUID("00000000-0000-7000-8000-0000000000e1")


@pytest.mark.parametrize(
    ("steps", "heard", "missed", "doubled"),
    [(1, 1, 0, 0), (0, 1, 1, 0), (1, 0, 1, 0), (2, 1, 0, 1), (1, 2, 0, 1), (0, 0, 1, 0), (2, 2, 0, 1)],
)
def test_a_deadline_is_told_once_in_the_facts_and_at_the_device(
    steps: int, heard: int, missed: int, doubled: int
) -> None:
    """A fact without a device that heard is missed; two of either are doubled."""
    row: Mapping[str, object] = {"message_id": ALERT, "steps": steps}
    log = [Heard("dev", ALERT.hex, 1.0) for _ in range(heard)]
    assert judge([row], log) == (missed, doubled)


def test_the_rank_of_a_slice_is_of_the_late_ones() -> None:
    """The last of a hundred is its p99."""
    late = [float(ms) for ms in range(100, 0, -1)]
    assert (Slice(late).rank(0.5), Slice(late).rank(0.99), Slice(late).rank(1)) == (51.0, 100.0, 100.0)
