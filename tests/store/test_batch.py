"""One batch is one statement and one commit: all of it, or nothing; decided on what is still so, or not at all."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from msgspec.structs import replace

from tests.store.rows import Bench, add_message, add_people, bench, delivery_of
from wardwire.model.delivery import State
from wardwire.model.facts import GENESIS, link
from wardwire.store.batch import NOBODY, PARTS, Batch, compose
from wardwire.store.deliveries import load_deliveries
from wardwire.store.identities import forget_identities, repeat_identities
from wardwire.testing.clock import FakeClock

NOW = FakeClock().now()
SECOND = timedelta(seconds=1)


async def write_one(writer: Bench, people: list[UUID], external_id: str = "1") -> UUID:
    """Commit one message to these people."""
    batch = Batch(NOW)
    message_id = add_message(batch, external_id, people)
    await writer.write(batch)
    return message_id


def delivered(message_id: UUID, person_id: UUID, version: int = 1) -> Batch:
    """A batch in which a device confirms a delivery that was last seen in some version."""
    batch = Batch(NOW + SECOND)
    before = replace(delivery_of(message_id, person_id), version=version)
    batch.change(before, replace(before, version=version + 1, state=State.DELIVERED, delivered_at=batch.now))
    batch.record("Delivered", "{}", message_id=message_id, person_id=person_id)
    batch.tell(person_id, "read", message_id)
    return batch


async def test_a_batch_is_there_as_a_whole(database_url: str) -> None:
    """Identity, message, deliveries, deadline, fact and events: one commit."""
    async with bench(database_url) as writer:
        people = await add_people(writer.connection, 3)
        batch = Batch(NOW)
        message_id = add_message(batch, "1", people)
        batch.arm(message_id, people[0], "confirm", NOBODY, 1, NOW + SECOND)
        numbered = await writer.write(batch)

        assert [(one.seq, one.event.person_id) for one in numbered] == [(1, person) for person in people]
        tables = ("identities", "messages", "deliveries", "deadlines", "facts", "inbox")
        assert [await writer.count(table) for table in tables] == [1, 1, 3, 1, 1, 3]


async def test_events_of_one_person_are_numbered_in_the_order_in_which_they_were_told(database_url: str) -> None:
    """Dense, over batches, whatever the order of the people within one."""
    async with bench(database_url) as writer:
        anna, ben = await add_people(writer.connection, 2)
        seen: dict[UUID, list[int]] = {anna: [], ben: []}
        for told in ([ben, anna, ben], [anna], [ben, ben, anna]):
            batch = Batch(NOW)
            for person in told:
                batch.tell(person, "new", uuid4())
            for numbered in await writer.write(batch):
                seen[numbered.event.person_id].append(numbered.seq)

        assert seen == {anna: [1, 2, 3], ben: [1, 2, 3, 4]}
        rows = await writer.connection.fetch("SELECT person_id, seq, message_id FROM inbox ORDER BY person_id, seq")
        assert [row["seq"] for row in rows] == [1, 2, 3, 1, 2, 3, 4]


async def test_facts_are_stored_as_they_were_chained(database_url: str) -> None:
    """What is read back has the hash that it must have, over two batches."""
    async with bench(database_url) as writer:
        people = await add_people(writer.connection, 1)
        message_id = await write_one(writer, people)
        await writer.write(delivered(message_id, people[0]))
        rows = await writer.connection.fetch("SELECT * FROM facts ORDER BY seq")

    head = GENESIS
    for row in rows:
        head = link(head, *tuple(row)[:8])
        assert row["hash"] == head
    assert [row["seq"] for row in rows] == [1, 2]


async def test_a_change_decided_on_a_stale_state_undoes_its_whole_batch(database_url: str) -> None:
    """WW001: nothing of it is kept, no number is used up, and decided anew it goes through."""
    async with bench(database_url) as writer:
        anna, ben = await add_people(writer.connection, 2)
        message_id = await write_one(writer, [anna, ben])
        await writer.write(delivered(message_id, anna))

        stale = delivered(message_id, anna)
        add_message(stale, "2", [ben])
        with pytest.raises(asyncpg.PostgresError) as failed:
            await writer.write(stale)
        assert failed.value.sqlstate == "WW001"
        assert await writer.count("messages") == 1

        numbered = await writer.write(delivered(message_id, anna, version=2))
        assert [one.seq for one in numbered] == [3]
        (known,) = await load_deliveries(writer.connection, [(message_id, anna)])
        assert (known.version, known.state) == (3, State.DELIVERED)
        assert [row["seq"] for row in await writer.connection.fetch("SELECT seq FROM facts ORDER BY seq")] == [
            1,
            2,
            3,
        ]


async def test_an_event_for_nobody_undoes_its_batch(database_url: str) -> None:
    """A person without an inbox would silently never hear of it."""
    async with bench(database_url) as writer:
        batch = Batch(NOW)
        batch.tell(uuid4(), "new", uuid4())
        with pytest.raises(asyncpg.PostgresError) as failed:
            await writer.write(batch)

        assert failed.value.sqlstate == "WW001"


async def test_several_changes_of_one_delivery_in_a_batch_are_one(database_url: str) -> None:
    """Receipt and answer that came together: the guard asks for the version before both."""
    async with bench(database_url) as writer:
        (anna,) = await add_people(writer.connection, 1)
        message_id = await write_one(writer, [anna])
        batch = delivered(message_id, anna)
        confirmed = replace(delivery_of(message_id, anna), version=2, state=State.DELIVERED)
        batch.change(confirmed, replace(confirmed, version=3, state=State.READ, read_at=NOW))
        await writer.write(batch)

        (known,) = await load_deliveries(writer.connection, [], [message_id])
        assert (known.version, known.state, known.read_at) == (3, State.READ, NOW)


async def test_an_identity_is_committed_once_and_its_repeat_gets_the_first_result(database_url: str) -> None:
    """The repeat writes; other content is known by its digest."""
    async with bench(database_url) as writer:
        people = await add_people(writer.connection, 1)
        message_id = await write_one(writer, people)
        again = Batch(NOW + SECOND)
        add_message(again, "new", people)
        add_message(again, "1", people)
        with pytest.raises(asyncpg.UniqueViolationError) as failed:
            await writer.write(again)
        assert failed.value.constraint_name == "identities_pkey"

        found = await repeat_identities(writer.durable, [("lab", "new"), ("lab", "1"), ("other", "1")], NOW + SECOND)
        assert list(found) == [("lab", "1")]
        assert (found["lab", "1"].message_id, found["lab", "1"].result) == (message_id, '{"n":"1"}')
        assert await writer.count(f"identities WHERE repeated_at = '{NOW + SECOND}'") == 1


async def test_old_identities_are_forgotten_some_at_a_time(database_url: str) -> None:
    """After ninety days the same identity is a new message."""
    async with bench(database_url) as writer:
        for nth in range(3):
            await write_one(writer, [], str(nth))

        assert await forget_identities(writer.connection, NOW, 10) == 0
        assert await forget_identities(writer.connection, NOW + SECOND, 2) == 2
        assert await forget_identities(writer.connection, NOW + SECOND, 2) == 1


async def test_a_deadline_is_moved_by_arming_it_again_and_gone_when_disarmed(database_url: str) -> None:
    """Within one batch the last word counts."""
    async with bench(database_url) as writer:
        key = (uuid4(), NOBODY, "expire", NOBODY)
        for due in (NOW, NOW + SECOND):
            batch = Batch(NOW)
            batch.disarm(*key)
            batch.arm(*key, 2, due)
            await writer.write(batch)
        row = await writer.connection.fetchrow("SELECT due_at, visible_at, fence, holder FROM deadlines")
        assert tuple(row) == (NOW + SECOND, NOW + SECOND, 1, None)

        batch = Batch(NOW)
        batch.arm(*key, 2, NOW)
        batch.disarm(*key)
        batch.disarm(uuid4(), NOBODY, "expire", NOBODY)
        await writer.write(batch)
        assert await writer.count("deadlines") == 0


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every node of a plan."""
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


