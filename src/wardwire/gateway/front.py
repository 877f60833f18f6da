"""The one port: TLS ends here; `/nats` goes blindly to the edge's WebSocket, all else to the server of pages and API.

It has a process of its own: thousands of phones that come back at once must hold up neither the path nor the API. It
knows no key but that of its certificate, keeps nothing, and may be killed at any time. Each connection has one
behind it; neither side is read while the other cannot be written.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, cast

import structlog

from wardwire.gateway.limits import LONGEST_WAIT_S, Limits
from wardwire.gateway.requests import Refusal, Requests

HEAD_PATIENCE_S = 10.0
TLS_PATIENCE_S = 10.0
BEHIND_PATIENCE_S = 2.0
# A client that takes nothing for so long is gone; the edge cuts off its own slow readers sooner.
STUCK_S = 30.0
# Bytes that wait for a slow reader before the other side is no longer read.
HIGH_WATER = 64 * 1024

_REASON = {
    400: "Bad Request", 403: "Forbidden", 408: "Request Timeout", 429: "Too Many Requests",
    431: "Request Header Fields Too Large", 501: "Not Implemented", 503: "Service Unavailable",
}  # fmt: skip
_AWAY = "Wardwire is starting, or a part of it is away. Try again in a moment."

log = structlog.get_logger("wardwire.gateway")


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """Where requests go on to. `http` is a socket in the file system: who may open it is believed who a client is."""

    http: str
    nats: tuple[str, int] | None


@dataclass(slots=True, kw_only=True)
class Counts:
    """What the front has done since it began."""

    requests: int = 0
    nats: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    away: int = 0

    def refuse(self, why: str) -> None:
        """Count a connection or request that was turned away."""
        self.refused[why] = self.refused.get(why, 0) + 1


class Front:
    """
    Listens, and lets through.

    Args:
        listening: Bound by whoever starts us.
        context: The certificate as it is now; returns None for a front without TLS, on the loopback.
    """

    def __init__(
        self,
        listening: socket.socket,
        *,
        behind: Behind,
        limits: Limits,
        context: Callable[[], ssl.SSLContext | None],
    ) -> None:
        listening.setblocking(False)
        self.behind = behind
        self.limits = limits
        self.counts = Counts()
        self.blind = 0  # connections to NATS now
        self.away = {"http": False, "nats": False}  # when it was last asked for
        self._listening = listening
        self._context = context
        self._clients: set[_Client] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Let in who comes, until cancelled; then everybody is put out."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                try:
                    accepted, peer = await loop.sock_accept(self._listening)
                except OSError as error:  # no more files, or the client has gone already
                    log.warning("front_accept_failed", errno=error.errno)
                    await asyncio.sleep(0.05)
                    continue
                self._admit(accepted, str(peer[0]))
        finally:
            for task in self._tasks:
                task.cancel()
            for client in list(self._clients):
                client.cut()

    def _admit(self, accepted: socket.socket, address: str) -> None:
        """Take a connection before any TLS is spoken: who holds too many costs us nothing more."""
        loop = asyncio.get_running_loop()
        if not self.limits.admit(address, loop.time()):
            self.counts.refuse("connections")
            accepted.close()
            return
        accepted.setblocking(False)
        self.run(self._welcome(accepted, address))

    async def _welcome(self, accepted: socket.socket, address: str) -> None:
        loop, context = asyncio.get_running_loop(), self._context()
        client = _Client(self, address, secure=context is not None)
        patience = {} if context is None else {"ssl_handshake_timeout": TLS_PATIENCE_S, "ssl_shutdown_timeout": 2.0}
        try:
            await loop.connect_accepted_socket(lambda: client, accepted, ssl=context, **patience)
        except (OSError, EOFError):
            self.counts.refuse("tls")
        finally:
            if not client.connected:  # its end would have said so
                accepted.close()
                self.limits.leave(address, loop.time())

    def run(self, work: Any) -> asyncio.Task[None]:
        """Run a task that ends with us."""
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def came(self, client: _Client) -> None:
        """A client is connected."""
        self._clients.add(client)

    def went(self, client: _Client) -> None:
        """A client has gone."""
        self._clients.discard(client)
        self.limits.leave(client.address, asyncio.get_running_loop().time())
        self.blind -= client.counted_blind


class _Side(asyncio.Protocol):
    """One of two connections that are one: what cannot be written here is not read there."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.other: _Side | None = None
        self._full = False
        self._stuck: asyncio.TimerHandle | None = None

    @property
    def full(self) -> bool:
        """Whether it takes nothing more for now."""
        return self._full

    @property
    def gone(self) -> bool:
        """Whether it is closed, or being closed."""
        return self.transport is None or self.transport.is_closing()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(high=HIGH_WATER)

    def pause_writing(self) -> None:
        self._full = True
        self._stuck = asyncio.get_running_loop().call_later(STUCK_S, self.cut)
        if self.other is not None:
            self.other.read_on()

    def resume_writing(self) -> None:
        self._full = False
        self._calm()
        if self.other is not None:
            self.other.read_on()

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        self._calm()
        other, self.other = self.other, None
        if other is not None:
            other.other = None
            other.close()

    def held(self) -> bool:
        """Whether it must not be read for a reason of its own."""
        return False

    def read_on(self) -> None:
        """Read, or do not, as things stand."""
        if self.transport is None or self.gone:
            return
        if self.held() or (self.other is not None and self.other.full):
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    def write(self, data: bytes) -> None:
        """Write, if it is still there."""
        if self.transport is not None and data and not self.gone:
            self.transport.write(data)

    def close(self) -> None:
        """Close it when everything is written."""
        if self.transport is not None:
            self.transport.close()

    def cut(self) -> None:
        """Close it now."""
        if self.transport is not None:
            self.transport.abort()

    def _calm(self) -> None:
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None


