"""Who may do what."""

from __future__ import annotations

import pytest

from tests.unit.model.samples import ANNA, BEN, MALLORY
from wardwire.model.errors import Code, Refused
from wardwire.model.priority import Kind, Priority
from wardwire.model.rights import (
    CANCEL,
    CODE,
    PERSON_SCOPES,
    READ,
    SEND,
    SYSTEM,
    Caller,
    may_cancel,
    may_read,
    may_submit,
)

ANNA_SPEAKS = Caller(source="dev_1", scopes=PERSON_SCOPES, person_id=ANNA)
LAB = Caller(source="lab", scopes=frozenset({SEND}))


@pytest.mark.parametrize("priority", [Priority.HIGH, Priority.MEDIUM, Priority.LOW])
def test_whoever_has_a_device_may_send_up_to_high(priority: Priority) -> None:
    """Nobody has to ask for the right to call for help."""
    may_submit(ANNA_SPEAKS, Kind.ALERT, priority)


@pytest.mark.parametrize(
    ("caller", "priority"),
    [
        (ANNA_SPEAKS, Priority.CODE),
        (LAB, Priority.CODE),
        (Caller(source="lab", scopes=frozenset({CODE})), Priority.CODE),
        (Caller(source="lab", scopes=frozenset({READ, CANCEL})), Priority.LOW),
    ],
)
def test_a_missing_scope_is_named(caller: Caller, priority: Priority) -> None:
    """`code` needs a scope of its own, beside the one to send."""
    with pytest.raises(Refused) as refused:
        may_submit(caller, Kind.ALERT, priority)

    assert refused.value.code is Code.NOT_PERMITTED
    assert refused.value.fields["scope"] == (CODE if SEND in caller.scopes else SEND)


def test_only_the_system_raises_technical_alarms() -> None:
    """Nobody else can speak as the system, whatever their scopes."""
    may_submit(SYSTEM, Kind.TECHNICAL_ALARM, Priority.HIGH)
    with pytest.raises(Refused):
        may_submit(Caller(source="x", scopes=SYSTEM.scopes), Kind.TECHNICAL_ALARM, Priority.HIGH)


@pytest.mark.parametrize(
    ("caller", "sees"),
    [
        (ANNA_SPEAKS, True),
        (Caller(source="dev_9", scopes=PERSON_SCOPES, person_id=ANNA), True),
        (Caller(source="dev_2", scopes=PERSON_SCOPES, person_id=BEN), True),
        (Caller(source="dev_3", scopes=PERSON_SCOPES, person_id=MALLORY), False),
        (LAB, False),
        (Caller(source="board", scopes=frozenset({READ})), True),
    ],
)
def test_sender_recipients_and_readers_by_scope_see_a_message(caller: Caller, sees: bool) -> None:
    """Anna has sent it, from either of her devices; Ben has got it; Mallory has not."""
    assert may_read(caller, ANNA, "dev_1", frozenset({BEN})) is sees


@pytest.mark.parametrize(
    ("caller", "may"),
    [
        (ANNA_SPEAKS, True),
        (Caller(source="dev_9", scopes=PERSON_SCOPES, person_id=ANNA), True),
        (Caller(source="dev_2", scopes=PERSON_SCOPES, person_id=BEN), False),
        (LAB, False),
        (Caller(source="desk", scopes=frozenset({CANCEL})), True),
    ],
)
def test_only_its_sender_takes_a_message_back_or_who_has_the_scope(caller: Caller, may: bool) -> None:
    """A recipient does not."""
    assert may_cancel(caller, ANNA, "dev_1") is may


def test_an_integration_is_nobodys_person() -> None:
    """A message without a sending person is not everybody's who has none either."""
    assert not may_read(LAB, None, "other", frozenset())
    assert not may_cancel(LAB, None, "other")
