"""Makes an alert of a message by hand: of a chat that waits too long, or of a message that needs somebody now.

The alert is a message of its own, in the same thread, with the same words; the first one stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple
from uuid import UUID

from wardwire.flow.opening import call_of, refuse_running, store_submission
from wardwire.flow.ports import Act, Known, Needs, Rules
from wardwire.flow.statement import Responses, Statement, read_statement, submission_of, write_statement
from wardwire.flow.store_message import first_result
from wardwire.model import ids
from wardwire.model.errors import Code, Refused, WardwireError
from wardwire.model.message import Submission, check_submission
from wardwire.model.priority import Priority, lane_of
from wardwire.model.rights import Caller, may_read, may_submit
from wardwire.store.batch import Batch
from wardwire.store.messages import Message

Done = Callable[[str | WardwireError, bool], None]


class ByHand(NamedTuple):
    """What somebody asks for: to whom it goes, under which id of their own, and how urgent it is now."""

    external_id: str
    priority: Priority
    to: tuple[str, ...] = ()
    policy: str = ""
    place: str = ""


class EscalateByHand(Act):
    """Make an alert of a message; answered as a submission is. Who may read the message may do it."""

    __slots__ = (
        "_asked", "_caller", "_done", "_message_id", "_result", "_rules", "_submission", "affinity", "identity",
        "lane",
    )  # fmt: skip

    def __init__(
        self, message_id: UUID, asked: ByHand, caller: Caller, rules: Callable[[], Rules], done: Done
    ) -> None:
        self._message_id = message_id
        self._asked = asked
        # Its words are the first sender's, put together by us: no device has signed them as they stand.
        self._caller = replace(caller, device_id=None)
        self._rules = rules
        self._done = done
        self._result = ""
        self._submission: Submission | None = None
        self.identity = (caller.source, asked.external_id)
        self.lane = lane_of(asked.priority)
        self.affinity = hash(message_id)

    def needs(self) -> Needs:
        """The message that it is made of, with its recipients.

        A call that may be running at its place is asked for once it is known which: the database refuses a second
        one, and then this is decided anew.
        """
        call = call_of(self._submission, self._rules().directory) if self._submission else None
        return Needs(messages=(self._message_id,), calls=(call,) if call else ())

    def decide(self, known: Known, batch: Batch, durability: str) -> None:
        """Put the alert together, and begin it."""
        caller, rules, message = self._caller, self._rules(), known.message(self._message_id)
        recipients = frozenset(one.person_id for one in known.deliveries_of(self._message_id))
        if message is None or not may_read(caller, message.sender_person, message.source, recipients):
            raise Refused(Code.NOT_FOUND, "there is no such message")
        submission = self._submission = self._compose(message)
        check_submission(submission, batch.now)
        may_submit(caller, submission.kind, submission.priority)
        refuse_running(submission, known, rules)
        self._result = store_submission(
            batch, known, rules, submission, caller=caller, sender=caller.person_id, thread_id=message.thread_id,
            durability=durability,
        )  # fmt: skip

    def committed(self) -> None:
        """Answer whoever asked."""
        self._done(self._result, False)

    def failed(self, error: WardwireError) -> None:
        """Answer whoever asked."""
        self._done(error, False)

    def repeated(self, digest: bytes, result: str) -> None:
        """Give the first result again, or refuse an identity that is used for other content."""
        first = first_result(self._submission, digest, result)
        self._done(first, isinstance(first, str))

    def _compose(self, message: Message) -> Submission:
        first, asked = read_statement(message.content), self._asked
        statement = Statement(
            id=asked.external_id,
            to=asked.to,
            priority=asked.priority,
            subject=first.subject,
            text=first.text,
            callback=first.callback,
            responses=Responses(True, first.responses.choices, first.responses.free_text),
            patient=first.patient,
            reply_to=ids.write_id(ids.MESSAGE, message.id),
            policy=asked.policy,
            place=asked.place or first.place,
            drill=first.drill,
        )
        return submission_of(statement, source=self._caller.source, content=write_statement(statement))
