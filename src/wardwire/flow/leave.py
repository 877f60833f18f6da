"""A role was handed over with an alert that has no policy: its former holder is let go when the next one has it.

Called is not enough: a device of whoever is called now must have it (hazard H268, of alerts that escalate).
"""

from __future__ import annotations

from collections.abc import Callable

from wardwire.flow.overdue import Done, Overdue
from wardwire.flow.ports import Known, Needs, Rules
from wardwire.flow.statement import read_statement, submission_of
from wardwire.flow.take import take_step
from wardwire.model import ids
from wardwire.model.delivery import Event, Happened, step
from wardwire.model.errors import Refused
from wardwire.model.priority import Lane
from wardwire.model.turning import FOLLOWS, freed_by, is_open, next_free, plan_turn
from wardwire.store.batch import Batch
from wardwire.store.deadlines import LEAVE, Due


class Leave(Overdue):
    """Look whether a former holder may fall silent."""

    __slots__ = ("_due", "_version", "turn")

    def __init__(self, due: Due, version: int, *, lane: Lane, rules: Callable[[], Rules], done: Done) -> None:
        """`version` is that of their delivery when this was claimed: whoever was rung since then is not let go."""
        super().__init__(due.message_id, hash(due.message_id), lane=lane, rules=rules, done=done)
        self._due = due
        self._version = version
        self.turn = ("turn", due.message_id)

    def needs(self) -> Needs:
        """The message with its deliveries."""
        return Needs(messages=(self._message_id,))

    def decide(self, known: Known, batch: Batch, durability: str) -> None:
        """Let them go, or look again; who has answered, or has the role again, is looked after no more."""
        due, rules = self._due, self._rules()
        message, before = known.message(self._message_id), known.delivery((self._message_id, due.person_id))
        role = rules.directory.roles.get(due.ref)
        if message is None or message.ended_at is not None or before is None or role is None or not is_open(before):
            batch.disarm(due.message_id, due.person_id, LEAVE, due.ref)
            return
        look_at = next_free(before, message.stored_at, batch.now)
        asked = submission_of(read_statement(message.content), source=message.source, content=message.content)
        try:
            planned = plan_turn(
                role, asked, rules.directory, rules.waits, batch.now, message.sender_person, rules.desk
            )
        except Refused:  # nobody has it now
            planned = ()
        if any(one.person_id == due.person_id for one in planned) or look_at > message.stored_at + FOLLOWS:
            batch.disarm(due.message_id, due.person_id, LEAVE, due.ref)
            return
        by = freed_by(planned, lambda person_id: known.delivery((message.id, person_id)))
        if by is None or before.version != self._version:
            batch.rearm(due.message_id, due.fence, look_at, person_id=due.person_id, kind=LEAVE, ref=due.ref)
            return
        detail: dict[str, object] = {"why": "handed_over", "by": ids.write_id(ids.PERSON, by)}
        take_step(batch, known, rules, before, step(before, Happened(Event.TAKE), batch.now), detail=detail)
        batch.disarm(due.message_id, due.person_id, LEAVE, due.ref)
