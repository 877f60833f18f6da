"""
The real engines for tests: PostgreSQL servers, a fresh database per test, the pair of NATS servers.

A pytest plugin. Servers live for the session and run on free ports in folders of their own, as `nobody` when
the tests run as root. On which majors a test runs is decided in `conftest.py` (`pg_major`).

Fixtures:
    postgres        the server (`.dsn(dbname, user)`, `.major`, `.pid`, `.data`); never kill it, start a
                    `throwaway_postgres` for that
    fresh_database  a migrated database of this test alone: `.name`, `.logins` (owner, app, sealer, readonly)
    database_url    its address for the app's role
    commands_site   commands that are run in a test find the site of that test
    nats_pair       the two servers (`.edge`, `.core`, `.logins()`); never kill it either
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from wardwire.ops import process
from wardwire.ops.account import drop_account, hand_over
from wardwire.ops.engines import ENGINES_VARIABLE
from wardwire.ops.nats import NatsLogins, NatsPair
from wardwire.ops.nats_throwaway import throwaway_nats
from wardwire.ops.postgres import SUPERUSER, Postgres
from wardwire.ops.postgres_throwaway import throwaway_postgres
from wardwire.ops.process import polls
from wardwire.ops.roles import OWNER, DatabaseLogins, logins, run_apart
from wardwire.store.migrations import migrate

TEMPLATE = "wardwire_template"
MEMORY = Path("/dev/shm")
MEMORY_FREE = 6 * 2**30  # eight servers at once, of some hundred megabytes each
SITE = UUID("00000000-0000-7000-8000-000000000001")
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres(pg_major: int) -> Iterator[Postgres]:
    """One server for the session, with the template of our schema."""
    with _room() as home, throwaway_postgres(major=pg_major, home=home) as server:
        run_apart(_execute(server, f"CREATE DATABASE {TEMPLATE} OWNER {OWNER}"))
        run_apart(_migrate(server.dsn(TEMPLATE, OWNER)))
        yield server


@contextlib.contextmanager
def _room() -> Iterator[Path | None]:
    """
    Give a folder in memory, where there is plenty; None = on the disk.

    Nothing here outlives its test, and each test copies and drops a database of a thousand files: on a disk whose
    commits and checkpoints wait for it that takes five times as long. What is shown of durability has servers of its
    own, on the disk.
    """
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < MEMORY_FREE:
        yield None
        return
    for left in MEMORY.glob("wardwire-tests-*"):
        if process.started_at(int(left.name.rpartition("-")[2])) is None:  # whoever made it was killed
            shutil.rmtree(left, ignore_errors=True)
    account = drop_account()
    with tempfile.TemporaryDirectory(
        prefix="wardwire-tests-", suffix=f"-{os.getpid()}", dir=MEMORY, ignore_cleanup_errors=True
    ) as made:
        home = Path(made)
        hand_over(home, account)
        yield home


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshDatabase:
    """A database of one test alone."""

    name: str
    logins: DatabaseLogins


@pytest.fixture
def fresh_database(postgres: Postgres) -> Iterator[FreshDatabase]:
    """A database of this test alone."""
    with one_database(postgres) as database:
        yield database


@contextlib.contextmanager
def one_database(postgres: Postgres) -> Iterator[FreshDatabase]:
    """Copy the template, and drop the copy with everybody in it afterwards."""
    name = f"test_{next(_numbers)}"
    how = "FILE_COPY" if postgres.plan.home.is_relative_to(MEMORY) else "WAL_LOG"
    run_apart(_execute(postgres, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} OWNER {OWNER} STRATEGY {how}"))
    yield FreshDatabase(name=name, logins=logins(postgres.plan, dbname=name))
    run_apart(_execute(postgres, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def database_url(fresh_database: FreshDatabase) -> str:
    """The address of a fresh, migrated database for the app's role."""
    return fresh_database.logins.app


@pytest.fixture(scope="session")
def nats_pair() -> Iterator[NatsPair]:
    """The edge and core servers, joined."""
    with throwaway_nats() as pair:
        yield pair


def write_engines(path: Path, database: DatabaseLogins) -> None:
    """Write what a command finds of a site on its machine: this database, and no NATS."""
    nats = dict.fromkeys(NatsLogins.__dataclass_fields__, "")
    path.write_text(json.dumps({"home": str(path.parent), "database": asdict(database), "nats": nats}))


@pytest.fixture
def commands_site(fresh_database: FreshDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands that are run in this test find the site of this test."""
    write_engines(tmp_path / "engines.json", fresh_database.logins)
    monkeypatch.setenv(ENGINES_VARIABLE, str(tmp_path / "engines.json"))


async def _execute(server: Postgres, statement: str) -> None:
    connection = await asyncpg.connect(server.dsn("postgres", SUPERUSER))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _migrate(owner_dsn: str) -> None:
    """Bring the schema in, with partitions around today."""
    await migrate(owner_dsn, today=datetime.now(UTC).date(), site_id=SITE)


def wait_for(condition: Any, *, patience_s: float = 10.0, what: str = "the condition") -> Any:
    """Ask again and again until the answer is true; fail after the patience. For other processes."""
    for _ in polls(patience_s):
        answer = condition()
        if answer:
            return answer
    raise AssertionError(f"{what} did not come true within {patience_s} s")


REPOSITORY = Path(__file__).resolve().parent.parent
