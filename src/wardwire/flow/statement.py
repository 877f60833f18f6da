"""What a sender states, as JSON: the same words from a device and over HTTP, and what a recipient's device is given.

The statement is kept byte for byte as it was made, because a device has signed those bytes.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.message import Offered, Submission
from wardwire.model.people import Directory
from wardwire.model.priority import Kind, Priority
from wardwire.store.messages import Message


class Responses(msgspec.Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """The responses that are offered."""

    accept_decline: bool = False
    choices: tuple[str, ...] = ()
    free_text: bool = False


class Statement(
    msgspec.Struct, tag_field="t", tag="send", forbid_unknown_fields=True, frozen=True, omit_defaults=True
):
    """A message as its sender states it. `id` is the sender's own."""

    id: str
    to: tuple[str, ...]
    priority: Priority
    kind: Kind = Kind.ALERT
    subject: str = ""
    text: str = ""
    callback: str = ""
    responses: Responses = Responses()
    expires_at: datetime | None = None
    patient: str = ""
    reply_to: str | None = None


class Sender(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who sent a message: a person, or an integration."""

    person: str = ""
    name: str = ""
    source: str = ""


class MessageView(msgspec.Struct, frozen=True, omit_defaults=True):
    """A message as a recipient's device is given it."""

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
    offered = statement.responses
    expires_at = statement.expires_at
    if expires_at is not None and expires_at.tzinfo is None:
        raise Refused(Code.INVALID, "an instant needs its offset, e.g. Z", pointer="/expires_at")
    return Submission(
        source=source,
        external_id=statement.id,
        to=statement.to,
        kind=statement.kind,
        priority=statement.priority,
        subject=statement.subject,
        text=statement.text,
        callback=statement.callback,
        offered=Offered(accept_decline=offered.accept_decline, choices=offered.choices, free_text=offered.free_text),
        expires_at=expires_at,
        patient=statement.patient,
        reply_to=ids.read_id(ids.MESSAGE, statement.reply_to) if statement.reply_to else None,
        content=content,
        proof=proof,
    )


def sender_of(directory: Directory, person_id: UUID | None, source: str) -> Sender:
    """Say who sent something."""
    if person_id is None:
        return Sender(source=source)
    person = directory.people.get(person_id)
    return Sender(person=ids.write_id(ids.PERSON, person_id), name=person.name if person else "")


def view_submission(
    submission: Submission, *, message_id: UUID, thread_id: UUID, sender: Sender, stored_at: datetime
) -> bytes:
    """Write, as JSON, what recipients' devices are given of a new message."""
    offered = submission.offered
    return _ENCODER.encode(
        MessageView(
            id=ids.write_id(ids.MESSAGE, message_id),
            thread=ids.write_id(ids.THREAD, thread_id),
            kind=submission.kind,
            priority=submission.priority,
            sender=sender,
            stored_at=stored_at,
            subject=submission.subject,
            text=submission.text,
            callback=submission.callback,
            responses=Responses(offered.accept_decline, offered.choices, offered.free_text),
            patient=submission.patient,
            reply_to=ids.write_id(ids.MESSAGE, submission.reply_to) if submission.reply_to else "",
            expires_at=submission.expires_at,
        )
    )


def view_message(message: Message, directory: Directory) -> bytes:
    """Write the same of a message that was stored before."""
    submission = submission_of(read_statement(message.content), source=message.source, content=message.content)
    return view_submission(
        submission,
        message_id=message.id,
        thread_id=message.thread_id,
        sender=sender_of(directory, message.sender_person, message.source),
        stored_at=message.stored_at,
    )
