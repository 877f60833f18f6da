"""Claims deadlines that are due, and turns each into the act that it calls for.

NATS and this process's own commits hint; polling each second is the truth. What a dead core had claimed comes
back by itself when its lease runs out.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import structlog

from wardwire.engine.outbox import Outbox
from wardwire.flow.end import End
from wardwire.flow.escalate import Escalate
from wardwire.flow.leave import Leave
from wardwire.flow.notices import LeftOpen, Return, TellPerson
from wardwire.flow.overdue import DeviceGone, Expand, Unconfirmed, Unheard
from wardwire.flow.ports import Act, Channel, Rules, Writer
from wardwire.flow.reminders import Remind
from wardwire.flow.turn import Turn
from wardwire.model.clock import Clock
from wardwire.model.delivery import Event
from wardwire.model.errors import Unavailable, Unknown, WardwireError
from wardwire.model.priority import Lane
from wardwire.store.batch import Batch
from wardwire.store.deadlines import (
    BACK,
    CONFIRM,
    ESCALATE,
    EXPAND,
    EXPIRE,
    GONE,
    LEAVE,
    LEFT,
    NOTICE,
    REMIND,
    SEND,
    TELL,
    TURN,
    Due,
    claim_due,
    find_leaving,
    give_back,
    make_due,
    next_due,
)
from wardwire.store.deliveries import find_for_role
from wardwire.store.durable import BROKEN
from wardwire.store.messages import load_fanout
from wardwire.store.oncall import find_notice
from wardwire.store.people import count_waiting
from wardwire.store.reminders import find_reminder

POLL_S = 1.0
ROUND_S = 5.0
# Whatever a dead or frozen core has claimed waits so long: it must begin within ten seconds of its time, and a site
# that starts anew needs some of them. Longer than a commit may take, with the reading before it.
LEASE = timedelta(seconds=5)
# Longer than one attempt on an outside channel takes (engine/outbox.py).
ATTEMPT = timedelta(seconds=8)
# What could not be committed now (the database is away) is tried again so soon, not only when its lease has run out.
AGAIN_AFTER = timedelta(seconds=1)
CLAIM_LIMIT = 200
# Claimed and not yet committed, a lane. More are left to other cores.
MOST_IN_FLIGHT = 1_000

log = structlog.get_logger("wardwire.engine.due")


class DueLoop:
    """The loop of one core. `hint` it when something was armed; it also looks by itself each second."""

    def __init__(
        self,
        *,
        connect: Callable[[], Awaitable[asyncpg.Connection]],
        writer: Writer,
        rules: Callable[[], Rules],
        clock: Clock,
        channels: Mapping[str, Channel],
        polling: bool = True,
    ) -> None:
        """`polling=False` leaves only hints: so that a test can show that each way works alone."""
        self._connect = connect
        self._writer = writer
        self._rules = rules
        self._clock = clock
        self._outbox = Outbox(writer=writer, rules=rules, clock=clock, channels=channels)
        self.polling = polling
        self._holder = uuid4()
        self._in_flight = dict.fromkeys(Lane, 0)
        self._wake = asyncio.Event()
        self._upcoming: dict[Lane, datetime] = {}
        self._next: datetime | None = None
        self._sooner: list[tuple[UUID, UUID, UUID, bool]] = []
        self._undone: list[Due] = []
        self.claimed = 0

    def armed(self, batch: Batch) -> None:
        """A batch of this core is written: wake for the earliest deadline that it armed."""
        earliest = batch.earliest
        if earliest is not None and (self._next is None or earliest < self._next):
            self._next = earliest
            self._wake.set()

    def hint(self) -> None:
        """Somebody says that something is due."""
        self._next = None
        self._wake.set()

    def unreachable_now(self, message_id: UUID, person_id: UUID, way_there: bool = True) -> None:
        """No device of a person is connected: waiting for the first stage's deadline is useless.

        Args:
            way_there: Else no device of anybody is: then only another endpoint is tried at once, where there is one,
                and nobody is taken for unreachable before the time is over.
        """
        if len(self._sooner) < 10_000:
            self._sooner.append((message_id, person_id, UUID(int=0), way_there))
            self._wake.set()

    async def idle(self) -> None:
        """Wait until no attempt on an outside channel is under way."""
        await self._outbox.idle()

    async def run(self) -> None:
        """Claim and hand over, until cancelled. Trouble with the database ends a round, not the loop."""
        connection: asyncpg.Connection | None = None
        try:
            while True:
                try:
                    if connection is None or connection.is_closed():
                        connection = await self._connect()
                    # A claim promises nothing: one that is cut off comes back when its lease runs out.
                    async with asyncio.timeout(ROUND_S):
                        await self.round(connection)
                except (asyncpg.PostgresError, *BROKEN) as error:
                    log.warning("due_round_failed", reason=error)
                    if connection is not None:
                        connection.terminate()
                    connection = None
                    await asyncio.sleep(0.2)
                    continue
                await self._rest()
        finally:
            await self._outbox.stop()
            if connection is not None:
                with contextlib.suppress(Exception):
                    await connection.close(timeout=1)

    async def round(self, connection: asyncpg.Connection) -> None:
        """Claim what is due now, and hand it over; returns before all of it is committed.

        What the last round saw coming is claimed first, in one trip to the database; what else has come since is
        what the database says afterwards.
        """
        if self._undone:
            undone = self._undone[:]
            await give_back(connection, undone, holder=self._holder, again_at=self._clock.now() + AGAIN_AFTER)
            del self._undone[: len(undone)]
        if self._sooner:
            sooner, self._sooner = self._sooner, []
            await make_due(connection, self._clock.now(), sooner)
        now = self._clock.now()
        seen = [lane for lane, at in self._upcoming.items() if at <= now]
        await self._claim(connection, now, seen)
        self._upcoming = await next_due(connection)
        more = [lane for lane, at in self._upcoming.items() if at <= now and lane not in seen]
        if more:
            await self._claim(connection, now, more)
            self._upcoming = await next_due(connection)
        self._next = min(self._upcoming.values(), default=None)

    async def _claim(self, connection: asyncpg.Connection, now: datetime, lanes: list[Lane]) -> None:
        for lane in lanes:
            if self._in_flight[lane] >= MOST_IN_FLIGHT:
                continue
            claimed = await claim_due(
                connection,
                now=now,
                lease=LEASE,
                attempt=ATTEMPT,
                holder=self._holder,
                lane=lane,
                limit=CLAIM_LIMIT,
            )
            self.claimed += len(claimed)
            await self.hand_over(connection, claimed, lane)

    async def hand_over(self, connection: asyncpg.Connection, claimed: list[Due], lane: Lane) -> None:
        """Turn claimed deadlines into acts. Being late with them is harmless: what has changed stays changed."""
        sends = [due for due in claimed if due.kind == SEND]
        for due in claimed:
            if due.kind != SEND and (act := await self._act(connection, due, lane)) is not None:
                self._in_flight[lane] += 1
                self._writer.put(act)
        if sends:
            await self._outbox.send(connection, sends, lane)

    async def _act(self, connection: asyncpg.Connection, due: Due, lane: Lane) -> Act | None:
        def done(error: WardwireError | None) -> None:
            self._in_flight[lane] -= 1
            if error is not None:
                log.warning("deadline_not_handled", kind=due.kind, message=str(due.message_id), reason=error)
                if isinstance(error, Unavailable | Unknown):
                    self._undone.append(due)

        rules = self._rules
        match due.kind:
            case k if k == CONFIRM:
                return Unconfirmed(due.message_id, due.person_id, due.ref.int, lane=lane, rules=rules, done=done)
            case k if k == GONE:
                return DeviceGone(due.message_id, due.person_id, due.ref, lane=lane, rules=rules, done=done)
            case k if k == ESCALATE:
                return Escalate(due.message_id, due.fence, lane=lane, rules=rules, done=done)
            case k if k == NOTICE:
                return Unheard(due.message_id, due.person_id, lane=lane, rules=rules, done=done)
            case k if k == EXPIRE:
                return End(
                    due.message_id,
                    Event.EXPIRE,
                    "expired",
                    caller=None,
                    lane=lane,
                    rules=rules,
                    done=lambda result: done(result if isinstance(result, WardwireError) else None),
                )
            case k if k == TURN:
                called = await find_for_role(connection, due.message_id, due.ref, due.person_id)
                return Turn(due, called, lane=lane, rules=rules, done=done)
            case k if k == LEAVE:
                version = await find_leaving(connection, due)
                if version is not None:
                    return Leave(due, version, lane=lane, rules=rules, done=done)
                return None
            case k if k == EXPAND:
                fanout = await load_fanout(connection, due.message_id)
                if fanout is not None:
                    return Expand(due.message_id, fanout, lane=lane, rules=rules, done=done)
            case k if k == BACK:
                return await self._back(connection, due, lane, done)
            case k if k in (TELL, LEFT):
                notice = await find_notice(connection, due.message_id)
                if notice is not None:
                    told = TellPerson if k == TELL else LeftOpen
                    return told(notice, lane=lane, rules=rules, done=done)
            case k if k == REMIND:
                reminder = await find_reminder(connection, due.ref)
                if reminder is not None:
                    return Remind(reminder, due, lane=lane, rules=rules, done=done)
        log.error("deadline_of_no_kind", kind=due.kind, message=str(due.message_id))
        return None

    async def _back(
        self, connection: asyncpg.Connection, due: Due, lane: Lane, done: Callable[[WardwireError | None], None]
    ) -> Act:
        """Somebody is back: they are told how much waits for them."""
        person = self._rules().directory.people.get(due.person_id)
        since = person.status_since if person is not None else None
        waiting = await count_waiting(connection, due.person_id, since) if since else 0
        return Return(due.person_id, due.due_at, waiting, lane=lane, rules=self._rules, done=done)

    async def _rest(self) -> None:
        """Wait until the next deadline, a hint, or a second: whatever is first."""
        wait: float | None = POLL_S if self.polling else None
        if self._next is not None:
            until = (self._next - self._clock.now()).total_seconds()
            wait = max(0.0, until) if wait is None else min(wait, max(0.0, until))
        if not self._sooner:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._wake.wait()
        self._wake.clear()
