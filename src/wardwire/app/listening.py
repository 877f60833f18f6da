"""Keeps a listener open: what keeps it shut is told and tried again until it works, while the process goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import fields
from itertools import chain, repeat
from typing import Protocol

import structlog

from wardwire.adapters.contract import Adapter, Health, NotUsable
from wardwire.engine.health import Door
from wardwire.model.clock import Clock

KIND = "adapter_shut"
TRY_AGAIN_S = (1.0, 2.0, 5.0, 10.0, 30.0)

_COUNTED = {each.name for each in fields(Health)} & {each.name for each in fields(Door)}

log = structlog.get_logger("wardwire.app")


class Alarms(Protocol):
    """Where a shut listener is told."""

    def shut(self, name: str, text: str) -> None:
        """Raise the technical alarm of a listener."""
        ...

    async def opened(self, name: str) -> None:
        """Clear it, if it is open: also one of an earlier life of this process."""
        ...


class Listening:
    """One listener.

    Args:
        name: Of the listener; `adapter` of its kind, `address` where it is to listen.
        make: Makes it anew from its settings, and may raise `NotUsable`.
    """

    def __init__(
        self, name: str, adapter: str, address: str, make: Callable[[], Adapter], *, alarms: Alarms, clock: Clock
    ) -> None:
        self.name = name
        self._kind = adapter
        self._address = address
        self._make = make
        self._alarms = alarms
        self._clock = clock
        self._adapter: Adapter | None = None
        self._why = ""
        self._since = clock.now()

    @property
    def health(self) -> Health:
        """How its adapter is; of one that is shut, as of one that has heard nothing."""
        return self._adapter.health if self._adapter else Health()

    async def open(self) -> bool:
        """Try once; whatever is wrong is told, and raised to nobody."""
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
            self._adapter, self._why, self._since = adapter, "", self._clock.now()
            log.info("adapter_open", adapter=self.name)
            await self._alarms.opened(self.name)
        return self._adapter is not None

    async def keep_trying(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Try again until it is open, ever more seldom."""
        for seconds in chain(TRY_AGAIN_S, repeat(TRY_AGAIN_S[-1])):
            await sleep(seconds)
            if await self.open():
                return

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
            why=self._why,
            since=self._since.isoformat(timespec="seconds"),
            heard_age_s=None if heard_at is None else round(self._clock.monotonic() - heard_at, 3),
            **{name: getattr(health, name) for name in _COUNTED},
        )

    def _shut(self, code: str, why: str) -> None:
        if why == self._why:
            return
        self._why, self._since = why, self._clock.now()
        log.error("adapter_shut", adapter=self.name, code=code)
        self._alarms.shut(
            self.name,
            f"The listener {self.name} is shut: {why} Until it is open, nobody hears what its source says. It is"
            " tried again by itself.",
        )
