"""Fail the n-th query, for n = 1, 2, 3 ...: the sweep that visits each place where a database can fail us.

    for n in itertools.count(1):
        faults = NthFailure(n, Failure.UNKNOWN)
        ... run the path with `connect=faults.connect` ...
        if not faults.fired:
            break

BEGIN, COMMIT and ROLLBACK count as queries. What the server would do to the transaction and the connection is
really done to them, so that nobody can go on where a real fault would have stopped him.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from enum import StrEnum
from types import TracebackType
from typing import Any, Self

import asyncpg

_RAISE = "DO $$ BEGIN RAISE EXCEPTION 'injected' USING ERRCODE = '53000'; END $$"


class Failure(StrEnum):
    """How the n-th query fails."""

    ERROR = "error"  # refused by the server (53000), nothing done; an open transaction is aborted
    ERROR_AFTER = "error_after"  # done, then the server ends the session (FATAL 57P01), as in mid-shutdown
    LOST = "lost"  # the connection drops before the query reaches the server
    UNKNOWN = "unknown"  # done, and the connection drops before the answer
    HANG = "hang"  # no answer until `release`, then done as if nothing were; a cut socket ends the wait


class NthFailure:
    """Counts the queries of all connections that it opened, and fails the n-th of them, once."""

    def __init__(
        self,
        n: int,
        how: Failure,
        *,
        connect: Callable[..., Awaitable[asyncpg.Connection]] = asyncpg.connect,
    ) -> None:
        self.n = n
        self.how = how
        self.queries: list[str] = []
        self._connect = connect
        self._released = asyncio.Event()
        self.hanging = asyncio.Event()

    @property
    def fired(self) -> bool:
        """Whether there was an n-th query."""
        return len(self.queries) >= self.n

    @property
    def failed_query(self) -> str | None:
        """The query that failed, None when there were fewer."""
        return self.queries[self.n - 1] if self.fired else None

    async def connect(self, *args: Any, **options: Any) -> asyncpg.Connection:
        """Open a connection as `asyncpg.connect` does; its queries are counted. Opening itself is not."""
        connection: Any = FailingConnection(await self._connect(*args, **options), self)
        return connection

    def release(self) -> None:
        """Let the hanging query, now or to come, be answered."""
        self._released.set()

    async def run(self, connection: FailingConnection, query: str, do: Callable[[], Awaitable[Any]]) -> Any:
        """Do one query, or fail it when it is the n-th."""
        self.queries.append(query)
        if len(self.queries) != self.n:
            return await do()
        match self.how:
            case Failure.ERROR:
                return await connection.inner.execute(_RAISE)
            case Failure.ERROR_AFTER:
                await do()
                connection.terminate()
                raise _fatal()
            case Failure.LOST:
                connection.terminate()
                raise _gone()
            case Failure.UNKNOWN:
                await do()
                connection.terminate()
                raise _gone()
            case Failure.HANG:
                self.hanging.set()
                await _first(self._released, connection.cut)
                if connection.cut.is_set():
                    raise _gone()
                return await do()


class FailingConnection:
    """Looks like an asyncpg connection; every query goes by way of its `NthFailure`."""

    def __init__(self, inner: Any, faults: NthFailure) -> None:
        self.inner = inner
        self.cut = asyncio.Event()
        self._faults = faults

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def execute(self, query: str, *args: Any, **options: Any) -> Any:
        return await self._run(query, lambda: self.inner.execute(query, *args, **options))

    async def executemany(self, query: str, *args: Any, **options: Any) -> Any:
        return await self._run(query, lambda: self.inner.executemany(query, *args, **options))

    async def fetch(self, query: str, *args: Any, **options: Any) -> Any:
        return await self._run(query, lambda: self.inner.fetch(query, *args, **options))

    async def fetchrow(self, query: str, *args: Any, **options: Any) -> Any:
        return await self._run(query, lambda: self.inner.fetchrow(query, *args, **options))

    async def fetchval(self, query: str, *args: Any, **options: Any) -> Any:
        return await self._run(query, lambda: self.inner.fetchval(query, *args, **options))

    async def prepare(self, query: str, **options: Any) -> FailingStatement:
        """Prepare a statement: a query of its own, and so is each use of it."""
        inner = await self._run(f"PREPARE {query}", lambda: self.inner.prepare(query, **options))
        return FailingStatement(inner, query, self)

    def transaction(self, **options: Any) -> FailingTransaction:
        return FailingTransaction(self.inner.transaction(**options), self)

    def terminate(self) -> None:
        """Cut the socket; a query that hangs ends with an error, and was never sent."""
        self.inner.terminate()
        self.cut.set()

    async def close(self, **options: Any) -> None:
        await self.inner.close(**options)
        self.cut.set()

    async def _run(self, query: str, do: Callable[[], Awaitable[Any]]) -> Any:
        return await self._faults.run(self, query, do)


class FailingStatement:
    """A prepared statement whose uses are counted."""

    def __init__(self, inner: Any, query: str, connection: FailingConnection) -> None:
        self._inner = inner
        self._query = query
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def fetch(self, *args: Any, **options: Any) -> Any:
        return await self._connection._run(self._query, lambda: self._inner.fetch(*args, **options))

    async def fetchrow(self, *args: Any, **options: Any) -> Any:
        return await self._connection._run(self._query, lambda: self._inner.fetchrow(*args, **options))

    async def fetchval(self, *args: Any, **options: Any) -> Any:
        return await self._connection._run(self._query, lambda: self._inner.fetchval(*args, **options))

    async def executemany(self, *args: Any, **options: Any) -> Any:
        return await self._connection._run(self._query, lambda: self._inner.executemany(*args, **options))


class FailingTransaction:
    """A transaction whose BEGIN, COMMIT and ROLLBACK are counted."""

    def __init__(self, inner: Any, connection: FailingConnection) -> None:
        self._inner = inner
        self._connection = connection

    async def start(self) -> None:
        await self._connection._run("BEGIN", self._inner.start)

    async def commit(self) -> None:
        await self._connection._run("COMMIT", self._inner.commit)

    async def rollback(self) -> None:
        await self._connection._run("ROLLBACK", self._inner.rollback)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            await self.commit()
        elif not self._connection.inner.is_closed():
            await self.rollback()


def _gone() -> asyncpg.PostgresError:
    return asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")


def _fatal() -> asyncpg.PostgresError:
    error = asyncpg.exceptions.AdminShutdownError("terminating connection due to administrator command")
    error.severity = error.severity_en = "FATAL"
    return error


async def _first(*events: asyncio.Event) -> None:
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
