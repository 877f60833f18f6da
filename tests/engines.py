"""
The real engines for tests: PostgreSQL servers, a fresh database per test, the pair of NATS servers.

A pytest plugin. Servers live for the session and run on free ports in folders of their own, as `nobody` when
the tests run as root. What a machine lacks is not collected, and named in one line; REQUIRE=all makes it fail.

Fixtures:
    postgres        the server (`.dsn(dbname, user)`, `.major`, `.pid`, `.data`); never kill it, start a
                    `throwaway_postgres` for that
    fresh_database  a migrated database of this test alone: `.name`, `.logins` (owner, app, sealer, readonly)
    database_url    its address for the app's role
    nats_pair       the two servers (`.edge`, `.core`, `.logins()`); never kill it either

Tests in tests/store and tests/stories that use a database run once on each major (18 and Debian's 15);
all others on 18. `TEST_POSTGRES=18` picks one.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from wardwire.ops.binaries import find_postgres
from wardwire.ops.failure import StartFailed
from wardwire.ops.nats import NatsPair
from wardwire.ops.nats_throwaway import throwaway_nats
from wardwire.ops.postgres import SUPERUSER, Postgres
from wardwire.ops.postgres_throwaway import throwaway_postgres
from wardwire.ops.roles import OWNER, DatabaseLogins, logins, run_apart

FIRST_MAJOR = 18
BOTH_MAJORS = ("store", "stories")
TEMPLATE = "wardwire_template"
_numbers = itertools.count(1)
_lacking: set[str] = set()


def _has_major(major: int) -> bool:
    try:
        find_postgres(major=major)
    except StartFailed:
        return False
    return True


def _majors() -> list[int]:
    wanted = [int(word) for word in os.environ.get("TEST_POSTGRES", "18,15").split(",")]
    there = [major for major in wanted if _has_major(major)]
    _lacking.update(f"PostgreSQL {major}" for major in wanted if major not in there)
    return there


def _can_be_root() -> bool:
    return os.geteuid() == 0


NEEDS = {"root": _can_be_root, "postgres15": lambda: _has_major(15)}
"""What a test may need of the machine: `@pytest.mark.needs("root")`. Others may add to it."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(what): collected only where the machine has it (see tests/engines.py)")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "postgres_major" not in metafunc.fixturenames:
        return
    majors = _majors()
    if not set(metafunc.definition.path.parts) & set(BOTH_MAJORS):
        majors = majors[:1]
    metafunc.parametrize("postgres_major", majors, ids=[f"pg{m}" for m in majors], scope="session")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    kept, left = [], []
    for item in items:
        missing = {str(what) for mark in item.iter_markers("needs") for what in mark.args if not NEEDS[what]()}
        _lacking.update(missing)
        (left if missing else kept).append(item)
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = kept
    if _lacking and os.environ.get("REQUIRE") == "all":
        raise pytest.UsageError(f"REQUIRE=all, and this machine lacks: {', '.join(sorted(_lacking))}")


def pytest_report_collectionfinish() -> str:
    return f"not collected, this machine lacks: {', '.join(sorted(_lacking))}" if _lacking else ""


@pytest.fixture(scope="session")
def postgres(postgres_major: int) -> Iterator[Postgres]:
    """One server for the session, with the template of our schema."""
    with throwaway_postgres(major=postgres_major) as server:
        run_apart(_execute(server, f"CREATE DATABASE {TEMPLATE} OWNER {OWNER}"))
        _migrate(server.dsn(TEMPLATE, OWNER))
        yield server


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshDatabase:
    """A database of one test alone."""

    name: str
    logins: DatabaseLogins


@pytest.fixture
def fresh_database(postgres: Postgres) -> Iterator[FreshDatabase]:
    """Copy the template, and drop the copy with everybody in it afterwards."""
    name = f"test_{next(_numbers)}"
    run_apart(_execute(postgres, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} OWNER {OWNER}"))
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


async def _execute(server: Postgres, statement: str) -> None:
    connection = await asyncpg.connect(server.dsn("postgres", SUPERUSER))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _migrate(owner_dsn: str) -> None:
    """Bring the schema in, once there is one."""
    if importlib.util.find_spec("wardwire.store.migrations") is None:
        return
    module: Any = importlib.import_module("wardwire.store.migrations")
    if not hasattr(module, "migrate"):
        return
    outcome = module.migrate(owner_dsn)
    if inspect.isawaitable(outcome):
        run_apart(_await(outcome))


async def _await(work: Any) -> None:
    await work


def wait_for(condition: Any, *, patience_s: float = 10.0, what: str = "the condition") -> Any:
    """Ask again and again until the answer is true; fail after the patience. For signals of other processes."""
    from wardwire.ops.process import polls

    for _ in polls(patience_s):
        answer = condition()
        if answer:
            return answer
    raise AssertionError(f"{what} did not come true within {patience_s} s")


REPOSITORY = Path(__file__).resolve().parent.parent
