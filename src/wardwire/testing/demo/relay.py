"""The ward's mail relay: takes every e-mail, counts it, keeps nothing. RFC 5321, as far as a client of ours needs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

LINE_MAX = 65_536
IDLE_S = 30.0


class Relay:
    """A relay on a free port of the loopback. `taken` hears the address of each e-mail."""

    def __init__(self, taken: Callable[[str], None] = lambda address: None) -> None:
        self.taken = taken
        self.port = 0

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Relay]:
        """Listen, until left."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=LINE_MAX)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, TimeoutError, ValueError, asyncio.IncompleteReadError):
            async with asyncio.timeout(IDLE_S):
                await self._talk(reader, writer)
        writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address = ""
        writer.write(b"220 ward.example\r\n")
        while line := await reader.readline():
            text = line.decode(errors="replace").strip()
            match text.split(":", 1)[0].split(" ", 1)[0].upper():
                case "EHLO" | "HELO":
                    answer = b"250 ward.example"
                case "RCPT":
                    address = text.partition("<")[2].partition(">")[0]
                    answer = b"250 2.1.5 known"
                case "DATA":
                    writer.write(b"354 go on\r\n")
                    await reader.readuntil(b"\r\n.\r\n")
                    self.taken(address)
                    answer = b"250 2.0.0 taken"
                case "QUIT":
                    writer.write(b"221 2.0.0 bye\r\n")
                    return
                case "MAIL" | "RSET" | "NOOP":
                    answer = b"250 2.0.0 fine"
                case _:
                    answer = b"502 5.5.1 not here"
            writer.write(answer + b"\r\n")
