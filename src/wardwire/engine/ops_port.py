"""The port for whoever watches: /livez, /readyz, /metrics. A few lines of HTTP/1.1 of our own, so that it answers
even when the API does not, and does nothing else.

Anything that is no plain GET or HEAD is closed quietly: load balancers and scanners knock here all day.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import Callable
from dataclasses import asdict

from wardwire.engine.health import Vitals, readiness
from wardwire.engine.metrics import MEDIA_TYPE
from wardwire.model.clock import Clock

MAX_REQUEST = 8 * 1024
PATIENCE_S = 5.0
MOST_AT_ONCE = 32
# Each process of a machine has the next free one of so many ports.
PORTS_TRIED = 10
_REASON = {200: "OK", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable"}


class TellingPort:
    """Listens for one process; what it says is its kind's own (`answer`)."""

    def __init__(self) -> None:
        self._server: asyncio.Server | None = None
        self._open = 0

    async def start(self, host: str, port: int) -> int:
        """Listen; returns the port, which was free when 0 was asked for. Raises OSError when it is taken."""
        # Two processes that start at once may both bind a port; only `listen` tells one of them that it is taken, and
        # the event loop does not pass that on.
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family)
        self._server = await asyncio.start_server(self._serve, sock=listening, limit=MAX_REQUEST)
        bound: int = listening.getsockname()[1]
        return bound

    async def stop(self) -> None:
        """Close; whoever is being answered is answered."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
            await server.wait_closed()

    def answer(self, method: str, path: str) -> tuple[int, str, bytes]:
        """Answer a request: status, media type, body."""
        raise NotImplementedError

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            if self._open > MOST_AT_ONCE:
                return
            async with asyncio.timeout(PATIENCE_S):
                head = await reader.readuntil(b"\r\n\r\n")
                method, path, version = head.partition(b"\r\n")[0].decode("ascii").split(" ")
                if not version.startswith("HTTP/1."):
                    return
                status, media_type, body = self.answer(method, path)
                writer.write(_render(status, media_type, body, with_body=method != "HEAD"))
                await writer.drain()
        except (OSError, ValueError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            self._open -= 1
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


class OpsPort(TellingPort):
    """Tells of a core."""

    def __init__(self, *, clock: Clock, vitals: Callable[[], Vitals], metrics: Callable[[], bytes]) -> None:
        super().__init__()
        self._clock = clock
        self._vitals = vitals
        self._metrics = metrics

    def answer(self, method: str, path: str) -> tuple[int, str, bytes]:
        """Answer a request: status, media type, body."""
        if method not in ("GET", "HEAD"):
            return 405, "text/plain", b"GET only\n"
        match path.partition("?")[0]:
            case "/livez":
                return 200, "text/plain", b"alive\n"
            case "/readyz":
                return self._ready()
            case "/metrics":
                return 200, MEDIA_TYPE, self._metrics()
        return 404, "text/plain", b"/livez, /readyz, /metrics\n"

    def _ready(self) -> tuple[int, str, bytes]:
        vitals, now = self._vitals(), self._clock.monotonic()
        decided = readiness(vitals, now)
        measured = asdict(vitals)
        probed_at = measured.pop("probed_at")
        measured["probe_age_s"] = None if probed_at is None else round(now - probed_at, 3)
        told = {"ready": decided.ready, "failing": decided.failing, "warnings": decided.warnings, **measured}
        return 200 if decided.ready else 503, "application/json", json.dumps(told).encode() + b"\n"


def _render(status: int, media_type: str, body: bytes, *, with_body: bool) -> bytes:
    head = (
        f"HTTP/1.1 {status} {_REASON[status]}\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + (body if with_body else b"")
