"""A TCP proxy that is slow, silent or cut on demand: a bad network between two real programs.

Latency delays what passes without changing its order. *Silent* is the half-open connection: sockets stay, new
ones are taken, and nothing passes, one way or both. *Cut* resets every connection and takes no new one.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from types import TracebackType
from typing import Self

_CHUNK = 65536
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER 0: the close is a RST


class TcpProxy:
    """Listens on the loopback and passes everything to one target. Use as an async context manager."""

    def __init__(self, host: str, port: int, *, listen_port: int = 0) -> None:
        self._target = (host, port)
        self.port = listen_port
        self.latency_s = 0.0
        self._flows = {"up": asyncio.Event(), "down": asyncio.Event()}
        self._server: asyncio.Server | None = None
        self._pairs: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self.heal()

    async def __aenter__(self) -> Self:
        await self._listen()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.cut()

    def silence(self, *, up: bool = True, down: bool = True) -> None:
        """Pass nothing any more towards the target (up), towards the client (down), or both."""
        if up:
            self._flows["up"].clear()
        if down:
            self._flows["down"].clear()

    def heal(self) -> None:
        """Pass everything again, what was held back first, at no latency."""
        self.latency_s = 0.0
        for flow in self._flows.values():
            flow.set()

    async def cut(self) -> None:
        """Reset all connections and refuse new ones, until `restore`."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in self._writers:
            connection = writer.get_extra_info("socket")
            with contextlib.suppress(OSError):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            writer.transport.abort()
        for pair in list(self._pairs):
            pair.cancel()
        await asyncio.gather(*self._pairs, return_exceptions=True)

    async def restore(self) -> None:
        """Listen again on the same port."""
        if self._server is None:
            await self._listen()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._pairs.add(task)
        self._writers.add(writer)
        ends = [writer]
        try:
            there_reader, there_writer = await asyncio.open_connection(*self._target)
            self._writers.add(there_writer)
            ends.append(there_writer)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass_on(reader, there_writer, self._flows["up"]))
                group.create_task(self._pass_on(there_reader, writer, self._flows["down"]))
        except* (OSError, asyncio.CancelledError):
            pass
        finally:
            for end in ends:
                end.close()
                self._writers.discard(end)
            self._pairs.discard(task)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, flow: asyncio.Event) -> None:
        clock = asyncio.get_running_loop().time
        waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(maxsize=256)

        async def deliver() -> None:
            while True:
                due, chunk = await waiting.get()
                if (left := due - clock()) > 0:
                    await asyncio.sleep(left)
                await flow.wait()
                if not chunk:
                    writer.write_eof()
                    return
                writer.write(chunk)
                await writer.drain()

        async def take() -> None:
            while True:
                chunk = await reader.read(_CHUNK)
                await waiting.put((clock() + self.latency_s, chunk))
                if not chunk:
                    return

        async with asyncio.TaskGroup() as group:
            group.create_task(take())
            group.create_task(deliver())
