"""Find the primary among several hosts, when one of them is frozen or thinks that it is still the primary.

asyncpg tries the hosts of an address one after the other under one timeout: a frozen first host uses it up, and
the second is never asked. And it takes the first that accepts writes, which after a failover may be the old
primary come back. Here all are asked at once, and the one of the newest timeline is taken.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import asyncpg

# A host that has not answered by then is passed over. A login takes milliseconds; a promotion is waited for by
# trying again, not here.
HOST_PATIENCE_S = 3.0
# How long the other hosts are still waited for when one that takes writes was found.
_GRACE_S = 0.25

_Examined = asyncio.Future[tuple[int, asyncpg.Connection]]

_TIMELINE = (
    "SELECT CASE WHEN pg_is_in_recovery() THEN -1"
    " ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint END"
)


def split_hosts(dsn: str) -> list[str]:
    """Give one address per host; the address itself when it names one host only."""
    parts = urlsplit(dsn)
    login, at, hosts = parts.netloc.rpartition("@")
    if "," not in hosts:
        return [dsn]
    query = urlencode([pair for pair in parse_qsl(parts.query) if pair[0] != "target_session_attrs"])
    return [urlunsplit(parts._replace(netloc=f"{login}{at}{host}", query=query)) for host in hosts.split(",")]


async def connect_to_primary(
    dsn: str, *, connect: Callable[..., Awaitable[asyncpg.Connection]] = asyncpg.connect, **options: Any
) -> asyncpg.Connection:
    """Connect as asyncpg does; of several hosts to the one that takes writes on the newest timeline.

    Takes as long as that host and a quarter of a second for the others, at most `HOST_PATIENCE_S`.

    Raises:
        OSError: No host takes writes; the last reason is its cause.
    """
    hosts = split_hosts(dsn)
    if len(hosts) == 1:
        return await connect(dsn, **options)
    options |= {"target_session_attrs": "any", "timeout": HOST_PATIENCE_S}
    tasks = [asyncio.ensure_future(_examine(host, connect, options)) for host in hosts]
    settled = False
    try:
        await _settle(tasks)
        settled = True
    finally:
        found, failure = _gather(tasks)
        writable = [each for each in found if each[0] >= 0] if settled else []
        chosen = max(writable, key=lambda each: each[0], default=None)
        for each in found:
            if each is not chosen:
                each[1].terminate()
    if chosen is None:
        raise ConnectionError(f"none of {len(hosts)} hosts takes writes") from failure
    return chosen[1]


async def _examine(
    dsn: str, connect: Callable[..., Awaitable[asyncpg.Connection]], options: dict[str, Any]
) -> tuple[int, asyncpg.Connection]:
    """Connect to one host and read its timeline; -1 for a standby."""
    connection = await connect(dsn, **options)
    try:
        async with asyncio.timeout(HOST_PATIENCE_S):
            return int(await connection.fetchval(_TIMELINE)), connection
    except BaseException:
        connection.terminate()
        raise


async def _settle(tasks: Sequence[_Examined]) -> None:
    """Wait for all; when one takes writes, for the others a little longer only."""
    pending = set(tasks)
    patience = HOST_PATIENCE_S + 1
    while pending:
        done, pending = await asyncio.wait(pending, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        if not done:
            return
        if any(task.exception() is None and task.result()[0] >= 0 for task in done):
            patience = _GRACE_S


def _gather(
    tasks: Sequence[_Examined],
) -> tuple[list[tuple[int, asyncpg.Connection]], BaseException | None]:
    """Take what was found and end what is still under way."""
    found, failure = [], None
    for task in tasks:
        if not task.done():
            task.add_done_callback(_discard)
            task.cancel()
        elif (error := task.exception()) is None:
            found.append(task.result())
        else:
            failure = error
    return found, failure


def _discard(task: _Examined) -> None:
    if not task.cancelled() and task.exception() is None:
        task.result()[1].terminate()
