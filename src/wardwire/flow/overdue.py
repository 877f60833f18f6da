"""Step 5, as far as it goes today: a deadline has passed. What escalates by policy will stand beside this."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from wardwire.flow.ports import Act, Known, Needs, Rules
from wardwire.flow.statement import read_statement, submission_of, view_message
from wardwire.flow.store_message import add_deliveries
from wardwire.flow.take import alarm_unreached, take_step
from wardwire.model import ids
from wardwire.model.delivery import Event, Happened, State, step
from wardwire.model.errors import WardwireError
from wardwire.model.facts import FactKind
from wardwire.model.priority import Lane, Priority, lane_of
from wardwire.model.routing import plan_person
from wardwire.store.batch import NOBODY, Batch
from wardwire.store.deadlines import CONFIRM, EXPAND, GONE, NOTICE, stage_ref
from wardwire.store.messages import Fanout

Done = Callable[[WardwireError | None], None]


class Overdue(Act):
    """What acts on deadlines have in common: they answer nobody but the loop that claimed them."""

    __slots__ = ("_done", "_message_id", "_rules", "affinity", "lane")

    def __init__(
        self, message_id: UUID, affinity: int, *, lane: Lane, rules: Callable[[], Rules], done: Done
    ) -> None:
        self._message_id = message_id
        self._rules = rules
        self._done = done
        self.lane = lane
        self.affinity = affinity

    def committed(self) -> None:
        """The claim is over."""
        self._done(None)

    def failed(self, error: WardwireError) -> None:
        """The lease runs out, and somebody claims it again."""
        self._done(error)


class Unconfirmed(Overdue):
    """No device has confirmed a stage in its time: the next stage, or *unreachable*."""

    __slots__ = ("_person_id", "_stage")

    def __init__(
        self,
        message_id: UUID,
        person_id: UUID,
        stage: int,
        *,
        lane: Lane,
        rules: Callable[[], Rules],
        done: Done,
    ) -> None:
        super().__init__(message_id, hash(person_id), lane=lane, rules=rules, done=done)
        self._person_id = person_id
        self._stage = stage

    def needs(self) -> Needs:
        """The delivery."""
        return Needs(deliveries=((self._message_id, self._person_id),))

    def decide(self, known: Known, batch: Batch, durability: str) -> None:
        """Go on, if this is still the stage that is out; a stale deadline is only cleared away."""
        before = known.delivery((self._message_id, self._person_id))
        if before is None or before.state is not State.PENDING or before.stage != self._stage:
            batch.disarm(self._message_id, self._person_id, CONFIRM, stage_ref(self._stage))
            return
        decided = step(before, Happened(event=Event.DEADLINE, stage=self._stage), batch.now)
        take_step(batch, known, self._rules(), before, decided, detail={"stage": self._stage})


class DeviceGone(Overdue):
    """The shared device on which somebody had a message has gone to somebody else: on to their next endpoint."""

    __slots__ = ("_device_id", "_person_id")

    def __init__(
        self,
        message_id: UUID,
        person_id: UUID,
        device_id: UUID,
        *,
        lane: Lane,
        rules: Callable[[], Rules],
        done: Done,
    ) -> None:
        super().__init__(message_id, hash(person_id), lane=lane, rules=rules, done=done)
        self._person_id = person_id
        self._device_id = device_id

    def needs(self) -> Needs:
        """The delivery."""
        return Needs(deliveries=((self._message_id, self._person_id),))

    def decide(self, known: Known, batch: Batch, durability: str) -> None:
        """Go on, unless they have another device by now, which shows it."""
        batch.disarm(self._message_id, self._person_id, GONE, self._device_id)
        before = known.delivery((self._message_id, self._person_id))
        rules = self._rules()
        if before is None or any(d != self._device_id for d in rules.directory.active_devices(self._person_id)):
            return
        decided = step(before, Happened(event=Event.GONE, device_id=self._device_id), batch.now)
        take_step(batch, known, rules, before, decided, detail={"stage": before.stage, "why": "device_gone"})


class Unheard(Overdue):
    """The sender's devices have not shown that the message failed: the desk is told."""

    __slots__ = ("_sender",)

    def __init__(self, message_id: UUID, sender: UUID, *, lane: Lane, rules: Callable[[], Rules], done: Done) -> None:
        super().__init__(message_id, hash(sender), lane=lane, rules=rules, done=done)
        self._sender = sender

    def needs(self) -> Needs:
        """The message with its deliveries."""
        return Needs(messages=(self._message_id,))

    def decide(self, known: Known, batch: Batch, durability: str) -> None:
        """Tell the desk of everybody who is still not reached."""
        batch.disarm(self._message_id, self._sender, NOTICE, NOBODY)
        for delivery in known.deliveries_of(self._message_id):
            if delivery.state is State.UNREACHABLE:
                alarm_unreached(batch, self._rules(), delivery)


class Expand(Overdue):
    """The next chunk of a large message's frozen recipients get their deliveries."""

    __slots__ = ("_fanout",)

    def __init__(
        self, message_id: UUID, fanout: Fanout, *, lane: Lane, rules: Callable[[], Rules], done: Done
    ) -> None:
        super().__init__(message_id, hash(message_id), lane=lane, rules=rules, done=done)
        self._fanout = fanout

    def needs(self) -> Needs:
        """The message."""
        return Needs(messages=(self._message_id,))

    def decide(self, known: Known, batch: Batch, durability: str) -> None:
        """Add one chunk; the count before it guards against doing it twice."""
        message, fanout, rules = known.message(self._message_id), self._fanout, self._rules()
        if message is None or message.ended_at is not None:
            batch.disarm(self._message_id, NOBODY, EXPAND, NOBODY)
            return
        upto = min(fanout.done + rules.chunk, len(fanout.people))
        chunk = list(zip(fanout.people[fanout.done : upto], fanout.whys[fanout.done : upto], strict=True))
        submission = submission_of(read_statement(message.content), source=message.source, content=message.content)
        planned = [
            plan_person(person_id, why, submission, rules.directory, rules.waits, batch.now)
            for person_id, why in chunk
        ]
        batch.also("fanout_done", message.id, upto, fanout.done)
        add_deliveries(
            batch,
            rules.directory,
            submission,
            planned,
            message_id=message.id,
            body=view_message(message, rules.directory),
            sender=message.sender_person,
        )
        _record_expanded(batch, message.id, [person_id for person_id, _ in chunk])
        if upto < len(fanout.people):
            batch.arm(message.id, NOBODY, EXPAND, NOBODY, lane_of(Priority(message.priority)), batch.now)
        else:
            batch.also("fanout_end", message.id)
            batch.disarm(message.id, NOBODY, EXPAND, NOBODY)


def _record_expanded(batch: Batch, message_id: UUID, people: Sequence[UUID]) -> None:
    names = ",".join(f'"{ids.write_id(ids.PERSON, person_id)}"' for person_id in people)
    batch.record(FactKind.EXPANDED, f'{{"recipients":[{names}]}}', message_id=message_id)
