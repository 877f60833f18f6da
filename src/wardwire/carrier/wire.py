"""One socket to one NATS server, from its first byte to its last: TLS, login, keepalive, bounded writes.

It knows nothing of subscriptions and never reconnects; `connection.py` does both.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from dataclasses import dataclass
from typing import Any, Protocol, cast

from wardwire import __version__
from wardwire.carrier.errors import CarrierError, Disconnected, LoginRefused, ProtocolError, ServerError
from wardwire.carrier.login import Login
from wardwire.carrier.protocol import PING, PONG, Err, Info, Message, Okay, Parser, Ping, Pong, render_connect
from wardwire.model.errors import Code, Unavailable

# What a loop turn publishes goes out as one write, a page for a thousand in several: the server works meanwhile.
FLUSH_AT = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The intervals of a connection, in seconds, counted by the event loop's monotonic clock.

    Attributes:
        connect_s: TCP, TLS and login together; a login in a callout's queue may well take seconds.
        ping_s: How often we ask whether the server lives.
        pings_open_max: Unanswered questions after which it does not.
        retry_s_min, retry_s_max: The wait between two rounds over all servers doubles from one to the other,
            each time spread by half.
    """

    connect_s: float = 25.0
    ping_s: float = 10.0
    pings_open_max: int = 2
    retry_s_min: float = 0.05
    retry_s_max: float = 5.0


class Owner(Protocol):
    """Who is told what happens on the wire; called from the event loop, must not block."""

    def dispatch(self, message: Message) -> None: ...
    def wire_error(self, error: ServerError) -> None: ...
    def wire_info(self, info: Info) -> None: ...
    def wire_lost(self, wire: Wire, error: CarrierError | None) -> None: ...


