"""Appends facts outside the lanes' batches, in the transaction of what they tell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from wardwire.store.chain import Chain, Draft, Linked
from wardwire.store.queries import load

_SQL = load("facts")


async def append_facts(connection: asyncpg.Connection, chain: Chain, at: datetime, drafts: Sequence[Draft]) -> Linked:
    """Append facts behind the chain's head, in the transaction that is open on the connection.

    The head itself does not move: call `chain.advance` with what is returned once the transaction is committed.
    After an *unknown* commit the chain must not be used again. `store/ledger.py` does both.
    """
    linked = chain.link(at, drafts)
    if drafts:
        await connection.execute(_SQL["append"], chain.writer, chain.seq, at, *linked.columns)
    return linked
