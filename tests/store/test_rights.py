"""What each role of the database can and cannot do, whatever the code asks for."""

from __future__ import annotations

import pytest
from asyncpg import InsufficientPrivilegeError, ReadOnlySQLTransactionError

from tests.engines import FreshDatabase
from tests.store.rows import add_message, add_people, bench
from tests.ward import reading
from wardwire.store.batch import Batch
from wardwire.store.partitions import list_days
from wardwire.testing.clock import FakeClock

FACTS = ("facts", "facts_default", "facts_{day}")
CHANGES = (
    "UPDATE {} SET body = ''",
    "DELETE FROM {}",
    "TRUNCATE {}",
    "DROP TABLE {}",
    "ALTER TABLE {} DISABLE TRIGGER ALL",
)
NO = (InsufficientPrivilegeError, ReadOnlySQLTransactionError)


async def filled(database: FreshDatabase) -> str:
    """Write a message; returns the day as tables are named by it."""
    async with bench(database.logins.app) as writer:
        batch = Batch(FakeClock().now())
        add_message(batch, "1", await add_people(writer.connection, 1))
        await writer.write(batch)
        return f"{batch.now:%Y%m%d}"


@pytest.mark.parametrize("role", ["app", "sealer", "readonly"])
async def test_nobody_but_the_owner_changes_a_fact(fresh_database: FreshDatabase, role: str) -> None:
    """Neither by the table nor past it, by the table of a day: what happened stays written."""
    day = await filled(fresh_database)
    async with reading(getattr(fresh_database.logins, role)) as connection:
        for table in FACTS:
            for change in CHANGES:
                with pytest.raises(NO):
                    await connection.execute(change.format(table.format(day=day)))


FORBIDDEN_TO_A_CORE = [
    "DROP TABLE messages",
    "ALTER TABLE messages DROP COLUMN content",
    "ALTER TABLE facts DETACH PARTITION facts_default",
    "CREATE TABLE more (x int)",
    "CREATE OR REPLACE FUNCTION guard(bigint, bigint) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
    "DELETE FROM messages",
    "DELETE FROM deliveries",
    "DELETE FROM people",
    "TRUNCATE deadlines",
    "UPDATE inbox SET event = 'cleared'",
    "DELETE FROM inbox",
    "INSERT INTO audit_heads VALUES (gen_random_uuid(), 1, 'x', '2026-01-01')",
    "UPDATE audit_heads SET seq = 0",
    "UPDATE migrations SET digest = 'x'",
    "SET ROLE wardwire_owner",
]


async def test_a_core_can_neither_change_the_schema_nor_remove_what_was_said(fresh_database: FreshDatabase) -> None:
    """A core that is taken over adds lies at worst; it takes no truth away."""
    await filled(fresh_database)
    async with reading(fresh_database.logins.app) as connection:
        for change in FORBIDDEN_TO_A_CORE:
            with pytest.raises(NO):
                await connection.execute(change)


async def test_the_sealer_reads_facts_and_writes_heads_alone(fresh_database: FreshDatabase) -> None:
    """Whoever seals has no part in writing what is sealed."""
    await filled(fresh_database)
    async with reading(fresh_database.logins.sealer) as connection:
        assert await connection.fetchval("SELECT count(*) FROM facts") == 1
        await connection.execute("INSERT INTO audit_heads SELECT writer, seq, hash, at FROM facts")
        await connection.execute("UPDATE audit_heads SET seq = seq")
        for change in (
            "INSERT INTO facts SELECT writer, seq + 1, at, kind, NULL, NULL, NULL, body, hash FROM facts",
            "SELECT content FROM messages",
            "DELETE FROM audit_heads",
            "UPDATE site SET epoch = 9",
        ):
            with pytest.raises(InsufficientPrivilegeError):
                await connection.execute(change)


async def test_readonly_sees_everything_and_writes_nothing(fresh_database: FreshDatabase) -> None:
    """Also after it has asked for a transaction that writes."""
    await filled(fresh_database)
    async with reading(fresh_database.logins.readonly) as connection:
        days = await list_days(connection)
        for table in ("messages", "facts", "audit_heads", f"deliveries_{max(days):%Y%m%d}"):
            await connection.fetch(f"SELECT * FROM {table}")
        await connection.execute("SET default_transaction_read_only = off")
        for change in (
            "UPDATE site SET epoch = 9",
            "DELETE FROM deadlines",
            "INSERT INTO directory_head VALUES (false, 1)",
        ):
            with pytest.raises(InsufficientPrivilegeError):
                await connection.execute(change)
