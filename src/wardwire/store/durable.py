"""`commit_durable`: the only way to commit a promise.

A commit may be answered *ok* only when PostgreSQL has flushed it here and, where there is a standby, there.
Three things lie otherwise, and are shut out here (docs/adr/0004): a cancelled wait for the standby returns
success with a WARNING; a client-side timeout sends that cancel; and a retry that only reads what it finds
is answered before the standby has it. Rules R1-R5 of the reliability plan.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

import asyncpg

from wardwire.model.errors import Code, Unavailable, Unknown
from wardwire.store.hosts import connect_to_primary

T = TypeVar("T")

# A request is answered *unknown* after this long; the commit itself is never cancelled.
PATIENCE_S = 2.0

_PATH_SETTINGS = {
    "application_name": "wardwire",
    "search_path": "wardwire",
    "jit": "off",
    # The statements of the path join arrays of a batch with indexes: any other plan is a mistake.
    "plan_cache_mode": "force_generic_plan",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_seqscan": "off",
    "idle_in_transaction_session_timeout": "5s",
    "lock_timeout": "5s",
}


# What asyncpg raises besides the server's own errors. InternalClientError comes when the server ends the session
# between two queries: its state machine is then surprised, and so nobody knows what the server still did.
BROKEN = (OSError, EOFError, asyncpg.InterfaceError, asyncpg.InternalClientError)


@dataclass(frozen=True, slots=True)
class Durability:
    """What a commit on a connection is worth.

    Attributes:
        standby: Whether a synchronous standby confirms each commit.
        epoch: The database's epoch when the connection was opened.
    """

    standby: bool
    epoch: int

    @property
    def word(self) -> str:
        """How results and /readyz call it: `synchronous` or `degraded` (this machine's disk alone)."""
        return "synchronous" if self.standby else "degraded"


class DurableConnection:
    """One connection that commits promises. Used by one writer at a time; discarded after an *unknown*."""

    def __init__(self, connection: asyncpg.Connection, durability: Durability) -> None:
        self.connection = connection
        self.durability = durability
        self._warned = False
        connection.add_log_listener(self._on_notice)

    @property
    def usable(self) -> bool:
        """Whether another commit may be tried on it."""
        return not self._warned and not self.connection.is_closed()

    async def close(self) -> None:
        """Close in order; safe to call twice. A commit still under way is not cancelled: its socket goes."""
        if self.connection.is_closed():
            return
        try:
            await asyncio.shield(asyncio.wait_for(self.connection.close(), 2))
        except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            self.connection.terminate()

    def _on_notice(self, _connection: Any, message: asyncpg.PostgresLogMessage) -> None:
        # "canceling wait for synchronous replication due to user request" and its like: committed here only.
        if message.severity_en == "WARNING":
            self._warned = True


async def commit_durable(
    durable: DurableConnection,
    work: Callable[[asyncpg.Connection], Awaitable[T]],
    *,
    patience_s: float = PATIENCE_S,
) -> T:
    """Run `work`, which is one statement or one transaction, and return when its commit is safe.

    The work is never cancelled, whatever happens to the caller. When its end is not known within `patience_s`,
    the caller is told so and the connection's socket is cut: the server goes on waiting for its standby, and
    the rows stay invisible until then.

    Raises:
        Unknown: Committed or not, nobody can say; repeat with the same identity. The connection is discarded.
        asyncpg.PostgresError: Certainly rolled back, with the server's reason.
        Unavailable: The connection was not usable; nothing was tried.
    """
    if not durable.usable:
        raise Unavailable(Code.UNAVAILABLE, "the connection to the database is gone")
    task = asyncio.ensure_future(work(durable.connection))
    try:
        ended = await _ended(task, patience_s)
    except asyncio.CancelledError:
        # Leaving the task alone could let asyncpg cancel the statement later: cut the socket instead.
        _abandon(durable, task)
        raise
    if not ended:
        _abandon(durable, task)
        raise Unknown(f"no answer to the commit within {patience_s:g} s")
    try:
        result = task.result()
    except asyncpg.PostgresError as error:
        if durable.connection.is_closed() or error.severity_en not in (None, "ERROR"):
            durable.connection.terminate()
            raise Unknown("the database ended the connection during the commit") from error
        raise
    except BROKEN as error:
        durable.connection.terminate()
        raise Unknown("the connection broke during the commit") from error
    if durable._warned:
        durable.connection.terminate()
        raise Unknown("the wait for the standby was cancelled: committed here, perhaps not there")
    return result


async def read_in_time(
    durable: DurableConnection, reading: Coroutine[Any, Any, T], *, patience_s: float = PATIENCE_S
) -> T:
    """Wait for a read on a writer's connection; a server that does not answer costs the connection, not the lane.

    Raises:
        Unavailable: No answer within `patience_s`. The connection is cut.
    """
    task = asyncio.ensure_future(reading)
    try:
        done, _ = await asyncio.wait({task}, timeout=patience_s)
    except asyncio.CancelledError:
        _abandon(durable, task)
        raise
    if not done:
        _abandon(durable, task)
        raise Unavailable(Code.UNAVAILABLE, f"no answer to a read within {patience_s:g} s")
    return task.result()


async def open_durable(
    dsn: str,
    *,
    without_standby: str,
    known_epoch: int = 0,
    patience_s: float = PATIENCE_S,
    connect: Callable[..., Awaitable[asyncpg.Connection]] = connect_to_primary,
) -> DurableConnection:
    """Open a connection and make sure that its commits are worth a promise.

    A durable commit of no meaning is made first: after a restart of the primary nothing may be served before
    a later WAL record proves that the standby has all earlier ones.

    Args:
        dsn: Of the role `wardwire_app`; may name several hosts.
        without_standby: `refuse` or `degraded`: what to do when no synchronous standby is configured.
        known_epoch: The highest epoch that this process has seen; a primary of an older one has been replaced.
        patience_s: For that first commit.

    Raises:
        Unavailable: Not reachable, in recovery, asynchronous, replaced, not confirmed by its standby in time, or
            without a standby where that is refused.
    """
    try:
        connection = await connect(
            dsn,
            server_settings=_PATH_SETTINGS,
            target_session_attrs="read-write",
            timeout=10,
            command_timeout=None,
        )
    except (asyncpg.PostgresError, *BROKEN) as error:
        raise Unavailable(Code.UNAVAILABLE, f"the database is not reachable: {type(error).__name__}") from error
    examination = asyncio.ensure_future(_examine(connection, without_standby, known_epoch))
    try:
        # Not wait_for: it would cancel the commit that waits for the standby.
        done, _ = await asyncio.wait({examination}, timeout=patience_s)
        if not done:
            raise Unavailable(Code.UNAVAILABLE, f"the database confirms no commit within {patience_s:g} s")
        return DurableConnection(connection, examination.result())
    except (asyncpg.PostgresError, *BROKEN) as error:
        connection.terminate()
        raise Unavailable(Code.UNAVAILABLE, f"the database is not ready: {type(error).__name__}") from error
    except BaseException:
        examination.add_done_callback(_forget)
        connection.terminate()
        raise


async def _examine(connection: asyncpg.Connection, without_standby: str, known_epoch: int) -> Durability:
    row = await connection.fetchrow(
        "SELECT pg_is_in_recovery() AS recovering, current_setting('synchronous_commit') AS commit,"
        " current_setting('synchronous_standby_names') AS standbys, current_setting('fsync') AS fsync,"
        " CASE WHEN NOT pg_is_in_recovery() THEN"
        " ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint END AS timeline"
    )
    assert row is not None
    if row["recovering"]:
        raise Unavailable(Code.UNAVAILABLE, "the database is a standby")
    if row["commit"] not in ("on", "remote_apply") or row["fsync"] != "on":
        raise Unavailable(Code.UNAVAILABLE, "the database does not flush commits before it answers")
    if not row["standbys"] and without_standby != "degraded":
        raise Unavailable(Code.NO_STANDBY, "no synchronous standby is configured, and the site refuses without")
    heard: list[str] = []

    def on_notice(_connection: Any, message: asyncpg.PostgresLogMessage) -> None:
        heard.append(message.severity_en)

    # The dummy durable commit; it also opens a new epoch where another timeline has taken over.
    connection.add_log_listener(on_notice)
    epoch = await connection.fetchval(
        "UPDATE wardwire.site SET probe = probe + 1,"
        " epoch = epoch + CASE WHEN timeline NOT IN (0, $1) THEN 1 ELSE 0 END, timeline = $1 RETURNING epoch",
        row["timeline"],
    )
    connection.remove_log_listener(on_notice)
    if "WARNING" in heard:
        raise Unavailable(Code.UNAVAILABLE, "the wait for the standby was cancelled")
    if epoch < known_epoch:
        raise Unavailable(Code.UNAVAILABLE, f"a primary of epoch {epoch}, replaced by one of epoch {known_epoch}")
    return Durability(standby=bool(row["standbys"]), epoch=epoch)


async def _ended(task: asyncio.Future[Any], patience_s: float) -> bool:
    """Wait until the task has ended, however; False when that takes too long. What `asyncio.wait` does, for one."""
    loop = task.get_loop()
    waiter: asyncio.Future[None] = loop.create_future()

    def wake(_: object = None) -> None:
        if not waiter.done():
            waiter.set_result(None)

    task.add_done_callback(wake)
    timer = loop.call_later(patience_s, wake)
    try:
        await waiter
    finally:
        timer.cancel()
        task.remove_done_callback(wake)
    return task.done()


def _abandon(durable: DurableConnection, task: asyncio.Future[Any]) -> None:
    task.add_done_callback(_forget)
    durable.connection.terminate()


def _forget(ended: asyncio.Future[Any]) -> None:
    """Take the error of what was given up, so that nobody logs it as lost."""
    if not ended.cancelled():
        ended.exception()
