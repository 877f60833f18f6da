"""The plan of the demo's traffic: seeded, gentle, of everything something, and of nobody who does not exist."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from random import Random

import pytest

from wardwire.model.priority import Kind, Priority
from wardwire.testing.demo.scenes import FOR_YOU, OVERTURE, REPERTOIRE, Line
from wardwire.testing.demo.traffic import traffic
from wardwire.testing.demo.ward import DUTIES, GROUPS, LAB, PEOPLE, turns

NAMES = {member.name for member in PEOPLE}
TARGETS = {
    *NAMES,
    *(f"group:{name}" for name in GROUPS),
    *(f"role:{duty.name}" for duty in DUTIES),
}


def lines(seed: int, scenes: int) -> list[Line]:
    """The lines of so many scenes."""
    return [line for cue in islice(traffic(seed), scenes) for line in cue.scene]


def test_one_seed_plays_one_day() -> None:
    """The same seed gives the same scenes and pauses; another one does not."""
    assert list(islice(traffic(7), 60)) == list(islice(traffic(7), 60))
    assert list(islice(traffic(7), 60)) != list(islice(traffic(8), 60))


def test_about_one_message_goes_out_a_second() -> None:
    """Over a long day the rate is gentle."""
    cues = list(islice(traffic(1), 2_000))
    seconds = sum(cue.pause_s for cue in cues)
    messages = sum(len(cue.scene) for cue in cues)

    assert 0.8 < messages / seconds < 1.3


def test_the_first_quarter_of_a_minute_shows_everything() -> None:
    """Every priority, a group, a role, the laboratory, a phone that is off, a recall: soon, whatever the seed."""
    first = [line for cue in islice(traffic(99), len(OVERTURE)) for line in cue.scene]

    assert sum(cue.pause_s for cue in islice(traffic(99), len(OVERTURE))) < 15
    assert {line.priority for line in first} == set(Priority)
    assert {line.to.partition(":")[0] for line in first} >= {"group", "role"}
    assert any(line.sender == LAB and line.phone_off for line in first)
    assert any(line.recall_s for line in first)


def test_nobody_is_invented_and_every_answer_is_offered() -> None:
    """Senders, recipients and those who react are of the ward, and say only what their line lets them say."""
    for line in [*lines(3, 500), *FOR_YOU]:
        assert line.sender in NAMES | {LAB}
        assert line.to in TARGETS
        for reaction in line.reactions:
            assert reaction.by in NAMES | {""}
            offered = {"accept", "decline"} if line.accept_decline else set()
            assert line.free_text or reaction.say in offered | set(line.choices)


def test_what_may_not_expire_does_not() -> None:
    """Wardwire refuses an expiry of urgent alerts, so no scene asks for it."""
    for line in lines(5, 500):
        assert line.expires_s is None or line.kind is Kind.CHAT or line.priority in (Priority.MEDIUM, Priority.LOW)


@pytest.mark.parametrize("make", [make for _, make in REPERTOIRE], ids=lambda make: str(make.__name__))
def test_every_scene_fits_the_limits_of_a_message(make: object) -> None:
    """Choices are few and different; there is something to read."""
    for seed in range(20):
        for line in make(Random(seed)):  # type: ignore[operator]
            assert line.text.strip()
            assert len(set(line.choices)) == len(line.choices) <= 12


@pytest.mark.parametrize("hour", [0, 6, 7, 12, 18, 19, 23])
def test_somebody_holds_every_role_at_any_hour(hour: int) -> None:
    """The shifts cover now and the next day without a gap, and none is over already."""
    now = datetime(2026, 3, 1, hour, 30, tzinfo=UTC)
    for duty in DUTIES:
        shifts = sorted((turn for turn in turns(now) if turn.role == duty.name), key=lambda turn: turn.starts_at)

        assert shifts[0].starts_at <= now < shifts[0].ends_at
        assert all(one.ends_at == next_.starts_at for one, next_ in pairwise(shifts))
        assert shifts[-1].ends_at >= now + timedelta(days=1)
