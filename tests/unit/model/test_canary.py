"""When canaries fly, and when one is late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from wardwire.model.canary import Canary, Rhythm, Way, judge

T0 = datetime(2026, 11, 28, 9, tzinfo=UTC)
RHYTHM = Rhythm(*(timedelta(seconds=seconds) for seconds in (60, 300, 900, 15)))
WEST, EAST = UUID(int=1), UUID(int=2)


def flown(way: Way, *, after: float | None = None, at: datetime = T0) -> Canary:
    """The last canary of a way, and after how many seconds it was confirmed."""
    through = None if after is None else at + timedelta(seconds=after)
    return Canary(way, UUID(int=9), at, through, None, None)


def test_each_way_has_its_rhythm() -> None:
    """The way as such, each unit, e-mail; a rhythm of zero is none."""
    assert RHYTHM.ways([WEST, EAST], ("app", "email")) == {
        Way("app"): timedelta(seconds=60),
        Way("app", WEST): timedelta(seconds=300),
        Way("app", EAST): timedelta(seconds=300),
        Way("email"): timedelta(seconds=900),
    }
    assert RHYTHM.ways([WEST], ("email",)) == {Way("email"): timedelta(seconds=900)}
    assert RHYTHM._replace(unit_every=timedelta(0)).ways([WEST], ("app",)) == {Way("app"): timedelta(seconds=60)}
    assert RHYTHM._replace(every=timedelta(0)).ways([WEST], ("app",)) == {}


LONG_AGO = T0 - timedelta(hours=1)


def test_the_next_one_flies_when_its_time_has_come_and_the_last_one_is_settled() -> None:
    """Confirmed and in time: it waits for its rhythm. Under way: for its confirmation. Late: not at all."""
    ways = RHYTHM.ways((), ("app",))
    for seconds, after, sends, late in (
        (59.9, 0.1, False, False),
        (60, 0.1, True, False),
        (14.9, None, False, False),
        (15, None, True, True),
        (15, 14.9, False, False),
    ):
        now = T0 + timedelta(seconds=seconds)
        verdict = judge([flown(Way("app"), after=after)], ways, RHYTHM, refused={}, since=LONG_AGO, now=now)
        assert (bool(verdict.send), bool(verdict.late)) == (sends, late), (seconds, after)
    assert judge([], ways, RHYTHM, refused={}, since=LONG_AGO, now=T0).send == (Way("app"),)


def test_nothing_is_late_because_the_site_was_stopped() -> None:
    """What was under way then has its time from the start on; what was confirmed is followed by the next."""
    ways = RHYTHM.ways((), ("app",))
    start = T0 + timedelta(hours=3)
    for seconds, after, sends, late in ((14.9, None, False, False), (15, None, True, True), (0, 0.1, True, False)):
        now = start + timedelta(seconds=seconds)
        verdict = judge([flown(Way("app"), after=after)], ways, RHYTHM, refused={}, since=start, now=now)
        assert (bool(verdict.send), bool(verdict.late)) == (sends, late), (seconds, after)


def test_a_canary_that_cannot_be_stored_is_late_too() -> None:
    """The first one ever, or one that was due: from its first try on it has the usual time."""
    ways = RHYTHM.ways((), ("app",))
    tried = T0 + timedelta(seconds=60)
    for before in ([], [flown(Way("app"), after=1)]):
        for seconds, late in ((74.9, ()), (75, (Way("app"),))):
            now = T0 + timedelta(seconds=seconds)
            verdict = judge(before, ways, RHYTHM, refused={Way("app"): tried}, since=LONG_AGO, now=now)
            assert (verdict.send, verdict.late) == ((Way("app"),), late)


def test_a_channel_is_sound_when_all_of_its_ways_are() -> None:
    """One that has not flown, is under way, or late, keeps it from being so; another channel does not."""
    ways = RHYTHM.ways((WEST,), ("app", "email"))
    both = [flown(Way("app"), after=1), flown(Way("app", WEST), after=1)]
    now = T0 + timedelta(seconds=20)
    assert judge([*both, flown(Way("email"))], ways, RHYTHM, refused={}, since=LONG_AGO, now=now).unsound == {"email"}
    assert judge([both[0], flown(Way("app", WEST))], ways, RHYTHM, refused={}, since=LONG_AGO, now=now).unsound == {
        "app",
        "email",
    }
    assert judge(both[:1], ways, RHYTHM, refused={}, since=LONG_AGO, now=now).unsound == {"app", "email"}


def test_what_is_proved_no_more_is_named() -> None:
    """A unit that was closed: its row goes, and it holds nothing up."""
    both = [flown(Way("app"), after=1), flown(Way("app", EAST))]
    verdict = judge(both, RHYTHM.ways((), ("app",)), RHYTHM, refused={}, since=LONG_AGO, now=T0)
    assert (verdict.gone, verdict.late) == ((Way("app", EAST),), ())
    assert verdict.unsound == frozenset()
