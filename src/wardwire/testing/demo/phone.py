"""A person's phone in the demo: a real device that can be switched off, and tells who waits what it was given."""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Callable

from wardwire.client.card import Card
from wardwire.client.closed import Closed
from wardwire.client.device import Device
from wardwire.devices.frames import Cursor, Event, StatusFrame
from wardwire.model.delivery import State

KNOWN_MAX = 2_000
FAILED = frozenset({State.UNREACHABLE.value, State.EXPIRED.value})


class Phone:
    """One person's phone.

    Args:
        heard: Called with each event of the inbox, in order.
        on_status: Called when one of the person's own messages moves.
    """

    def __init__(
        self,
        name: str,
        card: Card,
        *,
        cursor: Cursor | None,
        heard: Callable[[Phone, Event], None],
        on_status: Callable[[StatusFrame], None],
    ) -> None:
        self.name = name
        self.person = card.place.person
        self.device_id = card.place.device
        self._card = card
        self._cursor = cursor
        self._heard = heard
        self._on_status = on_status
        self._device: Device | None = None
        self._listener: asyncio.Task[None] | None = None
        self._seen: OrderedDict[tuple[str, str], asyncio.Event] = OrderedDict()
        self._up = asyncio.Event()

    @property
    def is_on(self) -> bool:
        """Whether it is switched on, connected or not."""
        return self._device is not None

    @property
    def connected(self) -> bool:
        """Whether a core has welcomed it."""
        return self._device is not None and self._device.connected

    @property
    def device(self) -> Device:
        """The device. Raises `Closed` while the phone is off."""
        if self._device is None:
            raise Closed(f"{self.name}'s phone is off")
        return self._device

    @property
    def cursor(self) -> Cursor | None:
        """Where it stands in the inbox."""
        return self._device.cursor if self._device is not None else self._cursor

    async def on(self) -> None:
        """Switch it on, and wait until it is connected. Raises `Closed`, `Unavailable`."""
        if self._device is None:
            self._device = Device(self._card, cursor=self._cursor, on_status=self._on_status, app="demo")
            self._device.start()
            self._listener = asyncio.create_task(self._listen(self._device))
            self._up.set()
        await self._device.welcomed()

    async def off(self) -> None:
        """Switch it off; repeating does nothing."""
        device, self._device = self._device, None
        if device is None:
            return
        self._up.clear()
        self._cursor = device.cursor
        await device.close()
        if self._listener is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._listener

    async def until_on(self, timeout_s: float) -> None:
        """Wait until it is switched on; after this time it may still be off."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._up.wait()

    async def got(self, message: str, timeout_s: float) -> bool:
        """Wait until it was given a message; False when that takes too long."""
        return await self._wait((message, "new"), timeout_s)

    async def failed(self, message: str, timeout_s: float) -> bool:
        """Wait until it was told that the person's own message reached nobody, or expired."""
        return await self._wait((message, "failed"), timeout_s)

    async def _wait(self, key: tuple[str, str], timeout_s: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._flag(key).wait()
            return True
        return False

    def _flag(self, key: tuple[str, str]) -> asyncio.Event:
        flag = self._seen.get(key)
        if flag is None:
            flag = self._seen[key] = asyncio.Event()
            if len(self._seen) > KNOWN_MAX:
                self._seen.popitem(last=False)
        return flag

    async def _listen(self, device: Device) -> None:
        async for event in device.events():
            if event.message is not None:
                self._flag((event.id, "new")).set()
            if event.event in FAILED:
                self._flag((event.id, "failed")).set()
            self._heard(self, event)
