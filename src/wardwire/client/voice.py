"""What a person says through a device: each is a frame with an id, said again until it is answered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from wardwire.client.saying import Saying
from wardwire.devices.frames import (
    AnswerSwap,
    Cancel,
    Done,
    Escalate,
    Nudge,
    OfferSwap,
    Response,
    SetStatus,
    StoredFrame,
    Test,
    WithdrawSwap,
    encode,
)
from wardwire.flow.statement import Statement, write_statement
from wardwire.model.priority import Priority


class Voice:
    """Sends, answers, escalates, cancels, and says receipts; whoever has a session says it (`Saying`)."""

    _saying: Saying

    async def send(self, statement: Statement, *, timeout_s: float | None = None) -> StoredFrame:
        """Send a message; returns when it is stored.

        The same statement again (same id) is the same message: safe after any error but `Refused`.

        Raises:
            Refused: It was not kept, and will not be.
            Unknown: No answer within this time; it is not said again.
            Unavailable: Too much waits already; it was not said.
            Closed: The device is done.
        """
        stored: StoredFrame = await self._saying.ask(statement.id, write_statement(statement), timeout_s)
        return stored

    async def page(self, to: str | Iterable[str], text: str, **fields: Any) -> StoredFrame:
        """Send a text; further fields are those of `Statement`. Priority is `high` unless given."""
        fields.setdefault("priority", Priority.HIGH)
        fields.setdefault("id", uuid4().hex)
        timeout_s = fields.pop("timeout_s", None)
        return await self.send(
            Statement(to=(to,) if isinstance(to, str) else tuple(to), text=text, **fields), timeout_s=timeout_s
        )

    async def respond(
        self,
        message: str,
        answer: str = "",
        *,
        choice: str = "",
        text: str = "",
        id: str = "",
        timeout_s: float | None = None,
    ) -> Done:
        """Answer a message: `accept`, `decline`, `hand_back`, `keep`, `done`, a choice, a text. Raises as `send`."""
        request = id or uuid4().hex
        response = Response(
            id=request,
            message=message,
            accept=answer == "accept",
            decline=answer == "decline",
            hand_back=answer == "hand_back",
            keep=answer == "keep",
            done=answer == "done",
            choice=choice,
            text=text,
        )
        done: Done = await self._saying.ask(request, encode(response), timeout_s)
        return done

    async def escalate(
        self,
        message: str,
        priority: Priority,
        *,
        to: Sequence[str] = (),
        policy: str = "",
        place: str = "",
        id: str = "",
        timeout_s: float | None = None,
    ) -> StoredFrame:
        """Make an alert of a message that one has sent or got. Raises as `send`."""
        request = id or uuid4().hex
        frame = Escalate(id=request, message=message, priority=priority, to=tuple(to), policy=policy, place=place)
        stored: StoredFrame = await self._saying.ask(request, encode(frame), timeout_s)
        return stored

    async def test(self, endpoint: str = "app", *, id: str = "", timeout_s: float | None = None) -> StoredFrame:
        """Try how one is reached: `app`, or one of one's other endpoints (`ept_…`). Raises as `send`."""
        request = id or uuid4().hex
        stored: StoredFrame = await self._saying.ask(request, encode(Test(id=request, endpoint=endpoint)), timeout_s)
        return stored

    async def cancel(
        self,
        message: str,
        *,
        recall: bool = False,
        all_clear: bool = False,
        id: str = "",
        timeout_s: float | None = None,
    ) -> Done:
        """Take an own message back; recalled, devices no longer show it. Raises as `send`.

        `all_clear` ends an alert that one has sent, or has.
        """
        request = id or uuid4().hex
        frame = Cancel(id=request, message=message, recall=recall, all_clear=all_clear)
        done: Done = await self._saying.ask(request, encode(frame), timeout_s)
        return done

    async def nudge(self, message: str, *, id: str = "", timeout_s: float | None = None) -> Done:
        """Ring those again who have not read an own message, or owe an answer to it. Raises as `send`."""
        request = id or uuid4().hex
        done: Done = await self._saying.ask(request, encode(Nudge(id=request, message=message)), timeout_s)
        return done

    async def set_status(
        self,
        status: str,
        *,
        until: datetime | None = None,
        cover: str = "",
        id: str = "",
        timeout_s: float | None = None,
    ) -> Done:
        """Say what one is, until when, and who covers (`per_…`, `rol_…`, `number:…`, `hold`). Raises as `send`."""
        request = id or uuid4().hex
        frame = SetStatus(id=request, status=status, until=until, cover=cover)
        done: Done = await self._saying.ask(request, encode(frame), timeout_s)
        return done

    async def offer_swap(
        self,
        role: str,
        shift: str,
        taker: str,
        *,
        starts_at: datetime | None = None,
        ends_at: datetime | None = None,
        id: str = "",
        timeout_s: float | None = None,
    ) -> Done:
        """Offer a shift of one's own (`shf_…`, `weeks/12`), or a part of it, to somebody. Raises as `send`."""
        request = id or uuid4().hex
        frame = OfferSwap(id=request, role=role, shift=shift, taker=taker, starts_at=starts_at, ends_at=ends_at)
        done: Done = await self._saying.ask(request, encode(frame), timeout_s)
        return done

    async def answer_swap(
        self, swap: str, *, accept: bool | None, id: str = "", timeout_s: float | None = None
    ) -> Done:
        """Say yes or no to a swap; None takes one's own offer back. Raises as `send`."""
        request = id or uuid4().hex
        frame: AnswerSwap | WithdrawSwap = (
            WithdrawSwap(id=request, swap=swap)
            if accept is None
            else AnswerSwap(id=request, swap=swap, accept=accept)
        )
        done: Done = await self._saying.ask(request, encode(frame), timeout_s)
        return done

    def receipt(self, message: str, kind: str = "delivered", *, priority: str = Priority.HIGH, call: int = 0) -> None:
        """Say that a message is stored here, was read, or that its failure was seen; said again until confirmed.

        `call` numbers the event that called somebody anew: each call has a receipt of its own.
        """
        self._saying.receipt(message, kind, priority, call)
