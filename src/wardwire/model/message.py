"""A submission: what a sender asks for, well-formed but not yet believed; and the rules for its content."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from wardwire.model.errors import Code, Refused
from wardwire.model.priority import Kind, Priority

MAX_SUBJECT = 200
MAX_TEXT = 4_000
MAX_CALLBACK = 40
MAX_PATIENT = 100
MAX_CHOICES = 12
MAX_CHOICE = 60
MAX_TARGETS = 100
MAX_EXTERNAL_ID = 200
MAX_EXPIRY = timedelta(days=90)

ACCEPT = "accept"
DECLINE = "decline"
HAND_BACK = "hand_back"
KEEP = "keep"  # whoever has an alert, asked whether they still do: yes
DONE = "done"  # ... it is done

# Controls, halves of characters, separators of lines and of paragraphs.
_BREAKS = frozenset({"Cc", "Cs", "Zl", "Zp"})
# Letters and a symbol by their category, blank to the eye: fillers of Hangul, the empty pattern of Braille.
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0\u2800")
_ASCII_INK = re.compile("[!-~]").search


class Offered(NamedTuple):
    """The responses that a sender offers.

    Attributes:
        accept_decline: Whether *accept* and *decline* are among them.
        choices: At most 12 texts of the sender's own, none twice.
        free_text: Whether a typed answer counts.
    """

    accept_decline: bool = False
    choices: tuple[str, ...] = ()
    free_text: bool = False


NOTHING_OFFERED = Offered()


class Submission(NamedTuple):
    """What a door hands in.

    Attributes:
        source: Who submits, as an identity space: `dev_…` or the name of an integration.
        external_id: The sender's own id; (source, external_id) names this submission for 90 days.
        to: Ids (`per_…`, `grp_…`, `rol_…`) or names (`Dr. Chen`, `role:Cardiology 1st`).
        content: The sender's statement, byte for byte as it was made and signed.
        proof: The device's Ed25519 signature over the statement, or b"" from an integration.
        expires_at: None = never.
        policy: The policy of an alert that escalates; "" = the one of the place's unit, if it has one.
        place: The unit, room or bed that it is about (`bed:4W-12`, `unit:4 West`).
        drill: Practice: never counted as real.
        force: Begin although the same call is running at the same place.
        add_to: The running call that this one joins.
        asked: The digest of what was asked, where what is done differs from it; b"" = nothing does.
    """

    source: str
    external_id: str
    to: tuple[str, ...]
    kind: Kind
    priority: Priority
    subject: str
    text: str
    callback: str = ""
    offered: Offered = NOTHING_OFFERED
    expires_at: datetime | None = None
    patient: str = ""
    reply_to: UUID | None = None
    content: bytes = b""
    proof: bytes = b""
    policy: str = ""
    place: str = ""
    drill: bool = False
    force: bool = False
    add_to: UUID | None = None
    asked: bytes = b""


def check_submission(submission: Submission, now: datetime) -> None:
    """Refuse what is not fit to be kept.

    Raises:
        Refused: With the JSON Pointer of the first fault.
    """
    name, text = submission.external_id, submission.text
    _check_length(name, MAX_EXTERNAL_ID, "/id")
    if not name.isprintable() or not name.strip():
        raise Refused(Code.INVALID, "the id must be printable text", pointer="/id")
    if not submission.to and not (submission.policy or submission.place or submission.add_to):
        raise Refused(Code.INVALID, "no recipient is named", pointer="/to")
    if len(submission.to) > MAX_TARGETS:
        raise Refused(Code.TOO_MANY, f"more than {MAX_TARGETS} recipients are named; use a group", pointer="/to")
    if submission.subject:
        _check_line(submission.subject, MAX_SUBJECT, "/subject")
    if submission.callback:
        _check_line(submission.callback, MAX_CALLBACK, "/callback")
    if submission.patient:
        _check_line(submission.patient, MAX_PATIENT, "/patient")
    _check_length(text, MAX_TEXT, "/text")
    if not (has_ink(text) or has_ink(submission.subject)):
        raise Refused(Code.TEXT_BLANK, "neither subject nor text has a visible character", pointer="/text")
    if submission.kind is not Kind.ALERT and (submission.policy or submission.drill):
        raise Refused(Code.INVALID, "only an alert escalates, and only an alert is practised", pointer="/kind")
    if submission.offered.choices:
        _check_offered(submission.offered)
    if submission.expires_at is not None:
        _check_expiry(submission, submission.expires_at, now)


def _check_offered(offered: Offered) -> None:
    if len(offered.choices) > MAX_CHOICES:
        raise Refused(Code.CHOICES_INVALID, f"more than {MAX_CHOICES} choices", pointer="/responses/choices")
    seen: set[str] = set()
    for nth, choice in enumerate(offered.choices):
        at = f"/responses/choices/{nth}"
        _check_line(choice, MAX_CHOICE, at)
        if not has_ink(choice):
            raise Refused(Code.CHOICES_INVALID, "a choice is blank", pointer=at)
        folded = choice.strip().casefold()
        if folded in seen or folded in (ACCEPT, DECLINE, HAND_BACK, KEEP, DONE):
            raise Refused(Code.CHOICES_INVALID, "a choice stands twice, or is a word of its own", pointer=at)
        seen.add(folded)


def _check_expiry(submission: Submission, expires_at: datetime, now: datetime) -> None:
    if submission.kind is not Kind.CHAT and submission.priority in (Priority.CODE, Priority.HIGH):
        raise Refused(Code.EXPIRY_NOT_ALLOWED, "a code or high alert never expires unanswered", pointer="/expires_at")
    if expires_at <= now:
        raise Refused(Code.EXPIRY_PAST, "the expiry has passed already", pointer="/expires_at")
    if expires_at > now + MAX_EXPIRY:
        raise Refused(Code.INVALID, f"the expiry is more than {MAX_EXPIRY.days} days ahead", pointer="/expires_at")


def _check_length(text: str, limit: int, pointer: str) -> None:
    if len(text) > limit:
        raise Refused(Code.TEXT_TOO_LONG, f"longer than {limit} characters", pointer=pointer, limit=limit)
    if "\x00" in text:
        raise Refused(Code.INVALID, "a NUL character stands in the text", pointer=pointer)


def _check_line(text: str, limit: int, pointer: str) -> None:
    """One line: no control character and no separator of lines, so that no subject ever becomes a header."""
    _check_length(text, limit, pointer)
    if not text.isprintable() and any(unicodedata.category(char) in _BREAKS for char in text):
        raise Refused(Code.INVALID, "a control character stands in a field of one line", pointer=pointer)


def has_ink(text: str) -> bool:
    """Whether a person would see anything: not only spaces, controls, fillers, and marks on nothing."""
    if text.isascii():
        return _ASCII_INK(text) is not None
    return any(unicodedata.category(char)[0] in "LNPS" and char not in _FILLERS for char in text)
