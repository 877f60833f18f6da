"""The cache is bounded and forgets what it is told to."""

from __future__ import annotations

from uuid import UUID

from tests.unit.model.samples import CHEN
from wardwire.engine.cache import DeliveryCache
from wardwire.model.delivery import Delivery, State
from wardwire.model.message import Offered
from wardwire.model.priority import Kind, Priority


def delivery(message: int, version: int = 1) -> Delivery:
    """A delivery to Dr. Chen."""
    return Delivery(
        message_id=UUID(int=message),
        person_id=CHEN,
        version=version,
        state=State.PENDING,
        stage=0,
        stages=(),
        kind=Kind.ALERT,
        priority=Priority.HIGH,
        sender_person=None,
        offered=Offered(),
    )


def key(message: int) -> tuple[UUID, UUID]:
    """Its key."""
    return UUID(int=message), CHEN


def test_the_last_known_state_is_remembered() -> None:
    """A later one takes its place."""
    cache = DeliveryCache()
    cache.put([delivery(1), delivery(2)])
    cache.put([delivery(1, version=2)])

    assert (cache.get(key(1)), cache.get(key(2)), cache.get(key(3))) == (delivery(1, 2), delivery(2), None)


def test_what_may_be_stale_is_forgotten() -> None:
    """Forgetting what is not known is no fault."""
    cache = DeliveryCache()
    cache.put([delivery(1), delivery(2)])
    cache.drop([key(1), key(3)])

    assert (cache.get(key(1)), cache.get(key(2))) == (None, delivery(2))


def test_it_never_grows_beyond_its_limit() -> None:
    """The oldest goes first."""
    cache = DeliveryCache(limit=3)
    for nth in range(10):
        cache.put([delivery(nth)])

    assert [nth for nth in range(10) if cache.get(key(nth))] == [7, 8, 9]


def test_one_batch_larger_than_the_limit_keeps_its_last() -> None:
    """Nobody's group page empties the memory of the machine."""
    cache = DeliveryCache(limit=3)
    cache.put([delivery(nth) for nth in range(10)])

    assert [nth for nth in range(10) if cache.get(key(nth))] == [7, 8, 9]
