"""What a device has asked and not been told of yet: kept, and said again with the same id until it is."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

from wardwire.model.errors import Code, Unavailable

AGAIN_S = 2.0


class Asked:
    """One request: its body, byte for byte the same each time, and when to say it again (monotonic seconds)."""

    __slots__ = ("again_at", "answer", "body", "sig", "tries")

    def __init__(self, body: bytes, sig: str, answer: asyncio.Future[Any] | None) -> None:
        self.body = body
        self.sig = sig
        self.answer = answer
        self.again_at = 0.0
        self.tries = 0

    def said(self, now: float) -> None:
        """It was said once more; the wait doubles from two seconds to sixteen."""
        self.again_at = now + AGAIN_S * 2 ** min(self.tries, 3)
        self.tries += 1


class Outbox:
    """Requests by id, oldest first, in memory, bounded."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._asked: OrderedDict[str, Asked] = OrderedDict()

    def __len__(self) -> int:
        return len(self._asked)

    def add(self, request: str, asked: Asked) -> None:
        """Keep a request.

        Raises:
            Unavailable: `OVERLOADED`: too many are waiting for their answers; this one was not said.
        """
        if len(self._asked) >= self._most:
            raise Unavailable(Code.OVERLOADED, "too much waits to be answered")
        self._asked[request] = asked

    def get(self, request: str) -> Asked | None:
        """Return a request that is not answered yet."""
        return self._asked.get(request)

    def pop(self, request: str) -> Asked | None:
        """Take a request out: it is answered, or given up."""
        return self._asked.pop(request, None)

    def due(self, now: float) -> Iterator[Asked]:
        """Give the requests that are to be said (again)."""
        return (asked for asked in list(self._asked.values()) if asked.again_at <= now)

    def all(self) -> Iterator[Asked]:
        """Give every request: after a hello all are said again."""
        return iter(list(self._asked.values()))
