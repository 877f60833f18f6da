"""Reads which messages are silent copies, and of which one. They are written by store/batch.py alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from wardwire.store.messages import Message
from wardwire.store.queries import load

_SQL = load("copies")


async def load_copies(connection: asyncpg.Connection, messages: Sequence[UUID]) -> list[tuple[UUID, Message]]:
    """Read the copies of messages, each behind the id of the message that it is one of."""
    return [(row[0], Message(*row[1:])) for row in await connection.fetch(_SQL["of"], list(messages))]


async def load_originals(connection: asyncpg.Connection, copies: Sequence[UUID]) -> dict[UUID, UUID]:
    """Say of which messages some are copies: copy -> message."""
    return {row["copy_id"]: row["message_id"] for row in await connection.fetch(_SQL["originals"], list(copies))}


async def forget_copies(connection: asyncpg.Connection, before: datetime, limit: int) -> int:
    """Forget up to `limit` that were stored before an instant; returns how many. The messages stay."""
    done = await connection.execute(_SQL["forget"], before, limit)
    return int(done.split()[-1])