async def fill(connection: asyncpg.Connection, rows: int) -> None:
    """Write history as a machine of many days has it: `rows` of each kind over all days, and know of it."""
    await connection.execute(
        "INSERT INTO deliveries (message_id, person_id, version, state, stage, plan, why, kind, priority, offered)"
        " SELECT overlay(gen_random_uuid()::text PLACING left(first_id_of(current_date - 1 + n % 16)::text, 13)"
        "                FROM 1 FOR 13)::uuid, gen_random_uuid(), 1, 'pending', 0, '', '', 'alert', 'high', ''"
        " FROM generate_series(1, $1::integer) AS n",
        rows,
    )
    await connection.execute(
        "INSERT INTO identities (source, external_id, message_id, digest, result, stored_at)"
        " SELECT 'lab', n::text, gen_random_uuid(), '', '', $2::timestamptz"
        " FROM generate_series(1, $1::integer) AS n",
        rows, NOW,
    )  # fmt: skip
    await connection.execute(
        "INSERT INTO deadlines SELECT gen_random_uuid(), gen_random_uuid(), 'confirm', $2::uuid, 1,"
        " $3::timestamptz, $3::timestamptz FROM generate_series(1, $1::integer) AS n",
        rows, NOBODY, NOW,
    )  # fmt: skip
    people = await add_people(connection, 5_000)
    await connection.execute(
        "INSERT INTO inbox (person_id, seq, epoch, event, message_id, at)"
        " SELECT ($2::uuid[])[1 + n % 5000], n, 1, 'new', gen_random_uuid(), $3"
        " FROM generate_series(1, $1::integer) AS n",
        rows, people, NOW,
    )  # fmt: skip


