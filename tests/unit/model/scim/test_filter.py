"""Filters and paths of SCIM: read as RFC 7644 writes them, held to, and refused at their place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wardwire.model.errors import Code, Refused
from wardwire.model.scim.filter import MAX_DEPTH, MAX_TERMS, any_of, equals, read_filter, read_path
from wardwire.model.scim.schema import ENTERPRISE, GROUPS, USER, USERS

ANNA: dict[str, Any] = {
    "userName": "Anna@ward.example",
    "externalId": "A1",
    "displayName": "Anna",
    "active": True,
    "name": {"familyName": "O'Malley"},
    "emails": [
        {"value": "anna@ward.example", "type": "work", "primary": True},
        {"value": "anna@home.example", "type": "home"},
    ],
    "meta": {"created": "2026-01-02T00:00:00Z"},
    ENTERPRISE: {"department": "Cardiology", "manager": {"value": "per_1"}},
}


@pytest.mark.parametrize(
    ("filter", "holds"),
    [
        ('userName eq "anna@WARD.example"', True),
        ('USERNAME Eq "anna@ward.example"', True),
        ('externalId eq "a1"', False),
        ('externalId eq "A1"', True),
        ('name.familyName co "O\'Malley"', True),
        ('userName sw "ann" and userName ew ".example"', True),
        (f'{USER}:userName sw "anna"', True),
        (f'{ENTERPRISE}:department eq "cardiology"', True),
        (f'{ENTERPRISE}:manager.value eq "per_1"', True),
        ("title pr", False),
        ("not (title pr)", True),
        ("title eq null", True),
        ("active eq true", True),
        ("active ne true", False),
        ('title ne "x"', True),
        ('meta.created gt "2026-01-01T00:00:00Z"', True),
        ('meta.created le "2026-01-01T00:00:00Z"', False),
        ('title pr and active eq true or userName sw "anna"', True),
        ('title pr and (active eq true or userName sw "anna")', False),
        ('emails[type eq "work" and value co "@ward"]', True),
        ('emails[type eq "home" and value co "@ward"]', False),
        ('emails.type eq "home" and emails co "@ward"', True),
        ("emails[primary eq true]", True),
        ('not (emails[type eq "pager"])', True),
        ('active eq "true"', False),
    ],
)
def test_a_filter_holds_as_it_is_meant(filter: str, holds: bool) -> None:
    """Capitals count where an id is compared, and nowhere else; and before or."""
    assert read_filter(filter, USERS).holds(ANNA) is holds


@pytest.mark.parametrize(
    ("filter", "said"),
    [
        ("", "character 1"),
        ("userName", "an operator is expected at character 9"),
        ("userName eq", "a value is expected at character 12"),
        ("userName eq anna", "text in double quotes"),
        ("userName eq 'anna'", "cannot be read at character 12"),
        ('userName is "anna"', "one of pr, eq"),
        ('nonsense eq "x"', "no attribute of this name, at character 1"),
        ('name.nonsense eq "x"', "no part of this name"),
        ('userName eq "x" or', "the name of an attribute is expected at character 19"),
        ('userName eq "x" userName', "nothing is expected at character 17"),
        ('(userName eq "x"', ") is expected"),
        ('not userName eq "x"', "a bracket is expected"),
        ('emails[type eq "work"', "] is expected"),
        ('userName[type eq "work"]', "no values of several parts"),
        ('emails[emails[type eq "x"]]', "no part of this name"),
        ("active gt true", "compares text"),
        ("title co 5", "compares text"),
        ('userName eq "\\q"', "no value that JSON knows"),
        ('userName eq "\\ud800"', "no value that JSON knows"),
        ("(" * (MAX_DEPTH + 2) + "title pr" + ")" * (MAX_DEPTH + 2), "nested deeper"),
        (" or ".join(["title pr"] * (MAX_TERMS + 1)), "more than 200 comparisons"),
        ("x" * 8_001, "longer than"),
    ],
)
def test_what_is_no_filter_is_refused_at_its_place(filter: str, said: str) -> None:
    """With the scimType that clients go by."""
    with pytest.raises(Refused) as refused:
        read_filter(filter, USERS)
    assert said in refused.value.detail
    assert (refused.value.code, refused.value.fields["scim_type"]) == (Code.INVALID, "invalidFilter")


def test_what_a_filter_must_equal_is_known_at_once() -> None:
    """So that a user is found by a name among fifty thousand; where another way leads there too, it is not."""
    assert equals(read_filter('userName eq "a"', USERS), "userName") == "a"
    assert equals(read_filter('active eq true and userName eq "a"', USERS), "userName") == "a"
    for other in ('userName eq "a" or title pr', 'not (userName eq "a")', 'userName sw "a"', 'emails eq "a"'):
        assert equals(read_filter(other, USERS), "userName") is None
    assert (
        equals(read_filter('manager.value eq "a"'.replace("manager", f"{ENTERPRISE}:manager"), USERS), "id") is None
    )


def test_a_path_names_an_attribute_some_of_its_values_and_a_part() -> None:
    """As RFC 7644 §3.5.2 has them, and as Entra ID writes them."""
    path = read_path('emails[type eq "work"].value', USERS)
    assert (path.field.attribute.name, path.field.part and path.field.part.name) == ("emails", "value")
    assert path.which is not None
    assert [path.which.holds(one) for one in ANNA["emails"]] == [True, False]
    path = read_path(f"{ENTERPRISE}:manager.value", USERS)
    assert (path.field.urn, path.field.attribute.name, path.which) == (ENTERPRISE, "manager", None)
    which = read_path('members[value eq "a" or value eq "b"]', GROUPS).which
    assert which is not None
    assert any_of(which, "value") == ["a", "b"]
    for unfit in ("", "nonsense", "emails[", "emails[]", 'emails[type eq "x"].nonsense', "name.", "userName eq 5"):
        with pytest.raises(Refused) as refused:
            read_path(unfit, USERS)
        assert refused.value.fields["scim_type"] == "invalidPath"


@given(st.text(max_size=60))
@settings(max_examples=100)
def test_no_text_turns_a_filter_into_another(text: str) -> None:
    """H173: whatever a name is, quoted as JSON it is compared as it stands."""
    found = read_filter(f"userName eq {json.dumps(text)} and active eq true", USERS)
    assert equals(found, "userName") == text
    assert found.holds({"userName": text, "active": True}) is (text != "")
    assert not found.holds({"userName": text + "x", "active": True})


@given(st.text(alphabet='ae"[]().\\ noteqrpd05$:', max_size=40))
@settings(max_examples=200)
def test_any_text_is_a_filter_or_refused(text: str) -> None:
    """Nothing else rises."""
    for read in (read_filter, read_path):
        try:
            read(text, USERS)
        except Refused as refused:
            assert refused.code is Code.INVALID
