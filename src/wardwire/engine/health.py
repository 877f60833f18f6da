"""Whether this core is well: one pure decision over what was measured, and what measures it.

*Alive* is an event loop that turns. *Ready* is a core that can keep promises now: a durable commit has succeeded
within the last second, not merely a ping. What is wrong without stopping messages is told beside it, and stops
nothing: when in doubt messages go on.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import asyncpg
import structlog

from wardwire.model.clock import Clock
from wardwire.model.errors import Unavailable, Unknown
from wardwire.store.alarms import count_open_alarms
from wardwire.store.deadlines import count_deadlines
from wardwire.store.durable import DurableConnection, commit_durable
from wardwire.store.partitions import count_strays
from wardwire.store.site import probe

PROBE_EVERY_S = 0.4
PROBE_FRESH_S = 1.0
LAG_LIMIT_S = 0.5
AUDIT_STALE_S = 60.0
# A deadline that is still claimable so long after it was due is late: nobody looks after it.
LATE_AFTER = timedelta(seconds=5)
# Of the slower counts only every so many probes take one.
_COUNT_EVERY = 12

log = structlog.get_logger("wardwire.engine.health")


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A listener for another system, as it is told; counters since the process began.

    Attributes:
        state: `open` or `shut`; `why` says why it is, `since` from when on.
        unsupported: Of the refused: of a type, version or processing that is not taken here, whatever they say.
        unplaced: Of the taken: patients that came to a bed that nobody has entered.
        unreadable: Frames that were no message: nobody could be answered.
        letters: Messages that were kept because they could not be taken.
        heard_age_s: How long ago the last byte of anybody came; None = none has.
    """

    name: str
    adapter: str
    address: str
    state: str
    why: str = ""
    since: str = ""
    connections: int = 0
    received: int = 0
    taken: int = 0
    ignored: int = 0
    refused: int = 0
    unsupported: int = 0
    unplaced: int = 0
    later: int = 0
    unreadable: int = 0
    letters: int = 0
    junk: int = 0
    heard_age_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """What was measured of one core.

    Attributes:
        probed_at: When the last durable commit succeeded, by the monotonic clock; None = never.
        commit_s: How long it took.
        durability: `synchronous` or `degraded`; "" = no connection.
        lanes_serving: Whether every lane has a connection worth a promise.
        lag_s: How late the event loop is.
        disk_share: Free part of the disk; None = not measured here.
        room: `ample`, `warn` or `urgent_only`.
        conservation: Whether stored = delivered + ended + armed: `holds` or `broken`; "" = not counted here.
        audit_age_s: How long ago the auditor last looked; None = it never has, or is not here.
        audit_behind_s: How old the youngest messages are that it has counted.
        cores, cores_heard: How many core processes there should be, and how many are heard; 0 = not looked yet.
        attended: Whether anybody is at the operators' desk whom something can reach.
        canary: Whether canaries get through: `through` or `late`; "" = none has flown here.
        canary_age_s, canary_took_s: Of the last one over the way of devices that got through.
        doors: The listeners for other systems that this core has.
    """

    probed_at: float | None = None
    commit_s: float = 0.0
    durability: str = ""
    epoch: int = 0
    lanes_serving: bool = False
    lag_s: float = 0.0
    disk_share: float | None = None
    room: str = "ample"
    strays: int = 0
    deadlines_armed: int = 0
    deadlines_late: int = 0
    open_alarms: int = 0
    conservation: str = ""
    audit_age_s: float | None = None
    audit_behind_s: float = 0.0
    cores: int = 0
    cores_heard: int = 0
    attended: bool = True
    canary: str = ""
    canary_age_s: float | None = None
    canary_took_s: float | None = None
    doors: tuple[Door, ...] = ()
    draining: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Whether a core is ready; `failing` says why not, `warnings` what else somebody should see to."""

    ready: bool
    failing: tuple[str, ...]
    warnings: tuple[str, ...]


def readiness(vitals: Vitals, now: float) -> Readiness:
    """Decide. `now` is the monotonic clock's."""
    failing = []
    if vitals.probed_at is None:
        failing.append("no durable commit has succeeded yet")
    elif now - vitals.probed_at > PROBE_FRESH_S:
        failing.append(f"no durable commit has succeeded for {now - vitals.probed_at:.1f} s")
    if not vitals.lanes_serving:
        failing.append("a lane has no connection to the database")
    if vitals.lag_s > LAG_LIMIT_S:
        failing.append(f"the event loop is {vitals.lag_s:.2f} s late")
    if vitals.draining:
        failing.append("this core is being stopped")
    warnings = []
    if vitals.durability == "degraded":
        warnings.append("no synchronous standby: stored on one machine only")
    if vitals.room == "urgent_only":
        warnings.append("the disk is nearly full: only code and high are taken")
    elif vitals.room == "warn":
        warnings.append("the disk is filling up")
    if vitals.conservation == "broken":
        warnings.append("the auditor has found messages that nobody has and that nothing waits for")
    warnings += [f"the listener {door.name} is shut: {door.why}" for door in vitals.doors if door.state != "open"]
    if vitals.cores_heard < vitals.cores:
        warnings.append(f"{vitals.cores - vitals.cores_heard} of {vitals.cores} cores are not heard")
    if not vitals.attended:
        warnings.append("nobody can be reached at the operators' desk (site.desk): technical alarms ring nowhere")
    if vitals.canary == "late":
        warnings.append("a canary has not got through: messages may not")
    if max(vitals.audit_age_s or 0.0, vitals.audit_behind_s) > AUDIT_STALE_S:
        warnings.append("the auditor has not seen the newest messages for a minute")
    for count, what in (
        (vitals.strays, "rows without a table of their day"),
        (vitals.deadlines_late, "deadlines are late"),
        (vitals.open_alarms, "technical alarms are open"),
    ):
        if count:
            warnings.append(f"{count} {what}")
    return Readiness(ready=not failing, failing=tuple(failing), warnings=tuple(warnings))