@pytest.mark.parametrize("analysed", [True, False])
async def test_the_cost_of_a_batch_does_not_grow_with_history(database_url: str, analysed: bool) -> None:
    """
    With 100,000 rows of each kind the statement reads by index only, and of the deliveries only the table of its
    day; whether or not the statistics have caught up with the rows.
    """
    async with bench(database_url) as writer:
        await fill(writer.connection, 100_000)
        if analysed:
            await writer.connection.execute("ANALYZE")
        statement = compose(PARTS, f"deliveries_{NOW:%Y%m%d}")
        count = max(int(number) for number in re.findall(r"\$(\d+)", statement))
        await writer.connection.execute(f"PREPARE written AS {statement}")
        told = await writer.connection.fetchval(
            f"EXPLAIN (FORMAT JSON) EXECUTE written ({', '.join(['NULL'] * count)})"
        )
    plan = list(nodes(json.loads(told)[0]["Plan"]))

    assert {node["Node Type"] for node in plan}.isdisjoint({"Seq Scan", "Hash Join", "Merge Join"})
    tables = {node["Relation Name"] for node in plan if "Index" in node["Node Type"] and "Relation Name" in node}
    assert tables == {f"deliveries_{NOW:%Y%m%d}", "deadlines", "inbox_heads", "escalations"}
    changed = {node["Relation Name"] for node in plan if node.get("Operation") == "Update"}
    assert changed == {f"deliveries_{NOW:%Y%m%d}", "deadlines", "escalations", "inbox_heads"}


async def test_changes_of_two_days_go_through_the_whole_table(database_url: str) -> None:
    """Just after midnight receipts of both days come together; so does one of a day that has no table."""
    async with bench(database_url) as writer:
        people = await add_people(writer.connection, 1)
        batch = Batch(NOW)
        days = sorted(writer.days)
        message_ids = [
            add_message(batch, str(nth), people, at=NOW.replace(year=day.year, month=day.month, day=day.day))
            for nth, day in enumerate((days[0], days[3]))
        ]
        message_ids.append(add_message(batch, "stray", people, at=NOW + timedelta(days=100)))
        await writer.write(batch)
        for chosen in (message_ids[:1], message_ids[2:], message_ids):
            confirming = Batch(NOW)
            for known in await load_deliveries(writer.connection, [], chosen):
                confirming.change(known, replace(known, version=known.version + 1))
            await writer.write(confirming)

        assert [one.version for one in await load_deliveries(writer.connection, [], message_ids)] == [3, 2, 3]
