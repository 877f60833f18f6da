"""Reads, for a whole batch at once, what its acts need to decide."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import asyncpg

from wardwire.engine.cache import DeliveryCache
from wardwire.flow.ports import NOTHING, Act
from wardwire.model.delivery import Delivery
from wardwire.store.batch import DeliveryKey
from wardwire.store.deliveries import load_deliveries
from wardwire.store.messages import Message, load_messages


class BatchKnown:
    """What is known while one batch decides; implements flow/ports.Known.

    It begins with what the cache has of what the acts need. Is anything `missing`, it must be `read`.
    """

    def __init__(self, acts: Iterable[Act], cache: DeliveryCache) -> None:
        self._deliveries: dict[DeliveryKey, Delivery] = {}
        self._of: dict[UUID, list[DeliveryKey]] = {}
        self._messages: dict[UUID, Message] = {}
        self._missing: set[DeliveryKey] = set()
        self._whole: set[UUID] = set()
        for act in acts:
            needs = act.needs()
            if needs is NOTHING:
                continue
            if needs.messages:
                self._whole.update(needs.messages)
            for key in needs.deliveries:
                held = cache.get(key)
                if held is not None:
                    self._deliveries[key] = held
                else:
                    self._missing.add(key)

    @property
    def missing(self) -> bool:
        """Whether something must be read from the database."""
        return bool(self._missing or self._whole)

    async def read(self, connection: asyncpg.Connection) -> None:
        """Read what is missing, in at most three queries for all acts."""
        messages = sorted(self._whole)
        for delivery in await load_deliveries(connection, sorted(self._missing), messages):
            self.took(delivery)
            if delivery.message_id in self._whole:
                self._of.setdefault(delivery.message_id, []).append((delivery.message_id, delivery.person_id))
        if messages:
            self._messages = await load_messages(connection, messages)

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
