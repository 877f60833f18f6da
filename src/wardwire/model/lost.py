"""What a lost device is ordered to do, and how far that has come. Pure.

Never more is said than is known: what the device has not confirmed itself is not done.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from wardwire.model.priority import Word

# An order that was not confirmed in this time is shown as such. It stays in force: the device may come back.
UNCONFIRMED_AFTER = timedelta(hours=24)


class Order(Word):
    """What the device is to do."""

    LOCK = "lock"  # show nothing until its person signs in anew
    WIPE = "wipe"  # forget everything: keys, messages, settings


class OrderState(Word):
    """How far an order has come."""

    REQUESTED = "requested"
    DELIVERED = "delivered"  # the device, proved by its key, was given it
    CONFIRMED = "confirmed"  # the device has said, by its key, that it is done
    UNCONFIRMED = "unconfirmed"  # a day has passed; it may have happened, nobody knows


class Lost(NamedTuple):
    """A lost device and its order.

    Attributes:
        ordered_at: Names the order: the device confirms this one, and no earlier one.
    """

    device_id: UUID
    person_id: UUID
    name: str
    why: str
    order: Order
    ordered_at: datetime
    ordered_by: str
    told_at: datetime | None
    confirmed_at: datetime | None

    def state(self, now: datetime) -> OrderState:
        """Say how far it has come."""
        if self.confirmed_at is not None:
            return OrderState.CONFIRMED
        if now >= self.ordered_at + UNCONFIRMED_AFTER:
            return OrderState.UNCONFIRMED
        return OrderState.REQUESTED if self.told_at is None else OrderState.DELIVERED
