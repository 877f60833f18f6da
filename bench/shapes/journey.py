"""The bare journey: keep, answer, hand on, take the receipt, tell the sender. No rights, facts or deadlines."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable

import msgspec
from asyncpg.pgproto.pgproto import UUID  # the driver's own: made and sent at a tenth of the cost

from bench.shapes.store import Kept, Paged, Received, Store


class Send(msgspec.Struct, tag="send", tag_field="t"):
    """A message of a device for another."""

    id: str
    to: str
    text: str


class Receipt(msgspec.Struct, tag="receipt", tag_field="t"):
    """A device has it."""

    message: str


class Group(msgspec.Struct, tag="group", tag_field="t"):
    """The group of its sender, once."""

    members: list[str]


class Page(msgspec.Struct, tag="page", tag_field="t"):
    """A message for the group of its sender."""

    id: str
    text: str


_read = msgspec.json.Decoder(Send | Receipt | Group | Page).decode
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
        self._callers: dict[UUID, str] = {}  # of pages: one receipt does not end them
        self._groups: dict[str, list[UUID]] = {}
        self.store = Store(self._kept, self._received, self._paged)

    def heard(self, device: str, payload: bytes) -> None:
        """Take a frame of a device."""
        frame = _read(payload)
        if type(frame) is Send:
            content = _quote(frame.text)
            self.store.keep(Kept(new_id(), device, frame.id, UUID(frame.to), content))
        elif type(frame) is Receipt:
            self.store.receive(Received(UUID(frame.message), UUID(device)))
        elif type(frame) is Page:
            content = _quote(frame.text)
            self.store.page(Paged(new_id(), device, frame.id, self._groups[device], content))
        elif type(frame) is Group:
            self._groups[device] = [UUID(name) for name in frame.members]
            self._done = asyncio.ensure_future(self._hand_down([(device, b'{"t":"group"}', False)]))

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

    async def _paged(self, page: Paged, numbers: dict[UUID, int]) -> None:
        hexed = page.id.hex.encode()
        self._callers[page.id] = page.source
        stored = b'{"t":"stored","id":"%b","message":"%b"}' % (page.external_id.encode(), hexed)
        rest = b',"message":"%b","text":%b}' % (hexed, page.content)
        downs: list[Down] = [(page.source, stored, False)]
        downs += [(person.hex, b'{"t":"new","seq":%d%b' % (numbers[person], rest), True) for person in page.people]
        await self._hand_down(downs)

    async def _received(self, batch: list[Received]) -> None:
        downs: list[Down] = []
        for receipt in batch:
            sender = self._senders.pop(receipt.message, None) or self._callers.get(receipt.message)
            if sender is not None:
                status = b'{"t":"status","message":"%b","state":"delivered"}' % receipt.message.hex.encode()
                downs.append((sender, status, False))
        await self._hand_down(downs)


def new_id() -> UUID:
    """Make a UUIDv7 of this machine's clock."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) & ~(0x3 << 62) | 0x7 << 76 | 0x2 << 62
    return UUID(value.to_bytes(16, "big"))
