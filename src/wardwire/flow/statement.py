"""What a sender states, as JSON: the same words from a device and over HTTP, and what a recipient's device is given.

The statement is kept byte for byte as it was made, because a device has signed those bytes.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from wardwire.flow.views import PromiseLine
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.message import NOTHING_OFFERED, Offered, Submission
from wardwire.model.people import Directory
from wardwire.model.priority import Kind, Priority
from wardwire.store.batch import write_instant
from wardwire.store.messages import Message


class Responses(msgspec.Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """The responses that are offered."""

    accept_decline: bool = False
    choices: tuple[str, ...] = ()
    free_text: bool = False


_NO_RESPONSES = Responses()


class Statement(
    msgspec.Struct, tag_field="t", tag="send", forbid_unknown_fields=True, frozen=True, omit_defaults=True
):
    """A message as its sender states it. `id` is the sender's own; the rest is as in model/message.Submission."""

    id: str
    to: tuple[str, ...]
    priority: Priority
    kind: Kind = Kind.ALERT
    subject: str = ""
    text: str = ""
    callback: str = ""
    responses: Responses = _NO_RESPONSES
    expires_at: datetime | None = None
    patient: str = ""
    reply_to: str | None = None
    policy: str = ""
    place: str = ""
    drill: bool = False
    force: bool = False
    add_to: str | None = None


class Sender(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who sent a message: a person, or an integration."""

    person: str = ""
    name: str = ""
    source: str = ""


class MessageView(msgspec.Struct, frozen=True, omit_defaults=True):
    """A message as a recipient's device is given it.

    `promise`: of an alert that escalates who is called by when if nobody answers, as it was when it was stored; told
    with the alert itself only, and not again by what is resumed.
    """

    id: str
    thread: str
    kind: str
    priority: str
    sender: Sender
    stored_at: datetime
    subject: str = ""
    text: str = ""
    callback: str = ""
    responses: Responses = Responses()
    patient: str = ""
    reply_to: str = ""
    expires_at: datetime | None = None
    promise: list[PromiseLine] = []


class _Said(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What of a `MessageView` is the sender's own, and may be absent."""

    subject: str = ""
    text: str = ""
    callback: str = ""
    responses: Responses = _NO_RESPONSES
    patient: str = ""
    reply_to: str = ""
    expires_at: datetime | None = None


DRILL = "DRILL"
_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Statement)


def write_statement(statement: Statement) -> bytes:
    """Write a statement as JSON."""
    return _ENCODER.encode(statement)


def read_statement(content: bytes) -> Statement:
    """Read a kept statement. Raises msgspec.DecodeError on what is none."""
    return _DECODER.decode(content)


def submission_of(statement: Statement, *, source: str, content: bytes, proof: bytes = b"") -> Submission:
    """Make a submission of a statement; `content` is the statement's own bytes.

    Raises:
        Refused: `INVALID` when `reply_to` is no message id, or an instant has no offset.
    """
    responses = statement.responses
    offered = NOTHING_OFFERED
    if responses is not _NO_RESPONSES:
        offered = Offered(responses.accept_decline, responses.choices, responses.free_text)
    expires_at = statement.expires_at
    if expires_at is not None and expires_at.tzinfo is None:
        raise Refused(Code.INVALID, "an instant needs its offset, e.g. Z", pointer="/expires_at")
    if statement.policy or statement.place:
        # Whatever escalates can be accepted: nobody could end it otherwise.
        offered = offered._replace(accept_decline=True)
    subject, text = statement.subject, statement.text
    if statement.drill:
        subject, text = f"{DRILL} {subject}".strip(), f"{DRILL} {text}".strip()
    return Submission(
        source,
        statement.id,
        statement.to,
        statement.kind,
        statement.priority,
        subject,
        text,
        statement.callback,
        offered,
        expires_at,
        statement.patient,
        ids.read_id(ids.MESSAGE, statement.reply_to) if statement.reply_to else None,
        content,
        proof,
        statement.policy,
        statement.place,
        statement.drill,
        statement.force,
        ids.read_id(ids.MESSAGE, statement.add_to) if statement.add_to else None,
    )


def sender_of(directory: Directory, person_id: UUID | None, source: str) -> Sender:
    """Say who sent something."""
    if person_id is None:
        return Sender(source=source)
    person = directory.people.get(person_id)
    return Sender(person=ids.write_id(ids.PERSON, person_id), name=person.name if person else "")


def write_sender(directory: Directory, person_id: UUID | None, source: str) -> str:
    """Write, as JSON, who sent something; worked out once for each version of the directory."""
    if person_id is None:
        return _ENCODER.encode(Sender(source=source)).decode()
    written: str | None = directory.worked_out.get(person_id)
    if written is None:
        written = _ENCODER.encode(sender_of(directory, person_id, source)).decode()
        directory.worked_out[person_id] = written
    return written


def view_submission(
    submission: Submission, *, message_id: UUID, thread_id: UUID, sender: str, stored_at: str
) -> bytes:
    """Write, as JSON, what recipients' devices are given of a new message: a `MessageView`.

    Args:
        sender: As `write_sender` gives it.
        stored_at: The instant as JSON has it, without its quotes.
    """
    head = (
        f'{{"id":"msg_{message_id.hex}","thread":"thr_{thread_id.hex}","kind":"{submission.kind}",'
        f'"priority":"{submission.priority}","sender":{sender},"stored_at":"{stored_at}"'
    ).encode()
    offered, reply_to = submission.offered, submission.reply_to
    responses = _NO_RESPONSES
    if offered is not NOTHING_OFFERED and offered != NOTHING_OFFERED:
        responses = Responses(offered.accept_decline, offered.choices, offered.free_text)
    rest = _ENCODER.encode(
        _Said(
            submission.subject,
            submission.text,
            submission.callback,
            responses,
            submission.patient,
            ids.write_id(ids.MESSAGE, reply_to) if reply_to is not None else "",
            submission.expires_at,
        )
    )
    return head + b"," + rest[1:] if rest != b"{}" else head + b"}"


def view_message(message: Message, directory: Directory) -> bytes:
    """Write the same of a message that was stored before."""
    submission = submission_of(read_statement(message.content), source=message.source, content=message.content)
    submission = submission._replace(priority=Priority(message.priority))
    if message.kind == Kind.COPY:  # its words may be those that its message has now
        submission = submission._replace(kind=Kind.COPY, offered=NOTHING_OFFERED, expires_at=None, reply_to=None)
    return view_submission(
        submission,
        message_id=message.id,
        thread_id=message.thread_id,
        sender=write_sender(directory, message.sender_person, message.source),
        stored_at=write_instant(message.stored_at),
    )
