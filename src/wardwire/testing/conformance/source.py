"""The other side of an adapter's line, and a listener that is opened for one trial."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from wardwire.adapters.contract import Adapter, Given, Registration
from wardwire.adapters.dead_letters import DeadLetters
from wardwire.settings import Settings
from wardwire.testing.clock import FakeClock
from wardwire.testing.conformance.conversation import Conversation, Turn, read_conversations
from wardwire.testing.conformance.intake import FakeIntake

PATIENCE_S = 20.0
AT = datetime(2026, 12, 1, 12, tzinfo=UTC)


class Subject(NamedTuple):
    """An adapter that is tried.

    Attributes:
        section: The class of its settings.
    """

    registration: Registration
    section: type

    @classmethod
    def of(cls, registration: Registration) -> Subject:
        """An adapter of the house: its section is that of the settings."""
        return cls(registration, type(getattr(Settings(), registration.name)))

    def options(self, listen: str, settings: Mapping[str, Any]) -> Any:
        """Settings of a listener."""
        return replace(self.section(), listen=listen, **settings)

    def make(self, listen: str, settings: Mapping[str, Any], intake: FakeIntake, letters: DeadLetters) -> Adapter:
        """Make a listener. Two that hear the same say the same: their clocks stand still at one instant."""
        given = Given("trial", "core", intake, FakeClock(AT), letters)
        return self.registration.make(self.options(listen, settings), given)

    def conversations(self) -> list[Conversation]:
        """Its golden conversations."""
        return read_conversations(self.registration.golden)


class Trial(NamedTuple):
    """A listener that is open."""

    adapter: Adapter
    intake: FakeIntake
    letters: DeadLetters

    async def connect(self) -> Source:
        """Connect as a source does."""
        return Source(*await asyncio.open_connection(*self.adapter.address))

    async def play(self, conversation: Conversation) -> Source:
        """Say all that a source says, and hear what it is answered; returns the line, which is still open."""
        source = await self.connect()
        for turn in conversation.turns:
            await self.say(source, turn)
        return source

    async def say(self, source: Source, turn: Turn) -> None:
        """Play one turn."""
        self.intake.end_with(*turn.all_endings)
        await source.send(turn.sent)
        await source.expect(turn)


class Source:
    """The other side of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.answered = b""

    async def send(self, data: bytes) -> None:
        """Send bytes as they are. Raises ConnectionError when the other side has closed."""
        self._writer.write(data)
        await self._writer.drain()

    async def expect(self, turn: Turn) -> None:
        """Wait until what is answered is what the turn says, and nothing beside it."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not re.fullmatch(turn.answer, self.answered):
                    data = await self._reader.read(65_536)
                    assert data, f"it closed; it had answered {self.answered!r}, and not\n{turn.shown}"
                    self.answered += data
        except TimeoutError:
            raise AssertionError(f"it answered {self.answered!r}, and not\n{turn.shown}") from None
        self.answered = b""

    async def end(self) -> bytes:
        """Send no more; return what is still answered until the other side closes."""
        with contextlib.suppress(ConnectionError):
            self._writer.write_eof()
        return await self.closed()

    async def closed(self) -> bytes:
        """Wait until the other side closes by itself; return what it still answered."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                with contextlib.suppress(ConnectionError):
                    while data := await self._reader.read(65_536):
                        self.answered += data
        except TimeoutError:
            raise AssertionError("it keeps the line open") from None
        finally:
            self.close()
        answered, self.answered = self.answered, b""
        return answered

    def close(self) -> None:
        """Close this side."""
        self._writer.close()


@contextlib.asynccontextmanager
async def opened(
    subject: Subject,
    settings: Mapping[str, Any] | None = None,
    *,
    letters: Path | None = None,
) -> AsyncIterator[Trial]:
    """Open a listener on any free port, and close it; nothing may be raised where nobody awaits it.

    Args:
        letters: Where dead letters go; None = a folder of its own.
    """
    loop = asyncio.get_running_loop()
    unforeseen: list[Mapping[str, Any]] = []
    before = loop.get_exception_handler()
    loop.set_exception_handler(lambda _, context: unforeseen.append(context))
    with contextlib.ExitStack() as stack:
        stack.callback(loop.set_exception_handler, before)
        folder = letters or Path(stack.enter_context(TemporaryDirectory())) / "letters"
        intake, kept = FakeIntake(), DeadLetters(folder)
        adapter = subject.make("127.0.0.1:0", settings or {}, intake, kept)
        await adapter.start()
        try:
            yield Trial(adapter, intake, kept)
        finally:
            await adapter.stop()
    assert not unforeseen, f"raised where nobody awaits it: {unforeseen[0]}"
