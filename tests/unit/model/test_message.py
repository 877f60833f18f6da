"""What a submission must be to be kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.model.samples import T0, submission
from wardwire.model.errors import Code, Refused
from wardwire.model.message import Offered, check_submission
from wardwire.model.priority import Kind, Priority

MINUTE = timedelta(minutes=1)


def refusal(*to: str, **fields: Any) -> tuple[Code, str] | None:
    """Why a submission is refused, and where; None when it is fit."""
    try:
        check_submission(submission(*to, **fields), T0)
    except Refused as refused:
        return refused.code, refused.pointer
    return None


def test_what_is_fit_is_taken() -> None:
    """With all its fields filled to the brim."""
    offered = Offered(accept_decline=True, choices=tuple(f"{nth:060}" for nth in range(12)), free_text=True)

    assert (
        refusal(
            *["Anna"] * 100,
            subject="s" * 200,
            text="t" * 4000,
            callback="c" * 40,
            patient="p" * 100,
            external_id="i" * 200,
            offered=offered,
            kind=Kind.CHAT,
            expires_at=T0 + timedelta(days=90),
        )
        is None
    )


@pytest.mark.parametrize(
    ("fields", "code", "pointer"),
    [
        ({"external_id": ""}, Code.INVALID, "/id"),
        ({"external_id": " "}, Code.INVALID, "/id"),
        ({"external_id": "a\n"}, Code.INVALID, "/id"),
        ({"external_id": "i" * 201}, Code.TEXT_TOO_LONG, "/id"),
        ({"subject": "s" * 201}, Code.TEXT_TOO_LONG, "/subject"),
        ({"subject": "a\r\nBcc: b"}, Code.INVALID, "/subject"),
        ({"subject": "a\u2028Bcc: b"}, Code.INVALID, "/subject"),
        ({"subject": "a\x85b"}, Code.INVALID, "/subject"),
        ({"callback": "c" * 41}, Code.TEXT_TOO_LONG, "/callback"),
        ({"callback": "\x07"}, Code.INVALID, "/callback"),
        ({"patient": "p" * 101}, Code.TEXT_TOO_LONG, "/patient"),
        ({"text": "t" * 4001}, Code.TEXT_TOO_LONG, "/text"),
        ({"text": "a\x00b"}, Code.INVALID, "/text"),
        ({"text": ""}, Code.TEXT_BLANK, "/text"),
    ],
)
def test_what_is_not_fit_is_refused_at_its_place(fields: dict[str, Any], code: Code, pointer: str) -> None:
    """The pointer names the field in the request."""
    assert refusal("Anna", **fields) == (code, pointer)


def test_somebody_must_be_named_but_not_a_crowd() -> None:
    """More than a hundred are a group."""
    assert refusal() == (Code.INVALID, "/to")
    assert refusal(*["Anna"] * 101) == (Code.TOO_MANY, "/to")


@pytest.mark.parametrize(
    "text",
    [
        "\u200b\u200e",
        "\u00a0\u3000",
        "\n\t",
        "\u3164",
        "\u2800\u2800",
        "\ufe0f",
        "\u034f",
        "\u115f\u1160",
        "\x7f\x1b",
    ],
)
def test_what_nobody_can_see_is_blank(text: str) -> None:
    """Spaces of every kind, fillers, and marks that stand on nothing."""
    assert refusal("Anna", text=text) == (Code.TEXT_BLANK, "/text")
    assert refusal("Anna", text=text, subject="K+ 6.8") is None


@pytest.mark.parametrize("text", ["?", "\u0939\u093f", "\u2764\ufe0f", "\u0645", "\U0001f6a8", "12"])
def test_a_single_sign_is_a_text(text: str) -> None:
    """In whatever script."""
    assert refusal("Anna", text=text) is None


@pytest.mark.parametrize(
    ("choices", "pointer"),
    [
        (("Yes", "Yes"), "/responses/choices/1"),
        (("Yes", " yes "), "/responses/choices/1"),
        (("Stra\u00dfe", "STRASSE"), "/responses/choices/1"),
        (("Accept",), "/responses/choices/0"),
        (("hand_back",), "/responses/choices/0"),
        (("a", " "), "/responses/choices/1"),
        (("a", "\u3164"), "/responses/choices/1"),
        (tuple(str(nth) for nth in range(13)), "/responses/choices"),
    ],
)
def test_choices_that_cannot_be_told_apart_are_refused(choices: tuple[str, ...], pointer: str) -> None:
    """Nor may one look like the fixed words."""
    assert refusal("Anna", offered=Offered(choices=choices)) == (Code.CHOICES_INVALID, pointer)


@pytest.mark.parametrize("priority", list(Priority))
@pytest.mark.parametrize("kind", [Kind.ALERT, Kind.CHAT, Kind.TECHNICAL_ALARM])
def test_an_urgent_alert_never_expires(kind: Kind, priority: Priority) -> None:
    """A chat may, and what is not urgent."""
    told = refusal("Anna", kind=kind, priority=priority, expires_at=T0 + MINUTE)
    urgent = kind is not Kind.CHAT and priority in (Priority.CODE, Priority.HIGH)

    assert told == ((Code.EXPIRY_NOT_ALLOWED, "/expires_at") if urgent else None)


@pytest.mark.parametrize(
    ("after", "code"),
    [
        (timedelta(0), Code.EXPIRY_PAST),
        (-MINUTE, Code.EXPIRY_PAST),
        (timedelta(days=90, microseconds=1), Code.INVALID),
        (timedelta(microseconds=1), None),
    ],
)
def test_an_expiry_lies_ahead_and_within_ninety_days(after: timedelta, code: Code | None) -> None:
    """By the site's time, not the sender's."""
    told = refusal("Anna", priority=Priority.LOW, expires_at=T0 + after)

    assert told == ((code, "/expires_at") if code else None)


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=30), st.lists(st.text(max_size=5), max_size=3))
def test_any_text_is_taken_or_refused_with_a_code(
    text: str, subject: str, external_id: str, choices: list[str]
) -> None:
    """And what is taken has no line break in a field of one line, and something to be seen."""
    offered = Offered(choices=tuple(choices))
    if refusal("Anna", text=text, subject=subject, external_id=external_id, offered=offered) is None:
        assert len(subject.splitlines()) <= 1
        assert "\x00" not in text + subject + external_id
        assert (text + subject).strip()
        assert len({choice.strip().casefold() for choice in choices}) == len(choices)
