"""The product's own frames for the load maker: real proofs, made ahead where they can be."""

from __future__ import annotations

import os
import time
from collections import deque
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from bench.shapes.voices import TEXT_BYTES, Party, Sort
from wardwire.carrier.nkeys import KeyPair
from wardwire.devices import proof
from wardwire.devices.frames import PROTOCOL, Envelope, ErrorFrame, Hello, Welcome, encode, read_down

# Nothing was kept; the same again may be.
_LATER = frozenset({"overloaded", "unavailable"})
_read_welcome = msgspec.json.Decoder(Welcome).decode
_NEW = b'"event":"new","id":"msg_'


class Real:
    """One device. Its sends are signed and sealed ahead (`stock`); the MACs of receipts are made as they are said.

    Told by `Party.more`: device, person, x25519 (secret, hex), site (public, base64url), and of the sender
    `priority` (else medium) and `to` (else the peer's person), or `policy`, by which it escalates, and `place`: `#`
    in it stands for the number of the send, so that no place is called to twice.
    """

    __slots__ = (
        "_after", "_agreement", "_key", "_mac", "_me", "_nonce", "_number", "_placed", "_priority", "_session",
        "_site", "_stock", "unstocked",
    )  # fmt: skip

    def __init__(self, me: Party, peer: Party) -> None:
        more = me.more
        self._me = me
        self._key = KeyPair.from_seed(me.seed)
        self._agreement = more["x25519"]
        self._site = more["site"]
        self._priority = more.get("priority", "medium").encode()
        policy = more.get("policy", "").encode()
        to = b'[],"policy":"%b"' % policy if policy else b'["%b"]' % more.get("to", peer.more["person"]).encode()
        if place := more.get("place", "").encode():
            to += b',"place":"%b"' % place
        self._after = b'","to":%b,"priority":"%b","text":"%b"}' % (to, self._priority, b"x" * TEXT_BYTES)
        self._placed = "place" in more
        self._stock: deque[tuple[bytes, bytes]] = deque()
        self._number = 0
        self._nonce = b""
        self._session = b""
        self._mac: proof.Mac | None = None
        self.unstocked = 0

    def opening(self, server_id: str, client_id: int) -> list[bytes]:
        self._nonce = os.urandom(16)
        body = encode(
            Hello(
                device=self._me.more["device"],
                nonce=proof.write_bytes(self._nonce),
                server_id=server_id,
                cid=client_id,
                clock_ms=time.time_ns() // 1_000_000,
                app="bench",
            )
        )
        return [encode(Envelope(v=PROTOCOL, body=msgspec.Raw(body), sig=self._sign(body).decode()))]

    def stock(self, count: int) -> None:
        while len(self._stock) < count:
            self._stock.append(self._make())

    def send(self) -> tuple[bytes, bytes]:
        if self._stock:
            return self._stock.popleft()
        self.unstocked += 1
        return self._make()

    def receipt(self, message: bytes) -> bytes:
        body = b'{"t":"receipt","message":"msg_%b","kind":"delivered","p":"%b","id":"dmsg_%b"}' % (
            message,
            self._priority,
            message,
        )
        assert self._mac is not None
        return b'{"v":1,"body":%b,"s":"%b","mac":"%b"}' % (body, self._session, self._mac.write(body))

    def hear(self, payload: bytes) -> tuple[Sort, bytes, bytes]:
        letters = payload[6:9]  # after {"t":"
        if letters == b"eve":
            at = payload.find(_NEW, 0, 120) + 24
            return (Sort.NEW, b"", payload[at : at + 32]) if at > 24 else (Sort.OTHER, b"", b"")
        if letters == b"sto":
            end = payload.index(b'"', 20)
            return Sort.STORED, payload[20:end], payload[end + 17 : end + 49]
        if letters == b"sta":
            done = b'"state":"delivered"' in payload
            return (Sort.DELIVERED if done else Sort.OTHER), b"", payload[29:61]
        if letters == b"wel":
            self._open(_read_welcome(payload))
            return Sort.READY, b"", b""
        if letters in (b"ref", b"unk", b"err", b"bye"):
            return _trouble(payload)
        return Sort.OTHER, b"", b""

    def _open(self, welcome: Welcome) -> None:
        mine = X25519PrivateKey.from_private_bytes(bytes.fromhex(self._agreement))
        session = UUID(hex=welcome.session)
        key = proof.session_key(mine, proof.read_bytes(self._site), nonce=self._nonce, session=session)
        self._session, self._mac = session.hex.encode(), proof.Mac(key)

    def _make(self) -> tuple[bytes, bytes]:
        assert self._mac is not None
        self._number += 1
        request = b"%b.%d" % (self._me.name[-12:].encode(), self._number)
        after = self._after.replace(b"#", b"%d" % self._number) if self._placed else self._after
        body = b'{"t":"send","id":"%b%b' % (request, after)
        frame = b'{"v":1,"body":%b,"s":"%b","mac":"%b","sig":"%b"}' % (
            body,
            self._session,
            self._mac.write(body),
            self._sign(body),
        )
        return request, frame

    def _sign(self, body: bytes) -> bytes:
        return proof.write_bytes(self._key.sign(proof.signed_bytes(self._me.name, body))).encode()


def _trouble(payload: bytes) -> tuple[Sort, bytes, bytes]:
    frame = read_down(payload)
    if not isinstance(frame, ErrorFrame) or frame.code not in _LATER or not frame.id:
        return Sort.TROUBLE, b"", payload
    if frame.id.startswith("dmsg_"):
        return Sort.AGAIN, b"", frame.id[5:].encode()
    return Sort.REFUSED, frame.id.encode(), payload
