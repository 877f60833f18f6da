"""Escalations as rows: what is written is read back, and nobody changes what is no longer as they saw it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from tests.store.rows import Bench, add_message, add_people, bench
from wardwire.model.alert import Escalation, State
from wardwire.model.policy import Ends, Policy, Quorum, Step
from wardwire.model.priority import Lane, Priority
from wardwire.store.batch import NOBODY, Batch
from wardwire.store.deadlines import ESCALATE, claim_due
from wardwire.store.deliveries import load_deliveries
from wardwire.store.escalations import forget_escalations, list_open, load_ended, load_escalations, load_looks
from wardwire.store.messages import load_messages
from wardwire.testing.clock import FakeClock

NOW = FakeClock().now()
SECOND = timedelta(seconds=1)
TEAM = Step(("role:A", 'group:"B", x'), 60 * SECOND, ends=Ends.QUORUM, quorum=(Quorum("role:A", 1, "Ben"),))
POLICY = Policy(uuid4(), "Code {blue}", 7, (TEAM, Step(("desk",), SECOND, repeat=2)), 3, None)


def escalation(message_id: UUID, **fields: object) -> Escalation:
    """An escalation with something in every field."""
    anna, ben, role = (UUID(int=nth) for nth in (1, 2, 3))
    made = Escalation(
        message_id, 1, State.RUNNING, POLICY, Priority.HIGH, NOW, NOW + SECOND, unit=uuid4(), bed=uuid4(), step=0,
        round=1, rung=2, called=(("role:A", (anna,)), ('group:"B", x', (ben, anna))), holders=(ben,),
        team=(("role:T", (ben,)),), team_step=0,
        lapsed=((anna, NOW),), missing=("role:A",), roles=((role, anna),), held_since=NOW, asked_at=NOW + SECOND,
        source="monitors", source_key='k"1', seen_at=NOW, drill=True, guarded=True, test=True,
        said=b'{"text":"SpO2 71 %"}',
    )  # fmt: skip
    return made._replace(**fields)  # type: ignore[arg-type]


async def begin(writer: Bench, one: Escalation) -> None:
    """Commit an escalation with its deadline, due now."""
    batch = Batch(NOW)
    batch.begin(one)
    batch.arm(one.message_id, NOBODY, ESCALATE, NOBODY, Lane.HIGH, NOW)
    await writer.write(batch)


async def claim(writer: Bench) -> int:
    """Claim the deadline; returns its fence."""
    [due] = await claim_due(
        writer.connection, now=NOW + SECOND, lease=SECOND, holder=uuid4(), lane=Lane.HIGH, limit=9
    )
    return due.fence


async def due_at(writer: Bench) -> object:
    """When the deadline is due; None when there is none."""
    return await writer.connection.fetchval("SELECT due_at FROM deadlines WHERE kind = 'escalate'")


async def test_what_is_written_is_read_back(database_url: str) -> None:
    """Every field, by message, by the source's key and by the place; also beside a message in the same commit."""
    async with bench(database_url) as writer:
        batch = Batch(NOW)
        one = escalation(add_message(batch, "1", await add_people(writer.connection, 2)))
        batch.begin(one)
        await writer.write(batch)
        for found in (
            await load_escalations(writer.connection, [one.message_id]),
            await load_escalations(writer.connection, [], [("monitors", 'k"1')]),
            await load_escalations(writer.connection, [], [], [(POLICY.id, one.bed)]),  # type: ignore[list-item]
        ):
            assert [kept.escalation for kept in found] == [one]
            assert not found[0].alarmed
        after = one._replace(
            version=2, state=State.CLOSED, closed_at=NOW, closed_why="done", called=(), holders=(), step=1
        )
        batch = Batch(NOW)
        batch.escalate(one, after)
        await writer.write(batch)
        assert [kept.escalation for kept in await load_escalations(writer.connection, [one.message_id])] == [after]
        assert await load_escalations(writer.connection, [], [("monitors", 'k"1')], [(POLICY.id, one.bed)]) == []  # type: ignore[list-item]


async def test_a_look_is_given_in_one_trip_what_each_table_has(database_url: str) -> None:
    """The same as the three reads of it, field by field; what has no escalation is left out."""
    async with bench(database_url) as writer:
        batch = Batch(NOW)
        one = escalation(add_message(batch, "1", await add_people(writer.connection, 3)))
        plain = add_message(batch, "2", await add_people(writer.connection, 1))
        batch.begin(one)
        await writer.write(batch)
        [(kept, message, deliveries)] = await load_looks(writer.connection, [one.message_id, plain])
        assert [kept] == await load_escalations(writer.connection, [one.message_id])
        assert {one.message_id: message} == await load_messages(writer.connection, [one.message_id])
        read = await load_deliveries(writer.connection, [], [one.message_id])
        assert len(read) == 3
        assert sorted(deliveries, key=repr) == sorted(read, key=repr)


