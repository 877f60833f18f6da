"""Raises technical alarms: a row that stays until cleared, and a message to the operators' desk, in one commit."""

from __future__ import annotations

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


def raise_alarm(batch: Batch, rules: Rules, *, kind: str, subject: str, text: str, message_id: object = None) -> None:
    """Raise a technical alarm in this batch.

    The message at the desk asks to be accepted: whoever does, has taken the alarm.
    `text` is for the desk and never holds what a message says. Where no desk can be found the alarm's row and
    fact stand alone: /readyz shows them. One of the same kind and subject is raised once a batch: a message that
    a thousand people did not get is one thing to see to.
    """
    if (kind, subject) in batch.alarmed:
        return
    batch.alarmed.add((kind, subject))
    alarm_id = new_id(batch.now)
    told_by = new_id(batch.now)
    batch.also("alarm", alarm_id, kind, subject, text, message_id, batch.now, told_by)
    batch.record(
        FactKind.ALARM_RAISED,
        _ENCODE({"alarm": ids.write_id(ids.ALARM, alarm_id), "kind": kind, "subject": subject}).decode(),
        message_id=message_id,  # type: ignore[arg-type]
    )
    if not rules.desk:
        return
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
        return  # no desk to tell: the row above is what is left, and /readyz shows it
    sender = write_sender(rules.directory, None, SYSTEM.source)
    store_message(batch, rules, submission, planning, caller=SYSTEM, sender=sender, message_id=told_by)


def clear_alarms(batch: Batch, *, kind: str, subject: str, why: str) -> None:
    """Clear the open alarm of this kind and subject, if there is one: its cause has gone, and somebody knows it."""
    batch.also("alarm_over", kind, subject, SELF, why, batch.now)
    batch.record(FactKind.ALARM_CLEARED, _ENCODE({"kind": kind, "subject": subject, "by": SELF, "why": why}).decode())
