"""
The login roles of the database: who owns it, who writes messages, who seals, who only reads.

Rights on tables belong to the migrations; here are only logins, passwords and what a session starts with.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

import asyncpg

from wardwire.ops.account import Account
from wardwire.ops.postgres import SUPERUSER, PostgresPlan
from wardwire.ops.secrets import keep_password

T = TypeVar("T")

DATABASE = "wardwire"
OWNER = "wardwire_owner"
APP = "wardwire_app"
SEALER = "wardwire_sealer"
READONLY = "wardwire_readonly"
ROLES = (OWNER, APP, SEALER, READONLY)

# What every session of a role begins with. Commits wait for the disk and the standby (R4); whoever sleeps in
# a transaction, or waits for a row too long, is thrown out before others suffer (F4, F26).
SESSION: dict[str, dict[str, str]] = {
    OWNER: {"synchronous_commit": "on", "lock_timeout": "10s", "idle_in_transaction_session_timeout": "60s"},
    APP: {"synchronous_commit": "on", "lock_timeout": "1s", "idle_in_transaction_session_timeout": "5s"},
    SEALER: {"synchronous_commit": "on", "lock_timeout": "1s", "idle_in_transaction_session_timeout": "5s"},
    READONLY: {"default_transaction_read_only": "on", "idle_in_transaction_session_timeout": "60s"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseLogins:
    """The address of the database for each role. Holds passwords: never logged."""

    owner: str
    app: str
    sealer: str
    readonly: str


def ensure_roles(plan: PostgresPlan, account: Account | None) -> None:
    """
    Make the login roles with passwords in `secrets/`, and the database, unless they are there.

    Idempotent; every call sets passwords and session settings anew. May be called within a running event loop
    (the work is done in a thread of its own).
    """
    passwords = {role: keep_password(plan.secrets / f"database-{role}.password", account) for role in ROLES}
    run_apart(_ensure(plan.dsn("postgres", SUPERUSER), passwords))


def logins(plan: PostgresPlan, *, dbname: str = DATABASE, tcp: bool = False) -> DatabaseLogins:
    """Give the addresses of the four roles for a database."""
    owner, app, sealer, readonly = (plan.dsn(dbname, role, tcp=tcp) for role in ROLES)
    return DatabaseLogins(owner=owner, app=app, sealer=sealer, readonly=readonly)


async def _ensure(dsn: str, passwords: dict[str, str]) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("SET log_statement = 'none'")
        there = {row["rolname"] for row in await connection.fetch("SELECT rolname FROM pg_roles")}
        for role, password in passwords.items():
            if role not in there:
                await connection.execute(f"CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE")
            # A password of ours holds letters, digits, - and _ only: nothing to escape.
            await connection.execute(f"ALTER ROLE {role} PASSWORD '{password}'")
            for key, value in SESSION[role].items():
                await connection.execute(f"ALTER ROLE {role} SET {key} = '{value}'")
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE):
            await connection.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
            await connection.execute(f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC")
        names = ", ".join(ROLES)
        await connection.execute(f"GRANT CONNECT ON DATABASE {DATABASE} TO {names}")
    finally:
        await connection.close()


def run_apart(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end in an own loop and thread, so that the caller may stand in a loop or not."""
    outcome: list[T] = []
    trouble: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(asyncio.run(work))
        except BaseException as error:
            trouble.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if trouble:
        raise trouble[0]
    return outcome[0]
