"""The ward that every story plays in."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from wardwire.testing.ward import Ward


@pytest.fixture
async def ward(database_url: str) -> AsyncIterator[Ward]:
    """A fresh ward on a fresh database."""
    async with Ward(database_url) as ward:
        yield ward
