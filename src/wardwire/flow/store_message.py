"""Adds a planned submission to a batch: the message, its deliveries and deadlines, its events and its first fact."""

from __future__ import annotations

import hashlib
from binascii import b2a_base64
from collections.abc import Sequence
from uuid import UUID

import msgspec

from wardwire.flow.planning import Planning
from wardwire.flow.ports import Rules
from wardwire.flow.stages import begin_stage
from wardwire.flow.statement import view_submission
from wardwire.flow.views import NewBody
from wardwire.model.delivery import TEST, Delivery, State, first_stage
from wardwire.model.errors import Code, Refused
from wardwire.model.facts import FactKind
from wardwire.model.message import Submission
from wardwire.model.people import Directory
from wardwire.model.preferences import FAILED
from wardwire.model.priority import Kind, Priority, lane_of
from wardwire.model.rights import Caller
from wardwire.model.routing import Planned
from wardwire.model.stages import APP
from wardwire.model.turning import next_look
from wardwire.store.batch import NOBODY, Batch
from wardwire.store.deadlines import EXPAND, EXPIRE, TURN
from wardwire.store.offered import write_offered

_ENCODE = msgspec.json.Encoder().encode


def digest_of(submission: Submission) -> bytes:
    """Return what tells two submissions of one identity apart: a digest of what is asked, not of its spelling."""
    if submission.asked:
        return submission.asked
    _, _, to, kind, priority, subject, text, callback, offered, expires_at, patient, reply_to = submission[:12]
    accept_decline, choices, free_text = offered
    parts = (
        to,
        kind,
        priority,
        subject,
        text,
        callback,
        accept_decline,
        choices,
        free_text,
        expires_at,
        patient,
        reply_to,
    )
    if submission.policy or submission.place or submission.drill or submission.add_to:
        # Appended only where they are said: what was stored before keeps its digest.
        added = (submission.policy, submission.place, submission.drill, submission.add_to)
        return hashlib.sha256(_ENCODE((*parts, *added))).digest()
    return hashlib.sha256(_ENCODE(parts)).digest()


def first_result(submission: Submission | None, digest: bytes, result: str) -> str | Refused:
    """Return the result that an identity was kept with, or the refusal of one that is used for other content.

    Args:
        submission: What is asked now; None = it could not be put together, so it is none that was kept.
        digest, result: As they were kept.
    """
    if submission is not None and digest == digest_of(submission):
        return result
    return Refused(Code.ID_REUSED, "this id was used before, for other content")


def store_message(
    batch: Batch,
    rules: Rules,
    submission: Submission,
    planning: Planning,
    *,
    caller: Caller,
    sender: str,
    thread_id: UUID | None = None,
    message_id: UUID | None = None,
    durability: str = "",
    escalates: int = 0,
) -> str:
    """Add a message and all that it sets going; returns the result that its sender is answered: a `Stored` as JSON.

    More than 1,000 recipients of a `medium` or `low` message are frozen with it and expanded in chunks, under a
    deadline of their own; everything else is in this one commit.

    Args:
        sender: Who sent it, as JSON (flow/statement.sender_of).
        escalates: As in model/delivery.Delivery; what escalates is never expanded later.
    """
    decided = planning.plan
    message_id = message_id or next(batch.new_ids)
    written = message_id.hex
    thread = thread_id or message_id
    # Our own words and digits stand in these texts as they are; whatever somebody else has written is quoted.
    result = (
        f'{{"message":"msg_{written}","thread":"thr_{thread.hex}","at":"{batch.written_now}",'
        f'"durability":"{durability}","recipient_count":{planning.size},"recipients":{planning.reach},'
        f'"promise":{planning.promise}}}'
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
        result=result,
        sender_person=caller.person_id,
        sender_device=caller.device_id,
        content=submission.content,
        expires_at=submission.expires_at,
    )
    later = planning.size > rules.largest_at_once and submission.priority in (Priority.MEDIUM, Priority.LOW)
    later = later and not escalates
    batch.record(
        FactKind.STORED,
        f'{{"source":{_quote(submission.source)},"id":{_quote(submission.external_id)},'
        f'"kind":"{submission.kind}","priority":"{submission.priority}","digest":"{digest.hex()}",'
        f'"content":"{hashlib.sha256(submission.content).hexdigest()}",'
        f'"proof":"{b2a_base64(submission.proof, newline=False).decode()}","durability":"{durability}",'
        f'"count":{planning.size},"recipients":{"[]" if later else planning.told}}}',
        message_id=message_id,
        person_id=caller.person_id,
        device_id=caller.device_id,
    )
    for person_id, why in decided.left_out:
        batch.record(FactKind.LEFT_OUT, _ENCODE({"why": why}).decode(), message_id=message_id, person_id=person_id)
    lane = lane_of(submission.priority)
    if decided.roles and submission.kind is Kind.ALERT and not escalates:
        for role_id, holder, turn in decided.roles:
            look_at = next_look(batch.now, turn, batch.now) or batch.now
            batch.arm(message_id, holder, TURN, role_id, lane, look_at)
    if submission.expires_at is not None:
        batch.arm(message_id, NOBODY, EXPIRE, NOBODY, lane, submission.expires_at)
    if later:
        people, whys = [p.person_id for p in decided.people], [p.why for p in decided.people]
        batch.also("fanout", message_id, people, whys)
        batch.arm(message_id, NOBODY, EXPAND, NOBODY, lane, batch.now)
        return result
    body = view_submission(
        submission, message_id=message_id, thread_id=thread, sender=sender, stored_at=batch.written_now
    )
    if escalates:
        # Whoever is called sees who is next, and when.
        body = b'%s,"promise":%s}' % (body[:-1], planning.promise.encode())
    add_deliveries(
        batch, rules.directory, submission, decided.people, message_id=message_id, body=body, sender=caller.person_id,
        escalates=escalates,
    )  # fmt: skip
    return result


def add_deliveries(
    batch: Batch,
    directory: Directory,
    submission: Submission,
    people: Sequence[Planned],
    *,
    message_id: UUID,
    body: bytes,
    sender: UUID | None,
    escalates: int = 0,
) -> None:
    """Add the deliveries of some recipients: each with its first stage, its deadline and its event."""
    offered, answers = submission.offered, write_offered(submission.offered)
    kind, priority, now = submission.kind, submission.priority, batch.now
    if submission.drill:
        escalates |= TEST
    ringing, quiet = NewBody(body, True, now), NewBody(body, False, now)
    for person_id, why, stages, rings, plan, _, by, _ in people:
        delivery = Delivery(
            message_id, person_id, 1, State.PENDING, 0, stages, kind, priority, sender, offered, escalates=escalates
        )
        batch.add_delivery(delivery, plan=plan, why=why, offered=answers)
        if by:
            record_choice(batch, message_id, person_id, by, plan)
        stage, due = first_stage(stages, now)
        begin_stage(batch, directory, delivery, stage, due)
        if kind is not Kind.TEST or stages[0].kinds == (APP,):
            batch.tell(person_id, "new", message_id, ringing if rings else quiet)


def record_choice(batch: Batch, message_id: UUID, person_id: UUID, by: str, plan: str) -> None:
    """Record whose preference made a plan; or that one reached nobody, and the site's default stood in for it."""
    kind = FactKind.PREFERENCE_FAILED if by.startswith(FAILED) else FactKind.PREFERRED
    batch.record(kind, _ENCODE({"by": by, "tries": plan}).decode(), message_id=message_id, person_id=person_id)


def _quote(text: str) -> str:
    return _ENCODE(text).decode()
