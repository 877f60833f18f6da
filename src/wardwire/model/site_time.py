"""How the site's time is carried: the database's clock, read now and then, carried on by the monotonic one.

Pure. A step of the database's wall clock moves nothing: it becomes an offset that all cores share.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

# A difference larger than this between two readings is a step, not drift.
LARGEST_DRIFT = timedelta(seconds=2)
# Drift is taken in at this rate at most: seconds a second.
SLEW = 0.1


class Carried(NamedTuple):
    """Time as it is carried: at monotonic `at` it was `base`, and `owed` is still to be slewed in.

    Attributes:
        step: The count of the shared offset that `base` was read with.
    """

    base: datetime
    at: float
    owed: timedelta
    step: int


class Reading(NamedTuple):
    """The database's clock with the shared offset, read at monotonic `at`."""

    time: datetime
    at: float
    step: int


def time_at(carried: Carried, monotonic: float) -> datetime:
    """Return the time at a monotonic instant: never backwards, and never more than 10 % off pace."""
    elapsed = max(0.0, monotonic - carried.at)
    if not carried.owed:
        return carried.base + timedelta(seconds=elapsed)
    owed = carried.owed.total_seconds()
    slewed = min(abs(owed), elapsed * SLEW) * (1 if owed >= 0 else -1)
    return carried.base + timedelta(seconds=elapsed + slewed)


def take_reading(carried: Carried | None, reading: Reading) -> tuple[Carried, timedelta | None]:
    """Take a reading in.

    Returns:
        The time to carry on with; and, when the database's clock has stepped, by how much: the shared offset
        must be shifted by its negative, and until it is, time goes on as it was carried.
    """
    if carried is None:
        return Carried(reading.time, reading.at, timedelta(0), reading.step), None
    expected = time_at(carried, reading.at)
    difference = reading.time - expected
    if abs(difference) > LARGEST_DRIFT and reading.step == carried.step:
        return Carried(expected, reading.at, timedelta(0), carried.step), difference
    if reading.step != carried.step and difference > LARGEST_DRIFT:
        # Somebody adopted the real time (`wardwire clock accept`), or found the step before us: forwards at once.
        return Carried(reading.time, reading.at, timedelta(0), reading.step), None
    return Carried(expected, reading.at, difference, reading.step), None
