"""Adds a planned submission to a batch: the message, its deliveries and deadlines, its events and its first fact."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from wardwire.flow.ports import Rules
from wardwire.flow.stages import begin_stage
from wardwire.flow.statement import Sender, view_submission
from wardwire.flow.views import MAX_NAMED, NewBody, Reach, Stored
from wardwire.model import ids
from wardwire.model.delivery import Delivery, State, first_step
from wardwire.model.facts import FactKind
from wardwire.model.message import Submission
from wardwire.model.people import Directory, Status
from wardwire.model.priority import Priority, lane_of
from wardwire.model.rights import Caller
from wardwire.model.routing import Plan, Planned, write_stages
from wardwire.store.batch import NOBODY, Batch
from wardwire.store.deadlines import EXPAND, EXPIRE
from wardwire.store.offered import write_offered

_ENCODE = msgspec.json.Encoder().encode


def digest_of(submission: Submission) -> bytes:
    """Return what tells two submissions of one identity apart: a digest of what is asked, not of its spelling."""
    offered = submission.offered
    parts = (
        submission.to,
        submission.kind,
        submission.priority,
        submission.subject,
        submission.text,
        submission.callback,
        offered.accept_decline,
        offered.choices,
        offered.free_text,
        submission.expires_at,
        submission.patient,
        submission.reply_to,
    )
    return hashlib.sha256(_ENCODE(parts)).digest()


def store_message(
    batch: Batch,
    rules: Rules,
    submission: Submission,
    decided: Plan,
    *,
    caller: Caller,
    sender: Sender,
    thread_id: UUID | None = None,
    durability: str = "",
) -> Stored:
    """Add a message and all that it sets going; returns the result that its sender is answered.

    More than 1,000 recipients of a `medium` or `low` message are frozen with it and expanded in chunks, under a
    deadline of their own; everything else is in this one commit.
    """
    message_id = ids.new_id(batch.now)
    thread = thread_id or message_id
    stored = Stored(
        message=ids.write_id(ids.MESSAGE, message_id),
        thread=ids.write_id(ids.THREAD, thread),
        at=batch.now,
        durability=durability,
        recipient_count=len(decided.people),
        recipients=name_recipients(decided.people, rules.directory, batch.now),
    )
    digest = digest_of(submission)
    batch.add_message(
        message_id=message_id,
        thread_id=thread,
        reply_to=submission.reply_to,
        kind=submission.kind,
        priority=submission.priority,
        source=submission.source,
        external_id=submission.external_id,
        digest=digest,
        result=_ENCODE(stored).decode(),
        sender_person=caller.person_id,
        sender_device=caller.device_id,
        content=submission.content,
        expires_at=submission.expires_at,
    )
    later = len(decided.people) > rules.largest_at_once and submission.priority in (Priority.MEDIUM, Priority.LOW)
    fact = {
        "source": submission.source,
        "id": submission.external_id,
        "kind": submission.kind,
        "priority": submission.priority,
        "digest": digest.hex(),
        "content": hashlib.sha256(submission.content).hexdigest(),
        "proof": base64.b64encode(submission.proof).decode(),
        "durability": durability,
        "count": len(decided.people),
        "recipients": [] if later else [_told(planned) for planned in decided.people],
    }
    batch.record(
        FactKind.STORED,
        _ENCODE(fact).decode(),
        message_id=message_id,
        person_id=caller.person_id,
        device_id=caller.device_id,
    )
    for person_id, why in decided.left_out:
        batch.record(FactKind.LEFT_OUT, _ENCODE({"why": why}).decode(), message_id=message_id, person_id=person_id)
    lane = lane_of(submission.priority)
    if submission.expires_at is not None:
        batch.arm(message_id, NOBODY, EXPIRE, NOBODY, lane, submission.expires_at)
    if later:
        people, whys = [p.person_id for p in decided.people], [p.why for p in decided.people]
        batch.also("fanout", message_id, people, whys)
        batch.arm(message_id, NOBODY, EXPAND, NOBODY, lane, batch.now)
        return stored
    body = view_submission(submission, message_id=message_id, thread_id=thread, sender=sender, stored_at=batch.now)
    add_deliveries(
        batch, rules.directory, submission, decided.people, message_id=message_id, body=body, sender=caller.person_id
    )
    return stored


def add_deliveries(
    batch: Batch,
    directory: Directory,
    submission: Submission,
    people: Sequence[Planned],
    *,
    message_id: UUID,
    body: bytes,
    sender: UUID | None,
) -> None:
    """Add the deliveries of some recipients: each with its first stage, its deadline and its event."""
    offered = write_offered(submission.offered)
    for planned in people:
        delivery = Delivery(
            message_id=message_id,
            person_id=planned.person_id,
            version=1,
            state=State.PENDING,
            stage=0,
            stages=planned.stages,
            kind=submission.kind,
            priority=submission.priority,
            sender_person=sender,
            offered=submission.offered,
        )
        batch.add_delivery(delivery, plan=write_stages(planned.stages), why=planned.why, offered=offered)
        step = first_step(delivery, batch.now)
        assert step.arm is not None
        begin_stage(batch, directory, delivery, step.begin, step.arm)
        batch.tell(planned.person_id, "new", message_id, NewBody(body, planned.rings, batch.now))


def name_recipients(people: Sequence[Planned], directory: Directory, now: datetime) -> list[Reach]:
    """Say of each recipient how they are reached; of many, only of those who are not."""
    if len(people) > MAX_NAMED:
        people = [planned for planned in people if not planned.stages][:MAX_NAMED]
    named = []
    for planned in people:
        person = directory.people[planned.person_id]
        status = person.status_at(now)
        kinds = [kind for stage in planned.stages for kind in stage.kinds]
        named.append(
            Reach(
                person=ids.write_id(ids.PERSON, person.id),
                name=person.name,
                why=planned.why,
                reach="device" if "app" in kinds else kinds[0] if kinds else "none",
                tries=write_stages(planned.stages),
                status="" if status is Status.AVAILABLE else status,
            )
        )
    return named


def _told(planned: Planned) -> tuple[str, str, str]:
    return planned.person_id.hex, planned.why, write_stages(planned.stages)
