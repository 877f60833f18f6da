"""A connection to NATS that comes back by itself: subscriptions, publishing, requests.

Callbacks are plain functions, called one after the other straight from the socket's data, so that a batch of
messages costs one wake-up and what they publish goes out as one write. A callback must not block; what needs
to wait hands over to a task of its own. Nothing is kept for a server that is away: `publish` then raises
`Unavailable`, and what to do about it is for those who know what the message was worth.

The addresses that a server advertises are never dialled, only those that were given here.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from wardwire.carrier.errors import CarrierError, Disconnected, LoginRefused, ServerError
from wardwire.carrier.inbox import Inbox
from wardwire.carrier.login import Login
from wardwire.carrier.protocol import (
    NO_RESPONDERS,
    PAYLOAD_MAX,
    Info,
    Message,
    check_subject,
    render_pub,
    render_sub,
    render_unsub,
)
from wardwire.carrier.wire import Timing, Wire
from wardwire.model.errors import Code, Refused, Unavailable

# So many subjects are remembered as well written.
CHECKED_MAX = 100_000
# Whoever has waited at a closed door comes again within so many seconds.
SOON_S = 1.0

Callback = Callable[[str, str, bytes, int], None]
"""`(subject, reply, payload, status)`: reply "" without one; status 0, or the headers' (503: nobody)."""


