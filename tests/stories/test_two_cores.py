"""Two cores on one database: they share the work and double nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from wardwire.engine.lanes import Lanes
from wardwire.flow.ports import Act, Known
from wardwire.flow.statement import Responses, Statement, submission_of, write_statement
from wardwire.flow.submit import Submit
from wardwire.model.delivery import Event
from wardwire.model.errors import Code, Refused, Unavailable, WardwireError
from wardwire.model.facts import FactKind
from wardwire.model.priority import Lane, Priority
from wardwire.store.batch import Batch, Numbered
from wardwire.testing.ward import Ward

ASKED = Responses(choices=("On my way", "Busy"))


class Alternating:
    """Hands each act to the other core."""

    def __init__(self, cores: Sequence[Lanes]) -> None:
        self._cores = cores
        self._nth = 0

    def put(self, act: Act) -> None:
        """Take an act."""
        self._nth += 1
        self._cores[self._nth % len(self._cores)].put(act)

    @property
    def writers(self) -> list[Any]:
        """All writers."""
        return [writer for core in self._cores for writer in core.writers]


@pytest.fixture
async def cores(ward: Ward) -> AsyncIterator[Alternating]:
    """A ward whose acts go to two cores in turn."""
    second = ward.new_lanes("second")
    await second.start()
    alternating = Alternating([ward.lanes, second])
    first, ward.lanes = ward.lanes, alternating  # type: ignore[assignment]
    yield alternating
    ward.lanes = first
    await second.stop()


async def test_one_identity_sent_to_both_cores_at_once_is_one_message(ward: Ward, cores: Alternating) -> None:
    """H2: a client that lost its first core repeats at the second, while the first still commits."""
    for nth in range(20):
        results = await asyncio.gather(*(ward.send(ward.anna, ["Dr. Chen"], id=f"a{nth}") for _ in range(4)))
        assert len({stored.message for stored in results}) == 1

    assert ward.events(ward.chen) == ["new"] * 20


async def test_a_core_that_decided_on_a_stale_state_decides_anew(ward: Ward, cores: Alternating) -> None:
    """H16: one answer at each core, both with their own memory of the delivery: one wins."""
    for _ in range(10):
        stored = await ward.send(ward.anna, ["Dr. Chen"], responses=ASKED)
        await ward.say(ward.chen, stored, Event.CONFIRMED)
        await ward.say(ward.chen, stored, Event.CONFIRMED)
        results = await asyncio.gather(
            ward.say(ward.chen, stored, Event.ANSWER, "On my way"),
            ward.say(ward.chen, stored, Event.ANSWER, "Busy"),
            return_exceptions=True,
        )
        assert [type(result) for result in results].count(Refused) == 1
        assert (await ward.facts(stored)).count("Answered") == 1


async def test_a_repeat_at_a_core_that_has_forgotten_nothing_is_judged_by_what_is_there(
    ward: Ward, cores: Alternating
) -> None:
    """H81: taken and handed back at one core, taken again at the other, which still believes in the first time."""
    stored = await ward.send(ward.anna, ["Dr. Chen"], responses=Responses(accept_decline=True))  # at the second core
    await ward.say(ward.chen, stored, Event.CONFIRMED)  # at the first
    await ward.say(ward.chen, stored, Event.ACCEPT)  # at the second
    await ward.say(ward.chen, stored, Event.HAND_BACK)  # at the first
    answered = await ward.say(ward.chen, stored, Event.ACCEPT)  # at the second

    assert answered.state == await ward.state(stored, ward.chen) == "accepted"
    assert (await ward.facts(stored)).count("Answered") == 2


async def test_a_refusal_is_judged_by_what_is_there(ward: Ward, cores: Alternating) -> None:
    """H81: the second core does not know yet that it was taken, and would refuse that it is handed back."""
    stored = await ward.send(ward.anna, ["Dr. Chen"], responses=Responses(accept_decline=True))  # at the second core
    await ward.say(ward.chen, stored, Event.ACCEPT)  # at the first
    await ward.say(ward.chen, stored, Event.HAND_BACK)  # at the second

    assert await ward.state(stored, ward.chen) == "read"


async def test_numbers_stay_dense_over_two_cores(ward: Ward, cores: Alternating) -> None:
    """H15: both cores count in one row, last of all and in the order of persons."""
    team = ["Dr. Chen", "Ben", "Anna", "Dr. Okafor"]
    await asyncio.gather(*(ward.send(ward.dora, team if nth % 2 else team[::-1], id=f"d{nth}") for nth in range(100)))

    for person in (ward.chen, ward.ben, ward.anna, ward.okafor):
        assert sorted(told.seq for told in ward.told[person.id]) == list(range(1, 101))


async def test_a_sender_is_answered_before_anybody_else_hears_of_it(
    ward: Ward, cores: Alternating, monkeypatch: pytest.MonkeyPatch
) -> None:
    """H110: what follows may come back through the other core; *delivered* must not overtake *stored*."""
    told: list[str] = []
    inbox = ward.inbox

    def hear(epoch: int, events: Sequence[Numbered]) -> None:
        told.append("new")
        inbox(epoch, events)

    monkeypatch.setattr(ward, "inbox", hear)
    caller = ward.caller(ward.anna)
    statement = Statement(id="7", to=("Dr. Chen",), priority=Priority.HIGH, text="Please come to bed 12.")
    submission = submission_of(statement, source=caller.source, content=write_statement(statement))
    ward.lanes.put(Submit(submission, caller, ward.rules, lambda result, replayed: told.append("stored")))
    await ward.quiet()

    assert told == ["stored", "new"]


class BadRow(Act):
    """An act whose row the database does not take."""

    lane = Lane.REST
    affinity = 0

    def __init__(self, future: asyncio.Future[WardwireError | None]) -> None:
        self._future = future

    def decide(self, known: Known, batch: Batch, durability: str) -> None:
        """Add a text that PostgreSQL refuses."""
        batch.record(FactKind.DIRECTORY_CHANGED, "\x00")

    def committed(self) -> None:
        """Never."""
        self._future.set_result(None)

    def failed(self, error: WardwireError) -> None:
        """As it must be."""
        self._future.set_result(error)


async def test_a_bad_row_delays_nobody_else(ward: Ward) -> None:
    """H18: one of fifty cannot be written; it alone is told so."""
    bad: asyncio.Future[WardwireError | None] = asyncio.get_running_loop().create_future()
    good = [asyncio.create_task(ward.send(ward.anna, ["Dr. Chen"], priority=Priority.LOW)) for _ in range(25)]
    await asyncio.sleep(0)
    ward.lanes.put(BadRow(bad))
    good += [asyncio.create_task(ward.send(ward.anna, ["Dr. Chen"], priority=Priority.LOW)) for _ in range(25)]
    await asyncio.gather(*good)
    error = await bad

    assert isinstance(error, Unavailable)
    assert error.code is Code.UNAVAILABLE
    assert len(ward.events(ward.chen)) == 50


class Broken(BadRow):
    """An act with an error of ours in it."""

    def decide(self, known: Known, batch: Batch, durability: str) -> None:
        """Break half way."""
        batch.record(FactKind.DIRECTORY_CHANGED, "{}")
        raise ZeroDivisionError


async def test_an_act_that_breaks_leaves_nothing_and_harms_nobody(ward: Ward) -> None:
    """H18: what it had added before it broke is not written."""
    broken: asyncio.Future[WardwireError | None] = asyncio.get_running_loop().create_future()
    ward.lanes.put(Broken(broken))
    stored = await ward.send(ward.anna, ["Dr. Chen"], priority=Priority.LOW)

    assert isinstance(await broken, Unavailable)
    assert await ward.state(stored, ward.chen) == "pending"
    assert await ward.connection.fetchval("SELECT count(*) FROM facts WHERE kind = 'DirectoryChanged'") == 0
