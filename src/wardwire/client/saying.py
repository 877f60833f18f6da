"""What a device says for its person: kept until it is answered, and said again with the same id until then.

Whatever was stored is stored once. Without a session nothing is said; it is after the next welcome.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from wardwire.client.closed import Closed
from wardwire.client.outbox import Asked, Outbox
from wardwire.client.session import Session
from wardwire.devices.frames import Envelope, Receipt, encode
from wardwire.model.errors import Refused, Unknown
from wardwire.model.priority import Priority

RECEIPTS_MAX = 10_000


class Saying:
    """
    The requests and receipts that wait for their answers.

    Args:
        write: Sends an envelope; never waits, never raises.
        errors: Where trouble is told that nobody waits for.
        unanswered_max: Requests that may wait; more raise `Unavailable`.
    """

    def __init__(
        self, session: Session, write: Callable[[Envelope], None], errors: deque[str], unanswered_max: int
    ) -> None:
        self._session = session
        self._write = write
        self._errors = errors
        self._requests = Outbox(unanswered_max)
        self._receipts = Outbox(RECEIPTS_MAX)
        self._ended: BaseException | None = None

    def __len__(self) -> int:
        return len(self._requests) + len(self._receipts)

    async def ask(self, request: str, body: bytes, timeout_s: float | None) -> Any:
        """Say something signed, and wait for its answer. The same id again waits for the same answer.

        Raises:
            Refused: It was not kept, and will not be.
            Unknown: No answer within this time, or the device was closed before.
            Unavailable: Too much waits already; it was not said.
            Closed: The device is done.
        """
        if self._ended is not None:
            raise Closed(str(self._ended)) from self._ended
        known = self._requests.get(request)
        if known is not None and known.answer is not None:
            return await asyncio.shield(known.answer)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        asked = Asked(body, self._session.sign(body), answer)
        self._requests.add(request, asked)
        self._say(asked)
        try:
            async with asyncio.timeout(timeout_s):
                return await answer
        except TimeoutError:
            raise Unknown("no answer in time; the same id again will tell") from None
        finally:
            self._requests.pop(request)

    def receipt(self, message: str, kind: str, priority: str, call: int = 0) -> None:
        """Say a receipt, and again until it is confirmed. Raises `Unavailable` when too many wait.

        Args:
            call: The event that called anew: the receipt of an earlier call, still unconfirmed, says nothing of it.
        """
        request = f"{kind[0]}{message}.{call}" if call else f"{kind[0]}{message}"
        if self._receipts.get(request) is not None:
            return
        asked = Asked(encode(Receipt(message=message, kind=kind, p=Priority(priority), id=request)), "", None)
        self._receipts.add(request, asked)
        self._say(asked)

    def publish(self, body: bytes, sig: str = "") -> None:
        """Say something in the session that nobody waits for; without a session it is not said."""
        envelope = self._session.prove(body, sig)
        if envelope is not None:
            self._write(envelope)

    def again(self, *, receipts: bool) -> None:
        """Say everything again that is not answered: it may be lost."""
        for asked in (*self._requests.all(), *(self._receipts.all() if receipts else ())):
            self._say(asked)

    def tick(self, now: float) -> None:
        """Say again what is due."""
        for asked in (*self._requests.due(now), *self._receipts.due(now)):
            self._say(asked)

    def _say(self, asked: Asked) -> None:
        asked.said(time.monotonic())
        self.publish(asked.body, asked.sig)

    # Answers -----------------------------------------------------------------------------------------------------

    def answered(self, request: str, result: Any) -> None:
        """Take the answer to a request; an exception is raised where it is waited for."""
        asked = self._requests.pop(request)
        if asked is not None and asked.answer is not None and not asked.answer.done():
            if isinstance(result, BaseException):
                asked.answer.set_exception(result)
            else:
                asked.answer.set_result(result)

    def confirmed(self, requests: list[str]) -> None:
        """Take which receipts are committed."""
        for request in requests:
            self._receipts.pop(request)

    def refused(self, request: str, refused: Refused) -> None:
        """Take a refusal: of a request, of a receipt, or of nothing that has an id."""
        if not request or self._receipts.pop(request) is not None:
            self._errors.append(str(refused))
        self.answered(request, refused)

    def later(self, request: str) -> None:
        """It was not kept, or nobody knows: say it again, with the same id, soon."""
        asked = self._requests.get(request) or self._receipts.get(request)
        if asked is not None:
            asked.said(time.monotonic())

    def end(self, why: BaseException) -> None:
        """Nothing more is said; what is not answered ends as *unknown*."""
        self._ended = why
        for asked in self._requests.all():
            if asked.answer is not None and not asked.answer.done():
                asked.answer.set_exception(Unknown("the device was closed before the answer"))
                asked.answer.exception()  # it may be that nobody asks for it any more
