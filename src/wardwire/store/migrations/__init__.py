"""Forward migrations in SQL: `NNNN_pre_*.sql` before the new code starts, `NNNN_post_*.sql` after the old one ended.

Old code must run on a schema whose *pre* migrations are applied; that is what lets a hospital upgrade node by node.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from typing import Literal
from uuid import UUID

import asyncpg

Phase = Literal["pre", "post"]

_LEDGER = """
CREATE SCHEMA IF NOT EXISTS wardwire;
CREATE TABLE IF NOT EXISTS wardwire.migrations (name text PRIMARY KEY, digest bytea NOT NULL);
"""


class MigrationFailed(Exception):
    """A migration that was applied once reads otherwise now, or the database is newer than this code."""


def find_migrations(phase: Phase) -> list[tuple[str, str]]:
    """Return (name, SQL) of a phase, in order."""
    folder = files(__package__)
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [(name, folder.joinpath(name).read_text("utf-8")) for name in names if f"_{phase}_" in name]


async def migrate(
    dsn: str,
    *,
    today: date,
    site_id: UUID,
    phases: tuple[Phase, ...] = ("pre", "post"),
    tell: Callable[[str], None] = lambda name: None,
) -> list[str]:
    """Bring the schema up to this code, as the owner role; each migration in a transaction of its own.

    Idempotent, and safe beside another one running: they wait for each other. Also makes the site's row and the
    partitions from yesterday to 14 days ahead.

    Returns:
        The names that were applied now.

    Raises:
        MigrationFailed: Nothing of the faulty one was kept.
    """
    connection = await asyncpg.connect(dsn)
    try:
        # Another one may take minutes on a large database: however long its role waits for locks otherwise.
        await connection.execute("SET lock_timeout = 0")
        await connection.execute("SELECT pg_advisory_lock(hashtext('wardwire.migrate'))")
        await connection.execute("RESET lock_timeout")
        await connection.execute(_LEDGER)
        applied = dict(await connection.fetch("SELECT name, digest FROM wardwire.migrations"))
        done = []
        for phase in phases:
            for name, sql in find_migrations(phase):
                digest = hashlib.sha256(sql.encode()).digest()
                if name in applied:
                    if applied[name] != digest:
                        raise MigrationFailed(f"{name} was applied in another wording")
                    continue
                async with connection.transaction():
                    await connection.execute(sql)
                    await connection.execute("INSERT INTO wardwire.migrations VALUES ($1, $2)", name, digest)
                done.append(name)
                tell(name)
        await connection.execute(
            "INSERT INTO wardwire.site (site_id, clock_seen) VALUES ($1, $2) ON CONFLICT (only_row) DO UPDATE"
            " SET site_id = wardwire.site.site_id",
            site_id,
            datetime(today.year, today.month, today.day, tzinfo=UTC),
        )
        await connection.execute("SELECT wardwire.make_partitions($1, 16)", today - timedelta(days=1))
        return done
    finally:
        await connection.close()
