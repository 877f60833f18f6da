"""A clock that stands still until a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class FakeClock:
    """Implements model/clock.Clock; `advance` is the only thing that moves it."""

    def __init__(self, start: datetime | None = None) -> None:
        """Begin at an instant; by default now, so that the tables of the day exist."""
        self._start = start or datetime.now(UTC)
        self._now = self._start

    def now(self) -> datetime:
        """Return the instant that it stands at."""
        return self._now

    def monotonic(self) -> float:
        """Return the seconds that it was advanced by."""
        return (self._now - self._start).total_seconds()

    def advance(self, by: timedelta) -> None:
        """Move on; never back."""
        assert by >= timedelta(0)
        self._now += by
