"""Reads messages. They are written by store/batch.py alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from wardwire.model.alert import Escalation
from wardwire.store.queries import load

_SQL = load("messages")


@dataclass(frozen=True, slots=True)
class Message:
    """A stored message. `content` is the sender's statement as bytes."""

    id: UUID
    thread_id: UUID
    reply_to: UUID | None
    kind: str
    priority: str
    source: str
    external_id: str
    sender_person: UUID | None
    sender_device: UUID | None
    content: bytes
    expires_at: datetime | None
    stored_at: datetime
    ended_at: datetime | None
    ended_why: str | None


class Fanout(NamedTuple):
    """The frozen recipients of a large message, and how many of them have their delivery."""

    people: list[UUID]
    whys: list[str]
    done: int


def as_reported(message: Message, escalation: Escalation) -> Message:
    """Return a message as its source describes it now: its last words, and its priority."""
    return replace(message, content=escalation.said or message.content, priority=escalation.priority)


async def load_messages(connection: asyncpg.Connection, message_ids: Sequence[UUID]) -> dict[UUID, Message]:
    """Read messages by id; what does not exist is left out."""
    rows = await connection.fetch(_SQL["load"], list(message_ids))
    return {row["id"]: Message(*row) for row in rows}


async def list_messages(
    connection: asyncpg.Connection, *, before: UUID, source: str | None, sender: UUID | None, limit: int
) -> list[Message]:
    """Read the newest messages before an id, newest first."""
    return [Message(*row) for row in await connection.fetch(_SQL["sent_by"], before, source, sender, limit)]


async def load_fanout(connection: asyncpg.Connection, message_id: UUID) -> Fanout | None:
    """Read the frozen recipients of a message that is still being expanded."""
    row = await connection.fetchrow(_SQL["fanout"], message_id)
    return Fanout(*row) if row else None
