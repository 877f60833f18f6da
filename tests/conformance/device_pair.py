"""Anna and Ben with a phone each, on a site in this process; and how tests wait for what must come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import msgspec

from wardwire.client.card import Card
from wardwire.client.device import Device
from wardwire.devices import frames, proof
from wardwire.devices.frames import Envelope, Event, encode
from wardwire.testing.site import FAST, Site

PATIENCE_S = 15.0


async def until(condition: Callable[[], object]) -> None:
    """Let the event loop turn until something is so; fail after the patience."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - what it waits for has no event of its own
            await asyncio.sleep(0)


async def take(device: Device, count: int) -> list[Event]:
    """Take the next events of a device."""
    return [await device.next_event(PATIENCE_S) for _ in range(count)]


def make_device(card: Card, **options: Any) -> Device:
    """Make a device that is quick to come back."""
    return Device(card, timing=FAST, **options)


class Raw:
    """A device without manners: says what it is told to, and keeps every frame that it hears."""

    def __init__(self, card: Card, **options: Any) -> None:
        self.heard: list[frames.Down] = []
        self.device = make_device(card, incoming=self._hear, receipts=False, **options)

    def _hear(self, payload: bytes) -> Sequence[bytes]:
        self.heard.append(frames.read_down(payload))
        return (payload,)

    def say(self, body: bytes, *, session: str | None = None, sig: str | None = None, mac: str | None = None) -> None:
        """Say a body with the right proofs, or with others."""
        device = self.device
        assert device._session.mac is not None
        signed = device.card.keys.signing.sign(proof.signed_bytes(device.card.name, body))
        envelope = Envelope(
            v=1,
            body=msgspec.Raw(body),
            s=device.session if session is None else session,
            mac=device._session.mac.write(body).decode() if mac is None else mac,
            sig=proof.write_bytes(signed) if sig is None else sig,
        )
        device.write_raw(encode(envelope))

    async def answer(self, kind: type[frames.Down], count: int = 1) -> Any:
        """Wait for the n-th frame of a kind."""
        await until(lambda: len(self.all(kind)) >= count)
        return self.all(kind)[count - 1]

    def all(self, kind: type[frames.Down]) -> list[Any]:
        """Every frame of a kind so far."""
        return [frame for frame in self.heard if isinstance(frame, kind)]


class Pair:
    """Anna and Ben, connected."""

    def __init__(self, site: Site, anna: Device, ben: Device, people: tuple[UUID, UUID]) -> None:
        self.site = site
        self.anna, self.ben = anna, ben
        self.people = people
        self.statuses: list[str] = []
        anna._on_status = lambda status: self.statuses.append(status.state)

    @property
    def to_ben(self) -> str:
        """Ben, as written."""
        return self.ben.card.place.person
