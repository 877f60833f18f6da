"""Tells a person what concerns them, in a message of the system's own: a shift that moved, a swap that is offered;
and, when a status ends by itself, what has come meanwhile. Of those who left with something open the desk is told.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from wardwire.flow.alarm import raise_alarm
from wardwire.flow.planning import plan_submission
from wardwire.flow.ports import Act, Known, Rules
from wardwire.flow.statement import Statement, submission_of, write_sender, write_statement
from wardwire.flow.store_message import store_message
from wardwire.model import ids
from wardwire.model.errors import Refused, WardwireError
from wardwire.model.priority import Kind, Lane, Priority
from wardwire.model.rights import SYSTEM
from wardwire.store.batch import NOBODY, Batch
from wardwire.store.deadlines import BACK, LEFT, TELL
from wardwire.store.oncall import Notice

Done = Callable[[WardwireError | None], None]


class _Telling(Act):
    """Stores a message of the system to one person, once."""

    __slots__ = ("_done", "_name", "_person_id", "_rules", "affinity", "identity", "lane")

    def __init__(self, name: str, person_id: UUID, *, lane: Lane, rules: Callable[[], Rules], done: Done) -> None:
        self._name = name
        self._person_id = person_id
        self._rules = rules
        self._done = done
        self.identity = (SYSTEM.source, name)
        self.lane = lane
        self.affinity = hash(person_id)

    def _store(self, batch: Batch, subject: str, text: str, durability: str) -> None:
        """Store it; whoever is disabled is told nothing."""
        rules = self._rules()
        statement = Statement(
            id=self._name,
            to=(ids.write_id(ids.PERSON, self._person_id),),
            kind=Kind.CHAT,
            priority=Priority.MEDIUM,
            subject=subject,
            text=text,
        )
        submission = submission_of(statement, source=SYSTEM.source, content=write_statement(statement))
        try:
            planning = plan_submission(submission, rules, batch.now, sender=None)
        except Refused:
            return
        sender = write_sender(rules.directory, None, SYSTEM.source)
        store_message(batch, rules, submission, planning, caller=SYSTEM, sender=sender, durability=durability)

    def committed(self) -> None:
        """It is told."""
        self._done(None)

    def failed(self, error: WardwireError) -> None:
        """The lease runs out, and somebody claims it again."""
        self._done(error)

    def repeated(self, digest: bytes, result: str) -> None:
        """Another core has told it meanwhile."""
        self._done(None)


class TellPerson(_Telling):
    """A notice whose time has come becomes a message to its person."""

    __slots__ = ("_notice",)

    def __init__(self, notice: Notice, *, lane: Lane, rules: Callable[[], Rules], done: Done) -> None:
        super().__init__(f"notice/{notice.id.hex}", notice.person_id, lane=lane, rules=rules, done=done)
        self._notice = notice

    def decide(self, known: Known, batch: Batch, durability: str) -> None:
        """Store the message, and forget the notice."""
        batch.disarm(self._notice.id, self._person_id, TELL, NOBODY)
        batch.also("notice_told", self._notice.id)
        self._store(batch, "On call", self._notice.text, durability)


class LeftOpen(_Telling):
    """Somebody was disabled with something open: a technical alarm, until it is cleared by who has looked."""

    __slots__ = ("_notice",)

    def __init__(self, notice: Notice, *, lane: Lane, rules: Callable[[], Rules], done: Done) -> None:
        super().__init__(f"left/{notice.id.hex}", notice.person_id, lane=lane, rules=rules, done=done)
        self._notice = notice

    def decide(self, known: Known, batch: Batch, durability: str) -> None:
        """Raise the alarm, and forget the notice."""
        batch.disarm(self._notice.id, self._person_id, LEFT, NOBODY)
        batch.also("notice_told", self._notice.id)
        subject = ids.write_id(ids.PERSON, self._person_id)
        raise_alarm(batch, self._rules(), kind="left_open", subject=subject, text=self._notice.text)


class Return(_Telling):
    """Somebody's status has ended by itself: they are told how much waits for them, if anything does."""

    __slots__ = ("_waiting",)

    def __init__(
        self, person_id: UUID, at: datetime, waiting: int, *, lane: Lane, rules: Callable[[], Rules], done: Done
    ) -> None:
        super().__init__(f"back/{person_id.hex}/{at.isoformat()}", person_id, lane=lane, rules=rules, done=done)
        self._waiting = waiting

    def decide(self, known: Known, batch: Batch, durability: str) -> None:
        """Store the message; what waits is in the person's list."""
        batch.disarm(self._person_id, self._person_id, BACK, NOBODY)
        if self._waiting:
            text = f"{self._waiting} item{'s' if self._waiting > 1 else ''} came while you were away."
            self._store(batch, "You are available again", text, durability)
