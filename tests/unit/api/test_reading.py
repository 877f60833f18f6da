"""What comes in over HTTP is read strictly, and nothing that comes in breaks the reader."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardwire.api.directory_wire import PersonChange
from wardwire.api.reading import read_json
from wardwire.api.wire import NewMessage
from wardwire.model.errors import Code, Refused

GOOD = {"to": ["Dr. Chen"], "priority": "high", "text": "Please come.", "responses": {"choices": ["yes", "no"]}}

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


def refusal_of(body: bytes) -> Refused | None:
    """Why a body is refused; None when it is read. Anything else is a failure."""
    try:
        read_json(body, NewMessage)
    except Refused as refused:
        return refused
    return None


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    """Never another error: a door that breaks is a door that can be broken."""
    refused = refusal_of(body)
    assert refused is None or refused.code in (Code.MALFORMED, Code.INVALID)


@given(st.sampled_from(sorted({*GOOD, "kind", "patient", "expires_at", "reply_to", "x"})), _JSON)
def test_any_value_in_any_field_is_read_or_refused(field: str, value: Any) -> None:
    """A refusal names its place, and does not repeat what was found there."""
    refused = refusal_of(json.dumps({**GOOD, field: value}).encode())
    if refused is not None and refused.code is not Code.MALFORMED:
        assert refused.code is Code.INVALID
        assert refused.pointer.startswith(f"/{field}")


@given(st.integers(0, len(json.dumps(GOOD)) - 1))
def test_a_body_that_was_cut_off_is_malformed(length: int) -> None:
    """At whichever byte."""
    with pytest.raises(Refused) as refused:
        read_json(json.dumps(GOOD).encode()[:length], NewMessage)
    assert refused.value.code is Code.MALFORMED


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"to": ["a"]}, "/priority"),
        ({**GOOD, "urgency": 1}, "/urgency"),
        ({**GOOD, "a/b~c": 1}, "/a~1b~0c"),
        ({**GOOD, "responses": {"choices": ["a", 1]}}, "/responses/choices/1"),
        ({**GOOD, "to": ["a", None]}, "/to/1"),
    ],
)
def test_a_pointer_leads_to_the_fault(body: dict[str, Any], pointer: str) -> None:
    """RFC 6901, into the body as it came."""
    with pytest.raises(Refused) as refused:
        read_json(json.dumps(body).encode(), NewMessage)
    assert refused.value.pointer == pointer


def test_what_was_found_is_not_repeated() -> None:
    """An answer lands in logs of others; it must not hold what somebody typed into the wrong field."""
    with pytest.raises(Refused) as refused:
        read_json(json.dumps({**GOOD, "priority": "Mrs Smith"}).encode(), NewMessage)
    assert "Smith" not in refused.value.detail


def test_left_out_is_not_the_same_as_empty() -> None:
    """A change of one field leaves the others alone."""
    change = read_json(b'{"title":""}', PersonChange)
    assert (change.title, change.name) == ("", PersonChange().name)
