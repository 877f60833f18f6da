"""Who holds a role when, and what a status says."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.model.samples import ANNA, BEN, CHEN, T0, device, directory, email, person, role, shift
from wardwire.model.oncall import holders
from wardwire.model.people import Status

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("now", "status"),
    [(T0 - timedelta(microseconds=1), Status.OFF), (T0, Status.AVAILABLE), (T0 + HOUR, Status.AVAILABLE)],
)
def test_a_status_that_has_run_out_is_available(now: datetime, status: Status) -> None:
    """*Off until seven* ends at seven, by itself."""
    assert person(ANNA, status=Status.OFF, status_until=T0).status_at(now) is status


def test_a_status_without_an_end_stays() -> None:
    """Until somebody changes it."""
    assert person(ANNA, status=Status.BUSY).status_at(T0 + 1000 * HOUR) is Status.BUSY


@pytest.mark.parametrize(
    ("now", "holder"),
    [
        (T0 - timedelta(microseconds=1), None),
        (T0, CHEN),
        (T0 + HOUR - timedelta(microseconds=1), CHEN),
        (T0 + HOUR, BEN),
        (T0 + 2 * HOUR, None),
    ],
)
def test_shifts_are_half_open_so_that_a_hand_over_has_neither_gap_nor_overlap(
    now: datetime, holder: UUID | None
) -> None:
    """At the instant of the hand-over the next holder has it, and only they."""
    on_call = role(1, "Cardiology", shift(1, 1, CHEN, T0, T0 + HOUR), shift(2, 1, BEN, T0 + HOUR, T0 + 2 * HOUR))

    assert next((held.person_id for held in holders(on_call, now)), None) == holder


@given(st.permutations(range(4)))
def test_of_overlapping_shifts_the_latest_written_holds(order: list[int]) -> None:
    """In whatever order they are read."""
    shifts = [shift(nth, 1, UUID(int=nth + 1), T0, T0 + HOUR, version=nth) for nth in range(4)]
    held = next(holders(role(1, "Cardiology", *(shifts[nth] for nth in order)), T0))
    assert held.person_id == UUID(int=4)


def test_only_what_is_in_use_counts_as_an_endpoint() -> None:
    """Neither a revoked device nor a disabled mailbox is waited for."""
    ward = directory(
        devices=[device(21, ANNA), device(22, ANNA, revoked=True)],
        endpoints=[email(31, ANNA), email(32, ANNA, disabled=True)],
    )

    assert ward.active_devices(ANNA) == (UUID(int=21),)
    assert [endpoint.id for endpoint in ward.active_endpoints(ANNA, "email")] == [UUID(int=31)]
    assert ward.active_endpoints(ANNA, "pager") == []
    assert ward.active_devices(BEN) == ()
