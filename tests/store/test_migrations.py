"""The schema is brought up once, by whoever comes first, and never in another wording."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest
from asyncpg import InsufficientPrivilegeError, ReadOnlySQLTransactionError

from tests.engines import SITE, FreshDatabase
from tests.ward import reading
from wardwire.store.migrations import MigrationFailed, find_migrations, migrate

TODAY = datetime.now(UTC).date()
ALL = [name for phase in ("pre", "post") for name, _ in find_migrations(phase)]


async def run(database: FreshDatabase, today: date = TODAY, site: UUID = SITE) -> list[str]:
    """Migrate as the owner."""
    return await migrate(database.logins.owner, today=today, site_id=site)


async def test_the_second_run_applies_nothing(fresh_database: FreshDatabase) -> None:
    """Every start of a core's machine runs it."""
    assert await run(fresh_database) == []
    assert await run(fresh_database) == []


async def test_two_at_once_wait_for_each_other(fresh_database: FreshDatabase) -> None:
    """Two machines start together on an empty database: each migration is applied by one of them."""
    async with reading(fresh_database.logins.owner) as owner:
        await owner.execute("DROP SCHEMA wardwire CASCADE")

    applied = await asyncio.gather(run(fresh_database), run(fresh_database))

    assert sorted(applied) == [[], ALL]


async def test_one_waits_for_another_however_long_it_takes(fresh_database: FreshDatabase) -> None:
    """Longer than its role waits for a lock: on a large database a change of the schema takes minutes."""
    async with reading(fresh_database.logins.owner) as owner:
        name = await owner.fetchval("SELECT current_database()")
        await owner.execute(f"ALTER ROLE CURRENT_USER IN DATABASE {name} SET lock_timeout = '10ms'")
        await owner.execute("SELECT pg_advisory_lock(hashtext('wardwire.migrate'))")
        second = asyncio.create_task(run(fresh_database))
        while not await owner.fetchval(
            "SELECT exists(SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)"
        ):
            assert not second.done(), second.exception()
        await owner.execute("SELECT pg_sleep(0.1)")  # the real database's real time
        assert not second.done()
        await owner.execute("SELECT pg_advisory_unlock_all()")
        assert await second == []


async def test_a_migration_in_another_wording_is_refused(fresh_database: FreshDatabase) -> None:
    """What was applied once is history: it is never edited, and a start on an edited one says so."""
    async with reading(fresh_database.logins.owner) as owner:
        await owner.execute("UPDATE migrations SET digest = 'x' WHERE name = $1", ALL[0])

    with pytest.raises(MigrationFailed, match="another wording"):
        await run(fresh_database)


async def test_the_site_keeps_the_identity_of_its_first_start(fresh_database: FreshDatabase) -> None:
    """A second start with another id does not make it another site."""
    await run(fresh_database, site=uuid4())

    async with reading(fresh_database.logins.readonly) as connection:
        assert await connection.fetchval("SELECT site_id FROM site") == SITE


@pytest.mark.parametrize("role", ["app", "sealer", "readonly"])
async def test_only_the_owner_migrates(fresh_database: FreshDatabase, role: str) -> None:
    """A core's own login cannot change the schema."""
    with pytest.raises((InsufficientPrivilegeError, ReadOnlySQLTransactionError)):
        await migrate(getattr(fresh_database.logins, role), today=TODAY, site_id=SITE)
