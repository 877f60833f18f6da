"""Who of the cores is there: each leaves a sign of life, and looks for those who do not any more.

A core that is started, stopped or hangs is noticed within ten seconds by another one. The supervisor restarts what
dies on its own machine; this notices also what no supervisor sees: a machine that is gone, a process that is frozen,
a part of one that hangs (it then leaves no sign of life), and what nobody does any more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import asyncpg
import msgspec
import structlog

from wardwire.engine.upkeep import Alarm, AlarmOver
from wardwire.flow.alarm import clear_alarm, raise_alarm
from wardwire.flow.ports import Act, Known, Rules, Writer
from wardwire.model.clock import Clock
from wardwire.model.errors import WardwireError
from wardwire.model.facts import FactKind
from wardwire.model.muster import DUTIES, SILENT_AFTER, Core, Mustered, muster, over
from wardwire.model.priority import Lane
from wardwire.store.alarms import find_open_alarms, was_raised
from wardwire.store.batch import Batch
from wardwire.store.cores import beat, end_core, find_silent, forget_cores, list_cores

BEAT_EVERY_S = 2.0
REMEMBERED = timedelta(days=1)
KIND, UNSERVED, UNWELL = "core_silent", "unserved", "core_unwell"

log = structlog.get_logger("wardwire.engine.muster")
_ENCODE = msgspec.json.Encoder().encode


class Muster:
    """One core's part in it.

    Args:
        pool: Lends connections (asyncpg.Pool).
        name: Of this core's place; it has it again when it is started again.
        node: Of this process.
        stuck: Names the tasks of this process that do not turn any more: then it leaves no sign of life.
        complaints: Says what else is amiss in this process: each a sentence for the desk.

    Attributes:
        last: How things stood at the last look.
    """

    def __init__(
        self,
        *,
        pool: Any,
        clock: Clock,
        writer: Writer,
        rules: Callable[[], Rules],
        name: str,
        node: str,
        serves: str,
        version: str,
        stuck: Callable[[], Sequence[str]] = list,
        complaints: Callable[[], Sequence[str]] = list,
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._writer = writer
        self._rules = rules
        self._name = name
        self._node = node
        self._serves = serves
        self._version = version
        self._stuck = stuck
        self._complaints = complaints
        self._since = clock.now()
        self.last: Mustered | None = None

    async def round(self) -> None:
        """Leave a sign of life, and look for those who leave none."""
        stuck = self._stuck()
        if stuck:
            log.error("task_stuck", core=self._name, tasks=list(stuck))
            return
        now = self._clock.now()
        async with self._pool.acquire() as connection:
            before, silent_at = await beat(
                connection,
                name=self._name,
                node=self._node,
                serves=self._serves,
                version=self._version,
                since=self._since,
                now=now,
            )
            silent = []
            if now - self._since >= SILENT_AFTER:  # those that start beside us, after an outage, are not silent
                silent = await find_silent(connection, unheard_since=now - SILENT_AFTER, now=now, asker=self._name)
            await forget_cores(connection, now - REMEMBERED)
            cores = [
                Core(row.name, frozenset(row.serves.split(",")), row.beat_at, row.silent_at, row.ended_at is not None)
                for row in await list_cores(connection)
            ]
            self.last = mustered = muster(cores, self._since, now)
            await self._settle(connection, mustered)
        if before != self._node:
            log.info("core_started", core=self._name)
            self._writer.put(_Noticed(FactKind.CORE_STARTED, self._name, self._rules))
        if silent_at is not None:
            self._writer.put(_Noticed(FactKind.CORE_HEARD, self._name, self._rules))
        found = {core.name: core for core in mustered.silent}
        for name, heard_at in silent:
            log.error("core_silent", core=name, last_heard=heard_at.isoformat())
            text = _silence(found[name], mustered) if name in found else ""
            self._writer.put(_Noticed(FactKind.CORE_SILENT, name, self._rules, text))

    async def leave(self) -> None:
        """Say goodbye: nobody need be called because of it."""
        async with self._pool.acquire() as connection:
            await end_core(connection, name=self._name, node=self._node, now=self._clock.now())

    async def _settle(self, connection: asyncpg.Connection, mustered: Mustered) -> None:
        """Bring alarms to how things stand: whoever noticed it may have died before it said so."""
        alarms = await find_open_alarms(connection)
        alarmed = [subject for kind, subject in alarms if kind == KIND]
        for name in over(alarmed, mustered):
            self._writer.put(AlarmOver(KIND, name, "it is heard again, or was stopped in order"))
        for core in mustered.silent:
            # Once for each silence: one that was cleared by hand is not raised again.
            if core.silent_at is None or core.name in alarmed or core.name == self._name:
                continue
            if not await was_raised(connection, KIND, core.name, core.silent_at):
                self._writer.put(Alarm(KIND, core.name, _silence(core, mustered), self._rules, stands=True))
        for duty in mustered.unserved:
            if (UNSERVED, duty) not in alarms:
                text = f"Nobody {DUTIES[duty]} any more: no core process serves {duty}. Start one (wardwire serve)."
                self._writer.put(Alarm(UNSERVED, duty, text, self._rules, stands=True))
        for kind, duty in alarms:
            if kind == UNSERVED and duty in mustered.served:
                self._writer.put(AlarmOver(UNSERVED, duty, "somebody does it again"))
        complaints = self._complaints()
        if complaints and (UNWELL, self._name) not in alarms:
            text = f"The core process {self._name} is not well: {'; '.join(complaints)}. Its log says why."
            self._writer.put(Alarm(UNWELL, self._name, text, self._rules, stands=True))
        elif not complaints and (UNWELL, self._name) in alarms:
            self._writer.put(AlarmOver(UNWELL, self._name, "it is well again"))


def _silence(core: Core, mustered: Mustered) -> str:
    left = mustered.left(core)
    work = f"Nobody {' or '.join(DUTIES[duty] for duty in left)} now" if left else "The others do its work"
    return (
        f"The core process {core.name} has not been heard for {SILENT_AFTER.seconds} seconds. {work}."
        " Is its machine well?"
    )


class _Noticed(Act):
    """Record what was noticed of a core; a silent one is a technical alarm until it is heard again."""

    __slots__ = ("_core", "_kind", "_rules", "_text", "affinity", "lane")

    def __init__(self, kind: FactKind, core: str, rules: Callable[[], Rules], text: str = "") -> None:
        self._kind = kind
        self._core = core
        self._rules = rules
        self._text = text
        self.lane = Lane.HIGH
        self.affinity = hash(core)

    def decide(self, known: Known, batch: Batch, durability: str) -> None:
        """Add the fact, and raise or clear the alarm."""
        batch.record(self._kind, _ENCODE({"core": self._core}).decode())
        if self._text:
            raise_alarm(batch, self._rules(), kind=KIND, subject=self._core, text=self._text, stands=True)
        elif self._kind is FactKind.CORE_HEARD:
            clear_alarm(batch, kind=KIND, subject=self._core, why="it is heard again")

    def committed(self) -> None:
        """It is told."""

    def failed(self, error: WardwireError) -> None:
        """The database is away, or says nothing: that is an alarm of its own."""
        log.error("core_not_recorded", core=self._core, kind=str(self._kind), reason=error)
