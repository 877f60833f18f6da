"""Wrong guesses at signing in, counted for all cores together. No promise hangs on them: they wait for no disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import asyncpg

from wardwire.model.guesses import FORGOTTEN_AFTER, KNOWN_FOR, NOTHING, REMEMBERED, Keys, Tallies, Tally
from wardwire.store.queries import load

_SQL = load("guesses")


async def load_tallies(connection: asyncpg.Connection, keys: Keys) -> Tallies:
    """Read what is remembered under the keys of a guess."""
    return _tallies(await connection.fetch(_SQL["load"], list(keys)), keys)


async def lock_tallies(connection: asyncpg.Connection, keys: Keys) -> Tallies:
    """Read the same, and keep others from changing it until the transaction ends; rows that are not there, too."""
    await connection.execute("SET LOCAL synchronous_commit = off")
    # In one order for everybody, whether the rows are there or not.
    for key in sorted(keys):
        await connection.execute("SELECT pg_advisory_xact_lock($1)", int.from_bytes(key[:8], "big", signed=True))
    return _tallies(await connection.fetch(_SQL["lock"], list(keys)), keys)


async def write_tallies(connection: asyncpg.Connection, tallies: Mapping[bytes, Tally]) -> None:
    """Write what is remembered from now on, under its keys; `NOTHING` is forgotten."""
    rows = [
        (whom, tally.wrong, tally.until, tally.spent, tally.at, tally.known)
        for whom, tally in tallies.items()
        if tally != NOTHING
    ]
    if gone := [whom for whom, tally in tallies.items() if tally == NOTHING]:
        await connection.execute(_SQL["forget"], gone)
    if rows:
        await connection.execute(_SQL["write"], *[list(column) for column in zip(*rows, strict=True)])


async def trim_tallies(connection: asyncpg.Connection, now: datetime, remembered: int = REMEMBERED) -> None:
    """Forget what is long ago, and what is too much."""
    await connection.execute(_SQL["trim"], now - KNOWN_FOR, now - FORGOTTEN_AFTER, remembered)


def _tallies(rows: Sequence[Any], keys: Keys) -> Tallies:
    found = {row["whom"]: Tally(row["wrong"], row["until"], row["spent"], row["at"], row["known"]) for row in rows}
    return Tallies(*(found.get(key, NOTHING) for key in keys))
