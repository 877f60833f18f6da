"""The one port as far as the app needs it: its files, registration, and `/nats` blindly to the edge's WebSocket.

The real one (wardwire.gateway) has tests of its own; this one can be cut in the middle of anything.
"""

from __future__ import annotations

import asyncio
import json
import mimetypes
from pathlib import Path

from wardwire.devices.registration import DeviceRegistration
from wardwire.model.errors import Refused

WEBAPP = Path(__file__).parents[2] / "src" / "wardwire" / "webapp"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEAD_MAX = 16_384


class Front:
    """Listens on a free port of the loopback. `edge` is host and port of the edge's WebSocket.

    Attributes:
        delay_s: So much later everything arrives, either way.
    """

    def __init__(self, registration: DeviceRegistration, edge: str) -> None:
        self._registration = registration
        self._edge = edge.rpartition(":")
        self._server: asyncio.Server | None = None
        self._lines: set[asyncio.StreamWriter] = set()
        self.port = 0
        self.away = False
        self.delay_s = 0.0
        # A Wi-Fi that wants to be signed in to: every answer is its own page.
        self.portal = False
        # Another version of the app: its script has another name.
        self.renamed = False
        # While it is not set every line stays open, and nothing comes through.
        self.flows = asyncio.Event()
        self.flows.set()

    @property
    def url(self) -> str:
        """Where browsers find the app."""
        return f"http://localhost:{self.port}"

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=HEAD_MAX)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Let nobody in any more, and put everybody out."""
        self.cut()
        if self._server is not None:
            self._server.close()

    def cut(self) -> None:
        """Go away, as a radio does: every line ends, no new one is answered."""
        self.away = True
        for line in list(self._lines):
            line.transport.abort()

    def restore(self) -> None:
        """Be there again."""
        self.away = False

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._lines.add(writer)
        try:
            if self.away:
                writer.transport.abort()
                return
            head = await reader.readuntil(b"\r\n\r\n")
            method, path, _ = head.split(b" ", 2)
            if self.portal:
                _answer(writer, "200 OK", "text/html", b"<!doctype html><title>Guests</title>Please sign in.")
            elif path == b"/nats":
                await self._pass_on(head, reader, writer)
            elif method == b"POST":
                await self._register(head, reader, writer)
            else:
                self._give(path.decode().partition("?")[0], writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._lines.discard(writer)
            writer.close()

    async def _pass_on(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind, onward = await asyncio.open_connection(self._edge[0], int(self._edge[2]))
        self._lines.add(onward)
        onward.write(head)
        ways = [asyncio.create_task(self._pour(*way)) for way in ((reader, onward), (behind, writer))]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        self._lines.discard(onward)
        onward.close()

    async def _pour(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while piece := await source.read(65_536):
            if self.delay_s:
                await asyncio.sleep(self.delay_s)
            await self.flows.wait()
            sink.write(piece)
            await sink.drain()

    async def _register(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if b"content-length" in line)
        body = await reader.readexactly(length)
        try:
            made = await self._registration.register(body, "browser")
        except Refused as refused:
            problem = {"code": str(refused.code), "detail": refused.detail}
            _answer(writer, "401 No", "application/problem+json", json.dumps(problem).encode())
            return
        answer = {"device": made.device, "person": made.person, "name": made.name, "server": made.server}
        _answer(
            writer,
            "201 Created",
            "application/json",
            json.dumps({**answer, "site_x25519": made.site_x25519}).encode(),
        )

    def _give(self, path: str, writer: asyncio.StreamWriter) -> None:
        path = path.replace("/assets/renamed-", "/assets/index-")
        file = WEBAPP / ("index.html" if path == "/" else path.lstrip("/"))
        if not file.resolve().is_relative_to(WEBAPP) or not file.is_file():
            _answer(writer, "404 Not Found", "text/plain", b"not here")
            return
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        body = file.read_bytes()
        if path == "/" and self.renamed:
            body = body.replace(b'src="/assets/index-', b'src="/assets/renamed-')
        _answer(writer, "200 OK", kind, body)


def _answer(writer: asyncio.StreamWriter, status: str, kind: str, body: bytes) -> None:
    writer.write(
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
        f"Content-Security-Policy: {POLICY}\r\nCache-Control: no-cache\r\n\r\n".encode()
        + body
    )
