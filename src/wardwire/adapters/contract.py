"""What every adapter is given and what it offers.

An adapter is a folder: frames and tokens of its protocol, a pure mapping to a report, a thin server. Its golden
messages are in tests/conformance.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from wardwire.model.errors import WardwireError
from wardwire.model.report import Report

Ended = Callable[[str | WardwireError], None]
"""Called once: with the result (JSON) when it is committed, or with why not (`Refused`, `Unavailable`, `Unknown`)."""


class Intake(Protocol):
    """Where an adapter hands in what it has heard."""

    def take(self, report: Report, ended: Ended) -> None:
        """Take a report; never waits. The source may be answered *yes* only after `ended(result)`."""
        ...

    def alarm(self, kind: str, subject: str, text: str) -> None:
        """Raise a technical alarm: something that a source said could not be taken. No patient content."""
        ...


@dataclass(slots=True)
class Health:
    """How a feed is; counters since the process began. Instants are monotonic seconds, None = never.

    Attributes:
        taken: Reports that were committed, and messages that rightly ring nobody.
        refused: Messages that could not be taken.
        later: Messages that were put off: the database did not answer.
        junk: Bytes outside of any message, and messages that were none.
        heard_at: The last byte of anybody.
    """

    connections: int = 0
    taken: int = 0
    ignored: int = 0
    refused: int = 0
    later: int = 0
    junk: int = 0
    heard_at: float | None = None


class Adapter(Protocol):
    """A door for another system."""

    name: str

    @property
    def health(self) -> Health:
        """How it is."""
        ...

    async def start(self) -> None:
        """Open the door. Raises OSError when its address is taken."""
        ...

    async def stop(self) -> None:
        """Close it: nothing new is taken, what was handed in is answered if it ends soon."""
        ...
