"""What becomes of the message that rings at the desk for a technical alarm: it asks again, and it falls silent."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import structlog

from wardwire.flow.alarm import tell_desk
from wardwire.flow.end import end_message
from wardwire.flow.escalating import silence
from wardwire.flow.planning import plan_submission
from wardwire.flow.ports import Act, Known, Needs, Rules
from wardwire.flow.statement import read_statement, submission_of, view_message
from wardwire.flow.store_message import add_deliveries
from wardwire.flow.take import take_step
from wardwire.flow.views import NewBody
from wardwire.model import ids
from wardwire.model.delivery import Event, Happened, State, step
from wardwire.model.errors import Refused, WardwireError
from wardwire.model.priority import Lane
from wardwire.model.rights import SYSTEM
from wardwire.store.batch import Batch
from wardwire.store.messages import Message

log = structlog.get_logger("wardwire.flow.desk")
# Who has not said anything: also whose device has not even confirmed that it has it, though it may well ring.
_ASKED = frozenset({State.PENDING, State.UNREACHABLE, State.DELIVERED, State.READ})


class _AtDesk(Act):
    """What acts on such a message have in common."""

    __slots__ = ("_message_id", "_rules", "affinity", "lane")

    def __init__(self, message_id: UUID, rules: Callable[[], Rules]) -> None:
        self._message_id = message_id
        self._rules = rules
        self.lane = Lane.HIGH
        self.affinity = hash(message_id)

    def needs(self) -> Needs:
        """The message with all its deliveries, as whoever ends one needs it."""
        return Needs(messages=(self._message_id,), escalations=(self._message_id,))

    def committed(self) -> None:
        """It is done."""

    def failed(self, error: WardwireError) -> None:
        """The next look sees to it."""
        log.warning("desk_not_told", message=str(self._message_id), reason=error)


class TellDesk(Act):
    """Nobody was at the desk when an alarm was raised: tell whoever is there now. Of several cores one does."""

    __slots__ = ("_alarm_id", "_rules", "_text", "affinity", "identity", "lane")

    def __init__(self, alarm_id: UUID, text: str, rules: Callable[[], Rules]) -> None:
        self._alarm_id = alarm_id
        self._text = text
        self._rules = rules
        self.identity = (SYSTEM.source, ids.write_id(ids.ALARM, alarm_id))
        self.lane = Lane.HIGH
        self.affinity = hash(alarm_id)

    def decide(self, known: Known, batch: Batch, durability: str) -> None:
        """Tell them, if anybody is there."""
        told_by = tell_desk(batch, self._rules(), self._alarm_id, self._text)
        if told_by is not None:
            batch.also("alarm_told", self._alarm_id, told_by, batch.now)

    def committed(self) -> None:
        """It is done, or nobody is there yet."""

    def failed(self, error: WardwireError) -> None:
        """The next look sees to it."""
        log.warning("desk_not_told", alarm=str(self._alarm_id), reason=error)

    def repeated(self, digest: bytes, result: str) -> None:
        """Another core has told them."""


class AskAgain(_AtDesk):
    """Nobody sees to it: ring who is at the desk, has it and has said nothing again, and call who has come since.

    Whoever has gone is not rung, unless nobody is there.
    """

    __slots__ = ()

    def decide(self, known: Known, batch: Batch, durability: str) -> None:
        """Begin their stages again."""
        message, rules = known.message(self._message_id), self._rules()
        if message is None or message.ended_at is not None:
            return
        there = self._call(known, batch, rules, message)
        for before in known.deliveries_of(self._message_id):
            if before.state not in _ASKED or (there and before.person_id not in there):
                continue
            take_step(
                batch, known, rules, before, step(before, Happened(Event.RING), batch.now), detail={"why": "again"}
            )
            body = NewBody(view_message(message, rules.directory), True, batch.now)
            batch.tell(before.person_id, "ring", self._message_id, body)

    def _call(self, known: Known, batch: Batch, rules: Rules, message: Message) -> frozenset[UUID]:
        """Call those at the desk who were not called yet; returns who is there."""
        submission = submission_of(read_statement(message.content), source=message.source, content=message.content)
        try:
            there = plan_submission(submission, rules, batch.now, sender=None).plan.people
        except Refused:
            return frozenset()
        called = {delivery.person_id for delivery in known.deliveries_of(message.id)}
        fresh = [planned for planned in there if planned.person_id not in called]
        body = view_message(message, rules.directory)
        add_deliveries(batch, rules.directory, submission, fresh, message_id=message.id, body=body, sender=None)
        return frozenset(planned.person_id for planned in there)


class FallSilent(_AtDesk):
    """Somebody sees to it, or it is over: nobody else is asked any more."""

    __slots__ = ("_over",)

    def __init__(self, message_id: UUID, rules: Callable[[], Rules], *, over: bool) -> None:
        """`over`: the alarm is cleared, else it was taken."""
        super().__init__(message_id, rules)
        self._over = over

    def decide(self, known: Known, batch: Batch, durability: str) -> None:
        """End the message, or let all fall silent but who has accepted; they see who it was."""
        message, rules = known.message(self._message_id), self._rules()
        if message is None:
            return
        if self._over:
            end_message(batch, known, rules, message, Event.CLEAR, "cleared")
            return
        deliveries = known.deliveries_of(self._message_id)
        holders = [one.person_id for one in deliveries if one.state is State.ACCEPTED]
        silence(batch, known, rules, self._message_id, holders)
