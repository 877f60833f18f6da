"""The site's time: never backwards, at most a tenth off pace, unmoved by a clock that jumps."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.model.samples import T0
from wardwire.model.site_time import LARGEST_DRIFT, SLEW, Carried, Reading, take_reading, time_at

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
MICROSECOND = timedelta(microseconds=1)


def carried(base: datetime = T0, at: float = 0.0, owed: timedelta = timedelta(0), step: int = 0) -> Carried:
    """Time as it is carried."""
    return Carried(base, at, owed, step)


def test_the_first_reading_is_believed() -> None:
    """There is nothing to hold it against."""
    now, stepped = take_reading(None, Reading(T0, 5.0, 3))

    assert (now, stepped) == (Carried(T0, 5.0, timedelta(0), 3), None)


def test_between_readings_time_goes_on_by_the_monotonic_clock() -> None:
    """A second a second; an instant before the reading is the reading's."""
    assert time_at(carried(at=10.0), 12.5) == T0 + timedelta(seconds=2.5)
    assert time_at(carried(at=10.0), 9.0) == T0


def test_drift_is_taken_in_slowly() -> None:
    """A second that is owed takes ten, forwards and backwards."""
    for owed in (SECOND, -SECOND):
        slewing = carried(owed=owed)
        assert time_at(slewing, 5.0) == T0 + 5 * SECOND + owed / 2
        assert time_at(slewing, 10.0) == T0 + 10 * SECOND + owed
        assert time_at(slewing, 60.0) == T0 + 60 * SECOND + owed


def test_a_difference_of_two_seconds_is_drift_and_more_is_a_step() -> None:
    """What is reported is by how much; time itself goes on as it was carried."""
    for sign in (1, -1):
        drifted, stepped = take_reading(carried(), Reading(T0 + 10 * SECOND + sign * LARGEST_DRIFT, 10.0, 0))
        assert (drifted.owed, stepped) == (sign * LARGEST_DRIFT, None)

        leap = sign * (LARGEST_DRIFT + MICROSECOND)
        held, stepped = take_reading(carried(), Reading(T0 + 10 * SECOND + leap, 10.0, 0))
        assert (held, stepped) == (carried(T0 + 10 * SECOND, 10.0), leap)


def test_a_step_that_another_core_has_taken_out_is_none() -> None:
    """The offset that came with the reading has the step in it already."""
    now, stepped = take_reading(carried(), Reading(T0 + 10 * SECOND, 10.0, 1))

    assert (now, stepped) == (Carried(T0 + 10 * SECOND, 10.0, timedelta(0), 1), None)


def test_an_accepted_time_is_adopted_at_once_forwards_and_slowly_backwards() -> None:
    """Forwards nothing is lost by it; backwards time would stand still or turn."""
    forwards, stepped = take_reading(carried(), Reading(T0 + HOUR, 0.0, 1))
    assert (forwards.base, forwards.owed, stepped) == (T0 + HOUR, timedelta(0), None)

    backwards, stepped = take_reading(carried(), Reading(T0 - HOUR, 0.0, 1))
    assert (backwards.base, backwards.owed, stepped) == (T0, -HOUR, None)


class Site:
    """A database whose wall clock drifts and jumps, and its shared offset."""

    def __init__(self) -> None:
        self.monotonic = 0.0
        self.wall = T0
        self.offset = timedelta(0)
        self.step = 0

    def wait(self, seconds: float, drift: float = 0.0, jump: timedelta = timedelta(0)) -> None:
        """Let time pass; the wall clock goes faster by `drift`, and jumps."""
        self.monotonic += seconds
        self.wall += timedelta(seconds=seconds * (1 + drift)) + jump

    def read(self) -> Reading:
        """What a core reads."""
        return Reading(self.wall + self.offset, self.monotonic, self.step)

    def shift(self, by: timedelta) -> None:
        """What the core that found a step does, by compare-and-set."""
        self.offset -= by
        self.step += 1


WAITS = st.floats(0.01, 30)
DRIFTS = st.floats(-0.005, 0.005)
JUMPS = st.just(timedelta(0)) | st.timedeltas(-24 * HOUR, 24 * HOUR)


@given(st.lists(st.tuples(WAITS, DRIFTS, JUMPS), max_size=40))
def test_time_never_turns_and_keeps_its_pace_whatever_the_wall_clock_does(
    life: list[tuple[float, float, timedelta]],
) -> None:
    """Each step is found once, and after it the site's time is where it would have been without."""
    site = Site()
    now, _ = take_reading(None, site.read())
    told = [time_at(now, site.monotonic)]
    for seconds, drift, jump in life:
        before = site.monotonic
        site.wait(seconds, drift, jump)
        pace = (time_at(now, site.monotonic) - time_at(now, before)).total_seconds()
        assert abs(pace - seconds) <= SLEW * seconds + 1e-5
        now, stepped = take_reading(now, site.read())
        if stepped is not None:
            assert abs(stepped - jump) <= 2 * LARGEST_DRIFT
            site.shift(stepped)
            now = now._replace(step=site.step)
            now, again = take_reading(now, site.read())
            assert again is None
            assert abs(now.owed) <= MICROSECOND
        told.append(time_at(now, site.monotonic))

    assert all(earlier <= later for earlier, later in pairwise(told))


@given(
    st.lists(st.tuples(WAITS, DRIFTS, JUMPS, st.booleans()), max_size=40),
)
def test_two_cores_that_read_in_turn_agree(life: list[tuple[float, float, timedelta, bool]]) -> None:
    """Whichever finds a step takes it out; the other reads the new offset and is at most its drift away."""
    site = Site()
    cores = [take_reading(None, site.read())[0] for _ in range(2)]
    for seconds, drift, jump, second_first in life:
        site.wait(seconds, drift, jump)
        for nth in (1, 0) if second_first else (0, 1):
            cores[nth], stepped = take_reading(cores[nth], site.read())
            if stepped is not None:
                site.shift(stepped)
                cores[nth] = cores[nth]._replace(step=site.step)
        one, other = (time_at(core, site.monotonic) for core in cores)
        assert abs(one - other) <= 2 * LARGEST_DRIFT
