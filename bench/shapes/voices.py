"""What devices say and understand, apart from how it is carried: `Bare` here, the product's own frames elsewhere.

The load maker knows only `Voice`; a shape with envelopes and proofs brings another one.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Protocol

import msgspec

TEXT_BYTES = 300


class Sort(IntEnum):
    """What a frame from the core means to the load maker."""

    OTHER = 0
    READY = 1  # the hello is answered: this device may send
    STORED = 2  # (request id, message)
    NEW = 3  # ("", message): to be confirmed by a receipt
    DELIVERED = 4  # ("", message): the round trip is done
    REFUSED = 5  # (request id, the frame): it was not stored, as under overload
    AGAIN = 6  # ("", message): its receipt was not stored: it must be said again
    TROUBLE = 7  # ("", the frame): never expected


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """Who a device of the load maker is.

    Attributes:
        name: The device, 32 hex digits.
        seed: Of its nkey.
        more: Whatever else its voice needs, such as its person or its X25519 secret.
    """

    name: str
    seed: str = ""
    more: dict[str, str] = {}


class Voice(Protocol):
    """One device's frames; may keep state, such as a session key."""

    def opening(self, server_id: str, client_id: int) -> list[bytes]:
        """Return what is said first; with nothing, the device is ready at once."""
        ...

    unstocked: int
    """Sends that had to be made in the middle of a run."""

    def stock(self, count: int) -> None:
        """Make so many sends ahead, where that is worth it; those made before count."""
        ...

    def send(self) -> tuple[bytes, bytes]:
        """Return a new send: its request id, which no other device has, and its frame."""
        ...

    def receipt(self, message: bytes) -> bytes:
        """Return the frame that confirms a message."""
        ...

    def hear(self, payload: bytes) -> tuple[Sort, bytes, bytes]:
        """Return what a frame means, its request id and its message, b"" where it has none."""
        ...


class Bare:
    """Frames without envelope, proof or session, made ahead as far as possible.

    A party with `members` in its `more` (their names, by commas) makes a group of them first, and sends to it.
    """

    __slots__ = ("_after", "_before", "_me", "_members", "_number")
    unstocked = 0

    def __init__(self, me: Party, peer: Party) -> None:
        self._me = me.name[-12:].encode()
        self._number = 0
        self._members = me.more.get("members", "")
        self._before = b'{"t":"page","id":"' if self._members else b'{"t":"send","id":"'
        to = b"" if self._members else b',"to":"%b"' % peer.name.encode()
        self._after = b'"%b,"text":"%b"}' % (to, b"x" * TEXT_BYTES)

    def opening(self, server_id: str, client_id: int) -> list[bytes]:
        if not self._members:
            return []
        return [b'{"t":"group","members":["%b"]}' % b'","'.join(self._members.encode().split(b","))]

    def stock(self, count: int) -> None:
        """Nothing: a send costs next to nothing."""

    def send(self) -> tuple[bytes, bytes]:
        self._number += 1
        request = b"%b.%d" % (self._me, self._number)
        return request, b"%b%b%b" % (self._before, request, self._after)

    def receipt(self, message: bytes) -> bytes:
        return b'{"t":"receipt","message":"%b"}' % message

    def hear(self, payload: bytes) -> tuple[Sort, bytes, bytes]:
        letter = payload[6:8]  # after {"t":"
        if letter == b"ne":
            at = payload.index(b'"message":"') + 11
            return Sort.NEW, b"", payload[at : at + 32]
        if letter == b"st":
            if payload[8:9] == b"o":
                return Sort.STORED, payload[20 : payload.index(b'"', 20)], payload[-34:-2]
            return Sort.DELIVERED, b"", payload[25:57]
        if letter == b"gr":
            return Sort.READY, b"", b""
        return Sort.OTHER, b"", b""
