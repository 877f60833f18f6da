"""A commit is answered *ok* only when it is safe; everything else is *unknown* or certainly nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from tests.ward import open_app, reading
from wardwire.model.errors import Code, Unavailable, Unknown
from wardwire.store.durable import DurableConnection, commit_durable, open_durable, read_in_time

COUNT_UP = "UPDATE site SET probe = probe + 1"


def told(**settings: str) -> Callable[..., Awaitable[asyncpg.Connection]]:
    """A way to connect with other settings of the session."""

    async def connect(dsn: str, *, server_settings: dict[str, str], **options: Any) -> asyncpg.Connection:
        options.pop("target_session_attrs")
        return await asyncpg.connect(dsn, server_settings=server_settings | settings, **options)

    return connect


def work(sql: str) -> Callable[[asyncpg.Connection], Awaitable[str]]:
    """One statement."""

    async def run(connection: asyncpg.Connection) -> str:
        done: str = await connection.execute(sql)
        return done

    return run


async def test_what_returns_is_committed(database_url: str) -> None:
    """And its connection serves on."""
    durable = await open_app(database_url)
    before = await durable.connection.fetchval("SELECT probe FROM site")
    assert await commit_durable(durable, work(COUNT_UP)) == "UPDATE 1"
    await durable.close()
    await durable.close()

    async with reading(database_url) as connection:
        assert await connection.fetchval("SELECT probe FROM site") == before + 1


@pytest.mark.parametrize("mode", ["off", "local", "remote_write"])
async def test_a_session_that_answers_before_the_disk_is_refused(database_url: str, mode: str) -> None:
    """However it came to that setting."""
    with pytest.raises(Unavailable, match="does not flush"):
        await open_durable(database_url, without_standby="degraded", connect=told(synchronous_commit=mode))


async def test_without_a_standby_the_site_chooses(database_url: str) -> None:
    """Refused, or done and said so on every result."""
    with pytest.raises(Unavailable) as refused:
        await open_durable(database_url, without_standby="refuse")
    durable = await open_durable(database_url, without_standby="degraded")
    await durable.close()

    assert refused.value.code is Code.NO_STANDBY
    assert (durable.durability.standby, durable.durability.word) == (False, "degraded")


async def test_a_primary_of_the_past_is_refused(database_url: str) -> None:
    """This process has seen a newer epoch: what answers here has been replaced."""
    with pytest.raises(Unavailable, match="replaced"):
        await open_durable(database_url, without_standby="degraded", known_epoch=99)


async def test_another_timeline_opens_a_new_epoch_once(database_url: str) -> None:
    """The first core that opens after a promotion raises it; the others find it raised."""
    async with reading(database_url) as connection:
        await connection.execute("UPDATE site SET timeline = 7")
        epochs = []
        for _ in range(2):
            durable = await open_app(database_url)
            epochs.append(durable.durability.epoch)
            await durable.close()

        assert epochs == [2, 2]


async def test_no_answer_in_time_is_unknown_and_may_yet_be_committed(database_url: str) -> None:
    """The caller is told after its patience; the commit is not cancelled, and here it ends well."""
    durable = await open_app(database_url)
    async with reading(database_url) as holder, reading(database_url) as later:
        before = await holder.fetchval("SELECT probe FROM site")
        lock = holder.transaction()
        await lock.start()
        await holder.execute("SELECT 1 FROM site FOR UPDATE")
        with pytest.raises(Unknown, match=r"within 0\.05 s"):
            await commit_durable(durable, work(COUNT_UP), patience_s=0.05)

        assert not durable.usable
        with pytest.raises(Unavailable):
            await commit_durable(durable, work(COUNT_UP))
        await later.execute("SET lock_timeout = '10s'")
        asked = asyncio.create_task(later.fetchval("SELECT probe FROM site FOR UPDATE"))
        both_wait = (
            "SELECT count(*) = 2 FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        while not await holder.fetchval(both_wait):
            pass
        await lock.rollback()

        assert await asked == before + 1


async def test_a_caller_that_goes_away_does_not_cancel_a_commit(database_url: str) -> None:
    """Its connection goes instead: a cancel sent to the server would make it lie."""
    durable = await open_app(database_url)
    begun = asyncio.Event()

    async def hang(connection: asyncpg.Connection) -> None:
        begun.set()
        await connection.execute("SELECT 1 FROM site FOR UPDATE")

    async with reading(database_url) as holder, holder.transaction():
        await holder.execute("SELECT 1 FROM site FOR UPDATE")
        task = asyncio.create_task(commit_durable(durable, hang))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert not durable.usable


async def test_a_warning_during_the_commit_makes_it_unknown(database_url: str) -> None:
    """PostgreSQL says *success* when a wait for the standby is cancelled, with a warning beside it."""
    durable = await open_app(database_url)
    with pytest.raises(Unknown, match="standby"):
        await commit_durable(durable, work("DO $$ BEGIN RAISE WARNING 'canceling wait'; END $$"))

    assert not durable.usable


async def test_a_mere_notice_is_no_warning(database_url: str) -> None:
    """The connection serves on."""
    durable = await open_app(database_url)
    await commit_durable(durable, work("DO $$ BEGIN RAISE NOTICE 'by the way'; END $$"))

    assert durable.usable
    await durable.close()


async def test_an_error_of_the_server_is_certainly_not_kept(database_url: str) -> None:
    """It comes as it is, and the connection serves on."""
    durable = await open_app(database_url)
    with pytest.raises(asyncpg.NotNullViolationError):
        await commit_durable(durable, work("UPDATE site SET probe = NULL"))

    assert durable.usable
    await durable.close()


async def test_a_session_that_is_ended_under_a_commit_makes_it_unknown(database_url: str) -> None:
    """Nobody can say how far it came."""
    durable = await open_app(database_url)
    pid = durable.connection.get_server_pid()
    async with reading(database_url) as holder, holder.transaction():
        await holder.execute("SELECT 1 FROM site FOR UPDATE")
        task = asyncio.create_task(commit_durable(durable, work(COUNT_UP)))
        await _ended(holder, durable, pid)
        with pytest.raises(Unknown):
            await task

    assert not durable.usable


async def _ended(holder: asyncpg.Connection, durable: DurableConnection, pid: int) -> None:
    """End a session as soon as it waits for a lock."""
    waits = "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $1"
    while not await holder.fetchval(waits, pid):
        pass
    await holder.execute("SELECT pg_terminate_backend($1)", pid)


async def test_a_read_that_is_not_answered_costs_its_connection(database_url: str) -> None:
    """Not the lane that asked."""
    durable = await open_app(database_url)
    async with reading(database_url) as holder, holder.transaction():
        await holder.execute("SELECT 1 FROM site FOR UPDATE")
        with pytest.raises(Unavailable):
            await read_in_time(durable, durable.connection.fetch("SELECT 1 FROM site FOR UPDATE"), patience_s=0.05)

    assert not durable.usable


async def test_a_database_that_is_not_there_is_unavailable() -> None:
    """Nothing was tried."""
    with pytest.raises(Unavailable, match="not reachable"):
        await open_durable("postgresql://nobody@127.0.0.1:1/none", without_standby="degraded")
