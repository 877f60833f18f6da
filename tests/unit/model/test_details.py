"""What is known of a person beyond their name: in its normal form, or refused at its field."""

from __future__ import annotations

from typing import Any

import pytest

from wardwire.model.details import NO_DETAILS, Details, change_details
from wardwire.model.errors import Code, Refused


def test_what_is_not_named_stays() -> None:
    """Fields are trimmed, doubles are said once, an empty word is none."""
    before = change_details(NO_DETAILS, {"family": " Chen ", "departments": ["Cardiology", "Cardiology ", ""]})
    after = change_details(before, {"phones": ["4711", "+49 30 1234-0"]})

    assert after == Details(family="Chen", departments=("Cardiology",), phones=("4711", "+49 30 1234-0"))


def test_an_id_elsewhere_is_set_and_taken_away_by_its_source() -> None:
    """What other sources know stays."""
    before = change_details(NO_DETAILS, {"external_ids": {"hr": "17", "ldap": "uid=chen"}})
    after = change_details(before, {"external_ids": {"hr": ""}})

    assert before.external_ids == (("hr", "17"), ("ldap", "uid=chen"))
    assert after.ids_by_source == {"ldap": "uid=chen"}


@pytest.mark.parametrize(
    ("field", "value", "code", "at"),
    [
        ("given", "a\nb", Code.INVALID, "/given"),
        ("location", "x" * 121, Code.TEXT_TOO_LONG, "/location"),
        ("languages", ["de", "German!"], Code.INVALID, "/languages/1"),
        ("phones", ["=cmd()"], Code.INVALID, "/phones/0"),
        ("phones", [str(nth) for nth in range(11)], Code.TOO_MANY, "/phones"),
        ("photo", "javascript:alert(1)", Code.INVALID, "/photo"),
        ("photo", "../../etc/passwd", Code.INVALID, "/photo"),
        ("photo", "http://plain.example/a.jpg", Code.INVALID, "/photo"),
        ("external_ids", {"H R": "1"}, Code.INVALID, "/external_ids"),
    ],
)
def test_what_is_not_fit_is_refused_at_its_field(field: str, value: Any, code: Code, at: str) -> None:
    """And nothing is changed."""
    with pytest.raises(Refused) as refused:
        change_details(NO_DETAILS, {field: value})
    assert (refused.value.code, refused.value.pointer) == (code, at)
