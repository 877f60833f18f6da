"""What a batch reads before it decides."""

from __future__ import annotations

from uuid import UUID

import pytest

from wardwire.engine.cache import DeliveryCache
from wardwire.engine.known import BatchKnown
from wardwire.flow.ports import Act, Known, Needs
from wardwire.model.errors import WardwireError
from wardwire.store.batch import Batch
from wardwire.testing.clock import FakeClock

PLACE = UUID(int=1), UUID(int=2)


class Calls(Act):
    """Begins a call at a place."""

    def needs(self) -> Needs:
        """The call that may be running there."""
        return Needs(calls=(PLACE,))

    def decide(self, known: Known, batch: Batch, durability: str) -> None:
        """Nothing: only what is read first is looked at."""

    def committed(self) -> None:
        """Nothing."""

    def failed(self, error: WardwireError) -> None:
        """Nothing."""


@pytest.mark.parametrize("calls", [False, True])
def test_a_call_is_begun_at_first_as_if_none_ran(calls: bool) -> None:
    """No trip to the database stands before it; when the index has refused it, the running one is read."""
    assert BatchKnown([Calls()], DeliveryCache(), FakeClock().now(), calls=calls).missing is calls
