"""Tells a person what concerns them, in a message of the system's own: a shift that moved, a swap that is offered."""

from __future__ import annotations

from collections.abc import Callable

from wardwire.flow.planning import plan_submission
from wardwire.flow.ports import Act, Known, Rules
from wardwire.flow.statement import Statement, submission_of, write_sender, write_statement
from wardwire.flow.store_message import store_message
from wardwire.model import ids
from wardwire.model.errors import Refused, WardwireError
from wardwire.model.priority import Kind, Lane, Priority
from wardwire.model.rights import SYSTEM
from wardwire.store.batch import NOBODY, Batch
from wardwire.store.deadlines import TELL
from wardwire.store.oncall import Notice


class TellPerson(Act):
    """A notice whose time has come becomes a message to its person, once."""

    __slots__ = ("_done", "_name", "_notice", "_rules", "affinity", "identity", "lane")

    def __init__(
        self, notice: Notice, *, lane: Lane, rules: Callable[[], Rules], done: Callable[[WardwireError | None], None]
    ) -> None:
        self._notice = notice
        self._rules = rules
        self._done = done
        self._name = f"notice/{notice.id.hex}"
        self.identity = (SYSTEM.source, self._name)
        self.lane = lane
        self.affinity = hash(notice.person_id)

    def decide(self, known: Known, batch: Batch, durability: str) -> None:
        """Store the message; whoever is disabled is told nothing."""
        notice, rules = self._notice, self._rules()
        batch.disarm(notice.id, notice.person_id, TELL, NOBODY)
        batch.also("notice_told", notice.id)
        statement = Statement(
            id=self._name,
            to=(ids.write_id(ids.PERSON, notice.person_id),),
            kind=Kind.CHAT,
            priority=Priority.MEDIUM,
            subject="On call",
            text=notice.text,
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
