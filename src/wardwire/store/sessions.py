"""Sessions of devices: one row each, opened by a signed hello, readable by every core."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from wardwire.store.queries import load

_SQL = load("sessions")


class SessionRow(NamedTuple):
    """A device's session.

    Attributes:
        server_id, client_id: The connection that it was opened on.
        offset_ms: The device's clock minus the site's, as of the hello.
        turn: Of a shared device, whose turn it was opened in.
        replaced: How often another connection has taken the place of one that was not known to be gone.
    """

    device_id: UUID
    session_id: UUID
    client_nonce: bytes
    opened_at: datetime
    server_id: str
    client_id: int
    offset_ms: int
    replaced: int
    limited: bool
    turn: int = 0


async def lock_sessions(
    connection: asyncpg.Connection, devices: Sequence[tuple[UUID, int]]
) -> dict[UUID, SessionRow | None]:
    """Read the sessions of devices, with their turn, and keep the devices as they are until the transaction ends.

    A device that is missing in the result is revoked, unknown, or has changed hands; None: it has no session.
    """
    rows = await connection.fetch(_SQL["lock"], [device for device, _ in devices], [turn for _, turn in devices])
    return {row["device_id"]: SessionRow(*row) if row["session_id"] else None for row in rows}


async def put_sessions(connection: asyncpg.Connection, rows: Sequence[SessionRow]) -> None:
    """Open sessions, each in the place of the one before."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    await connection.execute(_SQL["put"], *columns)


async def load_sessions(connection: asyncpg.Connection, device_ids: Sequence[UUID]) -> dict[UUID, SessionRow]:
    """Read sessions; a device without one is left out."""
    rows = await connection.fetch(_SQL["load"], list(device_ids))
    return {row["device_id"]: SessionRow(*row) for row in rows}


async def list_limited(connection: asyncpg.Connection) -> list[UUID]:
    """Return the devices that were too old at their last hello."""
    return [row["device_id"] for row in await connection.fetch(_SQL["limited"])]
