"""The n-th query fails as it was told to, and a sender who repeats is answered once and for all."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.faults.ground import GroundSubmitter, KnownEpoch, dump_ground, make_schema
from wardwire.ops.postgres import SUPERUSER, Postgres
from wardwire.testing.checker import judge
from wardwire.testing.history import Operation, Outcome
from wardwire.testing.nth import Failure, NthFailure

INSERT = "INSERT INTO t VALUES (1)"


@pytest.fixture
async def dsn(postgres: Postgres) -> AsyncIterator[str]:
    """An empty database of this test alone."""
    server = await asyncpg.connect(postgres.dsn("postgres", SUPERUSER))
    await server.execute("DROP DATABASE IF EXISTS nth WITH (FORCE)")
    await server.execute("CREATE DATABASE nth")
    yield postgres.dsn("nth", SUPERUSER)
    await server.execute("DROP DATABASE nth WITH (FORCE)")
    await server.close()


@pytest.fixture
async def judge_connection(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection that nothing fails on."""
    connection = await asyncpg.connect(dsn)
    await connection.execute("CREATE TABLE t (a int)")
    yield connection
    await connection.close()


@pytest.mark.parametrize(
    ("how", "rows"), [(Failure.ERROR, 0), (Failure.ERROR_AFTER, 1), (Failure.LOST, 0), (Failure.UNKNOWN, 1)]
)
async def test_a_failed_query_was_done_or_not(
    dsn: str, judge_connection: asyncpg.Connection, how: Failure, rows: int
) -> None:
    """Each kind of failure leaves behind what it says."""
    faults = NthFailure(2, how)
    connection = await faults.connect(dsn)
    await connection.fetchval("SELECT 1")
    with pytest.raises(asyncpg.PostgresError):
        await connection.execute(INSERT)
    assert faults.fired
    assert faults.failed_query == INSERT
    assert await judge_connection.fetchval("SELECT count(*) FROM t") == rows
    assert connection.is_closed() == (how is not Failure.ERROR)
    connection.terminate()


async def insert_twice(connection: asyncpg.Connection) -> None:
    async with connection.transaction():
        await connection.execute(INSERT)
        await connection.execute(INSERT)


async def test_an_error_within_a_transaction_undoes_all_of_it(dsn: str, judge_connection: asyncpg.Connection) -> None:
    """As with a real error, whoever goes on within the transaction gets nowhere."""
    faults = NthFailure(3, Failure.ERROR)
    connection = await faults.connect(dsn)
    with pytest.raises(asyncpg.PostgresError):
        await insert_twice(connection)
    assert faults.queries == ["BEGIN", INSERT, INSERT, "ROLLBACK"]
    assert await judge_connection.fetchval("SELECT count(*) FROM t") == 0
    await connection.close()


async def test_a_lost_answer_to_a_commit_leaves_it_committed(dsn: str, judge_connection: asyncpg.Connection) -> None:
    """The commit counts as a query, and its unknown outcome is the one that hurts."""
    faults = NthFailure(3, Failure.UNKNOWN)
    connection = await faults.connect(dsn)
    with pytest.raises(asyncpg.ConnectionDoesNotExistError):
        async with connection.transaction():
            await connection.execute(INSERT)
    assert faults.failed_query == "COMMIT"
    assert await judge_connection.fetchval("SELECT count(*) FROM t") == 1


async def test_a_hanging_query_is_answered_when_released(dsn: str, judge_connection: asyncpg.Connection) -> None:
    """Until then it was never sent; cutting the socket ends it for good."""
    for cut in (False, True):
        faults = NthFailure(1, Failure.HANG)
        connection = await faults.connect(dsn)
        task = asyncio.ensure_future(connection.execute(INSERT))
        await faults.hanging.wait()
        assert not task.done()
        if cut:
            connection.terminate()
            with pytest.raises(asyncpg.ConnectionDoesNotExistError):
                await task
        else:
            faults.release()
            await task
        connection.terminate()
    assert await judge_connection.fetchval("SELECT count(*) FROM t") == 1


async def test_prepared_statements_and_several_connections_are_counted(dsn: str) -> None:
    """The n-th query is the n-th of all connections together."""
    faults = NthFailure(4, Failure.LOST)
    first, second = await faults.connect(dsn), await faults.connect(dsn)
    statement = await first.prepare("SELECT 1")
    await statement.fetchval()
    await second.execute("SELECT 2")
    with pytest.raises(asyncpg.ConnectionDoesNotExistError):
        await statement.fetchval()
    await second.close()


@pytest.mark.parametrize("how", list(Failure))
async def test_the_commit_of_a_promise_survives_each_failing_query(dsn: str, how: Failure) -> None:
    """For n = 1, 2, 3 ...: a sender who repeats is told *ok*, and the message is there exactly once."""
    connection = await asyncpg.connect(dsn)
    await make_schema(connection)
    history: list[Operation] = []
    for n in itertools.count(1):
        faults = NthFailure(n, how)
        submitter = GroundSubmitter(dsn, "ben", KnownEpoch(), connect=faults.connect, patience_s=0.2)
        for tries in range(10):
            answer = await submitter.submit("phone", f"{n}", "content")
            history.append(
                Operation(
                    client="anna", source="phone", external_id=f"{n}", digest="content", t_inv=tries, t_ret=tries,
                    outcome=answer.outcome, message=answer.message, code=answer.code,
                )
            )  # fmt: skip
            if answer.outcome is Outcome.OK:
                break
        await submitter.close()
        if not faults.fired:
            break
    judge(history, await dump_ground(connection)).assert_held()
    assert n > 5
    await connection.close()