class State(StrEnum):
    """What can be heard of a connection."""

    CONNECTED = "connected"  # let in, and all subscriptions sent
    DISCONNECTED = "disconnected"  # was connected; trying again without end
    REFUSED = "refused"  # one try failed; the detail says why; trying again without end
    LAME_DUCK = "lame_duck"  # the server is going down; still connected
    CLOSED = "closed"  # by `close` or `drain`; the last word


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where to connect and as whom.

    Attributes:
        servers: `nats://host:port` or `tls://host:port`, tried in turn.
        name: Shown in the server's lists and logs.
        tls: Required for `tls://`; given with `nats://` it is used as well. Never given up for plain text.
        handshake_first: TLS before the server's INFO; the server must be set likewise.
        inbox_prefix: Where answers to our requests arrive; ours alone.
        write_max: Bytes that may wait to be written before `publish` raises `Unavailable`.
        payload_max: Bytes that one received message may have; more ends the connection.
    """

    servers: Sequence[str]
    name: str
    login: Login = field(default_factory=Login)
    tls: ssl.SSLContext | None = None
    handshake_first: bool = False
    inbox_prefix: str = "_INBOX"
    write_max: int = 4 * 1024 * 1024
    payload_max: int = PAYLOAD_MAX
    timing: Timing = field(default_factory=Timing)


class Subscription:
    """A subscription that survives reconnects until `unsubscribe`."""

    __slots__ = ("_connection", "callback", "queue", "sid", "subject")

    def __init__(self, connection: Connection, sid: int, subject: str, queue: str, callback: Callback) -> None:
        self._connection = connection
        self.sid = sid
        self.subject = subject
        self.queue = queue
        self.callback = callback

    def unsubscribe(self) -> None:
        """End it; once this returns the callback is not called again. Repeating does nothing."""
        self._connection._unsubscribe(self)


def _ignore_state(_state: State, _detail: str) -> None: ...


def _ignore_error(_error: Exception) -> None: ...


class Connection:
    """One client of a NATS server or cluster.

    `start`, `close` and `drain` may come in any order and any number of times; a closed connection can be
    started again and keeps its subscriptions.

    Args:
        on_state: Told of every change of state, with a sentence.
        on_error: Told of `ServerError` (permission violations too) and of whatever a callback raised.
        spread: Source of the jitter between tries.
    """

    def __init__(
        self,
        target: Target,
        *,
        on_state: Callable[[State, str], None] = _ignore_state,
        on_error: Callable[[Exception], None] = _ignore_error,
        spread: random.Random | None = None,
    ) -> None:
        self._target = target
        self._on_state = on_state
        self._on_error = on_error
        self._spread = spread or random.Random()
        self._addresses = [_read_address(url) for url in target.servers]
        if not self._addresses:
            raise ValueError("no server to connect to")
        if any(scheme == "tls" for scheme, _, _ in self._addresses) and target.tls is None:
            raise ValueError("tls:// needs a TLS context")
        self._inbox = Inbox(f"{target.inbox_prefix}.{os.urandom(9).hex()}")
        self._inbox_subscription: Subscription | None = None
        self._subscriptions: dict[int, Subscription] = {}
        self._sids = count(1)
        self._wire: Wire | None = None  # only while connected
        self._task: asyncio.Task[None] | None = None
        self._waiters: set[asyncio.Future[None]] = set()
        self._checked: set[str] = set()  # subjects that were published to: the same few again and again
        self._loop: asyncio.AbstractEventLoop | None = None

    # Life ----------------------------------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        """Whether the server has let us in and has not gone away since, as far as we know."""
        return self._wire is not None

    @property
    def info(self) -> Info | None:
        """What the server said of itself and of us (`server_id`, `client_id`); None while not connected."""
        return self._wire.info if self._wire is not None else None

    @property
    def waiting_bytes(self) -> int:
        """Bytes published and not yet handed to the kernel."""
        return self._wire.waiting_bytes if self._wire is not None else 0

    def start(self) -> None:
        """Begin to connect, and return at once; needs a running event loop. Repeating does nothing."""
        if self._task is None:
            self._loop = asyncio.get_running_loop()
            self._task = self._loop.create_task(self._run(), name=f"nats {self._target.name}")

    async def ready(self, timeout_s: float | None = None) -> None:
        """Wait until connected.

        Raises:
            Unavailable: Not within this time, or closed, or never started.
        """
        if self._wire is not None:
            return
        if self._task is None:
            raise Unavailable(Code.UNAVAILABLE, "the connection to the message server is closed")
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            async with asyncio.timeout(timeout_s):
                await waiter
        except TimeoutError:
            raise Unavailable(Code.UNAVAILABLE, "the message server did not let us in in time") from None
        finally:
            self._waiters.discard(waiter)

    def reconnect(self, why: str = "asked to reconnect") -> None:
        """Give the present socket up and connect anew, to the next server if there are several."""
        if self._wire is not None:
            self._wire.abort(Disconnected(why))

    async def close(self) -> None:
        """Write what waits (for a second at most), close, stop trying. Open requests end `Disconnected`."""
        task, self._task = self._task, None
        wire = self._wire  # one that is still trying ends with its task
        if wire is not None:
            wire.close()
            try:
                async with asyncio.timeout(1.0):
                    await wire.closed()
            except TimeoutError:
                wire.abort(Disconnected("closed"))
                await wire.closed()
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            self._tell(State.CLOSED, "closed by us")
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_exception(Unavailable(Code.UNAVAILABLE, "closed"))

    async def drain(self, timeout_s: float = 5.0) -> None:
        """Take no new messages, let those on their way arrive, write what waits, then close."""
        wire = self._wire
        if wire is not None:
            for subscription in self._subscriptions.values():
                if subscription is not self._inbox_subscription:
                    wire.write(render_unsub(subscription.sid))
            with contextlib.suppress(CarrierError, Unavailable):  # gone: nothing more is on its way
                await self.flush(timeout_s)
        await self.close()

    # Use -----------------------------------------------------------------------------------------------

    def subscribe(self, subject: str, callback: Callback, *, queue: str = "") -> Subscription:
        """Subscribe, now and after every reconnect; allowed before `start` as well.

        A refusal by the server's permissions is heard through `on_error`.
        """
        check_subject(subject)
        if queue:
            check_subject(queue)
        subscription = Subscription(self, next(self._sids), subject, queue, callback)
        self._subscriptions[subscription.sid] = subscription
        if self._wire is not None:
            self._wire.write(render_sub(subject, subscription.sid, queue))
        return subscription

    def watch_absent(self, prefix: str, callback: Callable[[str], None]) -> Subscription:
        """Hear at once when nobody was there for a message published with the reply `<prefix>.<token>`.

        The callback gets the token. Real answers on these subjects are ignored.
        """
        start = len(prefix) + 1

        def heard(subject: str, _reply: str, _payload: bytes, status: int) -> None:
            if status == NO_RESPONDERS:
                callback(subject[start:])

        return self.subscribe(f"{prefix}.*", heard)

    def publish(self, subject: str, payload: bytes, reply: str = "") -> None:
        """Send a message; all of one turn of the event loop go out in one write (in several, if much).

        On return it is on its way, no more: nobody has promised anything.

        Raises:
            Unavailable: Not connected, or too much waits already; certainly not sent.
            Refused: `TOO_LARGE`, over the server's max_payload; certainly not sent.
        """
        wire = self._wire
        if wire is None:
            raise Unavailable(Code.UNAVAILABLE, "not connected to the message server")
        size = len(payload)
        if size > wire.payload_max:
            raise Refused(Code.TOO_LARGE, f"more than {wire.payload_max} bytes")
        if " " in reply:
            raise ValueError(f"not a subject: {reply!r}")
        if subject not in self._checked:
            check_subject(subject)
            if len(self._checked) >= CHECKED_MAX:
                self._checked.clear()
            self._checked.add(subject)
        wire.send(render_pub(subject, size, reply), payload, size)

    async def request(self, subject: str, payload: bytes, *, timeout_s: float) -> bytes:
        """Send a message and wait for the first answer; cancelling forgets it.

        Raises:
            NoResponders: Nobody is there; known at once.
            RequestTimeout, Disconnected: Whether it was received is not known.
            Unavailable, Refused: As of `publish`.
        """
        if self._inbox_subscription is None:
            self._inbox_subscription = self.subscribe(f"{self._inbox.prefix}.*", self._inbox.take)
        reply, answer = self._inbox.expect(subject, timeout_s, asyncio.get_running_loop())
        try:
            self.publish(subject, payload, reply)
            return await answer
        finally:
            self._inbox.forget(reply)

    async def flush(self, timeout_s: float = 5.0) -> None:
        """Wait until the server has seen all that was sent before.

        Raises:
            Unavailable: Not connected.
            Disconnected: The connection went, or no answer came in time.
        """
        if self._wire is None:
            raise Unavailable(Code.UNAVAILABLE, "not connected to the message server")
        try:
            async with asyncio.timeout(timeout_s):
                await self._wire.ping()
        except TimeoutError:
            raise Disconnected("no answer to a PING in time") from None

    # For the wire --------------------------------------------------------------------------------------

    def dispatch(self, message: Message) -> None:
        """Hand one message to its subscription; what a callback raises stops nobody else's."""
        subscription = self._subscriptions.get(message.sid)
        if subscription is None:
            return
        try:
            subscription.callback(message.subject, message.reply, message.payload, message.status)
        except Exception as error:
            self._on_error(error)

    def wire_error(self, error: ServerError) -> None:
        """Pass a -ERR on."""
        self._on_error(error)

    def wire_info(self, info: Info) -> None:
        """Hear of a change while connected."""
        if info.lame_duck:
            self._tell(State.LAME_DUCK, f"{info.server_name} is going down")

    def wire_lost(self, wire: Wire, error: CarrierError | None) -> None:
        """Hear that a socket ended."""
        if wire is not self._wire:
            return
        self._wire = None
        self._inbox.fail_all(Disconnected("the connection went before the answer"))
        self._tell(State.DISCONNECTED, str(error or "the server closed the connection"))

    # Inside --------------------------------------------------------------------------------------------

    def _tell(self, state: State, detail: str) -> None:
        try:
            self._on_state(state, detail)
        except Exception as error:
            self._on_error(error)

    def _unsubscribe(self, subscription: Subscription) -> None:
        if self._subscriptions.pop(subscription.sid, None) is not None and self._wire is not None:
            self._wire.write(render_unsub(subscription.sid))

    async def _run(self) -> None:
        """Connect, stay while it holds, and begin again, for ever."""
        assert self._loop is not None
        timing, tries, at = self._target.timing, 0, 0
        while True:
            address = self._addresses[at % len(self._addresses)]
            at += 1
            since, lasted = self._loop.time(), 0.0
            try:
                wire = await self._connect(*address)
            except (OSError, CarrierError, TimeoutError) as error:
                lasted = self._loop.time() - since
                self._tell(State.REFUSED, str(error) or type(error).__name__)
            else:
                self._begin(wire)
                await wire.closed()
                if self._loop.time() - since > timing.retry_s_max:
                    tries = 0  # one that closes us at once must not be asked again at once
            if at % len(self._addresses) == 0 or tries == 0:
                await self._pause(pause_s(timing, tries, lasted, self._spread.uniform))
                tries += 1

    async def _connect(self, scheme: str, host: str, port: int) -> Wire:
        assert self._loop is not None
        loop, target = self._loop, self._target
        tls_first = target.tls is not None and target.handshake_first
        wire = Wire(self, loop, timing=target.timing, write_max=target.write_max, payload_max=target.payload_max)
        tls: dict[str, Any] = {"ssl": target.tls, "server_hostname": host} if tls_first else {}
        try:
            async with asyncio.timeout(target.timing.connect_s):
                await loop.create_connection(lambda: wire, host, port, **tls)
                await wire.log_in(target.login, name=target.name, tls=target.tls, hostname=host, tls_done=tls_first)
        except TimeoutError:
            wire.abort(Disconnected("timeout"))
            raise LoginRefused(f"{host}:{port} did not let us in in {target.timing.connect_s} s") from None
        except BaseException:
            wire.abort(Disconnected("given up"))
            raise
        return wire

    def _begin(self, wire: Wire) -> None:
        """Make this the wire in use: subscriptions first, so that nothing is asked before we can hear."""
        if wire.lost:
            return
        self._wire = wire
        for subscription in self._subscriptions.values():
            wire.write(render_sub(subscription.subject, subscription.sid, subscription.queue))
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._tell(State.CONNECTED, f"{wire.info.server_name} {wire.info.version}")

    async def _pause(self, seconds: float) -> None:
        assert self._loop is not None
        waiter: asyncio.Future[None] = self._loop.create_future()
        timer = self._loop.call_later(seconds, _finish, waiter)
        try:
            await waiter
        finally:
            timer.cancel()


def pause_s(timing: Timing, tries: int, lasted: float, uniform: Callable[[float, float], float]) -> float:
    """Return the seconds until the next try.

    What the last one has lasted was waited already: whoever stood at a door that nobody could open, because the cores
    were away, comes again soon after it was closed; spread, since all of them come.
    """
    wait = min(timing.retry_s_max, timing.retry_s_min * 2.0 ** min(tries, 20)) * uniform(0.5, 1.5)
    return max(wait - lasted, uniform(0.0, min(wait, SOON_S))) if lasted else wait


def _finish(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


def _read_address(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    if parts.scheme not in ("nats", "tls") or not parts.hostname or parts.username or parts.path.strip("/"):
        raise ValueError(f"not a server address: {parts.scheme}://{parts.hostname}; wanted nats://host:port")
    return parts.scheme, parts.hostname, parts.port or 4222
