"""One writer: one connection, one chain of facts, one queue. Batches are natural: what gathers while a commit is
under way is the next batch. No timer.

A batch whose guess was wrong (a delivery changed elsewhere, an identity was there already) is undone by the
database and decided anew; one that fails is split until the bad act stands alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from uuid import uuid4

import asyncpg
import structlog

from wardwire.engine.cache import DeliveryCache
from wardwire.engine.known import BatchKnown
from wardwire.engine.right_of_way import RightOfWay
from wardwire.flow.ports import Act, Announcer
from wardwire.model.clock import Clock
from wardwire.model.errors import Code, Refused, Unavailable, Unknown
from wardwire.model.facts import FactKind
from wardwire.store.alarms import find_open_alarms
from wardwire.store.batch import Batch, Numbered, write_batch
from wardwire.store.chain import Chain, Draft
from wardwire.store.durable import BROKEN, DurableConnection, read_in_time
from wardwire.store.identities import repeat_identities
from wardwire.store.partitions import list_days

LARGEST_BATCH = 500
LONGEST_QUEUE = 5_000
REOPEN_S = (0.05, 0.1, 0.2, 0.5, 1.0)
_OUTDATED = "WW001"  # decided on what is not so any more
# Undone because of another's commit, not because of what we asked: decide anew.
_DECIDE_ANEW = frozenset({_OUTDATED, "40P01", "40001", "55P03", "42P01"})
_NO_SUCH_TABLE = "42P01"  # a day's tables were taken away
_IDENTITIES = "identities_pkey"
_ALARMS = "alarms_open"
# Another core has begun the same alert in the same moment: decide anew, and find it.
_BEGUN_ELSEWHERE = frozenset({"escalations_source_key", "escalations_guarded", "escalations_pkey"})

log = structlog.get_logger("wardwire.engine.writer")


class LaneWriter:
    """Commits the acts that are put to it, in order, and tells each how it ended, exactly once.

    Args:
        ahead: Who goes ahead of it.
    """

    def __init__(
        self,
        name: str,
        *,
        open_connection: Callable[[], Awaitable[DurableConnection]],
        clock: Clock,
        announcer: Announcer,
        cache: DeliveryCache,
        written: Callable[[Batch], None],
        patience_s: float,
        ahead: RightOfWay | None = None,
    ) -> None:
        self.name = name
        self._ahead = ahead
        self._patience_s = patience_s
        self._open = open_connection
        self._clock = clock
        self._announcer = announcer
        self._cache = cache
        self._written = written
        self._queue: deque[Act] = deque()
        self._wake = asyncio.Event()
        self._serves = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._durable: DurableConnection | None = None
        self._chain = Chain(uuid4())
        self._days: frozenset[date] = frozenset()
        self._looked_on: date | None = None
        self._after: str | None = None
        # Acts of the batch under way that have been told how they ended.
        self._ended: set[int] = set()
        self._size = 0
        self.committed = 0
        self.batches = 0

    @property
    def serving(self) -> bool:
        """Whether acts are taken: there is a connection whose commits are worth a promise."""
        return self._durable is not None

    @property
    def epoch(self) -> int:
        """The database's epoch, as of the connection; 0 = none."""
        return self._durable.durability.epoch if self._durable else 0

    @property
    def days(self) -> frozenset[date]:
        """The days that it knows to have tables of their own."""
        return self._days

    @property
    def waiting(self) -> int:
        """How many acts wait."""
        return len(self._queue)

    def has_room(self, size: int) -> bool:
        """Whether it takes acts, and commits less than so many at a time: counts what waits, and its last batch."""
        return self._size < size and len(self._queue) < size and self._durable is not None

    def put(self, act: Act) -> None:
        """Take an act, or fail it at once; never waits."""
        waiting = len(self._queue)
        if self._durable is None:
            act.failed(Unavailable(Code.UNAVAILABLE, "the database cannot be reached now; nothing was kept"))
        elif waiting >= LONGEST_QUEUE:
            act.failed(Unavailable(Code.OVERLOADED, "too much is waiting in this lane; nothing was kept"))
        else:
            self._queue.append(act)
            if not waiting:
                self._idle.clear()
                self._wake.set()

    @property
    def busy(self) -> bool:
        """Whether acts wait or are being committed."""
        return not self._idle.is_set()

    async def idle(self) -> None:
        """Wait until nothing waits and nothing is being committed."""
        await self._idle.wait()

    async def serves(self) -> None:
        """Wait until acts are taken."""
        await self._serves.wait()

    async def run(self, started: Callable[[], None]) -> None:
        """Open a connection and serve, again and again, until cancelled. `started` is called at each opening."""
        tries = 0
        while True:
            durable = None
            try:
                durable = await self._open()
                self._looked_on = None
                await self._look_at_days(durable)
            except (Unavailable, asyncpg.PostgresError, *BROKEN) as error:
                if durable is not None:
                    durable.connection.terminate()
                log.warning(
                    "database_unavailable", lane=self.name, reason=str(error.args[-1] if error.args else error)
                )
                await asyncio.sleep(REOPEN_S[min(tries, len(REOPEN_S) - 1)])
                tries += 1
                continue
            tries = 0
            self._durable = durable
            self._serves.set()
            started()
            try:
                await self._serve(durable)
            except (Unknown, Unavailable, asyncpg.PostgresError, *BROKEN) as error:
                log.warning("connection_lost", lane=self.name, reason=error)
            except Exception:
                log.exception("writer_failed", lane=self.name)
            finally:
                self._durable = None
                self._serves.clear()
                self._fail_waiting()
                self._idle.set()
                self._after = f"{self._chain.writer.hex}:{self._chain.seq}"
                self._chain = Chain(uuid4())
                with contextlib.suppress(Exception):
                    await durable.close()

    async def _serve(self, durable: DurableConnection) -> None:
        while True:
            while not self._queue:
                self._idle.set()
                self._wake.clear()
                await self._wake.wait()
            if self._ahead is not None and self._ahead.taken():
                await self._ahead.wait()
            acts = self._take()
            try:
                await self._commit(durable, acts)
            except BaseException as error:
                # Whoever has not been told yet is told now. Stopped in the middle of it: nobody knows.
                stopped = isinstance(error, asyncio.CancelledError)
                told = Unknown("stopped during the commit") if stopped else _gone()
                for act in acts:
                    self._end(act, error if isinstance(error, Unknown) else told)
                raise
            self._ended.clear()

    def _take(self) -> list[Act]:
        """Take what waits. The second of one identity waits for the next batch: it is answered by the first."""
        acts: list[Act] = []
        identities: set[tuple[str, str]] = set()
        turns: set[object] = set()
        later: list[Act] = []
        queue = self._queue
        while queue and len(acts) < LARGEST_BATCH:
            act = queue.popleft()
            identity = act.identity
            if identity is not None:
                if identity in identities:
                    later.append(act)
                    continue
                identities.add(identity)
            turn = act.turn
            if turn is not None:
                if turn in turns:
                    later.append(act)
                    continue
                turns.add(turn)
            acts.append(act)
        queue.extendleft(reversed(later))
        self._size = len(acts)
        return acts

    async def _commit(self, durable: DurableConnection, acts: Sequence[Act]) -> None:
        """Commit acts together; on any trouble that is not the connection's, find whose it is."""
        remaining = list(acts)
        alarms: frozenset[tuple[str, str]] | None = None
        for attempt in range(8):
            if not remaining:
                return
            if self._clock.now().date() != self._looked_on:
                await self._look_at_days(durable)
            known = BatchKnown(remaining, self._cache, self._clock.now(), calls=attempt > 0)
            if known.missing:
                await read_in_time(durable, known.read(durable.connection), patience_s=self._patience_s)
            batch, remaining, broken, refused = self._decide(durable, remaining, known, alarms)
            if refused:
                await self._answer_refused(durable, refused)
            # What was decided on the cache and writes nothing has no version to guard it: decide on what is there.
            if guessed := known.guessed - batch.changes.keys():
                self._cache.drop(guessed)
                continue
            if broken:
                continue
            if batch.empty:
                self._announce([], batch, remaining)
                return
            try:
                numbered = await write_batch(durable, self._chain, batch, self._days, patience_s=self._patience_s)
            except asyncpg.UniqueViolationError as error:
                self._cache.drop(known.keys)
                if error.constraint_name == _ALARMS:
                    alarms = await self._look_at_alarms(durable)
                    continue
                if error.constraint_name in _BEGUN_ELSEWHERE:
                    continue
                if error.constraint_name != _IDENTITIES:
                    return await self._split(durable, remaining, error)
                remaining = await self._answer_repeats(durable, remaining)
            except asyncpg.PostgresError as error:
                self._cache.drop(known.keys)
                if error.sqlstate == _NO_SUCH_TABLE:
                    self._looked_on = None
                if batch.alarmed and error.sqlstate == _OUTDATED:
                    alarms = await self._look_at_alarms(durable)
                if error.sqlstate not in _DECIDE_ANEW:
                    return await self._split(durable, remaining, error)
            except Unknown:
                self._cache.drop(known.keys)
                raise
            else:
                self._cache.put(batch.created)
                self._cache.put([after for _, after in batch.changes.values()])
                return self._announce(numbered, batch, remaining)
        await self._split(durable, remaining, None)

    async def _look_at_days(self, durable: DurableConnection) -> None:
        """Ask which days have tables of their own: at each opening, and once on each new day."""
        today = self._clock.now().date()
        self._days = await read_in_time(durable, list_days(durable.connection), patience_s=self._patience_s)
        self._looked_on = today

    async def _look_at_alarms(self, durable: DurableConnection) -> frozenset[tuple[str, str]]:
        """Ask which technical alarms are open: when a batch has guessed wrongly."""
        reading = find_open_alarms(durable.connection)
        return await read_in_time(durable, reading, patience_s=self._patience_s)

    def _decide(
        self,
        durable: DurableConnection,
        acts: Sequence[Act],
        known: BatchKnown,
        alarms: frozenset[tuple[str, str]] | None,
    ) -> tuple[Batch, list[Act], bool, list[tuple[Act, Refused]]]:
        """Let acts decide. Returns the batch, who is in it, whether one broke it, and refused submissions."""
        batch, word = Batch(self._clock.now(), open_alarms=alarms), durable.durability.word
        if self._chain.seq == 0:
            begun = {"lane": self.name, "after": self._after, "epoch": durable.durability.epoch}
            batch.drafts.append(Draft(FactKind.CHAIN_BEGUN, None, None, None, json.dumps(begun)))
        decided = []
        refusals = []
        broken = False
        for act in acts:
            try:
                act.decide(known, batch, word)
            except Refused as refused:
                if act.identity is not None:
                    refusals.append((act, refused))
                elif known.guessed.isdisjoint(act.needs().deliveries):
                    self._end(act, refused)
                else:
                    self._cache.drop(act.needs().deliveries)
                    decided.append(act)
                    broken = True
            except Exception:
                log.exception("act_broke", lane=self.name, act=type(act).__name__)
                self._end(act, Unavailable(Code.UNAVAILABLE, "an error of ours; nothing was kept"))
                broken = True
            else:
                decided.append(act)
        if not decided and self._chain.seq == 0:
            batch.drafts.clear()
        return batch, decided, broken, refusals

    def _announce(self, numbered: Sequence[Numbered], batch: Batch, acts: Sequence[Act]) -> None:
        """All is committed: tell the senders, tell devices, tell who waits for deadlines.

        The sender's answer is on its way before anybody else hears of the message: what follows from it may come
        back through another core, and must not overtake it.
        """
        self.batches += 1
        self.committed += len(acts)
        ended = self._ended
        for act in acts:
            ended.add(id(act))
            try:
                act.committed()
            except Exception:
                log.exception("answer_failed", lane=self.name, act=type(act).__name__)
        if numbered:
            self._announcer.inbox(self.epoch, numbered)
        if batch.live:
            self._announcer.live(batch.live)
        self._written(batch)

    async def _answer_refused(self, durable: DurableConnection, refused: Sequence[tuple[Act, Refused]]) -> None:
        """Refuse submissions, unless they are repeats of what was stored when it was still in order.

        Their sender did not hear the first answer; *refused* would say that nothing was kept.
        """
        others = await self._answer_repeats(durable, [act for act, _ in refused])
        reasons = {id(act): reason for act, reason in refused}
        for act in others:
            self._end(act, reasons[id(act)])

    async def _answer_repeats(self, durable: DurableConnection, acts: Sequence[Act]) -> list[Act]:
        """Answer those whose identity was committed before; return the others."""
        keys = [act.identity for act in acts if act.identity is not None]
        found = await repeat_identities(durable, keys, self._clock.now(), patience_s=self._patience_s)
        others = []
        for act in acts:
            repeated = found.get(act.identity) if act.identity else None
            if repeated is None:
                others.append(act)
            elif id(act) not in self._ended:
                self._ended.add(id(act))
                act.repeated(repeated.digest, repeated.result)
        return others

    async def _split(
        self, durable: DurableConnection, acts: Sequence[Act], error: asyncpg.PostgresError | None
    ) -> None:
        """Halve what failed until the bad one stands alone: nobody's bad row delays anybody else."""
        if len(acts) == 1:
            state = error.sqlstate if error else "contention"
            log.error("act_failed", lane=self.name, sqlstate=state, act=type(acts[0]).__name__)
            self._end(acts[0], Unavailable(Code.UNAVAILABLE, f"the database refused it ({state}); nothing was kept"))
            return
        half = len(acts) // 2
        await self._commit(durable, acts[:half])
        await self._commit(durable, acts[half:])

    def _end(self, act: Act, error: BaseException) -> None:
        if id(act) in self._ended:
            return
        self._ended.add(id(act))
        try:
            act.failed(error)  # type: ignore[arg-type]
        except Exception:
            log.exception("answer_failed", lane=self.name, act=type(act).__name__)

    def _fail_waiting(self) -> None:
        while self._queue:
            self._end(self._queue.popleft(), _gone())
        self._ended.clear()


def _gone() -> Unavailable:
    return Unavailable(Code.UNAVAILABLE, "the connection to the database is gone; nothing was kept")
