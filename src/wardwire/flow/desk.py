"""What becomes of the message that rings at the desk for a technical alarm: it asks again, and it falls silent."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import structlog

from wardwire.flow.end import end_message
from wardwire.flow.ports import Act, Known, Needs, Rules
from wardwire.flow.statement import view_message
from wardwire.flow.take import take_step
from wardwire.flow.views import NewBody, view_delivery
from wardwire.model.delivery import Event, Happened, State, step
from wardwire.model.errors import WardwireError
from wardwire.model.priority import Lane
from wardwire.store.batch import Batch

log = structlog.get_logger("wardwire.flow.desk")
# Who has it on a device and has not said anything, or was not reached.
_ASKED = frozenset({State.UNREACHABLE, State.DELIVERED, State.READ})


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


class AskAgain(_AtDesk):
    """Nobody sees to it: ring everybody of the desk again who has it and has said nothing."""

    __slots__ = ()

    def decide(self, known: Known, batch: Batch, durability: str) -> None:
        """Begin their stages again."""
        message, rules = known.message(self._message_id), self._rules()
        if message is None or message.ended_at is not None:
            return
        for before in known.deliveries_of(self._message_id):
            if before.state not in _ASKED:
                continue
            take_step(
                batch, known, rules, before, step(before, Happened(Event.RING), batch.now), detail={"why": "again"}
            )
            body = NewBody(view_message(message, rules.directory), True, batch.now)
            batch.tell(before.person_id, "ring", self._message_id, body)


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
        view = None
        for holder in deliveries:
            if holder.state is State.ACCEPTED:
                person = rules.directory.people.get(holder.person_id)
                view = view_delivery(holder, batch.now, None, name=person.name if person else "")
        for before in deliveries:
            decided = step(before, Happened(Event.TAKE), batch.now)
            if decided.delivery is not before:
                take_step(batch, known, rules, before, decided)
                batch.tell(before.person_id, "taken", self._message_id, view)
