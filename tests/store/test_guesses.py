"""Wrong guesses, as all cores count them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from wardwire.model.guesses import KNOWN_FOR, Tally
from wardwire.store.guesses import trim_tallies, write_tallies

T0 = datetime(2026, 11, 30, 7, tzinfo=UTC)


def key(nth: int) -> bytes:
    return nth.to_bytes(32, "big")


@pytest.fixture
async def connection(database_url: str) -> object:
    """A connection as cores have it."""
    connection = await asyncpg.connect(database_url, server_settings={"search_path": "wardwire"})
    yield connection
    await connection.close()


async def test_what_is_remembered_is_bounded(connection: asyncpg.Connection) -> None:
    """However many names are tried: the longest silent go first, and who is known stays."""
    tried = {key(nth): Tally(wrong=1, at=T0 + timedelta(seconds=nth)) for nth in range(50)}
    known = {key(100): Tally(at=T0, known=True), key(101): Tally(at=T0 - KNOWN_FOR, known=True)}
    await write_tallies(connection, tried | known)
    await trim_tallies(connection, T0 + timedelta(minutes=1), 20)
    kept = [int.from_bytes(row["whom"], "big") for row in await connection.fetch("SELECT whom FROM guesses")]
    assert sorted(kept) == [*range(30, 50), 100]
    await trim_tallies(connection, T0 + timedelta(hours=2), 20)
    assert await connection.fetchval("SELECT array_agg(whom) FROM guesses") == [key(100)]
