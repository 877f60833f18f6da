"""A device's session: the hello that asks for it, the welcome that opens it, and the proofs of what is said in it.

No I/O; the device sends what is written here. Of the clock it is told.
"""

from __future__ import annotations

import os
from uuid import UUID

import msgspec

from wardwire.client.card import Card
from wardwire.client.outbox import Asked
from wardwire.devices import proof
from wardwire.devices.badges import NONCE_BYTES, seal
from wardwire.devices.frames import Badge, Cursor, Envelope, Hello, Obeyed, OrderFrame, Welcome, encode
from wardwire.model import ids


class Session:
    """
    At most one hello that waits, or one session that is open.

    Args:
        version: The protocol version to speak.

    Attributes:
        hello: The hello that waits for its welcome; the same bytes each time that it is said.
        resumed: What the last hello asked to go on from.
        welcome: The last welcome; its session is open while `mac` is there.
        mac: Proves frames of the open session; None without one.
        spent: The hello was refused: it is of no more use, the next one has another nonce.
    """

    def __init__(self, card: Card, version: int) -> None:
        self._card = card
        self._version = version
        self._nonce = b""
        self.hello: Asked | None = None
        self.resumed: Cursor | None = None
        self.welcome: Welcome | None = None
        self.mac: proof.Mac | None = None
        self.spent = False

    @property
    def id(self) -> str:
        """The session that is open; "" without one."""
        return self.welcome.session if self.welcome and self.mac else ""

    def forget(self) -> None:
        """Nothing is open, and nothing waits: the connection is another one."""
        self.mac = None
        self.hello = None

    def write_hello(
        self, *, server_id: str, cid: int, clock_ms: int, app: str, cursor: Cursor | None, now: float
    ) -> Envelope:
        """Write the hello that waits, or a new one of this connection; `now` is monotonic seconds."""
        if self.hello is None or self.spent:
            self._nonce = os.urandom(16)
            self.resumed = cursor
            body = encode(
                Hello(
                    device=self._card.place.device,
                    nonce=proof.write_bytes(self._nonce),
                    server_id=server_id,
                    cid=cid,
                    clock_ms=clock_ms,
                    app=app,
                    resume=cursor,
                    turn=self._card.place.turn,
                )
            )
            self.hello = Asked(body, self.sign(body), None)
            self.spent = False
        self.hello.said(now)
        return Envelope(v=self._version, body=msgspec.Raw(self.hello.body), sig=self.hello.sig)

    def is_of_hello(self, written: str) -> bool:
        """Whether an answer is to the hello that waits: it carries its nonce."""
        return self.hello is not None and written == proof.write_bytes(self._nonce)

    def open(self, welcome: Welcome) -> bool:
        """Open the session; False for the welcome of another connection, or the same once more."""
        if not self.is_of_hello(welcome.nonce):
            return False
        site = proof.read_bytes(self._card.place.site_x25519)
        key = proof.session_key(self._card.keys.agreement, site, nonce=self._nonce, session=UUID(hex=welcome.session))
        self.mac = proof.Mac(key)
        self.hello = None
        self.welcome = welcome
        return True

    def prove(self, body: bytes, sig: str) -> Envelope | None:
        """Write what is said in the session; None without one."""
        if self.mac is None or self.welcome is None:
            return None
        mac = self.mac.write(body).decode("ascii")
        return Envelope(v=self._version, body=msgspec.Raw(body), s=self.welcome.session, mac=mac, sig=sig)

    def write_obeyed(self, order: OrderFrame) -> Envelope:
        """Write that the device has done what it was ordered."""
        body = encode(Obeyed(device=self._card.place.device, what=order.what, at=order.at))
        return Envelope(v=self._version, body=msgspec.Raw(body), sig=self.sign(body))

    def write_badge(self, request: str, number: str) -> Envelope:
        """Write that a badge was held to this device, sealed for the cores; "" gives the device back."""
        place, sealed = self._card.place, ""
        if number:
            site = proof.read_bytes(place.site_x25519)
            device_id = ids.read_id(ids.DEVICE, place.device)
            sealed = seal(self._card.keys.agreement, site, device_id, number, os.urandom(NONCE_BYTES))
        body = encode(Badge(id=request, device=place.device, turn=place.turn, sealed=sealed))
        return Envelope(v=self._version, body=msgspec.Raw(body), sig=self.sign(body))

    def sign(self, body: bytes) -> str:
        """Sign a body with the device's key: the person says this."""
        return proof.write_bytes(self._card.keys.signing.sign(proof.signed_bytes(self._card.name, body)))
