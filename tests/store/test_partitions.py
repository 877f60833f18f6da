"""Tables by day: made ahead, found when missing, and taken away only when nothing of the day is open."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import pytest

from tests.engines import FreshDatabase
from tests.store.rows import Bench, add_message, add_people, bench
from tests.ward import reading
from wardwire.model.errors import Code, Refused
from wardwire.model.ids import first_id_of
from wardwire.store.batch import NOBODY, Batch
from wardwire.store.partitions import count_strays, drop_day, list_days, make_days
from wardwire.testing.clock import FakeClock

DAY = timedelta(days=1)
TABLES = ("messages", "deliveries", "attempts", "responses", "inbox", "facts")


async def write(writer: Bench, external_id: str, people: list[UUID], at: datetime) -> UUID:
    """Commit a message of some instant."""
    batch = Batch(at)
    message_id = add_message(batch, external_id, people)
    await writer.write(batch)
    return message_id


def noon(day: date) -> datetime:
    """The middle of a day."""
    return datetime.combine(day, time(12), UTC)


async def test_there_are_tables_from_yesterday_to_fourteen_days_ahead(database_url: str) -> None:
    """A fortnight in which nobody looks loses nothing; a batch that began before midnight has its table."""
    async with reading(database_url) as connection:
        days = await list_days(connection)
        today = min(days) + DAY

        assert days == {today + nth * DAY for nth in range(-1, 15)}
        assert await make_days(connection, today) == 0
        assert await make_days(connection, today + DAY) == len(TABLES)
        assert await make_days(connection, today + DAY) == 0


async def test_each_row_lies_in_the_table_of_its_day(database_url: str) -> None:
    """The bounds of ids and of instants are those of the day in UTC, to the last millisecond."""
    async with bench(database_url) as writer:
        day = min(writer.days) + 3 * DAY
        people = await add_people(writer.connection, 1)
        begin = datetime.combine(day, time(), UTC)
        for nth, at in enumerate((begin, begin + DAY - timedelta(microseconds=1))):
            await write(writer, str(nth), people, at)

        for table in ("messages", "deliveries", "inbox", "facts"):
            assert await writer.count(f"{table} WHERE tableoid = '{table}_{day:%Y%m%d}'::regclass") == 2
        assert await writer.connection.fetchval("SELECT first_id_of($1)", day) == first_id_of(begin)
        assert await count_strays(writer.connection) == 0


async def test_a_row_without_a_table_of_its_day_is_kept_and_counted(database_url: str) -> None:
    """Nothing is refused because a table was not made in time; but somebody must know."""
    async with bench(database_url) as writer:
        people = await add_people(writer.connection, 1)
        late = noon(max(writer.days) + DAY)
        message_id = await write(writer, "1", people, late)

        assert await writer.count(f"messages WHERE id = '{message_id}'") == 1
        assert await count_strays(writer.connection) == 3


async def test_a_day_with_something_open_is_not_taken_away(fresh_database: FreshDatabase) -> None:
    """A message that still has a deadline is not over, however old it is."""
    async with bench(fresh_database.logins.app) as writer, reading(fresh_database.logins.owner) as owner:
        day = min(writer.days)
        people = await add_people(writer.connection, 2)
        batch = Batch(noon(day))
        message_id = add_message(batch, "1", people)
        batch.arm(message_id, people[0], "confirm", NOBODY, 1, batch.now)
        await writer.write(batch)
        await write(writer, "2", people, noon(day + DAY))

        with pytest.raises(Refused) as refused:
            await drop_day(owner, day)
        assert (refused.value.code, refused.value.fields) == (Code.CONFLICT, {"open": 1})
        assert await writer.count("messages") == 2

        closing = Batch(noon(day + DAY))
        closing.disarm(message_id, people[0], "confirm", NOBODY)
        await writer.write(closing)
        dropped = await drop_day(owner, day)

        assert sorted(dropped) == sorted(f"{table}_{day:%Y%m%d}" for table in TABLES)
        assert [await writer.count(table) for table in ("messages", "deliveries", "facts")] == [1, 2, 1]
        assert day not in await list_days(writer.connection)


async def test_only_the_owner_takes_a_day_away(fresh_database: FreshDatabase) -> None:
    """A core has no right to; it may only make days."""
    async with reading(fresh_database.logins.app) as connection:
        with pytest.raises(Exception, match="must be owner"):
            await drop_day(connection, FakeClock().now().date())
