"""Raises technical alarms: a row that stays until cleared, and a message to the operators' desk, in one commit."""

from __future__ import annotations

from uuid import UUID

import msgspec

from wardwire.flow.planning import plan_submission
from wardwire.flow.ports import Rules
from wardwire.flow.statement import Responses, Statement, submission_of, write_sender, write_statement
from wardwire.flow.store_message import store_message
from wardwire.model import ids
from wardwire.model.errors import Refused
from wardwire.model.facts import FactKind
from wardwire.model.ids import new_id
from wardwire.model.priority import Kind, Priority
from wardwire.model.rights import SYSTEM
from wardwire.store.batch import Batch

SELF = "wardwire"  # who cleared it: its cause has gone by itself
_ENCODE = msgspec.json.Encoder().encode


def raise_alarm(
    batch: Batch,
    rules: Rules,
    *,
    kind: str,
    subject: str,
    text: str,
    message_id: UUID | None = None,
    stands: bool = False,
) -> None:
    """Raise a technical alarm in this batch.

    The message at the desk asks to be accepted: whoever does, has taken the alarm. Raised again while it is open it
    is counted, and rings nobody anew.
    `text` is for the desk and never holds what a message says. Where nobody is at the desk the alarm's row and
    fact stand alone until somebody is (flow/desk.py): /readyz shows them. One of the same kind and subject is raised
    once a batch: a message that a thousand people did not get is one thing to see to.

    Args:
        stands: It tells of a state and not of an event: while it is open nothing is added, not even to its count.
    """
    if (kind, subject) in batch.alarmed:
        return
    batch.alarmed.add((kind, subject))
    if batch.open_alarms and (kind, subject) in batch.open_alarms:
        if stands:
            return
        batch.also("alarm_again", kind, subject, text, batch.now)
        batch.record(
            FactKind.ALARM_RAISED,
            _ENCODE({"kind": kind, "subject": subject, "again": True}).decode(),
            message_id=message_id,
        )
        return
    alarm_id = new_id(batch.now)
    told_by = tell_desk(batch, rules, alarm_id, text)
    batch.also("alarm", alarm_id, kind, subject, text, message_id, batch.now, told_by)
    batch.record(
        FactKind.ALARM_RAISED,
        _ENCODE({"alarm": ids.write_id(ids.ALARM, alarm_id), "kind": kind, "subject": subject}).decode(),
        message_id=message_id,
    )


def tell_desk(batch: Batch, rules: Rules, alarm_id: UUID, text: str) -> UUID | None:
    """Store the message that rings for an alarm at whoever is at the desk now; None = nobody is."""
    if not rules.desk:
        return None
    statement = Statement(
        id=ids.write_id(ids.ALARM, alarm_id),
        to=(rules.desk,),
        kind=Kind.TECHNICAL_ALARM,
        priority=Priority.HIGH,
        subject="Technical alarm",
        text=text,
        responses=Responses(accept_decline=True),
    )
    submission = submission_of(statement, source=SYSTEM.source, content=write_statement(statement))
    try:
        planning = plan_submission(submission, rules, batch.now, sender=None)
    except Refused:
        return None
    told_by = new_id(batch.now)
    sender = write_sender(rules.directory, None, SYSTEM.source)
    store_message(batch, rules, submission, planning, caller=SYSTEM, sender=sender, message_id=told_by)
    return told_by


def clear_alarm(batch: Batch, *, kind: str, subject: str, why: str) -> None:
    """Clear the alarm of this kind and subject: its cause has gone. None that is open is no fault."""
    if (kind, subject) in batch.alarmed or (
        batch.open_alarms is not None and (kind, subject) not in batch.open_alarms
    ):
        return
    batch.alarmed.add((kind, subject))
    batch.also("alarm_over", kind, subject, SELF, why, batch.now)
    batch.record(FactKind.ALARM_CLEARED, _ENCODE({"kind": kind, "subject": subject, "by": SELF, "why": why}).decode())
