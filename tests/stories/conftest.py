"""The ward that every story plays in."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from wardwire.testing.ward import Ward


@pytest.fixture
async def ward(database_url: str) -> AsyncIterator[Ward]:
    """A fresh ward on a fresh database."""
    async with Ward(database_url) as ward:
        yield ward


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    """Connections for whatever looks after the ward beside its lanes."""
    async with asyncpg.create_pool(
        database_url, min_size=1, max_size=2, server_settings={"search_path": "wardwire"}
    ) as pool:
        yield pool
