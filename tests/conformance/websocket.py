"""A way for any client of NATS over WebSocket: what it writes to a port here goes on in frames, and back.

So the suites of devices run over WebSocket as they are; the login (the signed nonce) goes through from end to end.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from typing import Any, cast

from picows import WSError, WSFrame, WSListener, WSMsgType, WSTransport, ws_connect


class _Down(WSListener):
    """What comes in frames is written on as bytes."""

    def __init__(self, client: asyncio.Transport) -> None:
        self._client = client

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is WSMsgType.CLOSE:
            transport.disconnect()
        else:
            self._client.write(frame.get_payload_as_bytes())

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._client.close()


class _Up(asyncio.Protocol):
    """What the client writes goes on in frames."""

    def __init__(self, url: str, options: dict[str, Any]) -> None:
        self._url = url
        self._options = options
        self._waiting = bytearray()
        self._socket: WSTransport | None = None
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._client = cast(asyncio.Transport, transport)
        self._task = asyncio.get_running_loop().create_task(self._connect())

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._socket is not None:
            self._socket.disconnect()

    async def _connect(self) -> None:
        try:
            self._socket, _ = await ws_connect(lambda: _Down(self._client), self._url, **self._options)
        except (OSError, WSError):  # refused, in whatever manner: the client sees that its connection ends
            self._client.close()
        self._send()

    def _send(self) -> None:
        if self._socket is not None and self._waiting:
            self._socket.send(WSMsgType.BINARY, bytes(self._waiting))
            self._waiting.clear()


@contextlib.asynccontextmanager
async def by_websocket(url: str, *, tls: ssl.SSLContext | None = None, **options: Any) -> AsyncIterator[str]:
    """
    Open a port that leads to a WebSocket; gives its address, `nats://…`.

    Args:
        options: For picows' `ws_connect`, such as `extra_headers`.
    """
    options["ssl_context"] = tls
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Up(url, options), "127.0.0.1", 0)
    try:
        yield f"nats://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
