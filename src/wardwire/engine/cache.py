"""What this core last knew of recent deliveries. Never trusted: the version guards every write, and what is decided
on it and writes nothing (a repeat, a refusal) is decided anew on what the database has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice

from wardwire.model.delivery import Delivery
from wardwire.store.batch import DeliveryKey


class DeliveryCache:
    """The deliveries that this core touched last, bounded; spares a read for most receipts."""

    def __init__(self, limit: int = 100_000) -> None:
        self._limit = limit
        self._held: dict[DeliveryKey, Delivery] = {}
        self.get: Callable[[DeliveryKey], Delivery | None] = self._held.get
        """Return what was last known, or None."""

    def put(self, deliveries: Iterable[Delivery]) -> None:
        """Remember committed states."""
        held = self._held
        held.update({(one.message_id, one.person_id): one for one in deliveries})
        if len(held) > self._limit:  # many of the oldest at once: to find the first of a dict is not free
            for key in list(islice(held, len(held) - self._limit + self._limit // 10)):
                del held[key]

    def drop(self, keys: Iterable[DeliveryKey]) -> None:
        """Forget what turned out to be stale, or may be."""
        for key in keys:
            self._held.pop(key, None)
