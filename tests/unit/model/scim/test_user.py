"""A person as a user of SCIM, and back: what is found by, what rings, and what stays as somebody entered it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from tests.unit.model.samples import ANNA, person
from wardwire.model.details import Details
from wardwire.model.errors import Code, Refused
from wardwire.model.people import Endpoint
from wardwire.model.scim.schema import ENTERPRISE
from wardwire.model.scim.user import NOTHING, apply_to, said_of, show_user, user_name_of, wanted_of


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ({"displayName": "Anna", "name": {"formatted": "Anna Berg"}}, "Anna"),
        ({"name": {"formatted": "Anna Berg", "givenName": "A"}}, "Anna Berg"),
        ({"name": {"givenName": "Anna", "familyName": "Berg"}}, "Anna Berg"),
        ({"name": {"familyName": "Berg"}}, "Berg"),
        ({}, "anna"),
    ],
)
def test_a_user_is_called_by_the_best_name_that_there_is(said: dict[str, Any], name: str) -> None:
    """Messages are sent to it."""
    assert wanted_of(said, "anna").name == name


def test_what_is_of_work_rings_and_what_is_private_does_not() -> None:
    """Of a number that is none only the number suffers: it is named, and the user is taken."""
    said = {
        "emails": [
            {"value": "anna@ward.example", "type": "work"},
            {"value": "anna@home.example", "type": "home"},
            {"value": "plain@ward.example"},
            {"value": "no mailbox", "type": "work"},
        ],
        "phoneNumbers": [
            {"value": "tel:+49 30 4711", "type": "work"},
            {"value": "+49 170 1234567", "type": "mobile"},
            {"value": "0170 1234567", "type": "mobile"},
            {"value": "+49 30 99", "type": "home"},
            {"value": "4799", "type": "fax"},
            {"value": "8812", "type": "pager"},
            {"value": "wctp:8812", "type": "Pager"},
            {"value": "ask the desk", "type": "work"},
            {"type": "work"},
        ],
        "preferredLanguage": "en_US,en;q=0.8",
        "photos": [{"value": "ftp://nowhere"}],
    }
    wanted = wanted_of(said, "anna")
    assert wanted.ways == (
        ("email", "anna@ward.example"),
        ("email", "plain@ward.example"),
        ("phone", "+49 30 4711"),
        ("sms", "+49 170 1234567"),
        ("phone", "0170 1234567"),
        ("pager", "wctp:8812"),
    )
    assert wanted.numbers == ("+49 30 4711", "+49 170 1234567", "0170 1234567", "8812")
    assert wanted.unfit == ("/emails/3", "/phoneNumbers/5", "/phoneNumbers/7", "/photos")
    assert (wanted.language, wanted.photo) == ("en-US", "")


def test_of_several_values_only_those_change_that_were_said_before() -> None:
    """What somebody has entered by hand beside them stays."""
    details = Details(departments=("ICU", "Research"), phones=("4711", "12"), languages=("de",), photo="anna.jpg")
    anna = person(ANNA, name="Anna", details=replace(details, external_ids=(("hr", "17"),)))
    old = wanted_of({ENTERPRISE: {"department": "ICU"}, "phoneNumbers": [{"value": "4711"}]}, "anna")
    new = wanted_of({ENTERPRISE: {"department": "ER"}, "phoneNumbers": [{"value": "4712"}], "title": "RN"}, "anna")
    after = apply_to(anna, old, new, "entra", "E1")
    assert after.details.departments == ("ER", "Research")
    assert after.details.phones == ("4712", "12")
    assert (after.details.languages, after.details.photo, after.title) == (("de",), "anna.jpg", "RN")
    assert after.details.external_ids == (("entra", "E1"), ("hr", "17"))
    gone = apply_to(after, new, NOTHING._replace(name="Anna"), "entra", "")
    assert (gone.details.departments, gone.details.phones) == (("Research",), ("12",))
    assert gone.details.external_ids == (("hr", "17"),)


def test_what_was_said_is_shown_as_it_was_said_until_the_directory_has_it_otherwise() -> None:
    """Whoever has changed it; and what is shown, said again, changes nothing."""
    user = {
        "userName": "anna",
        "externalId": "E1",
        "active": True,
        "name": {"formatted": "Anna Berg", "givenName": "Anna", "honorificPrefix": "Dr."},
        "title": "RN",
        "preferredLanguage": "de_DE",
        "emails": [{"value": "anna@home.example", "type": "home"}],
        ENTERPRISE: {"department": "ICU", "employeeNumber": "17"},
    }
    said = said_of(user)
    wanted = wanted_of(said, "anna")
    anna = apply_to(person(ANNA, name="Anna"), NOTHING, wanted, "entra", "E1")
    assert show_user(anna, said, "anna", (), "entra") == user
    assert "externalId" not in show_user(anna, said, "anna", (), "okta")
    assert apply_to(anna, wanted, wanted, "entra", "E1") == anna

    changed = replace(
        anna, name="Dr. Berg", title="MD", details=replace(anna.details, departments=("ER",)), disabled=True
    )
    shown = show_user(changed, said, "anna", (), "entra")
    assert (shown["displayName"], shown["title"], shown["active"]) == ("Dr. Berg", "MD", False)
    assert shown[ENTERPRISE] == {"department": "ER", "employeeNumber": "17"}


def test_of_whom_nothing_was_said_the_directory_speaks() -> None:
    """So that a person who was entered by hand can be found and matched."""
    there = [
        Endpoint(id=UUID(int=n), person_id=ANNA, kind=kind, address=address, disabled=disabled)
        for n, (kind, address, disabled) in enumerate(
            (("email", "anna@ward.example", False), ("email", "old@ward.example", True), ("phone", "4711", False))
        )
    ]
    shown = show_user(person(ANNA, name="Anna"), None, f"per_{ANNA.hex}", there, "entra")
    assert shown == {
        "userName": f"per_{ANNA.hex}",
        "active": True,
        "displayName": "Anna",
        "emails": [{"value": "anna@ward.example", "type": "work"}],
        "phoneNumbers": [{"value": "4711", "type": "work"}],
    }


def test_a_user_has_a_name_to_sign_in_with() -> None:
    """And a name by which they can be called."""
    for user in ({}, {"userName": "  "}):
        with pytest.raises(Refused) as refused:
            user_name_of(user)
        assert (refused.value.pointer, refused.value.fields["scim_type"]) == ("/userName", "invalidValue")
    with pytest.raises(Refused) as refused:
        wanted_of({"displayName": "group:x"}, "anna")
    assert (refused.value.code, refused.value.pointer) == (Code.INVALID, "/displayName")
