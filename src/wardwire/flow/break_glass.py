"""Tells the desk that somebody is about to look at what is not theirs: committed before they see anything."""

from __future__ import annotations

from collections.abc import Callable

from wardwire.flow.alarm import raise_alarm
from wardwire.flow.ports import Act, Known, Rules
from wardwire.model.errors import WardwireError
from wardwire.model.priority import Lane
from wardwire.store.batch import Batch

KIND = "break_glass"


class TellOfGlass(Act):
    """Raise the alarm of a break-glass access. `done(None)` once it is committed, `done(error)` otherwise."""

    __slots__ = ("_done", "_rules", "_subject", "_text", "affinity", "lane")

    def __init__(
        self, subject: str, text: str, rules: Callable[[], Rules], done: Callable[[WardwireError | None], None]
    ) -> None:
        self._subject = subject
        self._text = text
        self._rules = rules
        self._done = done
        self.lane = Lane.HIGH
        self.affinity = 0

    def decide(self, known: Known, batch: Batch, durability: str) -> None:
        """Add the alarm."""
        raise_alarm(batch, self._rules(), kind=KIND, subject=self._subject, text=self._text)

    def committed(self) -> None:
        """The desk is told."""
        self._done(None)

    def failed(self, error: WardwireError) -> None:
        """Nobody was told: nobody looks."""
        self._done(error)
