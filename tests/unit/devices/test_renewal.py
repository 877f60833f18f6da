"""Who is asked to log in anew, and when: pure decisions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from wardwire.carrier.kick import ConnectionInfo
from wardwire.devices.renewal import FROM, ROUNDS, UNTIL, due_for_login

NOW = datetime(2026, 3, 1, 2, 14, 7, tzinfo=UTC)
DAY = timedelta(days=1)
EVERY = DAY / ROUNDS


def since(*ages: timedelta) -> list[ConnectionInfo]:
    """Connections of these ages."""
    return [ConnectionInfo(cid=number, start=NOW - age, now=NOW) for number, age in enumerate(ages, 1)]


def due(connections: list[ConnectionInfo]) -> list[int]:
    """Who is asked, by cid."""
    return [each.cid for each in due_for_login(connections, lifetime=DAY, every=EVERY)]


def test_nobody_is_asked_in_the_first_half_of_a_login() -> None:
    """There is no hurry, and a server that does not tell the age is believed to be young."""
    assert due([*since(DAY * FROM - timedelta(seconds=1), timedelta(0)), ConnectionInfo(cid=9)]) == []


def test_the_oldest_are_asked_first_a_share_in_each_round() -> None:
    """Two thousand that came back together are spread over a quarter of a lifetime: forty a round."""
    ages = [DAY * FROM + timedelta(seconds=number) for number in range(2000)]
    asked = due(since(*ages))
    assert len(asked) == 40
    assert asked == list(range(2000, 1960, -1))


def test_whoever_is_past_three_quarters_is_asked_at_once() -> None:
    """A core that was unwell for hours catches up; a login lasts 0.9 of its lifetime at least."""
    assert len(due(since(*[DAY * UNTIL] * 500))) == 500


def test_everybody_is_asked_before_the_end_when_all_came_together() -> None:
    """Round after round, with one age for all, nobody is left over when the shortest login ends."""
    left = dict.fromkeys(range(1, 1001), DAY * FROM)
    age = DAY * FROM
    while left:
        connections = [ConnectionInfo(cid=cid, start=NOW - age, now=NOW) for cid in left]
        for cid in due(connections):
            left.pop(cid)
        age += EVERY
        assert age < DAY * 0.9
