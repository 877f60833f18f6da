"""What every core does now and then: read the clock, keep the directory fresh, make tomorrow's tables, watch itself.

Each task is a coroutine that runs one round; `keep` repeats it, survives its trouble, and says so in the log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import asyncpg
import structlog

from wardwire.directory.live import LiveDirectory
from wardwire.flow.alarm import clear_alarm, raise_alarm
from wardwire.flow.canary import PREFIX, SOURCE
from wardwire.flow.ports import Act, Known, Rules, Writer
from wardwire.model.clock import Clock
from wardwire.model.errors import WardwireError
from wardwire.model.priority import Lane
from wardwire.store.batch import Batch
from wardwire.store.clock import SiteClock
from wardwire.store.copies import forget_copies
from wardwire.store.escalations import forget_escalations
from wardwire.store.identities import forget_identities, forget_named
from wardwire.store.partitions import count_strays, make_days
from wardwire.store.requests import forget_requests
from wardwire.store.sign_ins import forget_sessions
from wardwire.store.stays import forget_stays

# So long a round of anything may take, and be late.
PATIENCE_S = 20.0
SLACK_S = 5.0
KEEP_IDENTITIES = timedelta(days=90)
KEEP_CANARIES = timedelta(hours=1)

log = structlog.get_logger("wardwire.engine.upkeep")


class Alarm(Act):
    """Raise a technical alarm of this core's own."""

    __slots__ = ("_kind", "_rules", "_stands", "_subject", "_text", "affinity", "lane")

    def __init__(
        self, kind: str, subject: str, text: str, rules: Callable[[], Rules], *, stands: bool = False
    ) -> None:
        """`stands` as in flow/alarm.raise_alarm."""
        self._stands = stands
        self._kind = kind
        self._subject = subject
        self._text = text
        self._rules = rules
        self.lane = Lane.HIGH
        self.affinity = 0

    def decide(self, known: Known, batch: Batch, durability: str) -> None:
        """Add the alarm."""
        raise_alarm(
            batch, self._rules(), kind=self._kind, subject=self._subject, text=self._text, stands=self._stands
        )

    def committed(self) -> None:
        """It stands."""

    def failed(self, error: WardwireError) -> None:
        """The database is away: that is an alarm of its own, and not one that it could keep."""
        log.error("alarm_not_kept", kind=self._kind, subject=self._subject, reason=error)


class AlarmOver(Act):
    """The cause of a technical alarm of this core's own has gone by itself."""

    __slots__ = ("_kind", "_subject", "_why", "affinity", "lane")

    def __init__(self, kind: str, subject: str, why: str) -> None:
        self._kind = kind
        self._subject = subject
        self._why = why
        self.lane = Lane.HIGH
        self.affinity = 0

    def decide(self, known: Known, batch: Batch, durability: str) -> None:
        """Clear the alarm."""
        clear_alarm(batch, kind=self._kind, subject=self._subject, why=self._why)

    def committed(self) -> None:
        """It is over."""

    def failed(self, error: WardwireError) -> None:
        """The database is away; the next look says it again."""
        log.warning("alarm_not_cleared", kind=self._kind, subject=self._subject, reason=error)


class LastingAlarm:
    """A technical alarm about a state: raised at each look while it lasts, and over once when it has ended.

    What an earlier process has raised is over with the first look that finds nothing.
    """

    def __init__(self, kind: str, subject: str, *, writer: Writer, rules: Callable[[], Rules]) -> None:
        self._kind = kind
        self._subject = subject
        self._writer = writer
        self._rules = rules
        self._calm = False

    def lasts(self, text: str) -> None:
        """It is so at this look. `text` is for the desk."""
        self._writer.put(Alarm(self._kind, self._subject, text, self._rules, stands=True))
        self._calm = False

    def over(self, why: str) -> None:
        """It is not so."""
        if not self._calm:
            self._writer.put(AlarmOver(self._kind, self._subject, why))
            self._calm = True


