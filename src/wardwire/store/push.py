"""Where browsers let themselves be woken: written with its fact; gone when its device is put out."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import asyncpg

from wardwire.model.push import Subscription
from wardwire.store.queries import load

_SQL = load("push")


async def put_subscription(
    connection: asyncpg.Connection, device_id: UUID, subscription: Subscription, now: datetime
) -> bool:
    """Keep a device's address in the place of its former one; False when it is this one already."""
    return await connection.fetchval(_SQL["put"], device_id, *subscription, now) is not None


async def end_subscription(connection: asyncpg.Connection, device_id: UUID) -> bool:
    """Forget a device's address; False when there is none."""
    return await connection.fetchval(_SQL["end"], device_id) is not None
