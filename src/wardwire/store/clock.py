"""The site's clock: the same in all cores, unmoved by a step of any machine's wall clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import asyncpg

from wardwire.model.site_time import Carried, Reading, take_reading, time_at
from wardwire.store.site import Site, keep_seen, read_site, shift_clock

_MICROSECOND = timedelta(microseconds=1)


class SiteClock:
    """Implements model/clock.Clock. Must be read from the database once before it tells the time."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.monotonic = monotonic
        self._carried: Carried | None = None
        self._last = datetime.min.replace(tzinfo=UTC)

    def now(self) -> datetime:
        """Return the site's time. Never earlier than an answer before."""
        assert self._carried is not None, "the clock was not read yet"
        now = time_at(self._carried, self.monotonic())
        if now <= self._last:
            now = self._last
        self._last = now
        return now

    async def read(self, connection: asyncpg.Connection) -> timedelta | None:
        """Read the database's clock; call it at connect and every few seconds.

        Returns:
            The step of the database's clock that this core has just taken out of the site's time, for a
            technical alarm; None when there was none, or another core took it out.
        """
        before = self.monotonic()
        site = await read_site(connection)
        at = (before + self.monotonic()) / 2
        if self._carried is None:
            reading = Reading(max(_site_time(site), site.seen), at, site.step)
        else:
            reading = Reading(_site_time(site), at, site.step)
        self._carried, stepped = take_reading(self._carried, reading)
        if stepped is not None:
            shifted = site.offset_us - stepped // _MICROSECOND
            if await shift_clock(connection, shifted, step=site.step):
                self._carried = self._carried._replace(step=site.step + 1)
                return stepped
        await keep_seen(connection, self.now())
        return None


def _site_time(site: Site) -> datetime:
    return site.wall + timedelta(microseconds=site.offset_us)
