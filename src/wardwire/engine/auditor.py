"""The auditor: sees by itself, every few seconds, whether whatever was stored is delivered, ended or armed. What is
none of these calls a person.

It looks at what is new and at what may still change; its cost does not grow with what is kept. It reads as a role
that can only read, with questions of its own.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from datetime import date, datetime, timedelta
from uuid import UUID

import asyncpg
import msgspec
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from wardwire.engine.upkeep import Alarm, AlarmOver
from wardwire.flow.ports import Rules, Writer
from wardwire.model import ids
from wardwire.model.clock import Clock
from wardwire.model.conservation import Books
from wardwire.model.errors import WardwireError
from wardwire.store.conservation import (
    Horizon,
    LeftOpen,
    SignedReport,
    find_for_nobody,
    find_forgotten,
    find_left_open,
    find_older,
    find_told,
    look,
    read_horizon,
)

LOOK_EVERY_S = 5.0
# A message's id is made at most so long before its transaction begins.
ID_BEFORE_COMMIT = timedelta(seconds=10)
# After a start so much of the past is counted anew, and whatever nobody has counted; what was open when an auditor
# last looked is looked at however old it is.
LOOK_BACK = timedelta(hours=24)
REPORT_EVERY = timedelta(hours=1)
LEAVE_EVERY = timedelta(minutes=1)
AT_ONCE = 2_000
NAMED_MAX = 20
KIND = "conservation"

log = structlog.get_logger("wardwire.engine.auditor")
_ENCODE = msgspec.json.Encoder(order="sorted").encode


class Report(msgspec.Struct, frozen=True):
    """What is signed: the books of a day as they stood `at`, and whether the law held then.

    Attributes:
        since: From when on messages were counted; what was open then is counted too.
        upto: Up to when.
        units: Terms of the law by unit; "" = of no unit. `tests` are counted apart.
        difference: Written ids of messages of which something is in silence, at most a hundred.
    """

    day: date
    at: datetime
    since: datetime
    upto: datetime
    node: str
    holds: bool
    units: dict[str, dict[str, int]]
    tests: dict[str, int]
    difference: list[str]


def decode_report(content: bytes) -> Report:
    """Read a report as it was signed."""
    return msgspec.json.decode(content, type=Report)


class Auditor:
    """Run `round` every few seconds (engine/upkeep.keep).

    Args:
        connect: Opens a connection of the role that can only read, in our schema.
        file: Keeps a signed report; called each hour, and as soon as something was found.
        leave: Leaves behind what is open, for the next one; called each minute.
    """

    def __init__(
        self,
        *,
        connect: Callable[[], Awaitable[asyncpg.Connection]],
        clock: Clock,
        writer: Writer,
        rules: Callable[[], Rules],
        file: Callable[[SignedReport], Awaitable[None]],
        leave: Callable[[LeftOpen], Awaitable[None]],
        key: Ed25519PrivateKey,
        node: str,
    ) -> None:
        self._connect = connect
        self._clock = clock
        self._writer = writer
        self._rules = rules
        self._file = file
        self._leave = leave
        self._key = key
        self._node = node
        self._connection: asyncpg.Connection | None = None
        self._began = clock.now()
        self._since = self._began - LOOK_BACK
        self._behind = ids.first_id_of(self._since)
        self._older: set[UUID] | None = None
        self._marks: deque[tuple[datetime, int]] = deque()
        self._told: set[UUID] = set()
        self._stuck: list[UUID] = []
        self._for_nobody: list[UUID] = []
        self._reported_at: datetime | None = None
        self._left_at: datetime | None = None
        self.books = Books()
        self.looked_at: float | None = None

    @property
    def holds(self) -> bool:
        """Whether nothing is amiss: neither now, nor with a message of today that was for nobody."""
        return self.books.holds and not self._stuck and not self._for_nobody

    @property
    def behind_s(self) -> float:
        """How long ago that was up to which new messages were counted, in seconds; before that, since the start."""
        upto = ids.instant_of(self._behind)
        return (self._clock.now() - (upto if upto > self._since else self._began)).total_seconds()

    async def round(self) -> None:
        """Look; goes on at once while there is more than one look takes.

        Raises:
            OSError, asyncpg.PostgresError: The next round begins with a new connection.
        """
        now = self._clock.now()
        try:
            found = False
            while True:
                more, newly = await self._look(now)
                found |= newly
                if not more:
                    break
        except BaseException:
            await self.close()
            raise
        if self._left_at is None or now - self._left_at >= LEAVE_EVERY:
            await self._leave(LeftOpen(self._behind, self.books.open))
            self._left_at = now
        if (
            found
            or self._reported_at is None
            or now - self._reported_at >= REPORT_EVERY
            or now.date() != self._reported_at.date()
        ):
            await self._report(now)
        await self._take_back()

    async def close(self) -> None:
        """Close its connection; the next round opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(Exception):
                await connection.close(timeout=1)

    async def _look(self, now: datetime) -> tuple[bool, bool]:
        """Return whether there is more to read, and whether something was found."""
        if self._connection is None or self._connection.is_closed():
            self._connection = await self._connect()
        if self._older is None:
            self._older = await self._begin(self._connection)
        upto = max(self._behind, ids.first_id_of(self._settled(now, await read_horizon(self._connection))))
        again = self.books.open.keys() | self._older
        seen = await look(self._connection, behind=self._behind, upto=upto, again=again, limit=AT_ONCE)
        self._older = set()
        self._behind = seen.upto
        self._stuck = seen.stuck
        self._for_nobody += seen.for_nobody
        self.books.look(seen.held, again=seen.asked, growing=seen.growing)
        told = (
            self._tell("deliveries that nobody has and that nothing waits for", self.books.lost_messages()),
            self._tell("messages for nobody", self._for_nobody),
            self._tell("alerts that nothing would move on", self._stuck),
        )
        self.looked_at = self._clock.monotonic()
        return seen.upto < upto, any(told)

    async def _begin(self, connection: asyncpg.Connection) -> set[UUID]:
        """Begin where the last auditor stopped, if that is longer ago; returns what else is to be looked at."""
        left = await find_left_open(connection)
        if left is not None and left.upto < self._behind:
            self._behind = left.upto
            self._since = ids.instant_of(left.upto)
        open_then = left.messages if left else await find_forgotten(connection, self._behind)
        return {*open_then, *await find_older(connection, self._behind)}

    async def _take_back(self) -> None:
        """When the law holds again, what was told of it is over: but for messages that are still for nobody."""
        wrong = {*self.books.lost_messages(), *self._stuck, *self._for_nobody}
        self._told &= wrong
        if not self.books.holds or self._stuck:
            return
        assert self._connection is not None
        try:
            told = {ids.read_id(ids.MESSAGE, subject): subject for subject in await find_told(self._connection)}
            still = await find_for_nobody(self._connection, told) if told else set()
        except asyncpg.PostgresError as error:
            log.warning("alarms_not_read", reason=error)  # that keeps nobody from looking
            return
        for message in told.keys() - still:
            self._writer.put(AlarmOver(KIND, told[message], "the law holds again"))

    def _settled(self, now: datetime, horizon: Horizon) -> datetime:
        """Return up to when messages have all been committed or never will be.

        A commit that waits for its standby may become visible minutes after its message's id was made. Whatever had
        begun by an earlier look has ended when all transactions of that time have.
        """
        self._marks.append((now, horizon.begun_below))
        settled = self._since
        while self._marks and self._marks[0][1] <= horizon.ended_below:
            settled = self._marks.popleft()[0] - ID_BEFORE_COMMIT
        return settled

    def _tell(self, what: str, messages: Iterable[UUID]) -> bool:
        """Call a person, once for each message; returns whether somebody is called."""
        fresh = sorted(set(messages) - self._told)
        if not fresh:
            return False
        self._told.update(fresh)
        named = ", ".join(ids.write_id(ids.MESSAGE, message) for message in fresh[:NAMED_MAX])
        more = f" and {len(fresh) - NAMED_MAX} more" if len(fresh) > NAMED_MAX else ""
        log.error("conservation_broken", what=what, count=len(fresh), messages=[m.hex for m in fresh[:NAMED_MAX]])
        self._writer.put(
            _Difference(
                ids.write_id(ids.MESSAGE, fresh[0]),
                f"The auditor has found {what}: {named}{more}. Look now (wardwire trace), and call by other means.",
                self._rules,
                lambda: self._told.difference_update(fresh),
            )
        )
        return True

    async def _report(self, now: datetime) -> None:
        """Sign the books; when a day is over they are closed, and those of the next one are begun."""
        day = now.date() if self._reported_at is None else self._reported_at.date()
        difference = sorted({*self.books.lost_messages(), *self._stuck, *self._for_nobody})[:100]
        report = Report(
            day=day,
            at=now,
            since=self._since,
            upto=ids.instant_of(self._behind),
            node=self._node,
            holds=self.holds,
            units={unit: balance.figures() for unit, balance in sorted(self.books.units.items())},
            tests=self.books.tests.figures(),
            difference=[ids.write_id(ids.MESSAGE, message) for message in difference],
        )
        content = _ENCODE(report)
        await self._file(SignedReport(day, self._node, content, self._key.sign(content), now))
        self._reported_at = now
        if day != now.date():
            self.books.next_day()
            self._for_nobody.clear()
            self._since = ids.instant_of(self._behind)
            await self._report(now)


class _Difference(Alarm):
    """The law is broken: a technical alarm, raised again when it could not be kept."""

    __slots__ = ("_again",)

    def __init__(self, subject: str, text: str, rules: Callable[[], Rules], again: Callable[[], None]) -> None:
        super().__init__(KIND, subject, text, rules)
        self._again = again

    def failed(self, error: WardwireError) -> None:
        """The database is away: it is told by a later look."""
        super().failed(error)
        self._again()
