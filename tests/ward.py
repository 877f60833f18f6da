"""A small ward for tests: its people, its clock, and a desk at which they are entered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import asyncpg

from wardwire.directory.desk import DirectoryDesk
from wardwire.directory.whole import read_directory
from wardwire.model.people import Directory
from wardwire.model.rights import SCOPES, Caller
from wardwire.store.durable import DurableConnection, open_durable

OPERATOR = Caller(source="cli", scopes=frozenset(SCOPES))


@dataclass
class WardClock:
    """A clock that stands until it is moved. It begins now, because tables by day are made around today."""

    at: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    seconds: float = 0.0

    def now(self) -> datetime:
        """Return the instant at which it stands."""
        return self.at

    def monotonic(self) -> float:
        """Return the seconds that it was moved."""
        return self.seconds

    def advance(self, by: timedelta) -> None:
        """Move it."""
        self.at += by
        self.seconds += by.total_seconds()


async def open_app(dsn: str) -> DurableConnection:
    """Open a durable connection on a machine without a standby."""
    return await open_durable(dsn, without_standby="degraded")


@asynccontextmanager
async def directory_desk(dsn: str, clock: WardClock) -> AsyncIterator[DirectoryDesk]:
    """A desk on this database."""
    desk = DirectoryDesk(open_connection=lambda: open_app(dsn), clock=clock, node="test")
    try:
        yield desk
    finally:
        await desk.close()


@asynccontextmanager
async def reading(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """A plain connection in our schema."""
    connection = await asyncpg.connect(dsn, server_settings={"search_path": "wardwire"})
    try:
        yield connection
    finally:
        await connection.close()


async def everybody(dsn: str) -> Directory:
    """The directory as it is now."""
    async with reading(dsn) as connection:
        return await read_directory(connection)
