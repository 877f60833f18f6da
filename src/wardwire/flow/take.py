"""Takes what a step decided about a delivery into the batch: its change, fact, deadline, attempts and words."""

from __future__ import annotations

from uuid import UUID

import msgspec

from wardwire.flow.alarm import raise_alarm
from wardwire.flow.ports import Known, Rules
from wardwire.flow.stages import begin_stage
from wardwire.flow.statement import DRILL
from wardwire.flow.views import Status, view_delivery
from wardwire.model import ids
from wardwire.model.delivery import Delivery, State, Step
from wardwire.model.facts import FactKind
from wardwire.model.priority import Kind, lane_of
from wardwire.store.batch import NOBODY, Batch
from wardwire.store.deadlines import CONFIRM, ESCALATE, NOTICE, stage_ref

_ENCODE = msgspec.json.Encoder().encode
# What makes an escalation look: answers; and receipts, where a step asks for them. By Delivery.looks.
_ANSWERS = frozenset({FactKind.ANSWERED, FactKind.HANDED_BACK, FactKind.KEPT, FactKind.UNREACHABLE})
_LOOK = (frozenset[FactKind](), _ANSWERS, _ANSWERS | {FactKind.DELIVERED, FactKind.READ})


def take_step(
    batch: Batch,
    known: Known,
    rules: Rules,
    before: Delivery,
    step: Step,
    *,
    device_id: UUID | None = None,
    detail: dict[str, object] | None = None,
    by: str = "",
) -> None:
    """Add everything that follows from a step; a step that changed nothing adds nothing.

    `by` is the name of another person who has done it.
    """
    after = step.delivery
    if after is before:
        return
    batch.change(before, after)
    known.took(after)
    if before.state is State.PENDING:
        batch.disarm(before.message_id, before.person_id, CONFIRM, stage_ref(before.stage))
    if step.arm is not None:
        begin_stage(batch, rules.directory, after, step.begin, step.arm)
    if after.escalates and step.fact in _LOOK[after.looks]:
        batch.arm(after.message_id, NOBODY, ESCALATE, NOBODY, lane_of(after.priority), batch.now)
    elif step.fact is FactKind.HANDED_BACK:
        batch.also("turn_sooner", batch.now, after.message_id)
    if step.fact is not None:
        batch.record(
            step.fact,
            _ENCODE({"state": after.state, **detail}).decode() if detail else f'{{"state":"{after.state}"}}',
            message_id=after.message_id,
            person_id=after.person_id,
            device_id=device_id,
        )
    if after.state is State.ACCEPTED and after.kind is Kind.TECHNICAL_ALARM:
        by = ids.write_id(ids.PERSON, after.person_id)
        batch.also("alarm_taken", after.message_id, by, batch.now)
        batch.record(
            FactKind.ALARM_TAKEN,
            _ENCODE({"by": by}).decode(),
            message_id=after.message_id,
            person_id=after.person_id,
            device_id=device_id,
        )
    if step.tell_person is not None:
        view = view_delivery(after, batch.now, device_id, by=by)
        batch.tell(after.person_id, step.tell_person, after.message_id, view)
    if step.tell_sender:
        answered = step.fact in (FactKind.ANSWERED, FactKind.HANDED_BACK)
        _tell_sender(batch, rules, after, device_id, answered=answered)


def _tell_sender(batch: Batch, rules: Rules, after: Delivery, device_id: UUID | None, *, answered: bool) -> None:
    sender = after.sender_person
    if sender is not None:
        batch.live.append(Status(sender, after, batch.now, device_id))
        if answered:
            # Live words are not kept: a sender whose phone was off must find the answer when it is back.
            batch.tell(sender, "changed", after.message_id, view_delivery(after, batch.now, device_id))
    if after.kind in (Kind.TECHNICAL_ALARM, Kind.CANARY, Kind.COPY, Kind.TEST):
        return
    if after.state is State.EXPIRED and sender is not None:
        batch.tell_once(sender, after.state.value, after.message_id, view_delivery(after, batch.now, None))
    elif after.state is State.UNREACHABLE:
        if after.looks:
            # Its escalation goes on at once: whoever is called next is the answer, and in the end the desk.
            if sender is not None:
                batch.tell_once(sender, after.state.value, after.message_id, view_delivery(after, batch.now, None))
            return
        if sender is None or not rules.directory.active_devices(sender):
            alarm_unreached(batch, rules, after)
            return
        # Told is not heard: a deadline runs until the sender's device has shown it.
        batch.tell_once(sender, after.state.value, after.message_id, view_delivery(after, batch.now, None))
        due = batch.now + rules.notice_after
        batch.arm(after.message_id, sender, NOTICE, NOBODY, lane_of(after.priority), due)


def alarm_unreached(batch: Batch, rules: Rules, delivery: Delivery) -> None:
    """Tell the operators' desk that a message has not reached its recipient, and that nobody else knows."""
    person = rules.directory.people.get(delivery.person_id)
    message = ids.write_id(ids.MESSAGE, delivery.message_id)
    what = f"{DRILL}: a" if delivery.test else "A"
    raise_alarm(
        batch,
        rules,
        kind="unreached",
        subject=message,
        text=(
            f"{what} message of priority {delivery.priority} has reached no device of"
            f" {person.name if person else 'a person'}, and its sender does not know. Its story: {message}"
        ),
        message_id=delivery.message_id,
    )
