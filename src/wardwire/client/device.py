"""A device: says hello, hears its person's events in order and once, and says what the person says.

It reconnects without end, and says again what was not answered, with the same id: whatever was stored is stored
once. Everything is kept in memory; who wants to go on after a restart keeps `cursor` and what was shown.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Any
from uuid import UUID, uuid4

import msgspec

from wardwire import __version__
from wardwire.carrier.connection import Connection, State, Target
from wardwire.carrier.login import Login
from wardwire.carrier.wire import Timing
from wardwire.client.card import Card
from wardwire.client.diary import Diary, NoDiary
from wardwire.client.order import Order
from wardwire.client.outbox import Asked, Outbox
from wardwire.devices import frames, proof
from wardwire.devices.frames import (
    PROTOCOL,
    Beat,
    BeatBack,
    Bye,
    Cancel,
    Condensed,
    Confirmed,
    Cursor,
    Done,
    Envelope,
    ErrorFrame,
    Escalate,
    Event,
    Hello,
    Receipt,
    RefusedFrame,
    Relogin,
    Response,
    Resume,
    StatusFrame,
    StoredFrame,
    UnknownFrame,
    Welcome,
    encode,
    read_down,
)
from wardwire.flow.statement import Statement, write_statement
from wardwire.model.errors import Code, Refused, Unavailable, Unknown
from wardwire.model.priority import Priority

Filter = Callable[[bytes], Iterable[bytes]]

EVENTS_MAX = 10_000
SHOWN_MAX = 100_000
GAP_S = 0.1
GAP_S_MAX = 2.0
LOST_S = 2.0
TICK_S = 0.5
_FINAL = frozenset({Code.DEVICE_REVOKED, Code.NOT_PERMITTED, Code.SESSION_REPLACED})
# States of an own delivery that a receipt still changes.
_UNCONFIRMED = frozenset({"pending", "unreachable"})
_FAILED = frozenset({"unreachable", "expired"})


class Closed(Exception):
    """The device is done for good: it was closed, revoked, or the same key is used elsewhere."""


def _as_is(frame: bytes) -> Iterable[bytes]:
    return (frame,)


class Device:
    """One registered device.

    Args:
        card: Its keys and place.
        cursor: Where it left off; None begins with the state as it is.
        shown: Ids of messages that the person has been shown before.
        receipts: Confirm by itself what it was given (`delivered`), and failures of its own messages (`heard`).
        keep: Stores an event for good before it is confirmed; without it, memory must do.
        on_status: Hears how the person's own messages stand, live.
        diary: Written before anything else is done with an event.
        incoming, outgoing: Between the device and the radio: so that tests can drop, double and reorder frames.
        unanswered_max: Requests that may wait for their answers; more raise `Unavailable`.
        clock_ms: The device's own clock, told in the hello and used for nothing.
        version: The protocol version to speak.
    """

    def __init__(
        self,
        card: Card,
        *,
        cursor: Cursor | None = None,
        shown: Iterable[str] = (),
        app: str = f"wardwire/{__version__}",
        receipts: bool = True,
        keep: Callable[[Event], None] | None = None,
        on_status: Callable[[StatusFrame], None] | None = None,
        diary: Diary | None = None,
        tls: ssl.SSLContext | None = None,
        timing: Timing | None = None,
        incoming: Filter = _as_is,
        outgoing: Filter = _as_is,
        unanswered_max: int = 1_000,
        clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        version: int = PROTOCOL,
    ) -> None:
        self.card = card
        self.app = app
        self._receipts = receipts
        self._keep = keep
        self._on_status = on_status
        self._diary = diary or NoDiary()
        self._incoming = incoming
        self._outgoing = outgoing
        self._clock_ms = clock_ms
        self._version = version
        self._order = Order(cursor)
        self._outbox = Outbox(unanswered_max)
        self._unconfirmed = Outbox(EVENTS_MAX)
        self._shown: OrderedDict[str, None] = OrderedDict.fromkeys(shown)
        self._events: deque[Event] = deque()
        self._more = asyncio.Event()
        self._welcomed = asyncio.Event()
        self._ended: BaseException | None = None
        self._hello: Asked | None = None
        self._spent = False  # this hello was refused: it is of no more use
        self._closing: asyncio.Task[None] | None = None
        self._nonce = b""
        self._mac: proof.Mac | None = None
        self.welcome: Welcome | None = None
        self._ticker: asyncio.TimerHandle | None = None
        self._gap: asyncio.TimerHandle | None = None
        self._gap_s = GAP_S
        self._head = 0  # the last event that there is, as far as we were told
        self._asked_at = self._heard_at = self._beat_at = 0.0
        self._up = f"d.{card.name}.up"
        self._connection = Connection(
            Target(
                servers=(card.place.server,),
                name=f"device {card.name}",
                login=Login.by_key(card.keys.signing),
                tls=tls or _tls_of(card),
                timing=timing or Timing(),
            ),
            on_state=self._on_state,
            on_error=self._on_error,
        )
        self._connection.subscribe(f"d.{card.name}.down.>", self._on_message)
        self.errors: deque[str] = deque(maxlen=100)

    # Life ------------------------------------------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        """Whether a core has welcomed this connection."""
        return self._mac is not None and self._connection.connected

    @property
    def session(self) -> str:
        """The session that is open; "" without one."""
        return self.welcome.session if self.welcome and self._mac else ""

    @property
    def cursor(self) -> Cursor | None:
        """The last event that was applied."""
        return self._order.cursor

    @property
    def ended(self) -> BaseException | None:
        """Why the device is done for good, if it is."""
        return self._ended

    @property
    def unanswered(self) -> int:
        """How many requests and receipts wait for their answers."""
        return len(self._outbox) + len(self._unconfirmed)

    def start(self) -> None:
        """Begin to connect, and return at once."""
        self._connection.start()
        if self._ticker is None:
            self._tick()

    async def connect(self, timeout_s: float | None = 30.0) -> Welcome:
        """Connect and wait for the welcome of a core.

        Raises:
            Closed: The device is revoked, or closed.
            Unavailable: Not within this time; it goes on trying.
        """
        self.start()
        return await self.welcomed(timeout_s)

    async def welcomed(self, timeout_s: float | None = 30.0) -> Welcome:
        """Wait until a session is open. Raises as `connect`."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._welcomed.wait()
        except TimeoutError:
            raise Unavailable(Code.UNAVAILABLE, "no core has welcomed this device in time") from None
        if self._ended is not None or self.welcome is None:
            raise Closed(str(self._ended)) from self._ended
        return self.welcome

    async def close(self) -> None:
        """Close; what is not answered ends as *unknown*. Repeating does nothing."""
        self._end(Closed("closed"))
        if self._closing is not None:
            await self._closing

    async def __aenter__(self) -> Device:
        await self.connect()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def reconnect(self) -> None:
        """Give the connection up and make a new one: as if the radio had gone."""
        self._connection.reconnect()

    # What the person sees ----------------------------------------------------------------------------------------

    async def events(self) -> AsyncIterator[Event]:
        """Give every event once, in order, until the device is done for good. For one reader."""
        while True:
            while self._events:
                yield self._events.popleft()
            if self._ended is not None:
                return
            self._more.clear()
            await self._more.wait()

    async def next_event(self, timeout_s: float | None = None) -> Event:
        """Give the next event.

        Raises:
            TimeoutError: None came.
            Closed: None will come.
        """
        async with asyncio.timeout(timeout_s):
            while not self._events:
                if self._ended is not None:
                    raise Closed(str(self._ended)) from self._ended
                self._more.clear()
                await self._more.wait()
        return self._events.popleft()

    # What the person says ----------------------------------------------------------------------------------------

    async def send(self, statement: Statement, *, timeout_s: float | None = None) -> StoredFrame:
        """Send a message; returns when it is stored.

        The same statement again (same id) is the same message: safe after any error but `Refused`.

        Raises:
            Refused: It was not kept, and will not be.
            Unknown: No answer within this time; it is not said again.
            Unavailable: Too much waits already; it was not said.
            Closed: The device is done.
        """
        stored: StoredFrame = await self._ask(statement.id, write_statement(statement), timeout_s)
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
        done: Done = await self._ask(request, encode(response), timeout_s)
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
        stored: StoredFrame = await self._ask(request, encode(frame), timeout_s)
        return stored

    async def cancel(
        self, message: str, *, recall: bool = False, id: str = "", timeout_s: float | None = None
    ) -> Done:
        """Take an own message back; recalled, devices no longer show it. Raises as `send`."""
        request = id or uuid4().hex
        frame = Cancel(id=request, message=message, recall=recall)
        done: Done = await self._ask(request, encode(frame), timeout_s)
        return done

    def receipt(self, message: str, kind: str = "delivered", *, priority: str = Priority.HIGH) -> None:
        """Say that a message is stored here, was read, or that its failure was seen; said again until confirmed."""
        request = f"{kind[0]}{message}"
        if self._unconfirmed.get(request) is not None:
            return
        body = encode(Receipt(message=message, kind=kind, p=Priority(priority), id=request))
        asked = Asked(body, "", None)
        self._unconfirmed.add(request, asked)
        self._say(asked)

    def beat(self) -> None:
        """Say where this device stands, and ask for what is missing."""
        cursor = self._order.cursor or Cursor(epoch=0, seq=0)
        self._publish(encode(Beat(epoch=cursor.epoch, seq=cursor.seq)))
        self._beat_at = time.monotonic()

    def resume(self) -> None:
        """Ask for everything after the cursor."""
        self._asked_at = time.monotonic()
        cursor = self._order.cursor or Cursor(epoch=0, seq=0)
        self._publish(encode(Resume(epoch=cursor.epoch, seq=cursor.seq)))

    async def _ask(self, request: str, body: bytes, timeout_s: float | None) -> Any:
        if self._ended is not None:
            raise Closed(str(self._ended)) from self._ended
        known = self._outbox.get(request)
        if known is not None and known.answer is not None:
            return await asyncio.shield(known.answer)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        asked = Asked(body, self._sign(body), answer)
        self._outbox.add(request, asked)
        self._say(asked)
        try:
            async with asyncio.timeout(timeout_s):
                return await answer
        except TimeoutError:
            raise Unknown("no answer in time; the same id again will tell") from None
        finally:
            self._outbox.pop(request)

    def _sign(self, body: bytes) -> str:
        return proof.write_bytes(self.card.keys.signing.sign(proof.signed_bytes(self.card.name, body)))

    # Saying ------------------------------------------------------------------------------------------------------

    def _say(self, asked: Asked) -> None:
        asked.said(time.monotonic())
        self._publish(asked.body, asked.sig)

    def _publish(self, body: bytes, sig: str = "") -> None:
        """Say something in the session; without one it is said after the welcome, or at the next tick."""
        if self._mac is None or self.welcome is None:
            return
        mac = self._mac.write(body).decode("ascii")
        self._write(Envelope(v=self._version, body=msgspec.Raw(body), s=self.welcome.session, mac=mac, sig=sig))

    def _write(self, envelope: Envelope) -> None:
        for frame in self._outgoing(encode(envelope)):
            self.write_raw(frame)

    def write_raw(self, frame: bytes) -> None:
        """Send bytes as they are; for those who try what a device must not do."""
        try:
            self._connection.publish(self._up, frame)
        except (Unavailable, Refused) as error:
            self.errors.append(str(error))

    def _say_hello(self) -> None:
        info = self._connection.info
        if info is None or self._ended is not None:
            return
        if self._hello is None:
            self._nonce = os.urandom(16)
            body = encode(
                Hello(
                    device=self.card.place.device,
                    nonce=proof.write_bytes(self._nonce),
                    server_id=info.server_id,
                    cid=info.client_id,
                    clock_ms=self._clock_ms(),
                    app=self.app,
                    resume=self._order.cursor,
                )
            )
            self._hello = Asked(body, self._sign(body), None)
            self._spent = False
        hello = self._hello
        hello.said(time.monotonic())
        self._write(Envelope(v=self._version, body=msgspec.Raw(hello.body), sig=hello.sig))

    # Hearing -----------------------------------------------------------------------------------------------------

    def _on_state(self, state: State, detail: str) -> None:
        if state is State.CONNECTED:
            self._forget_session()
            self._say_hello()
        elif state in (State.DISCONNECTED, State.CLOSED):
            self._forget_session()
        if state is State.REFUSED:
            self.errors.append(detail)

    def _on_error(self, error: Exception) -> None:
        self.errors.append(f"{type(error).__name__}: {error}")

    def _forget_session(self) -> None:
        self._mac = None
        self._hello = None
        if self._ended is None:
            self._welcomed.clear()

    def _on_message(self, _subject: str, _reply: str, payload: bytes, _status: int) -> None:
        if self._ended is not None:
            return
        self._heard_at = time.monotonic()
        for frame in self._incoming(payload):
            self._take(frame)

    def _take(self, payload: bytes) -> None:
        try:
            frame = read_down(payload)
        except Refused as refused:
            self.errors.append(str(refused))  # a newer core may know more words
            return
        match frame:
            case Event():
                self._apply(self._order.take(frame) if len(self._events) < EVENTS_MAX else [])
                self._mind_the_gap()
            case StatusFrame():
                self._diary.status(frame)
                if self._on_status is not None:
                    self._on_status(frame)
            case StoredFrame() | Done():
                self._answered(frame.id, frame)
            case Confirmed():
                for request in frame.ids:
                    self._unconfirmed.pop(request)
            case RefusedFrame():
                self._refused(frame)
            case ErrorFrame():
                self._failed(frame)
            case UnknownFrame():
                self._later(frame.id)
            case Welcome():
                self._greeted(frame)
            case Condensed():
                if self._order.condensed(frame):
                    self._diary.condensed(frame)
                    self._apply(self._order.drain())
                self._mind_the_gap()
            case BeatBack():
                self._head = frame.head
                if frame.again:
                    self._say_all_again()
                if frame.head != self._order.seq and not self._order.behind:
                    self.resume()
            case Relogin():
                info = self._connection.info
                if info is not None and (info.server_id, info.client_id) == (frame.server_id, frame.cid):
                    self._connection.reconnect("asked to log in anew")
            case Bye():
                if frame.why != Code.SESSION_REPLACED or frame.session == self.session:
                    self._end(Closed(frame.why))

    def _greeted(self, welcome: Welcome) -> None:
        if self._hello is None or welcome.nonce != proof.write_bytes(self._nonce):
            return  # another connection's, or the same once more
        site = proof.read_bytes(self.card.place.site_x25519)
        key = proof.session_key(self.card.keys.agreement, site, nonce=self._nonce, session=UUID(hex=welcome.session))
        self._mac = proof.Mac(key)
        self._hello = None
        self.welcome = welcome
        self._beat_at = time.monotonic()
        self._head = welcome.head
        self._asked_at = time.monotonic()  # the hello was the question
        self._welcomed.set()
        for asked in (*self._outbox.all(), *self._unconfirmed.all()):
            self._say(asked)

    def _apply(self, events: Iterable[Event]) -> None:
        """Show events: each message once, whatever comes of it."""
        for event in events:
            shown = event.message is not None and event.id not in self._shown and event.event != "recalled"
            self._diary.seen(event, shown)
            if shown:
                self._shown[event.id] = None
                if len(self._shown) > SHOWN_MAX:
                    self._shown.popitem(last=False)
            if self._keep is not None:
                self._keep(event)
            if self._receipts:
                self._confirm(event)
            self._events.append(event)
            self._more.set()

    def _confirm(self, event: Event) -> None:
        own = self.card.place.person
        priority = event.message.priority if event.message else Priority.HIGH
        states = {view.person: view.state for view in event.deliveries}
        try:
            unconfirmed = states.get(own, "pending" if event.event in ("new", "ring") else "")
            if event.message is not None and unconfirmed in _UNCONFIRMED:
                self.receipt(event.id, "delivered", priority=priority)
            if event.event in _FAILED and any(who != own for who in states):
                self.receipt(event.id, "heard", priority=priority)
        except Unavailable as error:
            self.errors.append(str(error))  # the server's deadline decides then

    def _mind_the_gap(self) -> None:
        """If something is missing, and stays so for a moment, ask for it."""
        if not self._order.behind or self._gap is not None:
            return
        at = self._order.cursor

        def look() -> None:
            self._gap = None
            stuck = self._order.behind and self._order.cursor == at
            self._gap_s = min(GAP_S_MAX, self._gap_s * 2) if stuck else GAP_S
            if stuck and self._ended is None:
                self.resume()
            if self._ended is None:
                self._mind_the_gap()

        self._gap = asyncio.get_running_loop().call_later(self._gap_s, look)

    def _answered(self, request: str, result: Any) -> None:
        asked = self._outbox.pop(request)
        if asked is not None and asked.answer is not None and not asked.answer.done():
            if isinstance(result, BaseException):
                asked.answer.set_exception(result)
            else:
                asked.answer.set_result(result)

    def _refused(self, frame: RefusedFrame) -> None:
        refused = Refused(_code(frame.code), frame.detail, pointer=frame.pointer, **frame.fields)
        if self._hello is not None and frame.id == proof.write_bytes(self._nonce):
            self.errors.append(str(refused))
            if refused.code in _FINAL:
                self._end(refused)
            else:
                self._spent = True  # another nonce, in two seconds
            return
        if not frame.id or self._unconfirmed.pop(frame.id) is not None:
            self.errors.append(str(refused))
        self._answered(frame.id, refused)

    def _failed(self, frame: ErrorFrame) -> None:
        self.errors.append(f"{frame.code}: {frame.detail}")
        if frame.code == Code.SESSION_UNKNOWN and frame.session == self.session and self.session:
            self._mac = None
            self._welcomed.clear()
            self._hello = None
            self._say_hello()
        elif frame.id:
            self._later(frame.id)

    def _say_all_again(self) -> None:
        """A core is here again: what was on its way to it may be lost."""
        if self._mac is None:
            if self._hello is not None:
                self._say_hello()
            return
        for asked in self._outbox.all():
            self._say(asked)

    def _later(self, request: str) -> None:
        """It was not kept, or nobody knows: say it again, with the same id, soon."""
        asked = self._outbox.get(request) or self._unconfirmed.get(request)
        if asked is not None:
            asked.said(time.monotonic())

    # Time --------------------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        """Twice a second: say again what is due, beat, and see whether anybody is there."""
        self._ticker = asyncio.get_running_loop().call_later(TICK_S, self._tick)
        now = time.monotonic()
        if not self._connection.connected:
            return
        if self._mac is None:
            if self._hello is None or self._hello.again_at <= now:
                if self._spent:
                    self._hello = None
                self._say_hello()
            return
        for asked in (*self._outbox.due(now), *self._unconfirmed.due(now)):
            self._say(asked)
        if self._order.seq < self._head and now - self._asked_at > LOST_S:
            self.resume()  # the answer to an earlier question was lost
        beat_s = self.welcome.beat_s if self.welcome else frames.BEAT_S
        if now - self._beat_at >= beat_s:
            self.beat()
        if now - self._heard_at > 3 * beat_s:
            # The connection stays: its server answers PINGs, so it is the cores that are away, and nobody could
            # let us in again. A hello finds out whether they have forgotten us.
            self._heard_at = now
            self._hello = None
            self._say_hello()

    def _end(self, why: BaseException) -> None:
        if self._ended is not None:
            return
        self._ended = why
        self._mac = None
        for timer in (self._ticker, self._gap):
            if timer is not None:
                timer.cancel()
        self._ticker = self._gap = None
        for asked in self._outbox.all():
            if asked.answer is not None and not asked.answer.done():
                asked.answer.set_exception(Unknown("the device was closed before the answer"))
                asked.answer.exception()  # it may be that nobody asks for it any more
        self._welcomed.set()
        self._more.set()
        self._closing = asyncio.get_running_loop().create_task(self._connection.close())


def _code(written: str) -> Code:
    try:
        return Code(written)
    except ValueError:
        return Code.INVALID  # a newer core's word


def _tls_of(card: Card) -> ssl.SSLContext | None:
    if not card.place.server.startswith("tls://"):
        return None
    return ssl.create_default_context(cadata=card.place.authority or None)
