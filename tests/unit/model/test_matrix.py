"""Who may do what: the one table, and how it is read."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.model.samples import ANNA, BEN, MALLORY
from wardwire.model.matrix import ABOUT, MATRIX, Action, Owner, Reach, reach_of, reaches, scopes_of
from wardwire.model.rights import (
    ALARMS,
    CODE,
    DIRECTORY,
    PERSON_SCOPES,
    READ,
    SCOPES,
    SEND,
    WATCH,
    AccessRole,
    Caller,
)

WEST, EAST = UUID(int=401), UUID(int=402)
EVA = Caller(
    source="acc_1",
    scopes=frozenset(),
    person_id=ANNA,
    roles=frozenset({AccessRole.UNIT_MANAGER}),
    units=frozenset({WEST}),
)


def test_every_action_is_in_the_table_and_is_named() -> None:
    """Whatever is not there nobody may: so nothing is left out by mistake."""
    assert set(MATRIX) == set(ABOUT) == set(Action)
    assert {row.scope for row in MATRIX.values()} - {""} == set(SCOPES)


def test_who_speaks_through_a_device_is_a_clinician_and_a_key_an_integration() -> None:
    """Neither has an account, and neither is nobody."""
    phone = Caller(source="dev_1", scopes=PERSON_SCOPES, person_id=ANNA, device_id=BEN)
    key = Caller(source="lab", scopes=frozenset())
    assert reach_of(phone, Action.STATUS_SET) is Reach.OWN
    assert reach_of(key, Action.STATUS_SET) is Reach.NO
    assert reach_of(key, Action.MESSAGE_READ) is Reach.OWN
    assert reach_of(replace(key, scopes=frozenset({READ})), Action.MESSAGE_READ) is Reach.ANY


@pytest.mark.parametrize(
    ("owner", "may"),
    [
        (Owner(people=frozenset({ANNA})), True),
        (Owner(people=frozenset({BEN}), units=frozenset({WEST})), True),
        (Owner(people=frozenset({BEN}), units=frozenset({EAST, WEST})), True),
        (Owner(people=frozenset({MALLORY}), units=frozenset({EAST})), False),
        (Owner(), False),
    ],
)
def test_a_unit_manager_reaches_their_unit_and_themselves(owner: Owner, may: bool) -> None:
    """Ben has a bed in the unit; Mallory has one in the next."""
    assert reaches(EVA, Action.STATUS_SET, [owner]) is may


def test_of_many_all_must_be_within_reach() -> None:
    """One bed of another unit spoils the whole; and to nothing at all nobody reaches who does not reach any."""
    west, east = Owner(units=frozenset({WEST})), Owner(units=frozenset({EAST}))
    assert reaches(EVA, Action.BED_ASSIGN, [west, west])
    assert not reaches(EVA, Action.BED_ASSIGN, [west, east])
    assert not reaches(EVA, Action.BED_ASSIGN, [])


def test_a_source_without_a_name_is_nobodys() -> None:
    """A caller whose source is empty owns nothing by that."""
    nobody = Caller(source="", scopes=frozenset())
    assert not reaches(nobody, Action.MESSAGE_READ, [Owner()])


def test_an_access_role_amounts_to_a_scope_only_where_it_may_all_of_it() -> None:
    """An operator sets any status, and is no administrator for that."""
    assert scopes_of([AccessRole.OPERATOR]) == {SEND, CODE, READ, WATCH, ALARMS, "messages:cancel"}
    assert scopes_of([AccessRole.ADMINISTRATOR]) >= {DIRECTORY, ALARMS}
    assert READ not in scopes_of([AccessRole.AUDITOR, AccessRole.ADMINISTRATOR])


@given(st.sets(st.sampled_from(AccessRole), min_size=1), st.sampled_from(AccessRole), st.sampled_from(Action))
def test_a_further_role_never_takes_anything_away(held: set[AccessRole], more: AccessRole, action: Action) -> None:
    """The farthest reach holds."""
    caller = replace(EVA, roles=frozenset(held))
    assert reach_of(replace(caller, roles=frozenset(held | {more})), action) >= reach_of(caller, action)
