"""Reads, for a whole batch at once, what its acts need to decide."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import asyncpg

from wardwire.engine.cache import DeliveryCache
from wardwire.flow.ports import Act
from wardwire.model.delivery import Delivery
from wardwire.store.batch import DeliveryKey
from wardwire.store.deliveries import load_deliveries
from wardwire.store.messages import Message, load_messages


class BatchKnown:
    """What is known while one batch decides; implements flow/ports.Known."""

    def __init__(self) -> None:
        self._deliveries: dict[DeliveryKey, Delivery] = {}
        self._of: dict[UUID, list[DeliveryKey]] = {}
        self._messages: dict[UUID, Message] = {}

    def delivery(self, key: DeliveryKey) -> Delivery | None:
        """Return a delivery as it stands."""
        return self._deliveries.get(key)

    def deliveries_of(self, message_id: UUID) -> list[Delivery]:
        """Return all deliveries of a message that was needed whole."""
        return [self._deliveries[key] for key in self._of.get(message_id, ())]

    def message(self, message_id: UUID) -> Message | None:
        """Return a message that was needed."""
        return self._messages.get(message_id)

    def took(self, delivery: Delivery) -> None:
        """Remember what an act made of a delivery."""
        self._deliveries[(delivery.message_id, delivery.person_id)] = delivery

    @property
    def keys(self) -> Iterable[DeliveryKey]:
        """Every delivery that was known."""
        return self._deliveries.keys()


async def read_known(connection: asyncpg.Connection, acts: Iterable[Act], cache: DeliveryCache) -> BatchKnown:
    """Read what `acts` need: from the cache where it has it, else in at most three queries for all of them."""
    known = BatchKnown()
    missing: set[DeliveryKey] = set()
    whole: set[UUID] = set()
    for act in acts:
        needs = act.needs()
        whole.update(needs.messages)
        for key in needs.deliveries:
            held = cache.get(key)
            if held is not None:
                known.took(held)
            else:
                missing.add(key)
    if missing or whole:
        messages = sorted(whole)
        for delivery in await load_deliveries(connection, sorted(missing), messages):
            known.took(delivery)
            if delivery.message_id in whole:
                known._of.setdefault(delivery.message_id, []).append((delivery.message_id, delivery.person_id))
    if whole:
        known._messages = await load_messages(connection, messages)
    return known
