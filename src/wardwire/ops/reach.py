"""Knock at engines that are not ours before anything is started: what is wrong is said with its setting."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import asyncpg

from wardwire.ops.failure import StartFailed
from wardwire.ops.nats import NatsLogins
from wardwire.ops.probe import probe_nats
from wardwire.ops.remote import dsn_hosts
from wardwire.ops.roles import DatabaseLogins
from wardwire.store.hosts import connect_to_primary

PATIENCE_S = 5.0
NATS_PORT = 4222


async def reach_database(logins: DatabaseLogins) -> None:
    """
    Log in as each role once.

    Raises:
        StartFailed: `database_unreachable`, `database_refused`, `database_unsafe`: which setting, which host, why;
            no password.
    """
    for setting, dsn in (
        ("owner_dsn", logins.owner),
        ("dsn", logins.app),
        ("sealer_dsn", logins.sealer),
        ("readonly_dsn", logins.readonly),
    ):
        if dsn:
            await _log_in(f"database.{setting}", dsn)


async def _log_in(setting: str, dsn: str) -> None:
    hosts = ", ".join(dsn_hosts(dsn)) or "this machine"
    try:
        async with asyncio.timeout(PATIENCE_S):
            connection = await connect_to_primary(dsn)
            flushes = await connection.fetchval("SHOW fsync")
            await connection.close()
    except asyncpg.PostgresError as error:
        raise StartFailed(
            "database_refused",
            f"{setting}: {hosts} refuses the login: {error}.",
            "Mend it, its password or the grant.",
        ) from error
    except (OSError, asyncpg.InterfaceError, ValueError) as error:
        why = str(error) or type(error).__name__
        raise StartFailed(
            "database_unreachable", f"{setting}: {hosts} cannot be reached: {why}.", "Start it, or mend the setting."
        ) from error
    if flushes != "on":
        raise StartFailed(
            "database_unsafe",
            f"{setting}: {hosts} does not flush commits to its disk (fsync is {flushes}): they could be lost.",
            "Set fsync = on there.",
        )


def reach_nats(logins: NatsLogins) -> None:
    """
    Wait for the greeting of one of the servers.

    Raises:
        StartFailed: `nats_unreachable`.
    """
    addresses = [urlsplit(one.strip()) for one in logins.url.split(",")]
    if not any(probe_nats(one.hostname or "", one.port or NATS_PORT, patience_s=PATIENCE_S) for one in addresses):
        raise StartFailed(
            "nats_unreachable",
            f"nats.url: no NATS server greets at {', '.join(one.netloc for one in addresses)}.",
            "Start it, or mend the setting.",
        )
