"""An incident becomes a test: told by nobody's name and without a word of what was said, and it happens again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from tests.engines import one_database
from tests.stories.test_nobody_answers import MINUTE, Night, S, stored_of
from wardwire.cli.main import main
from wardwire.flow.as_test import read_incident, write_test
from wardwire.flow.retold import compare
from wardwire.model import ids
from wardwire.model.delivery import Event
from wardwire.model.errors import Refused
from wardwire.model.places import PlaceKind, Rank
from wardwire.model.policy import Ends, Quorum, Step
from wardwire.model.priority import Kind, Priority
from wardwire.model.report import Phase
from wardwire.ops.postgres import Postgres
from wardwire.testing.ward import Ward

SECRETS = (
    "Schmidt", "Weber", "Fischer", "Wagner", "Becker", "Kardiologie", "Pflege", "Station", "Kalium", "Patient 4711",
    "Herzalarm", "monitor-7", "Zimmer", "2026", "per_", "grp_", "rol_", "msg_", "pol_", "plc_",
)  # fmt: skip


class House:
    """A house that is not the sample one: Schmidt and Weber (nurses), Dr. Fischer, Dr. Wagner, Becker at the desk."""

    def __init__(self, ward: Ward) -> None:
        self.ward = ward

    async def open(self) -> None:
        """Enter everybody."""
        ward = self.ward
        self.schmidt = await ward.add_person("Schmidt", email="s@station.example")
        self.weber = await ward.add_person("Weber")
        self.fischer = await ward.add_person("Dr. Fischer", scopes=["messages:code"])
        self.wagner = await ward.add_person("Dr. Wagner")
        self.becker = await ward.add_person("Becker")
        self.krause = await ward.add_person("Krause", device=False)
        await ward.add_endpoint(self.krause, "pager", "8812")
        ward.add_channel("pager")
        ward.desk = await ward.add_group("Leitstelle", [self.becker])
        await ward.add_group("Pflege 4", [self.schmidt, self.weber])
        role = await ward.add_role("Kardiologie")
        await ward.add_shift(role, self.fischer, -MINUTE, 75 * S)
        await ward.add_shift(role, self.wagner, 75 * S, 60 * MINUTE)
        await ward.add_shift(await ward.add_role("Atemweg"), self.krause, -MINUTE, 60 * MINUTE)

    async def night(self, *steps: Step, **fields: Any) -> Night:
        """A bed with two nurses, and a policy."""
        ward = self.ward
        await ward.add_policy("Herzalarm", *steps, **fields)
        unit = await ward.add_place(PlaceKind.UNIT, "Station 4", policy="Herzalarm")
        bed = await ward.add_place(PlaceKind.BED, "Zimmer 12", inside=unit)
        await ward.assign(bed, Rank.PRIMARY, self.schmidt)
        await ward.assign(bed, Rank.SECONDARY, self.weber)
        return Night(ward, ward.clock.now(), unit, bed)


async def alarm_from_a_monitor(house: House) -> UUID:
    """Nobody, declined, a hand-over in the middle, handed back, cleared by its source."""
    ward = house.ward
    one = await house.night(
        Step(("bed:primary",), 20 * S, repeat=1), Step(("bed:tertiary",), MINUTE), Step(("bed:secondary",), MINUTE),
        Step(("role:Kardiologie", "Dr. Wagner"), MINUTE), Step(("desk",), MINUTE),
    )  # fmt: skip
    taken = await ward.report("k1", bed="bed:Zimmer 12", source="monitor-7", subject="Kalium", patient="Patient 4711")
    message = taken.message_id
    assert message is not None
    await one.say(house.schmidt, message, Event.CONFIRMED, at=0.8)
    await one.say(house.schmidt, message, Event.CONFIRMED, at=21.2)
    await one.say(house.weber, message, Event.CONFIRMED, at=40.6)
    await one.say(house.weber, message, Event.SEEN, at=45)
    await one.say(house.weber, message, Event.DECLINE, at=50.25)
    for member in (house.fischer, house.wagner):
        await one.say(member, message, Event.CONFIRMED, at=51)
    await one.say(house.wagner, message, Event.ACCEPT, at=80)
    await one.say(house.wagner, message, Event.HAND_BACK, at=95)
    await one.say(house.wagner, message, Event.CONFIRMED, at=96)
    await one.at(200)
    await ward.report("k1", Phase.END, source="monitor-7")
    return message


async def call_of_a_team(house: House) -> UUID:
    """A drill: one part is missing, its backup comes, and it is all clear."""
    ward = house.ward
    quorum = (Quorum("role:Atemweg", 1, "person:Dr. Wagner"), Quorum("group:Pflege 4", 2))
    step = Step(("role:Atemweg", "group:Pflege 4"), 5 * MINUTE, ends=Ends.QUORUM, quorum=quorum)
    one = await house.night(step)
    stored = await ward.send(
        house.fischer, [], place="bed:Zimmer 12", priority=Priority.CODE, text="Kalium", drill=True
    )
    message = ids.read_id(ids.MESSAGE, stored.message)
    for event, at in ((Event.CONFIRMED, 1), (Event.ACCEPT, 12)):
        for member in (house.schmidt, house.weber):
            await one.say(member, message, event, at=at)
    await one.say(house.wagner, message, Event.CONFIRMED, at=31)
    await one.say(house.wagner, message, Event.ACCEPT, at=44)
    await one.at(120)
    await ward.cancel(ward.caller(house.fischer), stored, all_clear=True)
    return message


async def page_without_policy(house: House) -> UUID:
    """To a group and a doctor: one reads and answers, another one is reached by e-mail, one by nothing."""
    ward = house.ward
    stored = await ward.send(house.fischer, ["group:Pflege 4", "Dr. Wagner"], text="Kalium", kind=Kind.ALERT)
    message, one = ids.read_id(ids.MESSAGE, stored.message), Night(ward, ward.clock.now(), UUID(int=0), UUID(int=0))
    await one.say(house.weber, message, Event.CONFIRMED, at=2)
    await one.say(house.weber, message, Event.SEEN, at=5)
    await one.at(40)
    return message


async def silence(house: House) -> UUID:
    """One is off, one is kept waiting twice over; nobody answers, and it goes through all of it twice."""
    ward = house.ward
    await ward.set(house.weber, status="off")
    one = await house.night(
        Step(("Weber",), MINUTE), Step(("group:Pflege 4",), 30 * S), Step(("role:Atemweg",), 20 * S), loops=1
    )
    stored = await ward.send(house.fischer, ["Dr. Wagner"], policy="Herzalarm", priority=Priority.MEDIUM)
    message = ids.read_id(ids.MESSAGE, stored.message)
    await one.say(house.wagner, message, Event.CONFIRMED, at=3)
    await one.at(400)
    return message


@pytest.fixture
async def house(ward: Ward) -> House:
    """Where it happened."""
    house = House(ward)
    await house.open()
    return house


@pytest.mark.parametrize("happened", [alarm_from_a_monitor, call_of_a_team, page_without_policy, silence])
async def test_an_incident_becomes_a_test_that_passes(
    house: House, postgres: Postgres, happened: Callable[[House], Awaitable[UUID]]
) -> None:
    """H94: made from its facts, run on a ward of its own; no name, no text, no date and no id has come along."""
    message = await happened(house)
    ward = house.ward
    incident = await read_incident(ward.connection, message)
    assert incident is not None
    text = write_test(incident, ward.people.directory, desk=ward.desk, waits=ward.waits)
    print(text)
    assert [secret for secret in SECRETS if secret in text] == []
    module: dict[str, Any] = {}
    exec(compile(text, "incident", "exec"), module)
    with one_database(postgres) as database:
        async with Ward(database.logins.app) as another:
            await module["test_what_happened_once"](another)


async def test_a_test_of_an_incident_fails_where_something_else_happens(house: House, postgres: Postgres) -> None:
    """A step that comes later, or to somebody else, is found."""
    message = await alarm_from_a_monitor(house)
    ward = house.ward
    incident = await read_incident(ward.connection, message)
    assert incident is not None
    text = write_test(incident, ward.people.directory, desk=ward.desk, waits=ward.waits)
    module: dict[str, Any] = {}
    exec(compile(text.replace("20 * S, ", "25 * S, ", 1), "incident", "exec"), module)
    with one_database(postgres) as database:
        async with Ward(database.logins.app) as another:
            with pytest.raises((AssertionError, Refused)):
                await module["test_what_happened_once"](another)


def test_runs_are_compared_line_by_line() -> None:
    """What is missing, too much, or at another time."""
    told = [(0.0, "Read Anna"), (5.0, "Rung Ben"), (9.0, "Rung Ben")]
    assert compare(told, [(0.4, "Read Anna"), (5.0, "Rung Ben"), (9.9, "Rung Ben")], within_s=1) == []
    faults = compare(told, [(0.0, "Read Anna"), (7.0, "Rung Ben"), (9.0, "Closed done")], within_s=1)
    assert faults == [
        "at another time: Rung Ben, at 5 s instead of 7 s",
        "missing: Closed done, at 9 s",
        "too much: Rung Ben, at 9 s",
    ]


async def test_it_is_printed_in_a_terminal(
    house: House,
    commands_site: None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Ready to be kept as a file."""
    message = stored_of(await page_without_policy(house)).message
    assert await asyncio.to_thread(main, ["trace", message, "--as-test"]) == 0
    told = capsys.readouterr().out
    compile(told, "incident", "exec")
    assert "async def test_what_happened_once(ward: Ward) -> None:" in told
