"""What peers' devices say: a request, its receipt. They know no stored answer with an id; the request is the id."""

from __future__ import annotations

from bench.shapes.voices import TEXT_BYTES, Party, Sort

TEXT = "x" * TEXT_BYTES


class Plain:
    """Names the requests of one device; how they are written is its carrier's business."""

    __slots__ = ("_me", "_number", "me", "peer")
    unstocked = 0

    def __init__(self, me: Party, peer: Party) -> None:
        self.me = me
        self.peer = peer
        self._me = me.name[-12:].encode()
        self._number = 0

    def opening(self, server_id: str, client_id: int) -> list[bytes]:
        return []

    def stock(self, count: int) -> None:
        """Nothing: a send costs next to nothing."""

    def send(self) -> tuple[bytes, bytes]:
        """Return the next request, twice: the carrier writes it."""
        self._number += 1
        request = b"%b.%d" % (self._me, self._number)
        return request, request

    def receipt(self, message: bytes) -> bytes:
        return message

    def hear(self, payload: bytes) -> tuple[Sort, bytes, bytes]:
        return Sort.OTHER, b"", b""
