"""Rings those again who have not read a message, or owe an answer to it: its sender asks for it."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from wardwire.flow.ports import Act, Known, Needs, Rules
from wardwire.flow.statement import view_message
from wardwire.flow.take import take_step
from wardwire.flow.views import NewBody
from wardwire.model.delivery import Delivery, Event, Happened, State, step
from wardwire.model.errors import Code, Refused, WardwireError
from wardwire.model.facts import FactKind
from wardwire.model.priority import Lane
from wardwire.model.rights import Caller
from wardwire.model.routing import rings_for
from wardwire.store.batch import Batch

Done = Callable[[int | WardwireError], None]

_UNREAD = frozenset({State.PENDING, State.UNREACHABLE, State.DELIVERED})
_PENDING = '{"state":"pending","why":"nudged"}'


class Nudge(Act):
    """Begin the stages again of whoever is waited for; others hear nothing, and the escalation goes on as it was.

    Where no device has confirmed yet, its stages go on: begun again each minute they would never come to the pager.
    Whoever somebody else has taken it from is not waited for. `done` is called with how many were rung, or why not.
    """

    __slots__ = ("_caller", "_count", "_done", "_message_id", "_rules", "affinity", "lane")

    def __init__(
        self, message_id: UUID, *, caller: Caller, lane: Lane, rules: Callable[[], Rules], done: Done
    ) -> None:
        self._message_id = message_id
        self._caller = caller
        self._rules = rules
        self._done = done
        self._count = 0
        self.lane = lane
        self.affinity = hash(message_id)

    def needs(self) -> Needs:
        """The message with all its deliveries, and its escalation, which looks at them."""
        return Needs(messages=(self._message_id,), escalations=(self._message_id,))

    def decide(self, known: Known, batch: Batch, durability: str) -> None:
        """Ring them."""
        self._count = 0
        message, rules = known.message(self._message_id), self._rules()
        if message is None or message.sender_person is None or message.sender_person != self._caller.person_id:
            raise Refused(Code.NOT_FOUND, "you have sent no such message")
        if message.ended_at is not None:
            raise Refused(Code.ALREADY_ENDED, "this message has ended")
        view = view_message(message, rules.directory)
        for before in known.deliveries_of(self._message_id):
            if not _is_waited_for(before):
                continue
            who = before.person_id
            if before.state is State.PENDING:
                batch.record(FactKind.RUNG, _PENDING, message_id=message.id, person_id=who)
            else:
                again = step(before, Happened(Event.RING), batch.now)
                take_step(batch, known, rules, before, again, detail={"why": "nudged"})
            rings = rings_for(who, before.priority, rules.directory, batch.now)
            batch.tell(who, "ring", message.id, NewBody(view, rings, batch.now))
            self._count += 1

    def committed(self) -> None:
        """Answer whoever asked."""
        self._done(self._count)

    def failed(self, error: WardwireError) -> None:
        """Answer whoever asked."""
        self._done(error)


def _is_waited_for(delivery: Delivery) -> bool:
    """Whether somebody has not read it, or has read it and owes an answer."""
    offered = delivery.offered
    wanted = bool(offered.accept_decline or offered.choices or offered.free_text)
    return delivery.state in _UNREAD or (delivery.state is State.READ and wanted)
