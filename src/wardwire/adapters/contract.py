"""What every adapter is given and what it offers.

An adapter is a folder: frames and tokens of its protocol, a pure mapping to a report, a thin server, its golden
conversations, and a registration, by which the house finds all of it. wardwire.testing.conformance tries each one;
docs/howto/new-adapter.md makes one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from wardwire.adapters.dead_letters import DeadLetters
from wardwire.model.clock import Clock
from wardwire.model.errors import WardwireError
from wardwire.model.report import Report
from wardwire.model.stays import Movement

SENDERS_MAX = 1_000

UNPLACED = "unplaced"
"""The result of a movement that is taken, to a bed that nobody has entered."""
Ended = Callable[[str | WardwireError], None]
"""Called once: with the result (what it did) when it is committed, or with why not: `Refused`,
`Unavailable`, `Unknown`."""


class Intake(Protocol):
    """Where an adapter hands in what it has heard."""

    def take(self, report: Report | Movement, ended: Ended) -> None:
        """Take a report, or where a patient is; never waits. The source may be answered *yes* only after
        `ended(result)`.
        """
        ...

    def alarm(self, kind: str, subject: str, text: str) -> None:
        """Raise a technical alarm: something that a source said could not be taken. No patient content."""
        ...


@dataclass(slots=True)
class Health:
    """How a feed is; counters since the process began. Instants are monotonic seconds, None = never.

    Attributes:
        received: Messages that came, whatever became of them.
        taken: Reports that were committed, and messages that rightly ring nobody (`ignored` of them).
        refused: Messages that could not be taken (`unsupported` of them are of a kind that is not taken here).
        unplaced: Of the taken: patients that came to a bed that nobody has entered.
        later: Messages that were put off: the database did not answer.
        unreadable: What was framed as a message and was none: nobody could be answered.
        letters: What was kept because it could not be taken.
        junk: Bytes outside of any message.
        heard_at: The last byte of anybody.
        senders: Who was last heard when, by application and facility; at most `SENDERS_MAX` of them.
    """

    connections: int = 0
    received: int = 0
    taken: int = 0
    ignored: int = 0
    refused: int = 0
    unsupported: int = 0
    unplaced: int = 0
    later: int = 0
    unreadable: int = 0
    letters: int = 0
    junk: int = 0
    heard_at: float | None = None
    senders: dict[tuple[str, str], float] = field(default_factory=dict)

    def heard(self, application: str, facility: str, at: float) -> None:
        """Remember that a sender was heard."""
        if (application, facility) in self.senders or len(self.senders) < SENDERS_MAX:
            self.senders[application, facility] = at


class Adapter(Protocol):
    """A door for another system."""

    name: str

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens, once it does: also when any free port was asked for."""
        ...

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


class NotUsable(Exception):
    """What is set for an adapter cannot be used.

    Attributes:
        code: Stable, for programs; begins with the adapter's name, such as `hl7_table`.
        sentence: What is wrong.
        remedy: What to do about it.
    """

    def __init__(self, code: str, sentence: str, remedy: str) -> None:
        super().__init__(code, sentence)
        self.code = code
        self.sentence = sentence
        self.remedy = remedy


class Given(NamedTuple):
    """What a listener is given.

    Attributes:
        name: Of the listener: an adapter may have several.
        node: Names this process in ids of our own.
        letters: Keeps what is refused.
        table: The mapping table that the site has put to use instead of the settings' file; None = it has not.
    """

    name: str
    node: str
    intake: Intake
    clock: Clock
    letters: DeadLetters
    table: str | None = None


class Registration(NamedTuple):
    """By what the house knows an adapter.

    Attributes:
        name: Of its folder, and of its section of the settings, whose `listen` opens it.
        about: What it speaks, in a sentence.
        golden: The folder of its conversations (wardwire.testing.conformance.conversation says their form).
        check: Looks whether a listener's settings can be used, and leaves nothing behind. Raises `NotUsable`.
        make: Makes a listener from its settings; opens nothing. Raises `NotUsable`.
    """

    name: str
    about: str
    golden: Path
    check: Callable[[Any], None]
    make: Callable[[Any, Given], Adapter]
