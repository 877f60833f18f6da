"""Which passwords, names and access roles an account may have, and when a session is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from wardwire.access.passwords import common_passwords
from wardwire.model.accounts import Session, Spans, check_password, check_roles, clean_login, normal_password
from wardwire.model.errors import Code, Refused

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
NAMES = ("Dr. Okafor", "okafor.n", "Wardwire", "St. Mary's Hospital")


@pytest.mark.parametrize(
    ("password", "alone", "good"),
    [
        ("blue kettle rain", True, True),
        ("blue kettle rai", True, True),
        ("blue kettle ra", True, False),
        ("blue kettle ra", False, True),
        ("kettle 7", False, True),
        ("kettle7", False, False),
        ("password1", False, False),
        ("Password1!", False, False),
        ("P455w0rd", False, False),
        ("iloveyou12", False, False),
        ("aaaaaaaaaaaaaaaa", True, False),
        ("abababababababab", True, False),
        ("my name is okafor", True, False),
        ("OKAFOR is on call", True, False),
        ("the wardwire door", True, False),
        ("hospital of night", True, False),
        ("пароль не скажу я", True, True),
        ("x" * 200 + "yzabc" * 12, True, False),
    ],
)
def test_a_password_is_long_uncommon_and_no_name(password: str, alone: bool, good: bool) -> None:
    """15 characters alone, 8 beside a second factor; no rules of composition."""
    if good:
        check_password(password, alone=alone, names=NAMES, common=common_passwords() | {"p455w0rd"})
        return
    with pytest.raises(Refused) as refused:
        check_password(password, alone=alone, names=NAMES, common=common_passwords() | {"p455w0rd"})
    assert refused.value.code is Code.PASSWORD_WEAK
    assert password not in refused.value.detail.split()


def test_another_keyboard_writes_the_same_password() -> None:
    """Composed or not, wide or not."""
    assert normal_password("cafe\u0301 at noon") == normal_password("caf\u00e9 at noon")


@pytest.mark.parametrize("login", ["", "a", "ünal", "a b", "-anna", "x" * 81, "anna\n"])
def test_a_name_to_sign_in_with_is_plain(login: str) -> None:
    """Nobody can look like somebody else by it."""
    with pytest.raises(Refused):
        clean_login(login if login != "anna\n" else "an\nna")
    assert clean_login(" Anna@Ward.example ") == "anna@ward.example"


@pytest.mark.parametrize(
    ("roles", "units"),
    [([], []), (["integration"], []), (["king"], []), (["unit_manager"], []), (["clinician"], [UUID(int=1)])],
)
def test_access_roles_that_nobody_can_have_are_refused(roles: list[str], units: list[UUID]) -> None:
    """An integration has a key; a unit manager has units, and nobody else."""
    with pytest.raises(Refused):
        check_roles(roles, units)


def test_a_session_ends_by_idleness_and_by_age() -> None:
    """Whichever comes first."""
    spans = Spans(idle=timedelta(minutes=30), age=timedelta(hours=12))

    def at(made: float, seen: float, **fields: bool) -> Session:
        return Session(
            id=UUID(int=1), account_id=UUID(int=2), person_id=UUID(int=3), address="", agent="",
            made_at=NOW - timedelta(minutes=made), seen_at=NOW - timedelta(minutes=seen), **fields,
        )  # fmt: skip

    assert not spans.over(at(719, 29.9), NOW)
    assert spans.over(at(40, 30), NOW)
    assert spans.over(at(720, 0), NOW)
    assert spans.over(at(1, 1, ended=True), NOW)
