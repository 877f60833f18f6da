"""Keeps listeners open: what keeps one shut is told and tried again until it works, while the process goes on."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

import structlog

from wardwire.adapters.contract import Adapter, Health, NotUsable
from wardwire.engine.health import Door
from wardwire.engine.upkeep import Alarm, AlarmOver
from wardwire.flow.ports import Rules, Writer
from wardwire.model.clock import Clock
from wardwire.store.alarms import find_open_alarms

KIND = "adapter_shut"
LOOK_EVERY_S = 1.0
TRY_AGAIN_S = (1.0, 2.0, 5.0, 10.0, 30.0)
_COUNTED = {each.name for each in fields(Health)} & {each.name for each in fields(Door)}

log = structlog.get_logger("wardwire.app")


class Listening:
    """One listener.

    Args:
        name: Of the listener; `adapter` of its kind, `address` where it is to listen.
        make: Makes it anew from its settings, and may raise `NotUsable`.

    Attributes:
        why: Why it is shut, for people; "" = it is open, or was not tried yet.
    """

    def __init__(self, name: str, adapter: str, address: str, make: Callable[[], Adapter], *, clock: Clock) -> None:
        self.name = name
        self.why = ""
        self._kind = adapter
        self._address = address
        self._make = make
        self._clock = clock
        self._adapter: Adapter | None = None
        self._since = clock.now()
        self._tries = 0
        self._next_try = -math.inf

    @property
    def health(self) -> Health:
        """How its adapter is; of one that is shut, as of one that has heard nothing."""
        return self._adapter.health if self._adapter else Health()

    async def keep_open(self) -> None:
        """Open it, unless it is open or was tried a moment ago; what is wrong is kept in `why`, and not raised."""
        if self._adapter is not None or self._clock.monotonic() < self._next_try:
            return
        self._next_try = self._clock.monotonic() + TRY_AGAIN_S[min(self._tries, len(TRY_AGAIN_S) - 1)]
        self._tries += 1
        try:
            adapter = self._make()
            await adapter.start()
        except NotUsable as error:
            self._shut(error.code, f"{error.sentence} {error.remedy}")
        except OSError as error:
            why = error.strerror or type(error).__name__
            self._shut("address", f"{self._address} cannot be listened on: {why}.")
        except Exception as error:
            log.exception("adapter_broke", adapter=self.name)
            self._shut("broke", f"It broke ({type(error).__name__}); the log says more.")
        else:
            self._adapter, self.why, self._since = adapter, "", self._clock.now()
            log.info("adapter_open", adapter=self.name)

    async def renew(self) -> None:
        """Open it anew with what it is made of now; where that cannot be, it goes on as it was."""
        if self._adapter is not None:
            try:
                self._make()
            except NotUsable as error:
                log.error("adapter_not_renewed", adapter=self.name, code=error.code, why=error.sentence)
                return
            await self._adapter.stop()
            self._adapter = None
        self._next_try, self._tries = -math.inf, 0
        await self.keep_open()

    async def close(self) -> None:
        """Close it, if it is open."""
        if self._adapter is not None:
            await self._adapter.stop()

    def told(self) -> Door:
        """Say how it is."""
        health, heard_at = self.health, self.health.heard_at
        return Door(
            name=self.name,
            adapter=self._kind,
            address=self._address,
            state="open" if self._adapter else "shut",
            why=self.why,
            since=self._since.isoformat(timespec="seconds"),
            heard_age_s=None if heard_at is None else round(self._clock.monotonic() - heard_at, 3),
            **{name: getattr(health, name) for name in _COUNTED},
        )

    def _shut(self, code: str, why: str) -> None:
        if why != self.why:
            self.why, self._since = why, self._clock.now()
            log.error("adapter_shut", adapter=self.name, code=code)


class ListenerWatch:
    """Tries shut listeners again, and brings the desk's alarms to how they are. Run `round` (engine/upkeep.keep).

    Args:
        pool: Lends connections (asyncpg.Pool).
        host: This machine: another one has listeners of the same names.
    """

    def __init__(
        self,
        doors: Sequence[Listening],
        *,
        pool: Any,
        writer: Writer,
        rules: Callable[[], Rules],
        host: str,
    ) -> None:
        self._doors = doors
        self._pool = pool
        self._writer = writer
        self._rules = rules
        self._tail = f" on {host}"
        self._calm = False

    async def round(self) -> None:
        """Look once."""
        for door in self._doors:
            await door.keep_open()
        shut = {f"{door.name}{self._tail}": door for door in self._doors if door.why}
        if self._calm and not shut:
            return
        async with self._pool.acquire() as connection:
            found = await find_open_alarms(connection)
        alarmed = {subject for kind, subject in found if kind == KIND and subject.endswith(self._tail)}
        for subject in shut.keys() - alarmed:
            door = shut[subject]
            text = (
                f"The listener {door.name} is shut: {door.why} Until it is open, nobody hears what its source says."
                " It is tried again by itself."
            )
            self._writer.put(Alarm(KIND, subject, text, self._rules, stands=True))
        for subject in alarmed - shut.keys():
            self._writer.put(AlarmOver(KIND, subject, "it is open"))
        self._calm = not shut and not alarmed
