"""The end of a message as a whole: taken back by its sender, all clear, cleared by its source, or expired."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from wardwire.flow.copies import monitored
from wardwire.flow.escalating import circumstances, take_commands
from wardwire.flow.ports import Act, Known, Needs, Rules
from wardwire.flow.take import take_step
from wardwire.flow.views import DeliveryView
from wardwire.model import ids
from wardwire.model.delivery import Event, Happened, State, step
from wardwire.model.errors import Code, Refused, WardwireError
from wardwire.model.escalation import fold
from wardwire.model.priority import Lane
from wardwire.model.rights import Caller, may_cancel
from wardwire.store.batch import NOBODY, Batch
from wardwire.store.deadlines import ESCALATE, EXPAND, EXPIRE
from wardwire.store.messages import Message

Done = Callable[[int | WardwireError], None]

ALL_CLEAR = "all_clear"


def why_ended(*, recall: bool, all_clear: bool) -> str:
    """Name the end that is asked for.

    Raises:
        Refused: `INVALID`: it cannot be recalled and be all clear.
    """
    if recall and all_clear:
        raise Refused(Code.INVALID, "either recalled or all clear", pointer="/all_clear")
    return ALL_CLEAR if all_clear else "recalled" if recall else "cancelled"


class End(Act):
    """End a message: every open delivery ends, every deadline of it goes, every device hears.

    Idempotent: ending an ended message changes nothing. `done` is called with the number of deliveries that
    ended by this, or with why not.
    """

    __slots__ = (
        "_caller", "_count", "_done", "_event", "_message_id", "_rules", "_why", "affinity", "lane",
    )  # fmt: skip

    def __init__(
        self,
        message_id: UUID,
        event: Event,
        why: str,
        *,
        caller: Caller | None,
        lane: Lane,
        rules: Callable[[], Rules],
        done: Done,
    ) -> None:
        """End a message by `Event.CANCEL` (why: as `why_ended`) or `Event.EXPIRE` (no caller)."""
        self._message_id = message_id
        self._event = event
        self._why = why
        self._caller = caller
        self._rules = rules
        self._done = done
        self._count = 0
        self.lane = lane
        self.affinity = hash(message_id)

    def needs(self) -> Needs:
        """The message with all its deliveries, its copies, and its escalation."""
        copies = bool(monitored(self._rules().directory))
        return Needs(messages=(self._message_id,), escalations=(self._message_id,), copies=copies)

    def decide(self, known: Known, batch: Batch, durability: str) -> None:
        """End what is open."""
        self._count = 0
        message = known.message(self._message_id)
        caller = self._caller
        if message is None or (caller and not self._may_end(caller, message, known)):
            raise Refused(Code.NOT_FOUND, "you have sent no such message")
        self._count = end_message(batch, known, self._rules(), message, self._event, self._why, caller)

    def _may_end(self, caller: Caller, message: Message, known: Known) -> bool:
        """Its sender may; and whoever has an alert may say that it is over."""
        kept = known.escalation(self._message_id) if self._why == ALL_CLEAR else None
        has_it = kept is not None and caller.person_id in kept.escalation.holders
        return has_it or may_cancel(caller, message.sender_person, message.source)

    def committed(self) -> None:
        """Answer whoever asked."""
        self._done(self._count)

    def failed(self, error: WardwireError) -> None:
        """Answer whoever asked."""
        self._done(error)


def end_message(
    batch: Batch,
    known: Known,
    rules: Rules,
    message: Message,
    event: Event,
    why: str,
    caller: Caller | None = None,
) -> int:
    """End a message with all its deliveries, its copies and its escalation.

    Returns how many deliveries ended by this, those of copies not counted. The act must have needed the message, its
    copies and its escalation. `caller` is named to those who fall silent.
    """
    device_id, by = caller.device_id if caller else None, ""
    detail: dict[str, object] = {"why": why}
    if caller is not None:
        who = rules.directory.people.get(caller.person_id or NOBODY)
        by = who.name if who else caller.source
        detail["by"] = ids.write_id(ids.PERSON, who.id) if who else caller.source
    if message.ended_at is None:
        batch.also("end_message", batch.now, [message.id], [why])
        batch.also("fanout_end", message.id)
    batch.disarm(message.id, NOBODY, EXPIRE, NOBODY)
    batch.disarm(message.id, NOBODY, EXPAND, NOBODY)
    count = 0
    for before in known.deliveries_of(message.id):
        decided = step(before, Happened(event=event, device_id=device_id, answer=why), batch.now)
        if decided.delivery is not before:
            count += 1
        take_step(batch, known, rules, before, decided, device_id=device_id, detail=detail, by=by)
    for copy in known.copies_of(message.id):
        end_message(batch, known, rules, copy, event, why, caller)
    sender = message.sender_person
    if count and caller is not None and sender is not None and sender != caller.person_id:
        written = ids.write_id(ids.MESSAGE, message.id), ids.write_id(ids.PERSON, sender)
        batch.tell(sender, why, message.id, DeliveryView(*written, State.CANCELLED, batch.now, by=by))
    kept = known.escalation(message.id)
    if kept is not None and kept.escalation.closed_at is None:
        given = circumstances(kept.escalation, (), rules, batch.now, why, kept.alarmed)
        closed = fold(kept.escalation, given, batch.now)
        batch.escalate(kept.escalation, closed.escalation)
        known.escalated(closed.escalation)
        take_commands(batch, rules, closed.escalation, closed.commands)
        batch.disarm(message.id, NOBODY, ESCALATE, NOBODY)
    return count
