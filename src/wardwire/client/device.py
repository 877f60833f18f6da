"""A device: says hello, hears its person's events in order and once, and says what the person says.

It reconnects without end, and says again what was not answered, with the same id: whatever was stored is stored
once. Everything is kept in memory; who wants to go on after a restart keeps `cursor` and what was shown.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable

from wardwire import __version__
from wardwire.carrier.connection import Connection, State, Target
from wardwire.carrier.login import Login
from wardwire.carrier.wire import Timing
from wardwire.client.card import Card
from wardwire.client.closed import Closed, HandedOver
from wardwire.client.diary import Diary, NoDiary
from wardwire.client.hearing import Hearing
from wardwire.client.saying import Saying
from wardwire.client.session import Session
from wardwire.client.standing import Standing
from wardwire.client.voice import Voice
from wardwire.client.watching import View
from wardwire.devices import frames
from wardwire.devices.frames import (
    PROTOCOL,
    AboutFrame,
    Ask,
    Beat,
    BeatBack,
    Bye,
    Condensed,
    Confirmed,
    Cursor,
    Done,
    Envelope,
    ErrorFrame,
    Event,
    HolderFrame,
    OrderFrame,
    RefusedFrame,
    Relogin,
    Resume,
    Rows,
    SettingsFrame,
    StatusFrame,
    StoredFrame,
    TeamFrame,
    UnknownFrame,
    Welcome,
    encode,
    read_down,
)
from wardwire.model.errors import Code, Refused, Unavailable

Filter = Callable[[bytes], Iterable[bytes]]

TICK_S = 0.5
# After an outage a person can be rung again so soon: the page that waits must not wait much longer.
RETRY_S_MAX = 2.0
# How often it looks whether there is something new to say of itself.
ABOUT_EVERY_S = 600.0
_FINAL = frozenset({Code.DEVICE_REVOKED, Code.NOT_PERMITTED, Code.SESSION_REPLACED})


def _as_is(frame: bytes) -> Iterable[bytes]:
    return (frame,)


class Device(Voice):
    """One registered device, which says what its person says (`Voice`).

    Args:
        card: Its keys and place.
        cursor: Where it left off; None begins with the state as it is.
        shown: Ids of messages that the person has been shown before.
        receipts: Confirm by itself what it was given (`delivered`), and failures of its own messages (`heard`).
        keep: Stores an event for good before it is confirmed; without it, memory must do.
        on_status: Hears how the person's own messages stand, live.
        on_order: Locks or wipes what this device keeps, when it is lost; on return that is done, and the core is told
            so. Without it there is nothing but what is in memory, and that ends with the device.
        on_settings: Hears how the device is to behave: at each hello, and when it is changed. `settings` is the last.
        on_team: Hears which parts of a team that the person is of, or has called, are there, live.
        about: Says what this device is and how it stands: told after each hello, and from time to time when it has
            changed, to cores that hear it. Called on the event loop: it must not wait.
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
        on_team: Callable[[TeamFrame], None] | None = None,
        on_order: Callable[[OrderFrame], None] | None = None,
        on_settings: Callable[[SettingsFrame], None] | None = None,
        about: Callable[[], AboutFrame] | None = None,
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
        self._on_status = on_status
        self._on_team = on_team
        self._on_order = on_order
        self._on_settings = on_settings
        self._about = about
        self._about_said: AboutFrame | None = None
        self._about_at = 0.0
        self.settings: SettingsFrame | None = None
        self._diary = diary or NoDiary()
        self._incoming = incoming
        self._outgoing = outgoing
        self._clock_ms = clock_ms
        self.errors: deque[str] = deque(maxlen=100)
        self._hearing = Hearing(
            self,
            person=card.place.person,
            cursor=cursor,
            shown=shown,
            diary=self._diary,
            keep=keep,
            receipts=receipts,
            errors=self.errors,
        )
        self._standing = Standing()
        self.view: View | None = None
        self._on_view: Callable[[View, Refused | None], None] = lambda view, refused: None
        self._session = Session(card, version)
        self._saying = Saying(self._session, self._write, self.errors, unanswered_max)
        self._badge = ""
        self._held: asyncio.Future[HolderFrame] | None = None
        self._welcomed = asyncio.Event()
        self._ended: BaseException | None = None
        self._closing: asyncio.Task[None] | None = None
        self._ticker: asyncio.TimerHandle | None = None
        self._heard_at = self._beat_at = 0.0
        self._up = f"d.{card.name}.up"
        self._ways = (".down.m", f".down.h{card.place.turn}")
        self._connection = Connection(
            Target(
                servers=(card.place.server,),
                name=f"device {card.name}",
                login=Login.by_key(card.keys.signing),
                tls=tls or _tls_of(card),
                timing=timing or Timing(retry_s_max=RETRY_S_MAX),
            ),
            on_state=self._on_state,
            on_error=self._on_error,
        )
        self._connection.subscribe(f"d.{card.name}.down.>", self._on_message)

    # Life ------------------------------------------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        """Whether a core has welcomed this connection."""
        return self._session.mac is not None and self._connection.connected

    @property
    def session(self) -> str:
        """The session that is open; "" without one."""
        return self._session.id

    @property
    def welcome(self) -> Welcome | None:
        """The last welcome of a core."""
        return self._session.welcome

    @property
    def cursor(self) -> Cursor | None:
        """The last event that was applied."""
        return self._hearing.cursor

    @property
    def ringing(self) -> list[str]:
        """Ids of the messages that it makes itself heard for now, the oldest first."""
        return list(self._hearing.ringing)

    @property
    def ended(self) -> BaseException | None:
        """Why the device is done for good, if it is."""
        return self._ended

    @property
    def unanswered(self) -> int:
        """How many requests and receipts wait for their answers."""
        return len(self._saying)

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

    def events(self) -> AsyncIterator[Event]:
        """Give every event once, in order, until the device is done for good. For one reader."""
        return self._hearing.events()

    async def next_event(self, timeout_s: float | None = None) -> Event:
        """Give the next event.

        Raises:
            TimeoutError: None came.
            Closed: None will come.
        """
        return await self._hearing.next_event(timeout_s)

    def watch(self, place: str, on_view: Callable[[View, Refused | None], None]) -> View:
        """Show live which alerts run at a unit, building or site; "" = in the whole house. One view at a time.

        Args:
            on_view: Hears after each frame; with a refusal the view has ended.
        """
        self.view, self._on_view = View(place), on_view
        self._ask_view(self.view)
        return self.view

    def unwatch(self) -> None:
        """Show it no longer; repeating does nothing."""
        view, self.view = self.view, None
        if view is not None:
            self._saying.publish(encode(view.end()))

    def _ask_view(self, view: View) -> None:
        word = view.ask(time.monotonic())
        if self.welcome is not None and "watch" in self.welcome.hears:
            self._saying.publish(encode(word))

    def _rows(self, frame: Rows) -> None:
        view = self.view
        if view is None:
            return
        word = view.take(frame, self._heard_at)
        if word is not None:
            self._saying.publish(encode(word))
        if view.frame is frame:
            self._on_view(view, None)

    # What the device says ----------------------------------------------------------------------------------------

    def beat(self) -> None:
        """Say where this device stands, and ask for what is missing."""
        cursor = self.cursor or Cursor(epoch=0, seq=0)
        self._saying.publish(encode(Beat(epoch=cursor.epoch, seq=cursor.seq)))
        self._beat_at = time.monotonic()
        self._ask(self._standing.late(self._beat_at))

    def resume(self) -> None:
        """Ask for everything after the cursor."""
        self._hearing.asked()
        cursor = self.cursor or Cursor(epoch=0, seq=0)
        self._saying.publish(encode(Resume(epoch=cursor.epoch, seq=cursor.seq)))

    def _ask(self, messages: tuple[str, ...]) -> None:
        """Ask how messages stand of which something may have been lost."""
        if messages:
            self._saying.publish(encode(Ask(messages=messages)))

    # Saying ------------------------------------------------------------------------------------------------------

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
        self._write(
            self._session.write_hello(
                server_id=info.server_id,
                cid=info.client_id,
                clock_ms=self._clock_ms(),
                app=self.app,
                cursor=self.cursor,
                now=time.monotonic(),
            )
        )

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
        self._session.forget()
        if self._ended is None:
            self._welcomed.clear()

    def _on_message(self, subject: str, _reply: str, payload: bytes, _status: int) -> None:
        if self._ended is not None or not subject.endswith(self._ways):
            return  # what is on the way of somebody who had this shared device before is not ours
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
                self._standing.event(frame)
                self._hearing.event(frame)
            case StatusFrame():
                if self._standing.status(frame, self._heard_at):
                    self._diary.status(frame)
                    if self._on_status is not None:
                        self._on_status(frame)
            case TeamFrame():
                if self._standing.team(frame) and self._on_team is not None:
                    self._on_team(frame)
            case StoredFrame():
                self._standing.stored(frame, self._heard_at)
                self._saying.answered(frame.id, frame)
            case Done():
                self._saying.answered(frame.id, frame)
            case Confirmed():
                self._saying.confirmed(frame.ids)
            case RefusedFrame():
                self._refused(frame)
            case ErrorFrame():
                self._failed(frame)
            case UnknownFrame():
                self._saying.later(frame.id)
            case Welcome():
                self._greeted(frame)
            case Condensed():
                self._hearing.condensed(frame)
            case BeatBack():
                if frame.again:
                    self._say_all_again()
                self._hearing.beat(frame)
            case Relogin():
                info = self._connection.info
                if info is not None and (info.server_id, info.client_id) == (frame.server_id, frame.cid):
                    self._connection.reconnect("asked to log in anew")
            case SettingsFrame():
                self.settings = frame
                if self._on_settings is not None:
                    self._on_settings(frame)
            case Rows():
                self._rows(frame)
            case OrderFrame():
                self._obey(frame)
            case HolderFrame():
                self._holder(frame)
            case Bye():
                if frame.why != Code.SESSION_REPLACED or frame.session == self.session:
                    self._end(Closed(frame.why))

    def _greeted(self, welcome: Welcome) -> None:
        if not self._session.open(welcome):
            return
        self._beat_at = time.monotonic()
        self._hearing.welcomed(welcome, self._session.resumed)
        self._welcomed.set()
        self._saying.again(receipts=True)
        self._ask(self._standing.questions())
        self._about_said = None
        self._say_about(self._beat_at)
        if self.view is not None:
            self._ask_view(self.view)

    def _say_about(self, now: float) -> None:
        """Say what this device is, unless nothing is new."""
        self._about_at = now
        if self._about is None or self.welcome is None or "about" not in self.welcome.hears:
            return
        about = self._about()
        if about != self._about_said:
            self._about_said = about
            self._saying.publish(encode(about))

    def _refused(self, frame: RefusedFrame) -> None:
        refused = Refused(_code(frame.code), frame.detail, pointer=frame.pointer, **frame.fields)
        if self._session.is_of_hello(frame.id):
            self.errors.append(str(refused))
            if refused.code in _FINAL:
                self._end(refused)
            else:
                self._session.spent = True  # another nonce, in two seconds
            return
        if frame.id and frame.id == self._badge:
            self._badge_refused(refused)
            return
        if self.view is not None and self.view.is_mine(frame.id):
            view, self.view = self.view, None
            self._on_view(view, refused)
            return
        self._saying.refused(frame.id, refused)

    def _badge_refused(self, refused: Refused) -> None:
        if self._held is not None and not self._held.done():
            self._held.set_exception(refused)

    def _obey(self, order: OrderFrame) -> None:
        """Do what a lost device is ordered, and say so: each time that it is told, for the word may be lost."""
        if self._on_order is not None:
            self._on_order(order)
        self._write(self._session.write_obeyed(order))

    async def badge(self, number: str, timeout_s: float = 20.0) -> HolderFrame:
        """Hold a badge to this shared device; "" gives it back. The device then ends with `HandedOver`.

        Whoever had it is signed out by the site first. Safe to repeat when no answer came.

        Raises:
            Refused: `NOT_AUTHENTICATED` (nobody has this badge), `RATE_LIMITED`.
            Unavailable: No answer in time.
        """
        self.start()
        self._badge = os.urandom(8).hex()
        held: asyncio.Future[HolderFrame] = asyncio.get_running_loop().create_future()
        self._held = held
        envelope = self._session.write_badge(self._badge, number)
        try:
            async with asyncio.timeout(timeout_s):
                while not held.done():
                    if self._connection.connected:
                        self._write(envelope)
                    await asyncio.wait({held}, timeout=2.0 if self._connection.connected else TICK_S)
                return held.result()
        except TimeoutError:
            raise Unavailable(Code.UNAVAILABLE, "no core has answered in time; hold the badge to it again") from None
        finally:
            self._badge, self._held = "", None

    def _holder(self, frame: HolderFrame) -> None:
        """Hear who has this device: another than before, and everything of before ends."""
        held = self._held
        if held is not None and not held.done() and (frame.id == self._badge or frame.turn > self.card.place.turn):
            held.set_result(frame)
        if frame.turn > self.card.place.turn:
            self._end(HandedOver(frame))

    def _failed(self, frame: ErrorFrame) -> None:
        self.errors.append(f"{frame.code}: {frame.detail}")
        if frame.id and frame.id == self._badge and frame.code == Code.RATE_LIMITED:
            self._badge_refused(Refused(Code.RATE_LIMITED, frame.detail))
            return
        if frame.code == Code.SESSION_UNKNOWN and frame.session == self.session and self.session:
            self._forget_session()
            self._say_hello()
        elif frame.id:
            self._saying.later(frame.id)

    def _say_all_again(self) -> None:
        """A core is here again: what was on its way to it may be lost."""
        if self._session.mac is None:
            if self._session.hello is not None:
                self._say_hello()
            return
        self._saying.again(receipts=False)
        self._ask(self._standing.questions())
        if self.view is not None:
            self._ask_view(self.view)

    # Time --------------------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        """Twice a second: say again what is due, beat, and see whether anybody is there."""
        self._ticker = asyncio.get_running_loop().call_later(TICK_S, self._tick)
        now = time.monotonic()
        if not self._connection.connected:
            return
        if self._session.mac is None:
            if self._session.hello is None or self._session.hello.again_at <= now:
                self._say_hello()
            return
        self._saying.tick(now)
        self._hearing.tick(now)
        beat_s = self.welcome.beat_s if self.welcome else frames.BEAT_S
        if now - self._beat_at >= beat_s:
            self.beat()
        if self.view is not None and self.view.is_stale(now):
            self._ask_view(self.view)
        if now - self._about_at >= ABOUT_EVERY_S:
            self._say_about(now)
        if now - self._heard_at > 3 * beat_s:
            # The connection stays: its server answers PINGs, so it is the cores that are away, and nobody could
            # let us in again. A hello finds out whether they have forgotten us.
            self._heard_at = now
            self._session.hello = None
            self._say_hello()

    def _end(self, why: BaseException) -> None:
        if self._ended is not None:
            return
        self._ended = why
        self._session.forget()
        if self._ticker is not None:
            self._ticker.cancel()
            self._ticker = None
        self._saying.end(why)
        self._welcomed.set()
        self._hearing.end(why)
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