async def test_a_change_that_was_decided_on_an_older_version_undoes_its_batch(database_url: str) -> None:
    """WW001, as with deliveries."""
    async with bench(database_url) as writer:
        one = escalation(uuid4())
        await begin(writer, one)
        for attempt in (1, 2):
            batch = Batch(NOW)
            batch.escalate(one, one._replace(version=2, step=1))
            batch.record("Escalated", "{}", message_id=one.message_id)
            if attempt == 1:
                await writer.write(batch)
                continue
            with pytest.raises(asyncpg.PostgresError) as refused:
                await writer.write(batch)
            assert refused.value.sqlstate == "WW001"
        assert await writer.count("facts") == 1


async def test_only_one_open_alert_of_a_key_and_one_guarded_call_of_a_place(database_url: str) -> None:
    """Two cores that begin the same thing at once: the second is told by the database."""
    async with bench(database_url) as writer:
        one = escalation(uuid4())
        await begin(writer, one)
        for other, index in (
            (escalation(uuid4(), guarded=False), "escalations_source_key"),
            (escalation(uuid4(), source_key="", bed=one.bed), "escalations_guarded"),
        ):
            with pytest.raises(asyncpg.UniqueViolationError) as refused:
                await begin(writer, other)
            assert refused.value.constraint_name == index
        await begin(writer, escalation(uuid4(), source_key="", guarded=False, bed=one.bed))


async def test_the_next_look_is_armed_only_while_the_deadline_is_as_it_was_claimed(database_url: str) -> None:
    """A word that came meanwhile stays due now; and the end takes the deadline away, unless there was such a word."""
    async with bench(database_url) as writer:
        one = escalation(uuid4())
        await begin(writer, one)
        fence = await claim(writer)
        later = NOW + 60 * SECOND
        for meanwhile in (True, False):
            if meanwhile:
                word = Batch(NOW)
                word.arm(one.message_id, NOBODY, ESCALATE, NOBODY, Lane.HIGH, NOW + SECOND)
                await writer.write(word)
            batch = Batch(NOW)
            batch.rearm(one.message_id, fence, later)
            await writer.write(batch)
            assert await due_at(writer) == (NOW + SECOND if meanwhile else later)
            fence = await claim(writer) if meanwhile else fence
        for stale, left in ((fence - 1, later), (fence, None)):
            batch = Batch(NOW)
            batch.rearm(one.message_id, stale, None)
            await writer.write(batch)
            assert await due_at(writer) == left


async def test_within_a_batch_whoever_wants_to_be_looked_at_now_wins() -> None:
    """In whichever order they come."""
    message = uuid4()
    for order in ((0, 1), (1, 0)):
        batch = Batch(NOW)
        for what in order:
            if what:
                batch.arm(message, NOBODY, ESCALATE, NOBODY, 1, NOW)
            else:
                batch.rearm(message, 3, NOW + SECOND)
        assert (list(batch.armed.values()), batch.rearmed) == ([(1, NOW)], {})


async def test_the_loop_of_deadlines_hears_of_the_next_look_too() -> None:
    """Or the next step would wait for the polling second."""
    batch = Batch(NOW)
    assert batch.earliest is None
    batch.rearm(uuid4(), 1, None)
    assert batch.earliest is None
    batch.rearm(uuid4(), 1, NOW + 5 * SECOND)
    batch.arm(uuid4(), NOBODY, "confirm", NOBODY, 1, NOW + 9 * SECOND)
    assert batch.earliest == NOW + 5 * SECOND
    batch.arm(uuid4(), NOBODY, "confirm", NOBODY, 1, NOW + 3 * SECOND)
    assert batch.earliest == NOW + 3 * SECOND


async def test_what_was_closed_a_week_ago_is_forgotten_and_what_is_open_is_not(database_url: str) -> None:
    """The facts keep the story."""
    async with bench(database_url) as writer:
        old, new, running = (escalation(uuid4(), source_key="", guarded=False) for _ in range(3))
        await begin(writer, old._replace(state=State.CLOSED, closed_at=NOW - timedelta(days=7, seconds=1)))
        await begin(writer, new._replace(state=State.CLOSED, closed_at=NOW - timedelta(days=6)))
        await begin(writer, running)
        assert await forget_escalations(writer.connection, NOW, 1000) == 1
        assert {
            one.message_id for one, _ in await list_open(writer.connection, after=NOBODY, source=None, limit=10)
        } == {running.message_id}
        assert await writer.count("escalations") == 2


async def test_an_end_without_a_beginning_is_remembered_for_a_minute(database_url: str) -> None:
    """And then forgotten."""
    async with bench(database_url) as writer:
        batch = Batch(NOW)
        batch.also("ended_report", "monitors", "k1", NOW)
        batch.record("Reported", "{}")
        await writer.write(batch)
        keys = [("monitors", "k1"), ("monitors", "k2"), ("lab", "k1")]
        assert await load_ended(writer.connection, keys, NOW + 59 * SECOND) == {("monitors", "k1")}
        assert await load_ended(writer.connection, keys, NOW + 60 * SECOND) == set()
        await forget_escalations(writer.connection, NOW + 61 * SECOND, 1000)
        assert await writer.count("ended_reports") == 0
