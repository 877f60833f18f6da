"""Appends facts outside the hot path, where a change is a transaction of its own and not part of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from wardwire.store.chain import Chain, Draft, Linked
from wardwire.store.queries import load

_SQL = load("facts")


async def append_facts(connection: asyncpg.Connection, chain: Chain, at: datetime, drafts: Sequence[Draft]) -> Linked:
    """Write facts of one instant; call `chain.advance` with the answer once the transaction is committed."""
    linked = chain.link(at, drafts)
    await connection.execute(_SQL["append"], chain.writer, chain.seq, at, *linked.columns)
    return linked
