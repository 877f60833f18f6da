"""An alert that runs without a policy follows its role: to the next holder, or to who covers for them; both are told.

The former holder's endpoints are tried on until a device of whoever is called now has it (flow/leave.py).
One that escalates does so by itself (flow/escalate.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import UUID

import msgspec

from wardwire.flow.overdue import Done, Overdue
from wardwire.flow.ports import Known, Needs, Rules
from wardwire.flow.statement import read_statement, submission_of, view_message
from wardwire.flow.store_message import add_deliveries
from wardwire.flow.take import take_step
from wardwire.flow.views import NewBody
from wardwire.model import ids
from wardwire.model.delivery import Event, Happened, step
from wardwire.model.facts import FactKind
from wardwire.model.people import Role
from wardwire.model.priority import Lane
from wardwire.model.routing import Planned
from wardwire.model.turning import is_open, let_go, next_free, plan_turn, turn_of, waits
from wardwire.store.batch import Batch
from wardwire.store.deadlines import LEAVE, TURN, Due
from wardwire.store.messages import Message

_ENCODE = msgspec.json.Encoder().encode
# A large message's recipients have their deliveries one chunk after the other.
_NOT_YET = timedelta(seconds=10)


class Turn(Overdue):
    """Look whether a role that an alert went through is somebody else's now."""

    __slots__ = ("_called", "_due", "turn")

    def __init__(
        self, due: Due, called: Sequence[UUID], *, lane: Lane, rules: Callable[[], Rules], done: Done
    ) -> None:
        """`called` is who got it because the role was theirs, or because they cover for its holder."""
        super().__init__(due.message_id, hash(due.message_id), lane=lane, rules=rules, done=done)
        self._due = due
        self._called = called
        self.turn = ("turn", due.message_id)

    def needs(self) -> Needs:
        """The message with its deliveries."""
        return Needs(messages=(self._message_id,))

    def decide(self, known: Known, batch: Batch, durability: str) -> None:
        """Hand it over if it is open and the role is another's; look again later."""
        due, rules = self._due, self._rules()
        message = known.message(self._message_id)
        if message is None or message.ended_at is not None:
            batch.disarm(due.message_id, due.person_id, TURN, due.ref)
            return
        role = rules.directory.roles.get(due.ref)
        turned = turn_of(role, due.person_id, rules.directory, rules.desk, message.stored_at, batch.now)
        called = [one for person in self._called if (one := known.delivery((due.message_id, person))) is not None]
        look_at = turned.look_at
        if role is not None and turned.new != turned.former and waits(called):
            self._hand_over(known, batch, rules, message, role, turned.new)
            batch.disarm(due.message_id, due.person_id, TURN, due.ref)
            if look_at is not None:
                batch.arm(due.message_id, turned.new, TURN, due.ref, due.lane, look_at)
            return
        if not called:
            look_at = batch.now + _NOT_YET
        batch.rearm(due.message_id, due.fence, look_at, person_id=due.person_id, kind=TURN, ref=due.ref)

    def _hand_over(self, known: Known, batch: Batch, rules: Rules, message: Message, role: Role, new: UUID) -> None:
        """Call whoever has the role now, and let go whom it stood for."""
        asked = submission_of(read_statement(message.content), source=message.source, content=message.content)
        directory, sender = rules.directory, message.sender_person
        planned = plan_turn(role, asked, directory, rules.waits, batch.now, sender, rules.desk)
        told = {
            "role": ids.write_id(ids.ROLE, role.id),
            "from": ids.write_id(ids.PERSON, self._due.person_id),
            "to": ids.write_id(ids.PERSON, new),
        }
        batch.record(FactKind.HANDED_OVER, _ENCODE(told).decode(), message_id=message.id)
        body = view_message(message, directory)
        fresh = [one for one in planned if known.delivery((message.id, one.person_id)) is None]
        add_deliveries(batch, directory, asked, fresh, message_id=message.id, body=body, sender=sender)
        for one in planned:
            batch.disarm(message.id, one.person_id, LEAVE, role.id)
            if one not in fresh:
                self._ring(known, batch, rules, message, one, body)
        keep = {one.person_id for one in planned}
        for person in let_go(role, self._called, asked, directory, keep, rules.desk, batch.now):
            before = known.delivery((message.id, person))
            if before is not None and is_open(before):
                batch.tell(person, "handed_over", message.id, NewBody(body, False, batch.now))
                look_at = next_free(before, message.stored_at, batch.now)
                batch.arm(message.id, person, LEAVE, role.id, self._due.lane, look_at)

    def _ring(self, known: Known, batch: Batch, rules: Rules, message: Message, one: Planned, body: bytes) -> None:
        """Ring somebody who has it already, and has not answered."""
        before = known.delivery((message.id, one.person_id))
        assert before is not None
        decided = step(before, Happened(Event.RING, stages=one.stages), batch.now)
        if decided.delivery is before:
            return
        take_step(batch, known, rules, before, decided, detail={"why": one.why})
        batch.tell(one.person_id, "ring", message.id, NewBody(body, one.rings, batch.now))
        if one.stages != before.stages:
            batch.also("replanned", message.id, [one.person_id], [one.written])
