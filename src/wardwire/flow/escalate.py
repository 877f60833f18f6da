"""Step 5: somebody said *look*, or time is up: how does an alert stand, and what follows?

Level-triggered (ADR 0012): what has happened is asked of the deliveries. Looking twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from wardwire.flow.copies import send_copies
from wardwire.flow.escalating import carry_out, circumstances, next_look, tell_team
from wardwire.flow.ports import Act, Known, Needs, Rules
from wardwire.flow.statement import write_sender
from wardwire.model.alert import Escalation, State
from wardwire.model.errors import WardwireError
from wardwire.model.escalation import fold
from wardwire.model.priority import Lane
from wardwire.model.standing import step_out
from wardwire.store.batch import NOBODY, Batch
from wardwire.store.deadlines import ESCALATE
from wardwire.store.messages import as_reported

# A step that begins within this time has kept its promise.
IN_TIME = timedelta(seconds=1)

Done = Callable[[WardwireError | None], None]


class Escalate(Act):
    """Look at one alert that escalates.

    Args:
        fence: The deadline's, as it was claimed: whoever is late with the claim arms nothing.
    """

    __slots__ = ("_done", "_fence", "_message_id", "_rules", "affinity", "lane", "turn")

    def __init__(self, message_id: UUID, fence: int, *, lane: Lane, rules: Callable[[], Rules], done: Done) -> None:
        self._message_id = message_id
        self._fence = fence
        self._rules = rules
        self._done = done
        self.lane = lane
        self.affinity = hash(message_id)
        # Two looks at one alert: the second sees what the first has done.
        self.turn = message_id

    def needs(self) -> Needs:
        """The escalation, and the message with all its deliveries."""
        return Needs(messages=(self._message_id,), escalations=(self._message_id,))

    def decide(self, known: Known, batch: Batch, durability: str) -> None:
        """Fold what has happened, and take what follows."""
        kept, message = known.escalation(self._message_id), known.message(self._message_id)
        if kept is None or message is None:
            batch.disarm(self._message_id, NOBODY, ESCALATE, NOBODY)
            return
        before, rules = kept.escalation, self._rules()
        ended = (message.ended_why or "ended") if message.ended_at is not None else ""
        given = circumstances(before, known.deliveries_of(self._message_id), rules, batch.now, ended, kept.alarmed)
        decided = fold(before, given, batch.now)
        after = decided.escalation
        if after is not before:
            batch.escalate(before, after)
            known.escalated(after)
            _count_promise(batch, rules, before, after)
        carry_out(batch, known, rules, message, after, decided.commands)
        had = {role for role, _ in before.roles}
        if turned := [role for role, _ in after.roles if role not in had]:
            send_copies(
                batch, rules, turned, message_id=message.id, thread_id=message.thread_id,
                content=as_reported(message, after).content,
                priority=after.priority, others=[*after.people, *filter(None, (message.sender_person,))],
                sender=write_sender(rules.directory, message.sender_person, message.source),
            )  # fmt: skip
        tell_team(batch, rules, after, given, message.sender_person)
        batch.rearm(self._message_id, self._fence, next_look(after, rules, batch.now))

    def committed(self) -> None:
        """The claim is over."""
        self._done(None)

    def failed(self, error: WardwireError) -> None:
        """The lease runs out, and somebody claims it again."""
        self._done(error)


def _count_promise(batch: Batch, rules: Rules, before: Escalation, after: Escalation) -> None:
    """Count whether a step that was due began within a second; one that began earlier was due by an answer."""
    began = after.state is State.EXHAUSTED or after.step_began_at == batch.now
    late = batch.now - (before.step_began_at + step_out(before).wait * (before.rung + 1))
    if before.state is State.RUNNING and began and late >= timedelta(0) and not before.test:
        unit = rules.directory.places.get(before.unit) if before.unit else None
        batch.promises.append((late <= IN_TIME, before.priority, unit.name if unit else ""))
