"""The bare journey: keep, answer, hand on, take the receipt, tell the sender. No rights, facts or deadlines."""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable

import msgspec
from asyncpg.pgproto.pgproto import UUID  # the driver's own: made and sent at a tenth of the cost

from bench.shapes.store import Kept, Received, Store


class Send(msgspec.Struct, tag="send", tag_field="t"):
    """A message of a device for another."""

    id: str
    to: str
    text: str


class Receipt(msgspec.Struct, tag="receipt", tag_field="t"):
    """A device has it."""

    message: str


_read = msgspec.json.Decoder(Send | Receipt).decode
_quote = msgspec.json.encode

Down = tuple[str, bytes, bool]
"""`(device, frame, whether absence must be heard of)`."""


class Journey:
    """One core's bare work.

    Args:
        hand_down: Sends frames to devices; called once a committed batch.
    """

    def __init__(self, hand_down: Callable[[list[Down]], Awaitable[None]]) -> None:
        self._hand_down = hand_down
        self._senders: dict[UUID, str] = {}
        self.store = Store(self._kept, self._received)

    def heard(self, device: str, payload: bytes) -> None:
        """Take a frame of a device."""
        frame = _read(payload)
        if type(frame) is Send:
            content = _quote(frame.text)
            self.store.keep(Kept(new_id(), device, frame.id, UUID(frame.to), content))
        elif type(frame) is Receipt:
            self.store.receive(Received(UUID(frame.message), UUID(device)))

    async def _kept(self, batch: list[Kept], numbers: list[int]) -> None:
        downs: list[Down] = []
        for message, number in zip(batch, numbers, strict=True):
            hexed = message.id.hex
            self._senders[message.id] = message.source
            stored = b'{"t":"stored","id":"%b","message":"%b"}'
            downs.append((message.source, stored % (message.external_id.encode(), hexed.encode()), False))
            new = b'{"t":"new","seq":%d,"message":"%b","text":%b}'
            downs.append((message.person.hex, new % (number, hexed.encode(), message.content), True))
        await self._hand_down(downs)

    async def _received(self, batch: list[Received]) -> None:
        downs: list[Down] = []
        for receipt in batch:
            sender = self._senders.pop(receipt.message, None)
            if sender is not None:
                status = b'{"t":"status","message":"%b","state":"delivered"}' % receipt.message.hex.encode()
                downs.append((sender, status, False))
        await self._hand_down(downs)


def new_id() -> UUID:
    """Make a UUIDv7 of this machine's clock."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) & ~(0x3 << 62) | 0x7 << 76 | 0x2 << 62
    return UUID(value.to_bytes(16, "big"))
