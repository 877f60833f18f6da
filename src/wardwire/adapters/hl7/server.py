"""Listens for HL7 over MLLP: a thin shell. Frames go to the door, acknowledgements out in the order of messages."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable

import structlog

from wardwire.adapters.contract import Health
from wardwire.adapters.hl7.batch import split_frame
from wardwire.adapters.hl7.door import Hl7Door
from wardwire.adapters.hl7.frame import FRAME_MAX, Deframer, FrameTooLarge, render_frame

CONNECTIONS_MAX = 200
# Messages of one connection that are taken and not answered yet: then it is not read until some are.
IN_FLIGHT_MAX = 64
READ_SIZE = 65_536
# So long a frame that has begun may stand still.
FRAME_IDLE_S = 30.0
STOP_S = 5.0

_Answers = asyncio.Queue[asyncio.Task[list[bytes]] | None]

log = structlog.get_logger("wardwire.adapters.hl7")


class Hl7Server:
    """One listener. `start` opens it, `stop` closes it; both may be repeated."""

    def __init__(
        self,
        door: Hl7Door,
        *,
        name: str,
        host: str,
        port: int,
        tls: ssl.SSLContext | None = None,
        monotonic: Callable[[], float],
    ) -> None:
        self.name = name
        self._door = door
        self._host, self._port = host, port
        self._tls = tls
        self._monotonic = monotonic
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def health(self) -> Health:
        """How it is."""
        return self._door.health

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens, once it does: also when any free port was asked for."""
        port = self._port if self._server is None else int(self._server.sockets[0].getsockname()[1])
        return self._host, port

    async def start(self) -> None:
        """Open the door. Raises OSError when the address is taken."""
        if self._server is None:
            self._server = await asyncio.start_server(
                self._accept, self._host, self._port, ssl=self._tls, limit=READ_SIZE, backlog=CONNECTIONS_MAX
            )

    async def stop(self) -> None:
        """Take nothing new; what was handed in is answered, if it ends within some seconds."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        connections = list(self._connections)
        for connection in connections:
            connection.cancel()
        if connections:
            await asyncio.wait(connections, timeout=STOP_S)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        if len(self._connections) >= CONNECTIONS_MAX:
            log.warning("hl7_too_many_connections", limit=CONNECTIONS_MAX)
            writer.close()
            return
        self._connections.add(task)
        self.health.connections += 1
        try:
            await self._converse(reader, writer)
        except FrameTooLarge:
            self.health.received += 1
            await self._door.cannot_read(b"", f"larger than {FRAME_MAX >> 20} MB, and its line was closed")
        except (OSError, TimeoutError, ssl.SSLError) as error:
            log.info("hl7_connection_ended", reason=error)
        except asyncio.CancelledError:
            # By `stop`, which waits for this task and asks for nothing else; the event loop would log it as a fault.
            log.debug("hl7_connection_stopped")
        finally:
            self._connections.discard(task)
            self.health.connections -= 1
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read messages and answer them in their order, until the other side has had enough."""
        answers: _Answers = asyncio.Queue(IN_FLIGHT_MAX)
        answering = asyncio.create_task(self._answer_in_order(answers, writer))
        try:
            await self._read(reader, answers, answering)
        finally:
            with contextlib.suppress(asyncio.CancelledError, OSError):
                # What was handed in is committed or not by now, or will be soon: its sender is told.
                async with asyncio.timeout(STOP_S):
                    await answers.put(None)
                    await answering
            answering.cancel()

    async def _read(
        self,
        reader: asyncio.StreamReader,
        answers: _Answers,
        answering: asyncio.Task[None],
    ) -> None:
        deframer, health = Deframer(), self.health
        while not answering.done():
            async with asyncio.timeout(FRAME_IDLE_S if deframer.inside else None):
                data = await reader.read(READ_SIZE)
            if not data:
                return
            health.heard_at = self._monotonic()
            before = deframer.junk
            for message in (one for frame in deframer.feed(data) for one in split_frame(frame)):
                await answers.put(asyncio.create_task(self._door.answer(message)))
            health.junk += deframer.junk - before

    async def _answer_in_order(self, answers: _Answers, writer: asyncio.StreamWriter) -> None:
        while (answer := await answers.get()) is not None:
            for text in await answer:
                writer.write(render_frame(text))
            await writer.drain()
