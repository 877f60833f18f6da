"""What a sender states is read strictly, kept byte for byte, and told to recipients."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.model.samples import ANNA, T0, directory
from wardwire.flow.statement import (
    MessageView,
    Responses,
    Sender,
    Statement,
    read_statement,
    sender_of,
    submission_of,
    view_message,
    view_submission,
    write_sender,
    write_statement,
)
from wardwire.flow.store_message import digest_of
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.message import Offered, Submission
from wardwire.model.priority import Kind, Priority
from wardwire.store.batch import write_instant
from wardwire.store.messages import Message


def as_made(statement: Statement) -> Statement:
    """A silent copy offers nothing, replies to nothing and does not expire: flow/copies.py states none otherwise."""
    if statement.kind is not Kind.COPY:
        return statement
    return msgspec.structs.replace(statement, responses=Responses(), expires_at=None, reply_to=None)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
STATEMENTS = st.builds(
    Statement,
    id=TEXT,
    to=st.lists(TEXT, max_size=3).map(tuple),
    priority=st.sampled_from(Priority),
    kind=st.sampled_from(Kind),
    subject=TEXT,
    text=TEXT,
    callback=TEXT,
    responses=st.builds(
        Responses,
        accept_decline=st.booleans(),
        choices=st.lists(TEXT, max_size=3).map(tuple),
        free_text=st.booleans(),
    ),
    expires_at=st.none() | st.datetimes(datetime(2000, 1, 1), timezones=st.just(UTC)),
    patient=TEXT,
    reply_to=st.none() | st.uuids().map(lambda value: ids.write_id(ids.MESSAGE, value)),
).map(as_made)
PLAIN = Statement(id="1", to=("Anna",), priority=Priority.HIGH, text="Please come.")


def submitted(statement: Statement) -> Submission:
    """The submission of a statement."""
    return submission_of(statement, source="lab", content=write_statement(statement))


@given(STATEMENTS)
def test_a_statement_is_read_back_as_it_was_written(statement: Statement) -> None:
    """Whatever it says, in whatever script."""
    assert read_statement(write_statement(statement)) == statement


@given(STATEMENTS)
def test_recipients_are_told_what_was_stated(statement: Statement) -> None:
    """At once from the submission, and years later from what is kept, to the byte."""
    made = submitted(statement)
    told = view_submission(
        made,
        message_id=UUID(int=1),
        thread_id=UUID(int=2),
        sender=write_sender(directory(), None, "lab"),
        stored_at=write_instant(T0),
    )
    kept = Message(
        id=UUID(int=1),
        thread_id=UUID(int=2),
        reply_to=made.reply_to,
        kind=made.kind,
        priority=made.priority,
        source="lab",
        external_id=made.external_id,
        sender_person=None,
        sender_device=None,
        content=made.content,
        expires_at=made.expires_at,
        stored_at=T0,
        ended_at=None,
        ended_why=None,
    )

    assert view_message(kept, directory()) == told
    view = msgspec.json.decode(told, type=MessageView)
    assert (view.text, view.subject, view.responses) == (statement.text, statement.subject, statement.responses)
    assert view.id == "msg_" + "0" * 31 + "1"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"t":"send"}',
        b'{"t":"cancel","id":"1","to":["a"],"priority":"high"}',
        b'{"t":"send","id":"1","to":["a"],"priority":"urgent"}',
        b'{"t":"send","id":"1","to":["a"],"priority":"high","tex":"a misspelt field"}',
        b'{"t":"send","id":1,"to":["a"],"priority":"high"}',
        b'{"t":"send","id":"1","to":"a","priority":"high"}',
        b'{"t":"send","id":"\xff","to":["a"],"priority":"high"}',
        b'{"t":"send","id":"\\ud800","to":["a"],"priority":"high"}',
        b'{"t":"send","id":"1","to":["a"],"priority":"high","responses":{"choice":["a"]}}',
    ],
)
def test_what_is_no_statement_is_not_guessed_at(content: bytes) -> None:
    """A misspelt field would otherwise silently be left out."""
    with pytest.raises(ValueError):
        read_statement(content)


@pytest.mark.parametrize(
    ("statement", "detail"),
    [
        (msgspec.structs.replace(PLAIN, expires_at=datetime(2026, 1, 1)), "/expires_at"),
        (msgspec.structs.replace(PLAIN, reply_to="msg_1"), ""),
        (msgspec.structs.replace(PLAIN, reply_to=ids.write_id(ids.PERSON, ANNA)), ""),
    ],
)
def test_an_instant_needs_its_offset_and_a_reply_its_message(statement: Statement, detail: str) -> None:
    """Neither is guessed."""
    with pytest.raises(Refused) as refused:
        submitted(statement)

    assert (refused.value.code, refused.value.pointer) == (Code.INVALID, detail)


def test_the_sender_of_a_message_is_a_person_or_a_system() -> None:
    """A person who is gone from the directory still has their id."""
    assert sender_of(directory(), ANNA, "dev_1") == Sender(person=ids.write_id(ids.PERSON, ANNA), name="Anna")
    assert sender_of(directory(), None, "lab") == Sender(source="lab")
    assert sender_of(directory(), UUID(int=99), "dev_1").name == ""


def test_a_repeat_may_be_spelt_otherwise_but_must_ask_the_same() -> None:
    """The order of fields and the spaces between them do not make it another message."""
    spelt = b'{ "priority":"high", "to":["Anna"], "t":"send", "text":"Please come.", "id":"1", "subject":"" }'
    again = submission_of(read_statement(spelt), source="lab", content=spelt)

    assert digest_of(again) == digest_of(submitted(PLAIN))


@pytest.mark.parametrize(
    "change",
    [
        {"to": ("Anna", "Ben")},
        {"kind": Kind.CHAT},
        {"priority": Priority.LOW},
        {"subject": "Please come.", "text": ""},
        {"text": "Please come!"},
        {"callback": "4711"},
        {"responses": Responses(accept_decline=True)},
        {"responses": Responses(free_text=True)},
        {"responses": Responses(choices=("a", "b"))},
        {"expires_at": T0},
        {"patient": "P1"},
        {"reply_to": "msg_" + "0" * 32},
    ],
)
def test_other_content_has_another_digest(change: dict[str, object]) -> None:
    """Whatever is asked otherwise is another message."""
    assert digest_of(submitted(msgspec.structs.replace(PLAIN, **change))) != digest_of(submitted(PLAIN))


def test_responses_become_what_is_offered() -> None:
    """One to one."""
    asked = msgspec.structs.replace(PLAIN, responses=Responses(True, ("a", "b"), True))

    assert submitted(asked).offered == Offered(accept_decline=True, choices=("a", "b"), free_text=True)
