"""Keeps pages that were made by hand: each a message that has ended, and one delivery that nothing waits for."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import asyncpg

from wardwire.model.paper import ENDED_WHY, SOURCE, WHY, PaperPage
from wardwire.store.queries import load

_SQL = load("paper")


async def find_paper(connection: asyncpg.Connection, external_id: str) -> tuple[bytes, UUID] | None:
    """Return the digest and the message that were kept under an identity; None = there is none."""
    row = await connection.fetchrow(_SQL["find"], SOURCE, external_id)
    return None if row is None else (row["digest"], row["message_id"])


async def add_paper(
    connection: asyncpg.Connection,
    message_id: UUID,
    page: PaperPage,
    *,
    external_id: str,
    digest: bytes,
    content: bytes,
    offered: str,
    sender: UUID,
    now: datetime,
) -> None:
    """Add one, at the time at which it was made; its identity says when it was entered."""
    await connection.execute(_SQL["make_day"], page.called_at)
    await connection.execute(_SQL["identity"], SOURCE, external_id, message_id, digest, now)
    await connection.execute(
        _SQL["message"],
        message_id,
        page.priority,
        SOURCE,
        external_id,
        sender,
        content,
        page.called_at,
        now,
        ENDED_WHY,
    )
    await connection.execute(
        _SQL["delivery"], message_id, page.person_id, page.state, WHY, page.priority, sender, offered,
        page.reached_at, page.response, page.outcome_at if page.response else None,
    )  # fmt: skip
