"""Deadlines are claimed once, by whoever is there, and come back by themselves."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import asyncpg

from tests.store.rows import bench
from tests.ward import reading
from wardwire.model.priority import Lane
from wardwire.store.deadlines import (
    CONFIRM,
    EXPIRE,
    SEND,
    Due,
    claim_due,
    count_deadlines,
    give_back,
    make_due,
    next_due,
)
from wardwire.testing.clock import FakeClock

NOW = FakeClock().now()
SECOND = timedelta(seconds=1)
LEASE = 15 * SECOND
STAGE = UUID(int=0)


async def arm(
    connection: asyncpg.Connection, due: datetime, *, lane: Lane = Lane.HIGH, kind: str = CONFIRM, ref: UUID = STAGE
) -> tuple[UUID, UUID]:
    """Arm a deadline."""
    key = uuid4(), uuid4()
    await connection.execute("INSERT INTO deadlines VALUES ($1, $2, $3, $4, $5, $6, $6)", *key, kind, ref, lane, due)
    return key


async def claim(
    connection: asyncpg.Connection, now: datetime = NOW, *, lane: Lane = Lane.HIGH, limit: int = 100
) -> list[Due]:
    """Claim as some core."""
    return await claim_due(connection, now=now, lease=LEASE, holder=uuid4(), lane=lane, limit=limit)


async def test_what_is_due_is_claimed_oldest_first_and_nothing_early(database_url: str) -> None:
    """To the microsecond; what is claimed is gone for everybody else."""
    async with reading(database_url) as connection:
        armed = [await arm(connection, NOW - nth * SECOND) for nth in range(3)]
        await arm(connection, NOW + timedelta(microseconds=1))

        claimed = await claim(connection)
        assert [(due.message_id, due.person_id) for due in claimed] == armed[::-1]
        assert await claim(connection) == []


async def test_a_lane_claims_its_own(database_url: str) -> None:
    """A flood of `low` deadlines cannot fill the claim of a `code`."""
    async with reading(database_url) as connection:
        for _ in range(5):
            await arm(connection, NOW - SECOND, lane=Lane.REST)
        code = await arm(connection, NOW, lane=Lane.CODE)

        assert [due.message_id for due in await claim(connection, lane=Lane.CODE, limit=1)] == [code[0]]
        assert len(await claim(connection, lane=Lane.REST, limit=3)) == 3


async def test_two_cores_at_the_same_instant_share_what_is_due(database_url: str) -> None:
    """The second skips what the first has locked, and waits for nothing."""
    async with reading(database_url) as first, reading(database_url) as second:
        for nth in range(4):
            await arm(first, NOW - nth * SECOND)
        async with first.transaction():
            mine = await claim(first, limit=3)
            theirs = await claim(second, limit=3)

        assert len(mine) == 3
        assert len(theirs) == 1
        assert {due.message_id for due in mine}.isdisjoint(due.message_id for due in theirs)


async def test_a_claim_of_the_dead_comes_back_when_its_lease_has_run_out(database_url: str) -> None:
    """Nobody has to notice that the core is gone. The fence counts the claims."""
    async with reading(database_url) as connection:
        await arm(connection, NOW)
        await claim(connection)

        assert await claim(connection, NOW + LEASE - timedelta(microseconds=1)) == []
        again = await claim(connection, NOW + LEASE)
        assert [due.due_at for due in again] == [NOW]
        assert await connection.fetchval("SELECT fence FROM deadlines") == 2


async def test_an_attempt_on_an_outside_channel_is_claimed_for_longer(database_url: str) -> None:
    """It takes longer than a commit, and whoever else tried it meanwhile would send it twice."""
    async with reading(database_url) as connection:
        sending, _ = await arm(connection, NOW, kind=SEND)
        waiting, _ = await arm(connection, NOW)

        async def claimed(at: datetime) -> list[UUID]:
            dues = await claim_due(
                connection, now=at, lease=LEASE, attempt=2 * LEASE, holder=uuid4(), lane=Lane.HIGH, limit=9
            )
            return [due.message_id for due in dues]

        assert {*await claimed(NOW)} == {sending, waiting}
        assert await claimed(NOW + LEASE) == [waiting]
        assert {*await claimed(NOW + 2 * LEASE)} == {sending, waiting}


async def test_a_claim_that_is_undone_was_none(database_url: str) -> None:
    """A core that dies before its claim is committed leaves the deadline where it was."""
    async with reading(database_url) as first, reading(database_url) as second:
        await arm(first, NOW)
        transaction = first.transaction()
        await transaction.start()
        await claim(first)
        await transaction.rollback()

        assert len(await claim(second)) == 1


async def test_a_claim_waits_for_the_disk_only_where_something_leaves_the_house(database_url: str) -> None:
    """What is sent outside must be known as claimed after any crash; the rest commits behind its claim."""
    async with reading(database_url) as connection:
        for kinds, waits in (([CONFIRM, EXPIRE], "off"), ([CONFIRM, SEND], "on")):
            for kind in kinds:
                await arm(connection, NOW, kind=kind)
            async with connection.transaction():
                assert len(await claim(connection)) == 2
                assert await connection.fetchval("SHOW synchronous_commit") == waits
            assert await connection.fetchval("SHOW synchronous_commit") == "on"


async def test_nobody_there_lets_a_stage_fall_due_now(database_url: str) -> None:
    """Only the stage that was named, only sooner, and twice is no fault."""
    async with reading(database_url) as connection:
        message, person = await arm(connection, NOW + 10 * SECOND)
        other = await arm(connection, NOW + 10 * SECOND, kind=EXPIRE)
        later = await arm(connection, NOW + 10 * SECOND, ref=UUID(int=1))
        stages = [(message, person, STAGE, True), (*other, STAGE, True), (*later, STAGE, True)]
        await make_due(connection, NOW, stages)
        await make_due(connection, NOW + SECOND, stages)

        assert [due.message_id for due in await claim(connection)] == [message]


async def test_the_next_one_is_the_earliest_of_its_lane(database_url: str) -> None:
    """A lane without any is left out."""
    async with reading(database_url) as connection:
        assert await next_due(connection) == {}
        await arm(connection, NOW + 3 * SECOND, lane=Lane.REST)
        assert await next_due(connection) == {Lane.REST: NOW + 3 * SECOND}
        await arm(connection, NOW + 2 * SECOND, lane=Lane.REST)
        await arm(connection, NOW + 4 * SECOND, lane=Lane.CODE)
        assert await next_due(connection) == {Lane.CODE: NOW + 4 * SECOND, Lane.REST: NOW + 2 * SECOND}


async def test_armed_and_late_ones_are_counted(database_url: str) -> None:
    """Late is what nobody has claimed."""
    async with reading(database_url) as connection:
        for after in (-5, -1, 5):
            await arm(connection, NOW + after * SECOND)

        assert await count_deadlines(connection, NOW - 2 * SECOND) == (3, 1)


async def test_claims_cost_the_same_with_many_armed(database_url: str) -> None:
    """Neither the claim nor the question for the next one reads what is not due."""
    async with bench(database_url) as writer:
        await writer.connection.execute(
            "INSERT INTO deadlines SELECT gen_random_uuid(), gen_random_uuid(), 'confirm', $1, 1,"
            " $2::timestamptz + n * interval '1 second', $2::timestamptz + n * interval '1 second'"
            " FROM generate_series(1, 20000) AS n",
            STAGE, NOW,
        )  # fmt: skip
        read = "SELECT seq_scan, seq_tup_read FROM pg_stat_xact_user_tables WHERE relname = 'deadlines'"
        async with writer.connection.transaction():
            assert len(await claim(writer.connection, NOW + SECOND)) == 1
            assert set(await next_due(writer.connection)) == {Lane.HIGH}
            assert tuple(await writer.connection.fetchrow(read)) == (0, 0)


async def test_a_claim_that_is_given_back_is_claimed_again_soon(database_url: str) -> None:
    """By anybody; a claim that somebody else has taken meanwhile is not touched."""
    async with reading(database_url) as connection:
        await arm(connection, NOW)
        holder = uuid4()
        (first,) = await claim_due(connection, now=NOW, lease=LEASE, holder=holder, lane=Lane.HIGH, limit=9)
        await give_back(connection, [first], holder=holder, again_at=NOW + SECOND)
        assert await claim(connection, NOW) == []
        (second,) = await claim(connection, NOW + SECOND)

        await give_back(connection, [first], holder=holder, again_at=NOW + SECOND)
        await give_back(connection, [second], holder=holder, again_at=NOW + SECOND)
        assert await claim(connection, NOW + 2 * SECOND) == []
