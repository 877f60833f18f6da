"""The embedded PostgreSQL: safe from its first start, by whatever programs it came."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import asyncpg
import pytest

from tests.engines import FreshDatabase
from wardwire.ops.postgres import SUPERUSER, Postgres


async def ask(dsn: str, question: str) -> str:
    connection = await asyncpg.connect(dsn)
    try:
        return str(await connection.fetchval(question))
    finally:
        await connection.close()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("data_checksums", "on"),
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("wal_log_hints", "on"),
        ("lc_messages", "C"),
        ("password_encryption", "scram-sha-256"),
        ("listen_addresses", "127.0.0.1"),
        ("lock_timeout", "1s"),
        ("idle_in_transaction_session_timeout", "5s"),
    ],
)
async def test_a_session_of_the_app_begins_with_what_durability_needs(
    database_url: str, key: str, value: str
) -> None:
    """Commits wait for the disk, nobody holds rows for ever, warnings are in the language that we read."""
    assert await ask(database_url, f"SHOW {key}") == value


async def test_nobody_comes_in_without_a_password(postgres: Postgres) -> None:
    """No local login is trusted, neither by the socket nor by the loopback."""
    for address in (f"host={postgres.plan.sockets}", "host=127.0.0.1"):
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(f"postgresql://{SUPERUSER}:wrong@/postgres?{address}&port={postgres.plan.port}")


def test_passwords_sockets_and_data_are_private(postgres: Postgres) -> None:
    """Other users of the machine read neither data nor secrets, and cannot reach the socket."""
    plan = postgres.plan
    for folder in (plan.home, plan.secrets, plan.data, plan.sockets, plan.log.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder
    for file in (*plan.secrets.iterdir(), plan.log, plan.record, plan.data / "wardwire.conf"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


@pytest.mark.needs_root
def test_as_root_the_server_runs_as_another_user(postgres: Postgres) -> None:
    """PostgreSQL refuses root, and nothing of ours needs to be root."""
    assert Path(f"/proc/{postgres.pid}").stat().st_uid not in (0, os.geteuid())


async def test_a_test_has_a_database_of_its_own_with_four_roles(fresh_database: FreshDatabase) -> None:
    """Owner, app, sealer and readonly can log in; the readonly role begins read-only."""
    logins = fresh_database.logins
    for dsn in (logins.owner, logins.app, logins.sealer, logins.readonly):
        assert await ask(dsn, "SELECT current_database()") == fresh_database.name
    assert await ask(logins.readonly, "SHOW transaction_read_only") == "on"
