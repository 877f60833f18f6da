"""Which endpoints are used now; and that a plan is never kept beyond the instant at which that changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.model.samples import ANNA, T0, device, directory, email, submission
from wardwire.model.endpoints import Passed, next_turn, why_passed
from wardwire.model.people import KINDS, Endpoint
from wardwire.model.priority import Priority
from wardwire.model.quiet import read_quiet
from wardwire.model.routing import Waits, plan

NIGHT = read_quiet("mon-sun 22:00-07:00 Europe/Berlin")
ALL = frozenset(KINDS)
MINUTE = timedelta(minutes=1)
PAGER = Endpoint(id=UUID(int=33), person_id=ANNA, kind="pager", address="wctp:8812")


@pytest.mark.parametrize(
    ("fields", "urgent", "other"),
    [
        ({}, None, None),
        ({"disabled": True, "kind": "pager"}, Passed.DISABLED, Passed.DISABLED),
        ({"until": T0}, Passed.OVER, Passed.OVER),
        ({"until": T0 + MINUTE}, None, None),
        ({"emergency_only": True}, None, Passed.EMERGENCY),
        ({"quiet": (read_quiet("tue 08:00-08:01 Europe/Berlin"),)}, None, Passed.QUIET),
        ({"quiet": (read_quiet("wed 08:00-08:01 Europe/Berlin"),)}, None, None),
    ],
)
def test_what_is_urgent_passes_over_wishes_but_not_over_ends(
    fields: dict[str, Any], urgent: Passed | None, other: Passed | None
) -> None:
    """T0 is a Tuesday, 08:00 in Berlin."""
    endpoint = replace(email(31, ANNA), **fields)
    for priority in Priority:
        wanted = urgent if priority in (Priority.CODE, Priority.HIGH) else other
        assert why_passed(endpoint, ALL, priority, T0) is wanted


def test_what_no_channel_serves_is_passed_over_at_once_and_said_in_words() -> None:
    """Ten seconds for a pager that nobody can ring would be ten seconds of silence."""
    ward = directory(devices=[device(21, ANNA)], endpoints=[PAGER, email(31, ANNA)])
    (served,) = plan(submission("Anna"), ward, Waits(), T0, sender=None).people
    ward.served = frozenset({"app", "email"})
    (planned,) = plan(submission("Anna"), ward, Waits(), T0, sender=None).people

    assert (served.written, served.passed) == ("app:10 pager:10 email:10", ())
    assert (planned.written, planned.passed) == ("app:10 email:10", (("pager", "no channel serves it"),))


@given(st.data())
def test_a_plan_holds_until_the_instant_that_it_names(data: st.DataObject) -> None:
    """Before it the same directory gives the same plan, whatever rules its endpoints have."""
    minutes = st.integers(-1500, 1500)
    endpoints = [
        replace(
            email(31 + nth, ANNA),
            until=data.draw(st.none() | minutes.map(lambda m: T0 + m * MINUTE)),
            emergency_only=data.draw(st.booleans()),
            quiet=data.draw(st.sampled_from([(), (NIGHT,)])),
        )
        for nth in range(2)
    ]
    now = T0 + data.draw(minutes) * MINUTE
    turn = next_turn(endpoints, now)
    later = now + data.draw(st.integers(0, 3000)) * MINUTE / 7
    if turn is not None and later >= turn:
        return
    for endpoint in endpoints:
        assert why_passed(endpoint, ALL, Priority.LOW, now) == why_passed(endpoint, ALL, Priority.LOW, later)
