"""A role that changes hands under an alert without a policy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from wardwire.model.delivery import Delivery, State
from wardwire.model.ids import make_id
from wardwire.model.message import NOTHING_OFFERED, Offered
from wardwire.model.priority import Kind, Priority
from wardwire.model.turning import FOLLOWS, is_open, next_look, waits

T0 = datetime(2026, 11, 30, 19, tzinfo=UTC)
HOUR = timedelta(hours=1)
ANNA, ASKED = make_id(bytes(15) + b"a"), Offered(True)


def held(state: State, offered: Offered = NOTHING_OFFERED) -> Delivery:
    return Delivery(ANNA, ANNA, 1, state, 0, (), Kind.ALERT, Priority.HIGH, None, offered)


@pytest.mark.parametrize(
    ("state", "told", "asked"),
    [
        (State.PENDING, True, True),
        (State.UNREACHABLE, True, True),
        (State.DELIVERED, True, True),
        (State.READ, False, True),
        (State.ACCEPTED, False, False),
        (State.ANSWERED, False, False),
        (State.DECLINED, False, False),
        (State.TAKEN, False, False),
        (State.CANCELLED, False, False),
    ],
)
def test_an_alert_is_open_until_it_is_read_or_answered_where_that_was_asked(
    state: State, told: bool, asked: bool
) -> None:
    """What waits for nobody goes to nobody else."""
    assert (is_open(held(state)), is_open(held(state, ASKED))) == (told, asked)


def test_an_alert_that_one_of_them_has_waits_for_nobody() -> None:
    """The cover has it: the silent copy of who is covered is no open alert."""
    assert waits([held(State.DELIVERED, ASKED), held(State.DECLINED, ASKED)])
    assert not waits([held(State.DELIVERED, ASKED), held(State.ACCEPTED, ASKED)])
    assert not waits([])


def test_it_is_looked_at_when_the_role_turns_and_each_day_for_a_week() -> None:
    """A schedule that never turns may be changed; and nothing is followed for ever."""
    assert next_look(T0, T0 + HOUR, T0) == T0 + HOUR
    assert next_look(T0, None, T0) == T0 + 24 * HOUR
    assert next_look(T0, T0 + 90 * 24 * HOUR, T0) == T0 + 24 * HOUR
    assert next_look(T0, None, T0 + FOLLOWS - HOUR) is None