class _Inner(_Side):
    """The connection to what is behind: its bytes go back as they are."""

    def data_received(self, data: bytes) -> None:
        if self.other is not None:
            self.other.write(data)


class _Client(_Side):
    """The connection from outside."""

    def __init__(self, front: Front, address: str, *, secure: bool) -> None:
        super().__init__()
        self.address = address
        self.connected = False
        self.counted_blind = False
        self._front = front
        self._requests = Requests(address, secure=secure)
        self._onward = bytearray()  # read, and not yet passed on
        self._waiting = False  # for what is behind, or because its address asks too often
        self._refused = False
        self._late: asyncio.TimerHandle | None = None

    def held(self) -> bool:
        return self._waiting or self._refused

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.connected = True
        self._front.came(self)
        self._watch_the_head()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._front.went(self)
        self._watch_the_head()

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        before = self._requests.heads
        try:
            self._onward += self._requests.feed(data)
        except Refusal as refusal:
            self._refuse(refusal.status, refusal.why)
            return
        heads = self._requests.heads - before
        self._watch_the_head(heads)
        wait = self._take_turns(heads)
        if wait > LONGEST_WAIT_S:
            self._refuse(429, "too many requests come from your address", wait)
        elif wait > 0 or (self.other is None and self._onward):
            self._go_on_later(wait)
        elif not self._waiting:
            self._pass_on()

    def _take_turns(self, heads: int) -> float:
        """Count what was asked; returns for how long an address that asks too often must wait."""
        limits, now = self._front.limits, asyncio.get_running_loop().time()
        self._front.counts.requests += heads
        return max((limits.wait_s(self.address, now) for _ in range(heads)), default=0.0)

    def _pass_on(self) -> None:
        onward, self._onward = bytes(self._onward), bytearray()
        if self.other is not None:
            self.other.write(onward)

    def _go_on_later(self, wait: float) -> None:
        if not self._waiting:
            self._waiting = True
            self.read_on()
            self._front.run(self._go_on(wait))

    async def _go_on(self, wait: float) -> None:
        if wait > 0:
            await asyncio.sleep(wait)
        if self.other is None:
            await self._connect()
        self._waiting = False
        self._pass_on()
        self.read_on()

    async def _connect(self) -> None:
        """Connect to what is behind, or say that it is away."""
        loop, behind, nats = asyncio.get_running_loop(), self._front.behind, self._requests.blind
        which = "nats" if nats else "http"
        connecting: Awaitable[tuple[Any, _Inner]]
        if not nats:
            connecting = loop.create_unix_connection(_Inner, behind.http)
        elif behind.nats is not None:
            connecting = loop.create_connection(_Inner, *behind.nats)
        else:
            self._refuse(503, "No device can connect here: this site does not say where its edge speaks WebSocket.")
            return
        try:
            async with asyncio.timeout(BEHIND_PATIENCE_S):
                _, inner = await connecting
        except (OSError, TimeoutError):
            self._front.counts.away += 1
            self._front.away[which] = True
            self._refuse(503, _AWAY, 1)
            return
        self._front.away[which] = False
        if self.gone:
            inner.cut()
            return
        self.other, inner.other = inner, self
        inner.read_on()
        if nats:
            self.counted_blind = True
            self._front.counts.nats += 1
            self._front.blind += 1

    def _refuse(self, status: int, why: str, again_s: float = 0) -> None:
        """Answer for what is behind, if nothing of it can be under way, and close."""
        if self.gone:
            return
        self._refused = True
        self._front.counts.refuse(str(status))
        if self.other is not None:
            self.cut()  # an answer to an earlier request may be on its way: ours would be taken for it
            return
        body = f"{why}\n".encode()
        again = f"Retry-After: {max(1, round(again_s))}\r\n" if again_s else ""
        head = (
            f"HTTP/1.1 {status} {_REASON[status]}\r\nContent-Type: text/plain; charset=utf-8\r\n{again}"
            f"Content-Length: {len(body)}\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
            "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\nConnection: close\r\n\r\n"
        )
        self.write(head.encode() + body)
        self.close()

    def _watch_the_head(self, complete: int = 0) -> None:
        """Give a head its time from its first byte (the first one: from the connection's beginning)."""
        reading = not self.gone and self._requests.reading
        if self._late is not None and (complete or not reading):
            self._late.cancel()
            self._late = None
        if self._late is None and reading:
            self._late = asyncio.get_running_loop().call_later(HEAD_PATIENCE_S, self._too_late)

    def _too_late(self) -> None:
        self._late = None
        self._refuse(408, f"the head of the request did not come within {HEAD_PATIENCE_S:g} s")
