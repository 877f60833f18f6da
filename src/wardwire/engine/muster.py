"""Who of the cores is there: each leaves a sign of life, and looks for those who do not any more.

A core that is started, stopped or hangs is noticed within ten seconds by another one. The supervisor restarts what
dies on its own machine; this notices also what no supervisor sees: a machine that is gone, a process that is frozen.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import structlog

from wardwire.flow.alarm import clear_alarm, raise_alarm
from wardwire.flow.ports import Act, Known, Rules, Writer
from wardwire.model.clock import Clock
from wardwire.model.errors import WardwireError
from wardwire.model.facts import FactKind
from wardwire.model.priority import Lane
from wardwire.store.batch import Batch
from wardwire.store.cores import beat, end_core, find_silent, forget_cores

BEAT_EVERY_S = 2.0
SILENT_AFTER = timedelta(seconds=7)
REMEMBERED = timedelta(days=1)
KIND = "core_silent"

log = structlog.get_logger("wardwire.engine.muster")
_ENCODE = msgspec.json.Encoder().encode


class Muster:
    """One core's part in it.

    Args:
        pool: Lends connections (asyncpg.Pool).
        name: Of this core's place; it has it again when it is started again.
        node: Of this process.
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
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._writer = writer
        self._rules = rules
        self._name = name
        self._node = node
        self._serves = serves
        self._version = version
        self._since = clock.now()

    async def round(self) -> None:
        """Leave a sign of life, and look for those who leave none."""
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
            silent = await find_silent(connection, unheard_since=now - SILENT_AFTER, now=now, asker=self._name)
            await forget_cores(connection, now - REMEMBERED)
        if before != self._node:
            log.info("core_started", core=self._name)
            self._writer.put(_Noticed(FactKind.CORE_STARTED, self._name, self._rules))
        if silent_at is not None:
            self._writer.put(_Noticed(FactKind.CORE_HEARD, self._name, self._rules))
        for name, heard_at in silent:
            log.error("core_silent", core=name, last_heard=heard_at.isoformat())
            self._writer.put(_Noticed(FactKind.CORE_SILENT, name, self._rules))

    async def leave(self) -> None:
        """Say goodbye: nobody need be called because of it."""
        async with self._pool.acquire() as connection:
            await end_core(connection, name=self._name, node=self._node, now=self._clock.now())


class _Noticed(Act):
    """Record what was noticed of a core; a silent one is a technical alarm until it is heard again."""

    __slots__ = ("_core", "_kind", "_rules", "affinity", "lane")

    def __init__(self, kind: FactKind, core: str, rules: Callable[[], Rules]) -> None:
        self._kind = kind
        self._core = core
        self._rules = rules
        self.lane = Lane.HIGH
        self.affinity = hash(core)

    def decide(self, known: Known, batch: Batch, durability: str) -> None:
        """Add the fact, and raise or clear the alarm."""
        batch.record(self._kind, _ENCODE({"core": self._core}).decode())
        if self._kind is FactKind.CORE_SILENT:
            text = (
                f"The core process {self._core} has not been heard for {SILENT_AFTER.seconds} seconds. The others"
                " do its work. Is its machine well?"
            )
            raise_alarm(batch, self._rules(), kind=KIND, subject=self._core, text=text)
        elif self._kind is FactKind.CORE_HEARD:
            clear_alarm(batch, kind=KIND, subject=self._core, why="it is heard again")

    def committed(self) -> None:
        """It is told."""

    def failed(self, error: WardwireError) -> None:
        """The database is away, or says nothing: that is an alarm of its own."""
        log.error("core_not_recorded", core=self._core, kind=str(self._kind), reason=error)
