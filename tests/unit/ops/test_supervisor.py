"""The judgement on one part: started again when it ended, restarted when it hangs, left alone otherwise."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from wardwire.ops.failure import StartFailed
from wardwire.ops.supervisor import Move, Phase, Say, Standing, Step, Supervisor, delay_before_start, judge


def look(standing: Standing, now: float, *, ended: bool = False, ready: bool = True) -> tuple[Standing, Move]:
    return judge(standing, ended=ended, ready=ready, now=now, missed_max=3)


def test_a_part_that_answers_is_left_alone() -> None:
    """Nothing changes while it runs and answers."""
    before = Standing(since=0.0)

    assert look(before, 100.0) == (before, Move.NOTHING)


def test_a_part_that_ended_is_started_at_once() -> None:
    """After a steady life the first death costs no delay."""
    standing, move = look(Standing(since=0.0), 100.0, ended=True)

    assert move is Move.START
    assert (standing.phase, standing.deaths) == (Phase.STARTING, 1)


def test_a_part_that_keeps_dying_waits_longer_each_time() -> None:
    """The delay doubles up to five seconds, and a long life forgives."""
    assert [delay_before_start(n) for n in (1, 2, 3, 4, 20)] == [0.0, 0.1, 0.2, 0.4, 5.0]

    standing, move = look(Standing(phase=Phase.STARTING, since=10.0, deaths=1), 10.1, ended=True)
    assert (standing.phase, move) == (Phase.DOWN, Move.NOTHING)
    assert look(standing, 10.15)[1] is Move.NOTHING
    standing, move = look(standing, 10.21)
    assert move is Move.START

    standing, _ = look(standing, 11.0)
    standing, _ = look(standing, 100.0, ended=True)
    assert standing.deaths == 1


def test_a_part_that_does_not_answer_is_restarted_after_some_checks() -> None:
    """Counted in checks, so that a machine that slept blames nobody."""
    standing, moves = Standing(since=0.0), []
    for now in (1.0, 5000.0, 5001.0):
        standing, move = look(standing, now, ready=False)
        moves.append(move)

    assert moves == [Move.NOTHING, Move.NOTHING, Move.RESTART]


def test_one_answer_forgives_the_checks_that_were_missed() -> None:
    """Only checks in a row count."""
    standing = Standing(since=0.0)
    for ready in (False, False, True, False, False):
        standing, move = look(standing, 1.0, ready=ready)
        assert move is Move.NOTHING

    assert standing.missed == 2


def test_a_part_that_recovers_has_patience_of_its_own() -> None:
    """A database may replay its log for minutes; it is not restarted in the middle of that."""
    standing = Standing(phase=Phase.STARTING, since=0.0, deaths=1)
    for now in range(1000):
        standing, move = look(standing, float(now), ready=False)
        assert move is Move.NOTHING


class _Part:
    """A part that writes down what is done with it."""

    pid = 1

    def __init__(self, name: str, told: list[str], *, fails: bool = False) -> None:
        self.name = name
        self._told = told
        self._fails = fails

    def start(self, say: Say) -> None:
        self._told.append(f"start {self.name}")

    def wait_ready(self, *, stopping: Callable[[], bool]) -> None:
        if self._fails:
            raise StartFailed("child_ended", f"{self.name} ended.", "Read its log.")
        self._told.append(f"ready {self.name}")

    def ready(self) -> bool:
        return True

    def poll(self) -> int | None:
        return None

    def stop(self) -> bool:
        self._told.append(f"stop {self.name}")
        return True


def _nobody(_sentence: str) -> None:
    """Nobody listens."""


def test_what_needs_not_wait_is_started_together() -> None:
    """The NATS servers start while the database recovers; the cores when all of it is there, migrated, together."""
    told: list[str] = []
    steps = [
        Step(part=_Part("postgres", told), then=lambda: told.append("migrate")),
        Step(part=_Part("nats", told), beside=True),
        Step(part=_Part("path", told)),
        Step(part=_Part("api", told), beside=True),
    ]
    supervisor = Supervisor(steps, say=_nobody, on_ready=lambda: supervisor.ask_to_stop())
    supervisor.run()
    assert told == [
        *("start postgres", "start nats", "ready postgres", "migrate", "ready nats"),
        *("start path", "start api", "ready path", "ready api"),
        *("stop api", "stop path", "stop nats", "stop postgres"),
    ]


def test_one_that_does_not_start_takes_those_along_that_started_with_it() -> None:
    """Nothing is left behind, and nothing that would have come later is begun."""
    told: list[str] = []
    steps = [
        Step(part=_Part("postgres", told, fails=True)),
        Step(part=_Part("nats", told), beside=True),
        Step(part=_Part("path", told)),
    ]
    with pytest.raises(StartFailed):
        Supervisor(steps, say=_nobody).run()
    assert told == ["start postgres", "start nats", "stop nats", "stop postgres"]
