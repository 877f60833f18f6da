"""What an escalation is, as it stands, and what can be asked for in its name. model/escalation.py moves it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from wardwire.model.delivery import TEST, Delivery
from wardwire.model.facts import FactKind
from wardwire.model.policy import Answer, Policy
from wardwire.model.policy import Step as PolicyStep
from wardwire.model.priority import Priority, Word

# How often the desk is asked again about an alert that nobody has.
AGAIN = timedelta(minutes=2)
# An answered alert whose policy asks for nothing more is closed after so long.
SETTLED_AFTER = timedelta(hours=12)
# Why an escalation was closed, when nobody has ended it.
BY_ANSWER = "answered"
BY_HOLDER = "done"
# Why it is useless to wait for somebody: nothing that may be used reaches them.
NO_ENDPOINT = "no_endpoint"


class State(Word):
    """Where an escalation stands."""

    RUNNING = "running"  # a step is out and unanswered
    HELD = "held"  # what the step asks for is there: somebody has it
    ASKED = "asked"  # whoever has it is asked whether they still do
    EXHAUSTED = "exhausted"  # every step has passed: the operators' desk is asked, again and again
    CLOSED = "closed"


class Event(Word):
    """What can happen to an escalation."""

    BEGUN = "begun"
    ANSWERED = "answered"  # what the step asks for is there
    NOBODY_LEFT = "nobody left"  # whomever the step has called has declined, or cannot be reached
    TIME_UP = "time up"
    MISSING = "part missing"  # of a team nobody of some role has answered in time, or nobody can any more
    HANDED_BACK = "handed back"  # what was there is there no longer
    HANDED_OVER = "handed over"  # a role through which it went has another holder
    FREED = "freed"  # a device of whoever is called in a former holder's place has it
    STILL_ACTIVE = "still active"
    KEPT = "kept"  # whoever has it says: I still do
    DONE = "done"  # whoever has it says: it is done
    SETTLED = "settled"
    ENDED = "ended"  # cancelled, recalled, cleared or expired


class Called(NamedTuple):
    """One person whom a target means. `absent` says why it is useless to wait for them; "" = it is not."""

    person_id: UUID
    why: str
    absent: str = ""


class Call(NamedTuple):
    """Whom one target of a step means now.

    Attributes:
        role: The role that it went through, if it did.
        empty: Why it means nobody.
    """

    target: str
    people: tuple[Called, ...] = ()
    role: UUID | None = None
    empty: str = ""


Whom = Callable[[str, PolicyStep], Call]
"""Resolves a target of a step, as of now (model/whom.py)."""


class Escalation(NamedTuple):
    """An escalation as it stands.

    Attributes:
        version: Counts the changes; a change that was decided on an older version is not written.
        policy: The whole policy as it was when the alert began; later versions do not touch it.
        step: Index of the step that is out; -1 = none yet.
        round: How often all steps have been gone through.
        rung: How often this step has rung again.
        called: Whom the step waits for, by target.
        team, team_step: Whom the last step called that one answer does not end, and which one it was; its time was
            over, and what of it is there ends no later step alone.
        holders: Who has it.
        lapsed: Whose word counts no more, and since when: handed back, silent when asked, off duty.
        missing: Targets of a quorum whose absence was told.
        roles: Roles that it went through, with the holder who was called.
        leaving: Who was handed over from and is called by nothing else, each with who is called in their place: their
            endpoints are tried on until a device of one of those has it.
        asked_at: When the holders, or the desk, were last asked.
        seen_at: When the source last reported it.
        latched: Its condition is over, and its source holds it until somebody has seen to it.
        guarded: A call of this policy at this place must not be begun a second time beside it.
        test: A drill, a test or a canary: never counted as real.
        said: What its source said of it last, as a statement, byte for byte; b"" = nothing since it began.
    """

    message_id: UUID
    version: int
    state: State
    policy: Policy
    priority: Priority
    started_at: datetime
    step_began_at: datetime
    unit: UUID | None = None
    bed: UUID | None = None
    step: int = -1
    round: int = 0
    rung: int = 0
    called: tuple[tuple[str, tuple[UUID, ...]], ...] = ()
    team: tuple[tuple[str, tuple[UUID, ...]], ...] = ()
    team_step: int = -1
    holders: tuple[UUID, ...] = ()
    lapsed: tuple[tuple[UUID, datetime], ...] = ()
    missing: tuple[str, ...] = ()
    roles: tuple[tuple[UUID, UUID], ...] = ()
    leaving: tuple[tuple[UUID, tuple[UUID, ...]], ...] = ()
    held_since: datetime | None = None
    asked_at: datetime | None = None
    source: str = ""
    source_key: str = ""
    seen_at: datetime | None = None
    latched: bool = False
    drill: bool = False
    guarded: bool = False
    test: bool = False
    closed_at: datetime | None = None
    closed_why: str = ""
    said: bytes = b""

    @property
    def marks(self) -> int:
        """What its deliveries keep of it: 1 = answers matter, 2 = receipts as well (model/delivery.py: escalates).

        Receipts matter to whoever is to be let go, too.
        """
        looks = 1 if not self.leaving and all(step.answer is Answer.ACCEPTED for step in self.policy.steps) else 2
        return looks + TEST if self.test else looks

    @property
    def people(self) -> tuple[UUID, ...]:
        """Whom the step that is out waits for."""
        return tuple(dict.fromkeys([person for _, people in self.called for person in people]))


class Page(NamedTuple):
    """Call somebody who has not been called for this alert. `kinds` limits their endpoints; () = all."""

    person_id: UUID
    why: str
    kinds: tuple[str, ...] = ()


class Ring(NamedTuple):
    """Ring somebody again, by what they can be reached by now. `kinds` limits their endpoints; () = all."""

    person_id: UUID
    why: str
    kinds: tuple[str, ...] = ()


class Silence(NamedTuple):
    """Everybody but the holders falls silent, and sees who has it."""

    holders: tuple[UUID, ...]


class Free(NamedTuple):
    """Let a former holder of a role fall silent: a device of `by`, who is called in their place, has it."""

    person_id: UUID
    by: UUID


class Tell(NamedTuple):
    """An event for somebody's devices: `still_active`, `handed_over`."""

    person_id: UUID
    event: str


class Alarm(NamedTuple):
    """A technical alarm at the operators' desk. `part` names the missing part of a team."""

    kind: str
    part: str = ""


class Over(NamedTuple):
    """The cause of a technical alarm has gone: nobody at the desk is asked any more."""

    kind: str
    why: str


class Record(NamedTuple):
    """A fact."""

    fact: FactKind
    body: dict[str, object]


Command = Page | Ring | Silence | Free | Tell | Alarm | Over | Record

UNANSWERED = "unanswered"  # alarm: every step has passed
PART_MISSING = "part_missing"  # alarm: a part of a team is missing


class Decided(NamedTuple):
    """What follows: the new state and what is to be done, in order."""

    escalation: Escalation
    commands: tuple[Command, ...] = ()


class Circumstances(NamedTuple):
    """What an event comes with.

    Attributes:
        deliveries: All deliveries of the message, by person, as they stand.
        turned: Roles that have another holder now: role -> the new one.
        ended: Why the message has ended, if it has.
        alarmed: The alarm that nobody answers is open: the desk is asked by it, and no other need be raised.
        afresh: Who is called in this very moment: what their delivery said before says nothing now.
    """

    deliveries: Mapping[UUID, Delivery]
    whom: Whom
    turned: Mapping[UUID, UUID] = {}
    ended: str = ""
    afresh: frozenset[UUID] = frozenset()
    alarmed: bool = False