class Wire(asyncio.Protocol):
    """An `asyncio.Protocol` for one life of one socket.

    Args:
        owner: Told of messages, errors and the end.
        write_max: Bytes that may wait to be written, in our list and in the transport, before `send` refuses.
    """

    def __init__(
        self,
        owner: Owner,
        loop: asyncio.AbstractEventLoop,
        *,
        timing: Timing,
        write_max: int,
        payload_max: int,
    ) -> None:
        self.info = Info()
        self.payload_max = self.info.max_payload
        self._owner = owner
        self._loop = loop
        self._timing = timing
        self._write_max = write_max
        self._parser = Parser(payload_max=payload_max)
        self._transport: asyncio.Transport | None = None
        self._first_info: asyncio.Future[Info] = loop.create_future()
        self._lost: asyncio.Future[None] = loop.create_future()
        self._pending: list[bytes] = []
        self._pending_size = 0
        self._flush_due = False
        self._paused = False
        self._pongs: deque[asyncio.Future[None] | None] = deque()  # None: a question of the keepalive
        self._pings_open = 0
        self._ping_timer: asyncio.TimerHandle | None = None
        self._error: CarrierError | None = None
        self._live = False

    # Login ---------------------------------------------------------------------------------------------

    async def log_in(
        self, login: Login, *, name: str, tls: ssl.SSLContext | None, hostname: str, tls_done: bool
    ) -> None:
        """Go from the connected socket to the server's first PONG: only then are we really let in.

        Raises:
            LoginRefused: The server said so.
            CarrierError: It is no NATS server, wants TLS that we were not given, or went away.
        """
        info = await self._until(self._first_info)
        if tls is not None and not tls_done:
            await self._start_tls(tls, hostname)
        elif info.tls_required and not tls_done:
            raise LoginRefused("the server requires TLS and none was configured")
        options: dict[str, Any] = {
            "verbose": False,
            "pedantic": False,
            "echo": True,
            "lang": "python-wardwire",
            "version": __version__,
            "protocol": 1,
            "headers": True,
            "no_responders": True,
            "tls_required": tls is not None,
            "name": name,
        }
        options |= login.options(info.nonce)
        self.write(render_connect(options))
        await self._until(self.ping())
        self._live = True
        self._arm_ping()

    async def _start_tls(self, tls: ssl.SSLContext, hostname: str) -> None:
        if not self.info.tls_required and not self.info.tls_available:
            raise LoginRefused("the server does not offer TLS")  # never go on in plain text
        assert self._transport is not None
        try:
            transport = await self._loop.start_tls(self._transport, self, tls, server_hostname=hostname)
        except (OSError, ssl.SSLError) as error:
            raise LoginRefused(f"TLS: {error}") from error
        if transport is None:
            raise Disconnected("the connection closed during the TLS handshake")
        self._transport = transport
        transport.set_write_buffer_limits(high=self._write_max)

    async def _until(self, future: asyncio.Future[Any]) -> Any:
        """Wait for this, or for the end of the wire, whichever comes first."""
        await asyncio.wait((future, self._lost), return_when=asyncio.FIRST_COMPLETED)
        if not self._lost.done():
            return future.result()
        error = self._error  # the server's own words, where it had any
        if isinstance(error, ServerError):
            raise LoginRefused(error.text)
        raise error or Disconnected("the server closed the connection")

    # asyncio.Protocol ----------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but name
        self._transport.set_write_buffer_limits(high=self._write_max)

    def data_received(self, data: bytes) -> None:
        try:
            events = self._parser.feed(data)
        except ProtocolError as error:
            self.abort(error)
            return
        dispatch = self._owner.dispatch
        for event in events:
            if type(event) is Message:
                dispatch(event)
            else:
                self._handle(event)

    def _handle(self, event: object) -> None:
        match event:
            case Ping():
                self.write(PONG)
            case Pong():
                self._take_pong()
            case Info():
                self.info = event
                self.payload_max = event.max_payload
                if not self._first_info.done():
                    self._first_info.set_result(event)
                elif self._live:
                    self._owner.wire_info(event)
            case Err():
                error = ServerError(event.text)
                if not error.permission:
                    self._error = error  # the server closes now; this will have been why
                self._owner.wire_error(error)
            case Okay():
                pass

    def _take_pong(self) -> None:
        if not self._pongs:
            self.abort(ProtocolError("a PONG that nobody asked for"))
            return
        waiter = self._pongs.popleft()
        self._pings_open = 0
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._lost.done():
            return
        self._transport = None
        self._live = False
        if self._ping_timer is not None:
            self._ping_timer.cancel()
        if self._error is None and exc is not None:
            self._error = Disconnected(str(exc) or type(exc).__name__)
        self._lost.set_result(None)
        for waiter in self._pongs:
            if waiter is not None and not waiter.done():
                waiter.set_exception(Disconnected("the connection went before the answer"))
                waiter.exception()  # whoever still waits hears of it; nobody need
        self._pongs.clear()
        self._pending.clear()
        self._pending_size = 0
        self._owner.wire_lost(self, self._error)

    # Writing -------------------------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Take bytes of ours (PONG, SUB, CONNECT), whatever waits; all of one loop turn go out as one."""
        self._pending.append(data)
        self._pending_size += len(data)
        if not self._flush_due:
            self._flush_due = True
            self._loop.call_soon(self._flush)
        elif self._pending_size > 2 * self._write_max and self._paused:
            self.abort(Disconnected("the server asks without end and reads nothing"))

    def send(self, line: bytes, payload: bytes, size: int) -> None:
        """Take a message of `size` bytes: its line, and what follows it up to the closing CRLF.

        Raises:
            Unavailable: So much waits already that the server evidently does not read; nothing was taken.
        """
        pending = self._pending_size
        if pending >= self._write_max:
            if self._paused:
                raise Unavailable(Code.OVERLOADED, "the write buffer to the message server is full")
            self._flush()
            pending = self._pending_size
        self._pending += (line, payload, b"\r\n")  # as `write`: this is the hot path of every page
        self._pending_size = pending = pending + len(line) + size + 2
        if not self._flush_due:
            self._flush_due = True
            self._loop.call_soon(self._flush)
        elif pending >= FLUSH_AT and not self._paused:
            self._flush()

    def _flush(self) -> None:
        self._flush_due = False
        if self._transport is None or self._paused or not self._pending:
            return
        data = self._pending[0] if len(self._pending) == 1 else b"".join(self._pending)
        self._pending.clear()
        self._pending_size = 0
        self._transport.write(data)

    @property
    def waiting_bytes(self) -> int:
        """What is not yet handed to the kernel."""
        size = self._transport.get_write_buffer_size() if self._transport is not None else 0
        return self._pending_size + size

    # Keepalive and end ---------------------------------------------------------------------------------

    def ping(self) -> asyncio.Future[None]:
        """Ask; the future is done when the server has seen all that was sent before."""
        waiter: asyncio.Future[None] = self._loop.create_future()
        self._pongs.append(waiter)
        self.write(PING)
        return waiter

    def _arm_ping(self) -> None:
        self._ping_timer = self._loop.call_later(self._timing.ping_s, self._keep_alive)

    def _keep_alive(self) -> None:
        if self._pings_open >= self._timing.pings_open_max:
            self.abort(Disconnected("the server does not answer"))
            return
        self._pings_open += 1
        self._pongs.append(None)
        self.write(PING)
        self._arm_ping()

    def abort(self, error: CarrierError) -> None:
        """Give the socket up at once; what waits to be written is lost."""
        self._error = self._error or error
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        """Write what waits, then close."""
        if self._transport is not None:
            self._flush()
            self._transport.close()

    @property
    def lost(self) -> bool:
        """Whether the socket has ended."""
        return self._lost.done()

    async def closed(self) -> None:
        """Wait for the end of the socket."""
        await asyncio.shield(self._lost)
