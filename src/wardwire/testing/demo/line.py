"""The hospital's alarm and laboratory systems in the demo: HL7 over one MLLP connection, one message at a time."""

from __future__ import annotations

import asyncio
import contextlib

from wardwire.adapters.hl7.frame import Deframer, render_frame

ANSWER_S = 10.0
TRIES = 3


class AlarmLine:
    """Sends messages and waits for each answer; connects anew when the line broke, and sends the same again."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._turn = asyncio.Lock()
        self._wire: tuple[asyncio.StreamReader, asyncio.StreamWriter, Deframer] | None = None
        self.sent = 0

    async def send(self, message: bytes) -> str:
        """Send one; return the code of its acknowledgement, such as `CA`. Raises OSError when nobody answers."""
        async with self._turn:
            for attempt in range(TRIES):
                try:
                    async with asyncio.timeout(ANSWER_S):
                        return await self._ask(message)
                except (OSError, TimeoutError, EOFError):
                    self._hang_up()
                    if attempt == TRIES - 1:
                        raise ConnectionError("the HL7 door does not answer") from None
                    await asyncio.sleep(0.2)
        raise AssertionError("unreachable")

    async def close(self) -> None:
        """Hang up; repeating does nothing."""
        async with self._turn:
            self._hang_up()

    async def _ask(self, message: bytes) -> str:
        if self._wire is None:
            reader, writer = await asyncio.open_connection(self._host, self._port)
            self._wire = reader, writer, Deframer()
        reader, writer, deframer = self._wire
        writer.write(render_frame(message))
        while data := await reader.read(65_536):
            for answer in deframer.feed(data):
                self.sent += 1
                return answer.decode("utf-8", "replace").split("\r")[1].split("|")[1]
        raise EOFError

    def _hang_up(self) -> None:
        if self._wire is not None:
            with contextlib.suppress(OSError):
                self._wire[1].close()
            self._wire = None
