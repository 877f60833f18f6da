"""What a look at the database may say beside what is committed at the same moment."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.unit.model.samples import ANNA, CHEN, T0
from wardwire.client.standing import Standing
from wardwire.devices.standing import status_of
from wardwire.model import ids
from wardwire.model.delivery import Delivery, State
from wardwire.model.message import Offered
from wardwire.model.priority import Kind, Priority

SECOND = timedelta(seconds=1)
STORED = Delivery(
    message_id=ids.new_id(T0),
    person_id=CHEN,
    version=1,
    state=State.PENDING,
    stage=0,
    stages=(),
    kind=Kind.ALERT,
    priority=Priority.HIGH,
    sender_person=ANNA,
    offered=Offered(accept_decline=True),
)
UNREACHABLE = replace(STORED, state=State.UNREACHABLE)
DELIVERED = replace(STORED, state=State.DELIVERED, delivered_at=T0 + 10 * SECOND)
TAKEN = replace(DELIVERED, state=State.TAKEN)
ACCEPTED = replace(DELIVERED, state=State.ACCEPTED, responded_at=T0 + 20 * SECOND)


@pytest.mark.parametrize(
    ("found", "meanwhile"), [(STORED, DELIVERED), (UNREACHABLE, DELIVERED), (DELIVERED, ACCEPTED), (TAKEN, ACCEPTED)]
)
def test_a_look_never_leads_back_what_is_committed_beside_it(found: Delivery, meanwhile: Delivery) -> None:
    """It was decided before the look and committed after it, and the device hears of it first."""
    look = T0 + 30 * SECOND
    device = Standing()
    assert device.status(status_of(meanwhile, look), 0)
    assert not device.status(status_of(found, look), 0)


@pytest.mark.parametrize("state", [State.CANCELLED, State.CLEARED, State.EXPIRED])
def test_an_end_that_was_not_heard_of_is_news(state: State) -> None:
    """Nothing comes after it, so that the time of the look is late enough."""
    device = Standing()
    assert device.status(status_of(ACCEPTED, T0 + 21 * SECOND), 0)
    assert device.status(status_of(replace(ACCEPTED, state=state), T0 + 30 * SECOND), 0)


def test_somebody_who_was_found_unreachable_is_news() -> None:
    """After a word that nobody has confirmed it yet."""
    device = Standing()
    assert device.status(status_of(STORED, T0 + SECOND), 0)
    assert device.status(status_of(UNREACHABLE, T0 + 15 * SECOND), 0)
