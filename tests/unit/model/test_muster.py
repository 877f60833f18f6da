"""Who is heard, who should be, and what nobody does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from wardwire.model.muster import Core, muster, over

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=1)


def core(name: str, serves: str, *, ago: float, ended: bool = False) -> Core:
    """A core that was last heard so many seconds ago."""
    return Core(name, frozenset(serves.split(",")), NOW - timedelta(seconds=ago), None, ended)


def test_a_core_is_heard_for_seven_seconds_after_its_last_sign() -> None:
    """One that said goodbye is neither heard nor missed."""
    cores = [
        core("a", "path,engine", ago=7),
        core("b", "path,engine", ago=7.1),
        core("c", "api,audit", ago=0, ended=True),
    ]
    found = muster(cores, LONG_AGO, NOW)
    assert [one.name for one in found.heard] == ["a"]
    assert [one.name for one in found.silent] == ["b"]
    assert over(["a", "b", "c", "gone"], found) == ["a", "c", "gone"]


def test_what_a_silent_core_leaves_undone_is_said() -> None:
    """What others do is not."""
    found = muster(
        [core("a", "path,engine", ago=1), core("b", "api,audit,path", ago=60)], LONG_AGO, NOW
    )  # fmt: skip
    assert found.left(found.silent[0]) == ["audit"]
    assert found.unserved == ()  # the silent core's own alarm tells of it


def test_a_duty_is_unserved_when_the_last_that_did_it_was_stopped_half_a_minute_ago() -> None:
    """Not while a site is being started or stopped, and not what never was."""
    path = core("a", "path,engine", ago=1)
    for ago, since, unserved in (
        (29.9, LONG_AGO, ()),
        (30, LONG_AGO, ("audit",)),
        (3600, NOW - timedelta(seconds=29), ()),
        (3600, NOW - timedelta(seconds=30), ("audit",)),
    ):
        assert muster([path, core("b", "api,audit", ago=ago, ended=True)], since, NOW).unserved == unserved
    assert muster([path], LONG_AGO, NOW).unserved == ()
    there = [path, core("b", "api,audit", ago=900, ended=True), core("c", "audit", ago=2)]
    assert muster(there, LONG_AGO, NOW).unserved == ()
