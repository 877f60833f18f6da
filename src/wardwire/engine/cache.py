"""What this core last knew of recent deliveries. Never trusted: the version guards every write."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from wardwire.model.delivery import Delivery
from wardwire.store.batch import DeliveryKey


class DeliveryCache:
    """The deliveries that this core touched last, bounded; spares a read for most receipts."""

    def __init__(self, limit: int = 100_000) -> None:
        self._limit = limit
        self._held: OrderedDict[DeliveryKey, Delivery] = OrderedDict()

    def get(self, key: DeliveryKey) -> Delivery | None:
        """Return what was last known, or None."""
        return self._held.get(key)

    def put(self, deliveries: Iterable[Delivery]) -> None:
        """Remember committed states."""
        for delivery in deliveries:
            self._held[(delivery.message_id, delivery.person_id)] = delivery
        while len(self._held) > self._limit:
            self._held.popitem(last=False)

    def drop(self, keys: Iterable[DeliveryKey]) -> None:
        """Forget what turned out to be stale, or may be."""
        for key in keys:
            self._held.pop(key, None)
