"""A reminder's time has come: its alert begins, and the next time is armed. Both in one commit, and once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from wardwire.flow.alarm import raise_alarm
from wardwire.flow.opening import store_submission
from wardwire.flow.ports import Act, Known, Rules
from wardwire.flow.statement import Responses, Statement, submission_of, write_statement
from wardwire.model import ids
from wardwire.model.errors import Refused, WardwireError
from wardwire.model.priority import Lane
from wardwire.model.reminder import Reminder
from wardwire.model.rights import SYSTEM
from wardwire.store.batch import NOBODY, Batch
from wardwire.store.deadlines import REMIND, Due

FAILED = "reminder_failed"


class Remind(Act):
    """Begin a reminder's alert.

    A time that has passed while nothing ran begins once, late; those missed besides are not made up for. One
    that cannot be sent is a technical alarm, and tried again at its next time.
    """

    __slots__ = ("_done", "_due", "_reminder", "_rules", "affinity", "identity", "lane")

    def __init__(
        self,
        reminder: Reminder,
        due: Due,
        *,
        lane: Lane,
        rules: Callable[[], Rules],
        done: Callable[[WardwireError | None], None],
    ) -> None:
        self._reminder = reminder
        self._due = due
        self._rules = rules
        self._done = done
        self.identity = (SYSTEM.source, reminder.identity(due.due_at))
        self.lane = lane
        self.affinity = hash(reminder.id)

    def decide(self, known: Known, batch: Batch, durability: str) -> None:
        """Store the alert, and arm the next time; of one that was cancelled meanwhile neither."""
        reminder, due = self._reminder, self._due
        if not reminder.cancelled_by:
            self._begin(known, batch, due.due_at, durability)
            following = reminder.rule.after(max(due.due_at, batch.now))
            if following is not None:
                batch.arm(ids.new_id(following), NOBODY, REMIND, reminder.id, due.lane, following)
        batch.disarm(due.message_id, due.person_id, REMIND, due.ref)

    def _begin(self, known: Known, batch: Batch, due: datetime, durability: str) -> None:
        reminder, rules = self._reminder, self._rules()
        statement = Statement(
            id=reminder.identity(due),
            to=reminder.to,
            priority=reminder.priority,
            subject=reminder.subject,
            text=reminder.text,
            responses=Responses(accept_decline=True),
            policy=reminder.policy,
            place=reminder.place,
        )
        submission = submission_of(statement, source=SYSTEM.source, content=write_statement(statement))
        try:
            store_submission(batch, known, rules, submission, caller=SYSTEM, sender=None, durability=durability)
        except Refused as refused:
            written = ids.write_id(ids.REMINDER, reminder.id)
            text = f"The reminder {reminder.name} could not be sent: {refused.code}, {refused.detail}."
            raise_alarm(batch, rules, kind=FAILED, subject=written, text=text)

    def committed(self) -> None:
        """It has begun."""
        self._done(None)

    def failed(self, error: WardwireError) -> None:
        """The lease runs out, and somebody claims it again."""
        self._done(error)

    def repeated(self, digest: bytes, result: str) -> None:
        """Another core has begun it meanwhile, and armed the next time."""
        self._done(None)
