"""A small ward for tests: a desk at which its people are entered, and how they are read back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from wardwire.directory.desk import DIRECTORY_PATIENCE_S, DirectoryDesk
from wardwire.directory.live import LiveDirectory
from wardwire.model.clock import Clock
from wardwire.model.people import Directory
from wardwire.model.rights import SCOPES, Caller
from wardwire.store.durable import DurableConnection, open_durable
from wardwire.store.ledger import Ledger

OPERATOR = Caller(source="cli", scopes=frozenset(SCOPES))


async def open_app(dsn: str) -> DurableConnection:
    """Open a durable connection on a machine without a standby."""
    return await open_durable(dsn, without_standby="degraded")


@asynccontextmanager
async def directory_desk(dsn: str, clock: Clock) -> AsyncIterator[DirectoryDesk]:
    """A desk on this database."""
    desk = DirectoryDesk(
        Ledger("test/directory", open_connection=lambda: open_app(dsn), patience_s=DIRECTORY_PATIENCE_S), clock
    )
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
        live = LiveDirectory()
        await live.refresh(connection)
        return live.directory
