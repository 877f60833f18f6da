"""What processes of one site tell each other by hints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from wardwire.app.ground import hear_absent, tell_absent
from wardwire.model.errors import Code, Unavailable


class Line:
    """A connection that hands what is published to who has subscribed."""

    def __init__(self) -> None:
        self.heard: dict[str, Callable[..., None]] = {}
        self.down = False

    def subscribe(self, subject: str, callback: Callable[..., None], *, queue: str = "") -> None:
        """Remember the callback."""
        assert queue, "of several engines one is enough"
        self.heard[subject] = callback

    def publish(self, subject: str, payload: bytes) -> None:
        """Hand it over at once."""
        if self.down:
            raise Unavailable(Code.UNAVAILABLE, "away")
        self.heard[subject](subject, "", payload, 0)


def test_a_process_without_an_engine_says_that_nobody_was_there() -> None:
    """A message that came over HTTP finds no device: an engine elsewhere hears of it, and need not wait."""
    line: Any = Line()
    told: list[tuple[UUID, UUID]] = []
    hear_absent(line, lambda message, person: told.append((message, person)))
    message, person = uuid4(), uuid4()
    tell_absent(line)(message, person)
    line.heard["core.absent"]("core.absent", "", b"nonsense", 0)

    assert told == [(message, person)]


def test_a_hint_that_cannot_be_said_is_no_fault() -> None:
    """The deadline stands in the database: it falls due by itself."""
    line: Any = Line()
    line.down = True

    tell_absent(line)(uuid4(), uuid4())
