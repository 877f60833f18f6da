"""Step 1 and 2: a submission is believed or refused, planned, and stored with all that it sets going."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from wardwire.flow.copies import store_copied
from wardwire.flow.opening import call_of, open_alert, refuse_running, store_submission
from wardwire.flow.planning import name_recipients, plan_submission
from wardwire.flow.ports import NOTHING, Act, Known, Needs, Rules
from wardwire.flow.statement import write_sender
from wardwire.flow.store_message import first_result
from wardwire.flow.views import PromiseLine, Reach, read_promise
from wardwire.model import ids
from wardwire.model.errors import Code, Refused, WardwireError
from wardwire.model.message import Submission, check_submission
from wardwire.model.priority import Priority, lane_of
from wardwire.model.rights import CODE, Caller, may_read, may_submit
from wardwire.store.batch import Batch
from wardwire.store.messages import Message


class Foreseen(NamedTuple):
    """What a dry run says."""

    recipients: list[Reach]
    promise: list[PromiseLine]


Done = Callable[[str | WardwireError, bool], None]


class Submit(Act):
    """Keep a submission for good, or refuse it.

    `done(result, replayed)` is called after the commit: the sender may then be answered with the result, a
    `Stored` as JSON, the same text that is kept with the identity. `done(error, False)`
    when nothing was kept (`Refused`, `Unavailable`) or nobody knows (`Unknown`: the same identity again will
    tell). Repeating a (source, external id) gives the first result and writes nothing new.
    """

    __slots__ = ("_caller", "_done", "_result", "_rules", "_submission", "affinity", "identity", "lane")

    def __init__(self, submission: Submission, caller: Caller, rules: Callable[[], Rules], done: Done) -> None:
        self._submission = submission
        self._caller = caller
        self._rules = rules
        self._done = done
        self._result = ""
        self.identity = (submission.source, submission.external_id)
        self.lane = lane_of(submission.priority)
        self.affinity = hash(submission.to[0]) if submission.to else 0

    def needs(self) -> Needs:
        """A reply needs the message that it answers: for its thread, and for the right to join it.

        A call needs the one that may be running at its place, or that it joins.
        """
        submission = self._submission
        if submission.reply_to is None and submission.add_to is None and not submission.place:
            return NOTHING
        messages = tuple(one for one in (submission.reply_to, submission.add_to) if one is not None)
        call = call_of(submission, self._rules().directory)
        return Needs(messages=messages, escalations=messages, calls=(call,) if call else ())

    def decide(self, known: Known, batch: Batch, durability: str) -> None:
        """Check, plan, and add what is to be stored."""
        submission, caller, rules = self._submission, self._caller, self._rules()
        check_submission(submission, batch.now)
        may_submit(caller, submission.kind, submission.priority)
        thread_id = self._thread(known, submission.reply_to) if submission.reply_to is not None else None
        if submission.add_to is not None:
            submission, thread_id = self._join(known, submission.add_to)
        elif submission.policy or submission.place:
            refuse_running(submission, known, rules)
            self._result = store_submission(
                batch, known, rules, submission, caller=caller, sender=caller.person_id, thread_id=thread_id,
                durability=durability,
            )  # fmt: skip
            return
        planning = plan_submission(submission, rules, batch.now, sender=caller.person_id)
        sender = write_sender(rules.directory, caller.person_id, submission.source)
        self._result = store_copied(
            batch, rules, submission, planning, caller=caller, sender=sender, thread_id=thread_id,
            durability=durability,
        )  # fmt: skip

    def committed(self) -> None:
        """Answer the sender."""
        self._done(self._result, False)

    def failed(self, error: WardwireError) -> None:
        """Answer the sender."""
        self._done(error, False)

    def repeated(self, digest: bytes, result: str) -> None:
        """Give the first result again, or refuse an identity that is used for other content."""
        first = first_result(self._submission, digest, result)
        self._done(first, isinstance(first, str))

    def _join(self, known: Known, call: UUID) -> tuple[Submission, UUID]:
        """Make a submission to everybody of a running call, in its thread."""
        message, kept, called = known.message(call), known.escalation(call), known.deliveries_of(call)
        people = [one.person_id for one in called]
        if message is None or kept is None or not self._may_join(message, kept.escalation.priority, people):
            raise Refused(Code.NOT_FOUND, "there is no such call to join", pointer="/add_to")
        if kept.escalation.closed_at is not None:
            raise Refused(Code.ALREADY_ENDED, "this call is over", pointer="/add_to")
        if kept.escalation.drill is not self._submission.drill:
            said = "is a drill: say `drill` too" if kept.escalation.drill else "is real: a drill cannot join it"
            raise Refused(Code.INVALID, f"this call {said}", pointer="/drill")
        others = (ids.write_id(ids.PERSON, one) for one in people if one != self._caller.person_id)
        everybody = dict.fromkeys((*self._submission.to, *others))
        return self._submission._replace(to=tuple(everybody)), message.thread_id

    def _may_join(self, message: Message, priority: Priority, people: list[UUID]) -> bool:
        """Whoever may read a call may join it; and a `code` call whoever may begin one: they are told of it."""
        caller = self._caller
        if may_read(caller, message.sender_person, message.source, frozenset(people)):
            return True
        return priority is Priority.CODE and CODE in caller.scopes

    def _thread(self, known: Known, reply_to: UUID) -> UUID:
        message = known.message(reply_to)
        if message is not None:
            recipients = frozenset(delivery.person_id for delivery in known.deliveries_of(reply_to))
            if may_read(self._caller, message.sender_person, message.source, recipients):
                return message.thread_id
        raise Refused(Code.NOT_FOUND, "there is no such message to reply to", pointer="/reply_to")


def dry_run(submission: Submission, caller: Caller, rules: Rules, now: datetime) -> Foreseen:
    """Say who would get a submission, by which endpoints, and why; and who is called by when.

    Decides as `Submit` does; keeps nothing.

    Raises:
        Refused: As `Submit` would.
    """
    check_submission(submission, now)
    may_submit(caller, submission.kind, submission.priority)
    opened = None
    if submission.policy or submission.place:
        opened = open_alert(submission, rules, now, sender=caller.person_id)
    planning = opened.planning if opened else plan_submission(submission, rules, now, sender=caller.person_id)
    return Foreseen(name_recipients(planning.plan.people, rules.directory, now), read_promise(planning.promise))