class Turns:
    """Which tasks of this process still turn: one that hangs is found although everything else is well."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._due: dict[str, float] = {}

    def begin(self, name: str, within_s: float) -> None:
        """A round begins; the next one must begin within so many seconds."""
        self._due[name] = self._monotonic() + within_s

    def stuck(self) -> list[str]:
        """Name the tasks of which no round has begun in time."""
        now = self._monotonic()
        return sorted(name for name, due in self._due.items() if due < now)


async def keep(
    name: str,
    seconds: float,
    work: Callable[[], Awaitable[object]],
    *,
    turns: Turns | None = None,
    patience_s: float | None = PATIENCE_S,
) -> None:
    """Repeat `work` every so many seconds, until cancelled. Trouble ends a round, not the task; so does the patience.

    Args:
        turns: Is told of each round: so that somebody sees when they stop.
        patience_s: A round that takes longer is broken off; None = it runs for ever.
    """
    while True:
        if turns is not None and patience_s is not None:
            turns.begin(name, seconds + patience_s + SLACK_S)
        try:
            async with asyncio.timeout(patience_s):
                await work()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, WardwireError, TimeoutError) as error:
            log.warning("upkeep_failed", task=name, reason=error)
        except Exception:
            log.exception("upkeep_broke", task=name)
        await asyncio.sleep(seconds)


class Upkeep:
    """The rounds of one core, on a small pool of their own."""

    def __init__(
        self,
        *,
        pool: asyncpg.Pool,
        clock: SiteClock,
        people: LiveDirectory,
        writer: Writer,
        rules: Callable[[], Rules],
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._people = people
        self._writer = writer
        self._rules = rules
        self._days_made: datetime | None = None

    async def clock(self) -> None:
        """Read the database's clock; a step that this core took out is a technical alarm."""
        async with self._pool.acquire() as connection:
            stepped = await self._clock.read(connection)
        if stepped is not None:
            seconds = stepped.total_seconds()
            log.error("clock_stepped", seconds=seconds)
            self._alarm(
                "clock",
                f"step at {self._clock.now():%Y-%m-%d %H:%M}",
                f"The database's clock has stepped by {seconds:+.1f} s. Deadlines were not moved by it. If the"
                " new time is right, run: wardwire clock accept",
            )

    async def directory(self) -> None:
        """Take in changes; runs for ever, woken by hints and each second."""
        while True:
            async with self._pool.acquire() as connection:
                await self._people.refresh(connection)
            await self._people.wait()

    async def tables(self) -> None:
        """Make the tables of the days ahead, and find rows that had none."""
        async with self._pool.acquire() as connection:
            made = await make_days(connection, self._clock.now().date())
            strays = await count_strays(connection)
        if made:
            log.info("tables_made", count=made)
        if strays:
            text = f"{strays} rows have no table of their day: tables were not made in time."
            self._alarm("tables", "default", text)

    async def identities(self) -> None:
        """Forget identities, keys of requests, whose copies which are, and sessions, that are older than 90 days."""
        async with self._pool.acquire() as connection:
            before = self._clock.now() - KEEP_IDENTITIES
            for forget in (forget_identities, forget_requests, forget_copies):
                while await forget(connection, before, 1000) == 1000:
                    pass
            await forget_sessions(connection, before)
            # A canary is followed by the next one of its way: nobody asks for its identity again.
            await forget_named(connection, SOURCE, PREFIX, self._clock.now() - KEEP_CANARIES)

    async def escalations(self) -> None:
        """Forget escalations that were closed a week ago, and patients who are out, a thousand at a time."""
        async with self._pool.acquire() as connection:
            for forget in (forget_escalations, forget_stays):
                while await forget(connection, self._clock.now(), 1000) == 1000:
                    pass

    def _alarm(self, kind: str, subject: str, text: str) -> None:
        self._writer.put(Alarm(kind, subject, text, self._rules))


class LoopLag:
    """How late this process's event loop is: the truest sign of overload."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.seconds = 0.0

    async def run(self) -> None:
        """Measure ten times a second; keeps the worst of about the last second."""
        while True:
            before = self._clock.monotonic()
            await asyncio.sleep(0.1)
            self.seconds = max(self._clock.monotonic() - before - 0.1, self.seconds * 0.8)
