"""Changes by PATCH: each operation as RFC 7644 §3.5.2 has it, and as real clients send it."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wardwire.model.errors import Refused
from wardwire.model.scim.patch import change, read_operations
from wardwire.model.scim.reading import read_resource
from wardwire.model.scim.schema import ENTERPRISE, USERS

WORK = {"type": "work", "value": "a@ward.example", "primary": True}
HOME = {"type": "home", "value": "a@home.example"}
ANNA: dict[str, Any] = {
    "userName": "anna",
    "title": "nurse",
    "name": {"givenName": "Anna", "familyName": "Berg"},
    "emails": [WORK, HOME],
    ENTERPRISE: {"department": "ICU"},
}


@pytest.mark.parametrize(
    ("operation", "attribute", "after"),
    [
        ({"op": "ADD", "path": "title", "value": "RN"}, "title", "RN"),
        ({"op": "Replace", "path": "TITLE", "value": ["RN"]}, "title", "RN"),
        ({"op": "remove", "path": "title"}, "title", None),
        ({"op": "replace", "path": "title", "value": None}, "title", None),
        ({"op": "replace", "value": {"title": "RN"}}, "title", "RN"),
        ({"op": "replace", "value": {"name.givenName": "A"}}, "name", {"givenName": "A", "familyName": "Berg"}),
        ({"op": "add", "path": "name", "value": {"givenName": "A"}}, "name",
         {"givenName": "A", "familyName": "Berg"}),
        ({"op": "remove", "path": "name.givenName"}, "name", {"familyName": "Berg"}),
        ({"op": "replace", "path": "active", "value": "False"}, "active", False),
        ({"op": "add", "path": "emails", "value": [HOME]}, "emails", [WORK, HOME]),
        ({"op": "replace", "path": "emails", "value": [HOME]}, "emails", [HOME]),
        ({"op": "replace", "path": "emails", "value": []}, "emails", None),
        ({"op": "remove", "path": "emails", "value": [{"value": "a@home.example"}]}, "emails", [WORK]),
        ({"op": "remove", "path": 'emails[type eq "work"]'}, "emails", [HOME]),
        ({"op": "remove", "path": 'emails[type eq "other"]'}, "emails", [WORK, HOME]),
        ({"op": "remove", "path": "emails"}, "emails", None),
        (
            {"op": "replace", "path": 'emails[type eq "work"].value', "value": "b@ward.example"},
            "emails",
            [{**WORK, "value": "b@ward.example"}, HOME],
        ),
        (
            {"op": "add", "path": 'emails[type eq "other"].value', "value": "c@ward.example"},
            "emails",
            [WORK, HOME, {"type": "other", "value": "c@ward.example"}],
        ),
        (
            {"op": "replace", "path": 'emails[type eq "home"]', "value": {"value": "d@home.example"}},
            "emails",
            [WORK, {"value": "d@home.example"}],
        ),
        (
            {"op": "add", "path": "emails", "value": {"value": "e@ward.example", "primary": True}},
            "emails",
            [{**WORK, "primary": False}, HOME, {"value": "e@ward.example", "primary": True}],
        ),
        ({"op": "add", "path": f"{ENTERPRISE}:department", "value": "ER"}, ENTERPRISE, {"department": "ER"}),
        ({"op": "add", "value": {ENTERPRISE: {"schemas": [ENTERPRISE], "department": "ER"}}}, ENTERPRISE,
         {"department": "ER"}),
        ({"op": "remove", "path": ENTERPRISE}, ENTERPRISE, None),
        ({"op": "remove", "path": f"{ENTERPRISE}:department"}, ENTERPRISE, None),
        ({"op": "add", "path": f"{ENTERPRISE}:manager", "value": "per_1"}, ENTERPRISE,
         {"department": "ICU", "manager": {"value": "per_1"}}),
        ({"op": "replace", "path": "addresses", "value": [{"type": "work"}]}, "addresses", None),
        ({"op": "add", "path": "urn:example:other:1.0:User:badge", "value": "7"}, "badge", None),
    ],
)  # fmt: skip
def test_an_operation_does_what_it_says(operation: dict[str, Any], attribute: str, after: Any) -> None:
    """And nothing else; what it was done on stays as it was."""
    before = copy.deepcopy(ANNA)
    done = change(ANNA, [operation], USERS)
    assert before == ANNA
    assert done.get(attribute) == after
    assert {name: value for name, value in done.items() if name != attribute} == {
        name: value for name, value in ANNA.items() if name != attribute
    }


@pytest.mark.parametrize(
    ("operation", "scim_type"),
    [
        ({"op": "replace", "path": 'emails[type eq "other"].value', "value": "x"}, "noTarget"),
        ({"op": "replace", "path": 'emails[type eq "other"]', "value": {"value": "x"}}, "noTarget"),
        ({"op": "remove"}, "noTarget"),
        ({"op": "add", "path": 5, "value": 5}, "invalidPath"),
        ({"op": "add", "path": "nonsense", "value": 5}, "invalidPath"),
        ({"op": "add", "value": {"nonsense": 5}}, "invalidPath"),
        ({"op": "add", "value": "x"}, "invalidValue"),
        ({"op": "add", "path": "title"}, "invalidValue"),
        ({"op": "add", "path": "title", "value": {"a": 1}}, "invalidValue"),
        ({"op": "add", "path": "title", "value": ["a", "b"]}, "invalidValue"),
        ({"op": "add", "path": "title", "value": "x" * 1_001}, "invalidValue"),
        ({"op": "add", "path": "emails", "value": [5]}, "invalidValue"),
        ({"op": "replace", "path": 'emails[type eq "work"]', "value": [WORK, HOME]}, "invalidValue"),
        ({"op": "replace", "path": "id", "value": "x"}, "mutability"),
        ({"op": "replace", "value": {"id": "x"}}, "mutability"),
        ({"op": "replace", "path": "meta.version", "value": "x"}, "mutability"),
        ({"op": "replace", "path": "userName", "value": None}, "mutability"),
        ({"op": "remove", "path": "active"}, "mutability"),
        ({"path": "title", "value": "x"}, "invalidSyntax"),
    ],
)
def test_what_cannot_be_done_is_refused_with_its_type(operation: dict[str, Any], scim_type: str) -> None:
    """It points at the operation."""
    with pytest.raises(Refused) as refused:
        change(ANNA, [operation], USERS)
    assert refused.value.fields["scim_type"] == scim_type
    assert refused.value.pointer.startswith("/Operations/0")


def test_operations_must_be_there_and_not_too_many() -> None:
    """A body of PATCH says what is to be done."""
    good = [{"op": "add"}]
    assert read_operations({"operations": good}) == good
    for body, scim_type in (
        ({}, "invalidSyntax"),
        ({"Operations": []}, "invalidSyntax"),
        ({"Operations": ["x"]}, "invalidSyntax"),
        ({"Operations": good * 1_001}, "tooMany"),
    ):
        with pytest.raises(Refused) as refused:
            read_operations(body)
        assert refused.value.fields["scim_type"] == scim_type


PATHS = (
    "title",
    "emails",
    "name",
    "name.givenName",
    'emails[type eq "work"]',
    'emails[type eq "work"].value',
    "active",
)
VALUES = st.one_of(
    st.none(), st.booleans(), st.text(max_size=5), st.just(WORK), st.just([HOME]), st.just({"givenName": "A"})
)
OPERATIONS = st.lists(
    st.fixed_dictionaries(
        {"op": st.sampled_from(("add", "replace", "remove"))},
        optional={"path": st.sampled_from(PATHS), "value": VALUES},
    ),
    min_size=1,
    max_size=4,
)


@given(OPERATIONS)
@settings(max_examples=150)
def test_whatever_is_sent_is_done_or_refused_and_the_result_reads_as_itself(operations: list[dict[str, Any]]) -> None:
    """At most one value is the primary one; what comes out could have been put."""
    before = copy.deepcopy(ANNA)
    try:
        done = change(ANNA, operations, USERS)
    except Refused as refused:
        assert "scim_type" in refused.fields
    else:
        assert read_resource(done, USERS) == done
        assert sum(one.get("primary", False) for one in done.get("emails", ())) <= 1
    assert before == ANNA
