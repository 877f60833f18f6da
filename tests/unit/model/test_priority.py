"""Priorities travel in lanes."""

from __future__ import annotations

import pytest

from wardwire.model.priority import Lane, Priority, lane_of


@pytest.mark.parametrize(
    ("priority", "lane"),
    [
        (Priority.CODE, Lane.CODE),
        (Priority.HIGH, Lane.HIGH),
        (Priority.MEDIUM, Lane.REST),
        (Priority.LOW, Lane.REST),
    ],
)
def test_each_priority_has_its_lane(priority: Priority, lane: Lane) -> None:
    """`code` and `high` share theirs with nothing else."""
    assert lane_of(priority) is lane


def test_the_lanes_stand_in_order_of_urgency() -> None:
    """Whoever walks through all lanes begins with `code`: deadlines are claimed in this order."""
    assert list(Lane) == sorted(Lane) == [Lane.CODE, Lane.HIGH, Lane.REST]
