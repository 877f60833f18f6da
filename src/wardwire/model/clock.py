"""The one clock, as a protocol: who needs the time is given a Clock, and never looks at a wall.

`now()` is the site's time: the same in all cores, never backwards, unmoved by a step of any machine's clock.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """What tells the time."""

    def now(self) -> datetime:
        """Return the site's time, aware, in UTC, to the microsecond; never earlier than an answer before."""
        ...

    def monotonic(self) -> float:
        """Return seconds since some fixed instant of this process: for waits and lengths, never for dates."""
        ...
