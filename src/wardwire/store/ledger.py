"""One durable connection with its own chain, for what is committed outside the lanes: sessions, registrations,
changes of the directory. One transaction at a time; after an *unknown* the next one has a new connection and chain.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import uuid4

import asyncpg

from wardwire.model.errors import Code, Unavailable, Unknown
from wardwire.model.facts import FactKind
from wardwire.store.chain import Chain, Draft, Linked
from wardwire.store.durable import BROKEN, PATIENCE_S, DurableConnection, commit_durable
from wardwire.store.facts import append_facts

T = TypeVar("T")

Work = Callable[[asyncpg.Connection], Awaitable[tuple[T, Sequence[Draft]]]]
"""Does something inside a transaction; returns its result and the facts of it."""


class Ledger:
    """Commits pieces of work, each with its facts, one after the other.

    Args:
        name: Of this writer, e.g. `core-1/sessions`; shown in the fact that begins its chain.
        open_connection: Opens a durable connection; may raise `Unavailable`.
        patience_s: After so long a commit ends as `Unknown`. Longer for whoever enters a whole hospital at once.
    """

    def __init__(
        self,
        name: str,
        *,
        open_connection: Callable[[], Awaitable[DurableConnection]],
        patience_s: float = PATIENCE_S,
    ) -> None:
        self.name = name
        self._open = open_connection
        self._patience_s = patience_s
        self._durable: DurableConnection | None = None
        self._chain = Chain(uuid4())
        self._after: str | None = None
        self._turn = asyncio.Lock()

    @property
    def epoch(self) -> int:
        """The database's epoch as of the connection; 0 before the first one."""
        return self._durable.durability.epoch if self._durable else 0

    async def commit(self, now: datetime, work: Work[T]) -> T:
        """Run `work` and its facts in one transaction, and return its result when the commit is safe.

        Raises:
            Unknown: Committed or not, nobody can say.
            Unavailable: Nothing was tried.
            asyncpg.PostgresError, WardwireError: Rolled back; whatever `work` raised.
        """
        async with self._turn:
            durable = await self._connection()
            drafts_before = [self._begin(durable)] if self._chain.seq == 0 else []
            chain = self._chain

            async def transaction(connection: asyncpg.Connection) -> tuple[T, Linked]:
                async with connection.transaction():
                    result, drafts = await work(connection)
                    facts = [*drafts_before, *drafts] if drafts else []
                    return result, await append_facts(connection, chain, now, facts)

            try:
                result, linked = await commit_durable(durable, transaction, patience_s=self._patience_s)
            except Unknown:
                self._give_up()
                raise
            except asyncio.CancelledError:
                self._give_up()
                raise
            chain.advance(linked)
            return result

    async def close(self) -> None:
        """Close the connection; the next commit opens another."""
        async with self._turn:
            durable, self._durable = self._durable, None
            if durable is not None:
                await durable.close()

    async def _connection(self) -> DurableConnection:
        if self._durable is not None and not self._durable.usable:
            self._give_up()
        if self._durable is None:
            try:
                self._durable = await self._open()
            except (asyncpg.PostgresError, *BROKEN) as error:
                raise Unavailable(Code.UNAVAILABLE, "the database cannot be reached now; nothing was kept") from error
        return self._durable

    def _begin(self, durable: DurableConnection) -> Draft:
        body = json.dumps({"lane": self.name, "after": self._after, "epoch": durable.durability.epoch})
        return Draft(FactKind.CHAIN_BEGUN, None, None, None, body)

    def _give_up(self) -> None:
        """End the chain with its connection; a successor will name it."""
        if self._durable is not None:
            self._durable.connection.terminate()
            self._durable = None
        if self._chain.seq:
            self._after = f"{self._chain.writer.hex}:{self._chain.seq}"
        self._chain = Chain(uuid4())
