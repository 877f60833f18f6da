"""The life of a delivery (message x person): one table, and `step`, which decides what follows from an event.

The diagram in docs/states.md is generated from TRANSITIONS.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from wardwire.model.errors import Code, Refused
from wardwire.model.facts import FactKind
from wardwire.model.message import ACCEPT, DECLINE, DONE, Offered
from wardwire.model.priority import Kind, Priority, Word
from wardwire.model.routing import Stage


class State(Word):
    """Where a delivery stands."""

    PENDING = "pending"  # a stage is out and unconfirmed; a deadline is armed
    UNREACHABLE = "unreachable"  # every stage passed unconfirmed; the sender was told; a device may still confirm
    DELIVERED = "delivered"  # our code on the person's device has stored it and said so
    READ = "read"  # it was on an unlocked screen for a second
    ACCEPTED = "accepted"  # the person has taken it; can be handed back
    DECLINED = "declined"  # the person will not
    ANSWERED = "answered"  # one of the offered choices, or free text
    TAKEN = "taken"  # somebody else has it: silent; they may still accept
    CANCELLED = "cancelled"  # ended by its sender
    CLEARED = "cleared"  # ended by its source
    EXPIRED = "expired"  # its time ran out unanswered; the sender was told


ENDED = frozenset({State.CANCELLED, State.CLEARED, State.EXPIRED})
RESPONDED = frozenset({State.ACCEPTED, State.DECLINED, State.ANSWERED})


class Event(Word):
    """What can happen to a delivery."""

    CONFIRMED = "confirmed"  # a device: stored
    SEEN = "seen"  # a device: read
    ACCEPT = "accept"
    DECLINE = "decline"
    ANSWER = "answer"
    HAND_BACK = "hand back"
    DEADLINE = "deadline passed"  # nobody confirmed the stage in its time
    TAKE = "take"  # somebody else has it
    RING = "ring"  # called again: from the first stage
    KEEP = "keep"  # asked whether they still have it: yes
    DONE = "done"  # what they had is done
    CANCEL = "cancel"
    CLEAR = "clear"
    EXPIRE = "expire"
    GONE = "device gone"  # the only device of theirs, on which it was, is somebody else's now


_S, _E = State, Event
_OPEN = (State.PENDING, State.UNREACHABLE, State.DELIVERED, State.READ)

# (state, event) -> state. What is not here is a repeat, which changes nothing, or refused: see _repeat.
TRANSITIONS: dict[tuple[State, Event], State] = {
    (_S.PENDING, _E.DEADLINE): _S.PENDING,  # the next stage; UNREACHABLE when there is none
    **{(s, _E.GONE): _S.PENDING for s in (_S.PENDING, _S.DELIVERED)},  # the next stage, as above
    **{(s, _E.CONFIRMED): _S.DELIVERED for s in (_S.PENDING, _S.UNREACHABLE)},
    **{(s, _E.SEEN): _S.READ for s in (_S.PENDING, _S.UNREACHABLE, _S.DELIVERED)},
    **{(s, _E.ACCEPT): _S.ACCEPTED for s in (*_OPEN, _S.DECLINED, _S.TAKEN)},
    **{(s, _E.DECLINE): _S.DECLINED for s in (*_OPEN, _S.TAKEN)},
    **{(s, _E.ANSWER): _S.ANSWERED for s in (*_OPEN, _S.TAKEN)},
    (_S.ACCEPTED, _E.HAND_BACK): _S.READ,
    **{(s, _E.TAKE): _S.TAKEN for s in _OPEN},
    **{(s, _E.RING): _S.PENDING for s in (*_OPEN, _S.TAKEN)},
    (_S.ACCEPTED, _E.KEEP): _S.ACCEPTED,
    (_S.ACCEPTED, _E.DONE): _S.ANSWERED,
    **{(s, _E.CANCEL): _S.CANCELLED for s in State if s not in ENDED},
    **{(s, _E.CLEAR): _S.CLEARED for s in State if s not in ENDED},
    **{(s, _E.EXPIRE): _S.EXPIRED for s in (*_OPEN, _S.TAKEN)},
}


# One more meaning of `escalates`, so that the path carries no column for what is rare.
TEST = 4
# The kind of the endpoints that are devices of ours.
APP = "app"


class Delivery(Struct, frozen=True, gc=False):
    """A delivery as it stands. The path makes two of them a message: hence what is quickest to make, and to change.

    Attributes:
        version: Counts the changes; a change decided on an older version is not written.
        stage: Index of the stage that is out.
        offered: What may be answered.
        escalates: Whether its escalation waits for its answer (1), or for receipts as well (2); 0 = it has none.
            With TEST added, it is of a drill or a test. Ask `looks` and `test`.
    """

    message_id: UUID
    person_id: UUID
    version: int
    state: State
    stage: int
    stages: tuple[Stage, ...]
    kind: Kind
    priority: Priority
    sender_person: UUID | None
    offered: Offered
    delivered_at: datetime | None = None
    delivered_by: UUID | None = None
    read_at: datetime | None = None
    response: str | None = None
    responded_at: datetime | None = None
    escalates: int = 0

    @property
    def looks(self) -> int:
        """What its escalation waits for; 0 = it has none."""
        return self.escalates & ~TEST

    @property
    def test(self) -> bool:
        """Whether it is of a drill or a test: never counted as real."""
        return self.escalates >= TEST


class Happened(Struct, frozen=True, gc=False):
    """An event with its circumstances.

    Attributes:
        stage: For DEADLINE: the stage whose time was up; another one's deadline is stale and ignored.
        device_id: The device that spoke.
        answer: For ANSWER: the choice or the text.
        stages: For RING: what is tried now; None = what was tried before.
    """

    event: Event
    stage: int = 0
    device_id: UUID | None = None
    answer: str = ""
    stages: tuple[Stage, ...] | None = None


class Step(Struct, frozen=True, gc=False):
    """What follows from an event.

    Attributes:
        delivery: The new state; the same object when nothing changed.
        fact: What to record; None when nothing changed.
        arm: When the next deadline is due; None = leave none armed.
        begin: The stage to begin now, if one begins.
        tell_sender: The sender hears of the new state.
        tell_person: The event that the person's devices hear, if any.
    """

    delivery: Delivery
    fact: FactKind | None = None
    arm: datetime | None = None
    begin: Stage | None = None
    tell_sender: bool = False
    tell_person: str | None = None


def step(delivery: Delivery, happened: Happened, now: datetime) -> Step:
    """Decide what an event does to a delivery.

    Raises:
        Refused: `RESPONSE_NOT_OFFERED`, `ALREADY_ENDED` or `TOO_LATE`; nothing changes.
    """
    event = happened.event
    after = TRANSITIONS.get((delivery.state, event))
    if event is Event.DEADLINE:
        return _deadline(delivery, happened, now) if after else Step(delivery=delivery)
    if event is Event.GONE:
        return _gone(delivery, now) if after else Step(delivery=delivery)
    if after is None:
        return _repeat(delivery, happened)
    if event in _ANSWERS:
        _check_offered(delivery.offered, happened)
    if event in _OF_ESCALATION and not delivery.looks:
        raise Refused(Code.RESPONSE_NOT_OFFERED, f"{event} belongs to an alert that escalates")
    version = delivery.version + 1
    if event in _ENDINGS:
        fact = _ENDINGS[event]
        return Step(
            delivery=replace(delivery, state=after, version=version),
            fact=fact,
            tell_sender=event is Event.EXPIRE,
            tell_person=happened.answer or fact.value.lower(),
        )
    if event is Event.TAKE:
        return Step(delivery=replace(delivery, state=after, version=version), fact=FactKind.TAKEN)
    if event is Event.RING:
        stages = delivery.stages if happened.stages is None else happened.stages
        again = replace(delivery, state=after, version=version, stage=0, stages=stages)
        return replace(first_step(again, now), fact=FactKind.RUNG)
    # Whoever has read or answered it has it: an answer stands for the receipts before it.
    first = delivery.delivered_at is None
    delivered_at = now if first else delivery.delivered_at
    delivered_by = happened.device_id if first else delivery.delivered_by
    match event:
        case Event.CONFIRMED:
            fact, told = FactKind.DELIVERED, None
            changed = replace(
                delivery, state=after, version=version, delivered_at=delivered_at, delivered_by=delivered_by
            )
        case Event.SEEN:
            fact, told = FactKind.READ, "read"
            changed = replace(
                delivery,
                state=after,
                version=version,
                delivered_at=delivered_at,
                delivered_by=delivered_by,
                read_at=now,
            )
        case Event.HAND_BACK:
            fact, told = FactKind.HANDED_BACK, "handed_back"
            changed = replace(delivery, state=after, version=version, response=None, responded_at=None)
        case Event.KEEP:
            fact, told = FactKind.KEPT, "answered"
            changed = replace(delivery, version=version, responded_at=now)
        case _:
            fact, told = FactKind.ANSWERED, "answered"
            changed = replace(
                delivery,
                state=after,
                version=version,
                delivered_at=delivered_at,
                delivered_by=delivered_by,
                read_at=delivery.read_at or now,
                response=happened.answer if event is Event.ANSWER else event.value,
                responded_at=now,
            )
    return Step(delivery=changed, fact=fact, tell_sender=True, tell_person=told)


# Looked up for each event, so made once.
_ANSWERS = frozenset({Event.ACCEPT, Event.DECLINE, Event.ANSWER})
_OF_ESCALATION = frozenset({Event.KEEP, Event.DONE})
_ENDINGS = {Event.CANCEL: FactKind.CANCELLED, Event.CLEAR: FactKind.CLEARED, Event.EXPIRE: FactKind.EXPIRED}


def first_step(delivery: Delivery, now: datetime) -> Step:
    """Begin a new delivery: its first stage, or a deadline due at once when it has none."""
    stage, due = first_stage(delivery.stages, now)
    return Step(delivery=delivery, arm=due, begin=stage)


def first_stage(stages: tuple[Stage, ...], now: datetime) -> tuple[Stage | None, datetime]:
    """Return the stage that a new delivery begins with, and until when; what has none is due at once."""
    return (stages[0], _after(now, stages[0].wait)) if stages else (None, now)


@lru_cache(maxsize=64)
def _after(now: datetime, wait: timedelta) -> datetime:
    """Add; the deliveries of a batch have one instant, and few waits."""
    return now + wait


def _deadline(delivery: Delivery, happened: Happened, now: datetime) -> Step:
    if happened.stage != delivery.stage:
        return Step(delivery=delivery)
    following = delivery.stage + 1
    if following < len(delivery.stages):
        stage = delivery.stages[following]
        changed = replace(delivery, stage=following, version=delivery.version + 1)
        return Step(delivery=changed, fact=FactKind.NOT_CONFIRMED, arm=now + stage.wait, begin=stage)
    if delivery.kind is Kind.TECHNICAL_ALARM and delivery.stages:
        # The last resort never falls silent: it begins again, until a device confirms.
        stage = delivery.stages[0]
        changed = replace(delivery, stage=0, version=delivery.version + 1)
        return Step(delivery=changed, fact=FactKind.NOT_CONFIRMED, arm=now + stage.wait, begin=stage)
    changed = replace(delivery, state=State.UNREACHABLE, version=delivery.version + 1)
    return Step(delivery=changed, fact=FactKind.UNREACHABLE, tell_sender=True)


def _gone(delivery: Delivery, now: datetime) -> Step:
    """What was on its way to a device, or lay on it unread, does not wait for it."""
    if delivery.stages and APP not in delivery.stages[delivery.stage].kinds:
        return Step(delivery=delivery)
    open_again = replace(delivery, state=State.PENDING)
    return _deadline(open_again, Happened(event=Event.DEADLINE, stage=delivery.stage), now)


_QUIET = frozenset({Event.CONFIRMED, Event.SEEN, Event.TAKE, Event.RING, *_ENDINGS})


def _repeat(delivery: Delivery, happened: Happened) -> Step:
    """What is not in the table: the same said twice changes nothing; anything else is refused."""
    event, state = happened.event, delivery.state
    if event in _QUIET:
        return Step(delivery=delivery)
    if state in ENDED:
        raise Refused(Code.ALREADY_ENDED, f"this message was {state} already")
    if event is Event.HAND_BACK:
        if state is State.READ:  # where a hand-back leads: said twice, or nothing was held
            return Step(delivery=delivery)
        raise Refused(Code.TOO_LATE, "only what you have accepted can be handed back")
    if event is Event.KEEP:
        raise Refused(Code.TOO_LATE, "only what you have accepted can be kept")
    said = happened.answer if event is Event.ANSWER else event.value
    if event is Event.DONE:
        if delivery.response == DONE:
            return Step(delivery=delivery)
        raise Refused(Code.TOO_LATE, "only what you have accepted can be done")
    if said == delivery.response and state is TRANSITIONS[State.READ, event]:
        return Step(delivery=delivery)
    raise Refused(Code.TOO_LATE, f"you have answered already: {delivery.state}", answered=delivery.response)


def _check_offered(offered: Offered, happened: Happened) -> None:
    if happened.event is Event.ANSWER:
        if happened.answer in offered.choices or (offered.free_text and happened.answer.strip()):
            return
    elif offered.accept_decline:
        return
    answer = {Event.ACCEPT: ACCEPT, Event.DECLINE: DECLINE}.get(happened.event, "this answer")
    raise Refused(Code.RESPONSE_NOT_OFFERED, f"{answer} was not offered by the sender")