class Prober:
    """Commits nothing, durably, again and again, on a connection of its own; and counts what is amiss.

    Run `round` every `PROBE_EVERY_S` (engine/upkeep.keep). A round that fails leaves the last success to grow old.
    """

    def __init__(
        self,
        *,
        open_connection: Callable[[], Awaitable[DurableConnection]],
        clock: Clock,
        committed: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        """`committed` is told how long each commit took, in seconds."""
        self._open = open_connection
        self._clock = clock
        self._committed = committed
        self._durable: DurableConnection | None = None
        self._rounds = 0
        self.probed_at: float | None = None
        self.commit_s = 0.0
        self.strays = 0
        self.deadlines_armed = 0
        self.deadlines_late = 0
        self.open_alarms = 0

    @property
    def durability(self) -> str:
        """What a commit is worth now; "" without a connection."""
        return self._durable.durability.word if self._durable else ""

    @property
    def epoch(self) -> int:
        """The database's epoch, as of the connection; 0 without one."""
        return self._durable.durability.epoch if self._durable else 0

    async def round(self) -> None:
        """Probe once."""
        try:
            if self._durable is None or not self._durable.usable:
                self._durable = await self._open()
            before = self._clock.monotonic()
            now = self._clock.now()
            await commit_durable(self._durable, lambda connection: probe(connection, now))
            self.probed_at = self._clock.monotonic()
            self.commit_s = self.probed_at - before
            self._committed(self.commit_s)
            if self._rounds % _COUNT_EVERY == 0:
                await self._count(self._durable.connection)
            self._rounds += 1
        except (Unknown, Unavailable, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.warning("probe_failed", reason=error)
            await self.close()

    async def close(self) -> None:
        """Close the connection."""
        durable, self._durable = self._durable, None
        if durable is not None:
            with contextlib.suppress(Exception):
                await durable.close()

    async def _count(self, connection: asyncpg.Connection) -> None:
        late_before = self._clock.now() - LATE_AFTER
        self.deadlines_armed, self.deadlines_late = await count_deadlines(connection, late_before)
        self.strays = await count_strays(connection)
        self.open_alarms = await count_open_alarms(connection)
