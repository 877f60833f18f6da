"""Answers to our own requests: one wildcard subscription, a token per request, a timer per request."""

from __future__ import annotations

import asyncio
from itertools import count

from wardwire.carrier.errors import CarrierError, NoResponders, RequestTimeout
from wardwire.carrier.protocol import NO_RESPONDERS


class Inbox:
    """Matches answers to what was asked; knows no socket.

    Args:
        prefix: Two or more tokens that are ours alone, without the final dot.
    """

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self._from = len(prefix) + 1
        self._numbers = count(1)
        self._open: dict[str, tuple[asyncio.Future[bytes], asyncio.TimerHandle, str]] = {}

    def expect(
        self, subject: str, timeout_s: float, loop: asyncio.AbstractEventLoop
    ) -> tuple[str, asyncio.Future[bytes]]:
        """Return the reply subject to send with, and the future of the answer."""
        token = format(next(self._numbers), "x")
        future: asyncio.Future[bytes] = loop.create_future()
        timer = loop.call_later(timeout_s, self._expire, token, timeout_s)
        self._open[token] = future, timer, subject
        return f"{self.prefix}.{token}", future

    def take(self, subject: str, _reply: str, payload: bytes, status: int) -> None:
        """Take an answer; one that nobody waits for (any longer) is dropped."""
        found = self._open.pop(subject[self._from :], None)
        if found is None:
            return
        future, timer, asked = found
        timer.cancel()
        if future.done():
            return
        if status == NO_RESPONDERS:
            future.set_exception(NoResponders(asked))
        else:
            future.set_result(payload)

    def forget(self, reply: str) -> None:
        """Give a request up, e.g. when it could not be sent or its caller was cancelled."""
        found = self._open.pop(reply[self._from :], None)
        if found is not None:
            found[1].cancel()

    def fail_all(self, error: CarrierError) -> None:
        """End every open request with this error."""
        waiting, self._open = self._open, {}
        for future, timer, _ in waiting.values():
            timer.cancel()
            if not future.done():
                future.set_exception(error)

    def _expire(self, token: str, timeout_s: float) -> None:
        future, _, subject = self._open.pop(token)
        if not future.done():
            future.set_exception(RequestTimeout(subject, timeout_s))
