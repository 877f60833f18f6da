"""A canary proves the way, for each channel and unit; it is never counted as real, and disturbs nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from tests.engines import FreshDatabase
from tests.stories.test_auditor import SCHEMA, Files, make_auditor
from tests.stories.test_rest import opened
from tests.ward import directory_desk
from wardwire.directory.canary import enter_device, enter_mailbox, has_device, has_mailbox
from wardwire.engine.canary import CanaryWatch
from wardwire.engine.health import Vitals
from wardwire.engine.metrics import Metrics
from wardwire.flow.canary import PREFIX, SOURCE, SendCanary
from wardwire.flow.ports import Act, SendResult
from wardwire.flow.views import read_stored
from wardwire.model import ids
from wardwire.model.canary import PEOPLE, Rhythm
from wardwire.model.delivery import Event
from wardwire.model.errors import Code, Refused, Unavailable
from wardwire.model.places import PlaceKind
from wardwire.model.rights import READ
from wardwire.store.batch import Batch
from wardwire.store.identities import forget_named
from wardwire.store.registration import DeviceRow
from wardwire.testing.demo.tally import count_run
from wardwire.testing.ward import Member, Ward

RHYTHM = Rhythm(*(timedelta(seconds=seconds) for seconds in (60, 300, 900, 15)))
CANARY = Member(PEOPLE["app"], "Canary", uuid4())


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    """Connections for those who look."""
    async with asyncpg.create_pool(database_url, min_size=1, max_size=3, server_settings=SCHEMA) as pool:
        yield pool


@pytest.fixture
async def watch(ward: Ward, pool: asyncpg.Pool, database_url: str) -> CanaryWatch:
    """The canary is entered with a device; one unit is there."""
    assert CANARY.device
    async with directory_desk(database_url, ward.clock) as desk:
        row = DeviceRow(CANARY.device, CANARY.id, f"U{CANARY.device.hex}", bytes(32))
        await enter_device(desk, ward.people.directory, row, app="1", name="here")
    await ward.add_place(PlaceKind.UNIT, "4 West")
    assert has_device(ward.people.directory, CANARY.device)
    return watching(ward, pool)


def watching(ward: Ward, pool: asyncpg.Pool, *channels: str) -> CanaryWatch:
    """One core's part."""
    return CanaryWatch(
        pool=pool, clock=ward.clock, writer=ward.lanes, rules=ward.rules, rhythm=RHYTHM, channels=channels or ("app",)
    )


async def look(ward: Ward, *watches: CanaryWatch) -> None:
    """Let cores look, and let what follows from it happen."""
    for watch in watches:
        await watch.round()
    await ward.quiet()
    await ward.settle()


async def confirm(ward: Ward) -> int:
    """Let the canary's device confirm what it was told since the last time; returns how many."""
    heard = [told for told in ward.told.pop(CANARY.id, []) if told.event == "new"]
    for one in heard:
        result = await ward.connection.fetchval("SELECT result FROM identities WHERE message_id = $1", one.message_id)
        await ward.say(CANARY, read_stored(result), Event.CONFIRMED)
    return len(heard)


async def test_a_canary_that_does_not_get_through_calls_the_desk_until_one_does(
    ward: Ward, watch: CanaryWatch
) -> None:
    """H71: one alarm, however many of them are late; cleared by itself when all have got through again."""
    await look(ward, watch)
    assert await confirm(ward) == 2
    for _ in range(3):
        await ward.pass_time(seconds=20)
        await look(ward, watch)
    assert ward.events(ward.dora) == []
    await ward.pass_time(seconds=15)  # the second one of the way as such is out, and nobody confirms it
    await look(ward, watch)
    await look(ward, watch)
    ((kind, text),) = await ward.alarms()
    assert kind == "canary"
    assert "15 s" in text
    assert ward.events(ward.dora) == ["new"]
    assert watch.failing == {"app"}

    await look(ward, watch)  # the next one was sent at once; now the way is there again
    assert await confirm(ward) > 0
    await look(ward, watch)
    await look(ward, watch)
    assert (await ward.alarms(), watch.failing) == ([], frozenset())
    cleared = await ward.connection.fetchrow("SELECT cleared_by, times FROM alarms WHERE kind = 'canary'")
    assert tuple(cleared) == ("wardwire", 1)


async def test_a_unit_that_is_not_reached_is_named(ward: Ward, watch: CanaryWatch) -> None:
    """H71: its canary goes with all others, under its own name."""
    await look(ward, watch)
    await ward.pass_time(seconds=15)
    await look(ward, watch)
    ((_, text),) = await ward.alarms()
    assert "for 4 West" in text


async def test_of_several_cores_one_sends(ward: Ward, watch: CanaryWatch, pool: asyncpg.Pool) -> None:
    """Both see that the next one is due: it flies once."""
    other = watching(ward, pool)
    for _ in range(3):
        await look(ward, watch, other)
        await confirm(ward)
        await ward.pass_time(seconds=61)
    count = await ward.connection.fetchval("SELECT count(*) FROM messages WHERE kind = 'canary'")
    assert count == 3 + 1  # three times the way as such, once the unit


async def test_canaries_are_never_counted_as_real(
    ward: Ward,
    watch: CanaryWatch,
    fresh_database: FreshDatabase,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """H72: not in figures and promises, the auditor's books, the demo's counts, nor lists of messages and people."""
    batches: list[Batch] = []
    monkeypatch.setattr(ward.due, "armed", batches.append)
    since = ward.clock.now()
    await look(ward, watch)
    assert await confirm(ward) == 2
    await ward.pass_time(seconds=75)
    await look(ward, watch)
    await ward.pass_time(seconds=30)  # and some that nobody confirms
    await ward.settle()

    metrics = Metrics(clock=ward.clock, vitals=Vitals, lanes=lambda: ())
    for batch in batches:
        metrics.batch(batch)
    figures = metrics.render().decode()
    assert "wardwire_deliveries_total{" not in figures
    assert "wardwire_promises_total{" not in figures
    counts = await count_run(ward.connection, since=since, acknowledged=[])
    assert (counts.stored, counts.delivered, counts.lost) == (0, 0, 0)

    auditor = make_auditor(ward, fresh_database, Files())
    await auditor.round()
    await auditor.close()
    assert auditor.books.total().stored == 0
    assert (auditor.books.tests.stored, auditor.books.tests.lost) == (3, 0)

    async with opened(ward, database_url) as door:
        key = await door.key("console", READ)
        assert (await door.get(key, "/v1/messages")).json()["data"] == []
        assert "Canary" not in [one["name"] for one in (await door.get(key, "/v1/people", limit=100)).json()["data"]]


async def test_nobody_can_send_to_a_canary_or_as_one(ward: Ward, watch: CanaryWatch) -> None:
    """H73: it would confirm whatever it gets, and nobody would read it."""
    for target in ("Canary", "person:Canary", ids.write_id(ids.PERSON, CANARY.id)):
        with pytest.raises(Refused, match="nobody"):
            await ward.send(ward.anna, [target])
    await ward.add_group("Odd", [CANARY])
    with pytest.raises(Refused, match="nobody who could be reached"):
        await ward.send(ward.anna, ["group:Odd"])
    with pytest.raises(Refused, match="only the system"):
        await ward.send(ward.anna, ["Ben"], kind="canary")


async def test_an_email_canary_goes_to_the_mailbox_that_the_site_names(
    ward: Ward, pool: asyncpg.Pool, database_url: str
) -> None:
    """What the relay takes has got through; what it does not, within a minute, calls the desk."""
    async with directory_desk(database_url, ward.clock) as desk:
        await enter_mailbox(desk, ward.people.directory, "canary@ward.example")
        await ward.people.refresh(ward.connection)
        watch = watching(ward, pool, "email")
        await look(ward, watch)
        assert [address for address, _ in ward.mail.sent] == ["canary@ward.example"]
        ward.mail.answer = SendResult("refused", "550 no")
        await ward.pass_time(minutes=16)
        await look(ward, watch)
        assert await ward.alarms() == []
        await ward.pass_time(seconds=61)
        await look(ward, watch)
        assert [kind for kind, _ in await ward.alarms()] == ["canary"]
        assert ward.events(ward.dora) == ["new"]

        await enter_mailbox(desk, ward.people.directory, "other@ward.example")
        await ward.people.refresh(ward.connection)
        assert has_mailbox(ward.people.directory, "other@ward.example")
        ward.mail.answer = SendResult("sent", "250 taken")
        await ward.pass_time(seconds=61)
        await look(ward, watch)
        await look(ward, watch)
        assert ward.mail.sent[-1][0] == "other@ward.example"
        assert await ward.alarms() == []


async def test_what_is_kept_of_canaries_goes(ward: Ward, watch: CanaryWatch) -> None:
    """Their identities after an hour, their rows with the day's tables; of each way one row stays."""
    for _ in range(5):
        await look(ward, watch)
        await confirm(ward)
        await ward.pass_time(seconds=61)
    await forget_named(ward.connection, SOURCE, PREFIX, ward.clock.now() + timedelta(seconds=1))
    assert await ward.connection.fetchval("SELECT count(*) FROM identities") == 0
    assert await ward.connection.fetchval("SELECT count(*) FROM canaries") == 2
    assert await ward.connection.fetchval("SELECT count(*) FROM deadlines") == 0


async def test_a_unit_that_is_gone_is_proved_no_more_until_it_is_there_again(
    ward: Ward, watch: CanaryWatch, database_url: str
) -> None:
    """Its last canary was late: with the unit the alarm goes too."""
    await look(ward, watch)
    heard = ward.told[CANARY.id]
    unit = next(place for place in ward.people.directory.places.values() if place.name == "4 West")
    await ward.connection.execute("UPDATE canaries SET confirmed_at = sent_at WHERE unit <> $1", unit.id)
    assert len(heard) == 2
    await ward.pass_time(seconds=16)
    await look(ward, watch)
    assert len(await ward.alarms()) == 1
    await ward._change("UPDATE places SET version = $1, disabled_at = $3 WHERE id = $2", unit.id, ward.clock.now())
    await look(ward, watch)
    await confirm(ward)
    await look(ward, watch)
    await look(ward, watch)
    assert await ward.alarms() == []
    assert await ward.connection.fetchval("SELECT count(*) FROM canaries") == 1

    await ward._change("UPDATE places SET version = $1, disabled_at = NULL WHERE id = $2", unit.id)
    await ward.pass_time(seconds=61)
    await look(ward, watch)  # opened anew: its first canary is another one than the first before
    assert await ward.connection.fetchval("SELECT count(*) FROM canaries") == 2


async def test_a_canary_that_cannot_be_stored_calls_the_desk_as_soon_as_anything_can(
    ward: Ward, pool: asyncpg.Pool, database_url: str, watch: CanaryWatch
) -> None:
    """H71: its lane is full for a quarter of a minute: late all the same."""
    await look(ward, watch)
    assert await confirm(ward) == 2
    full = Full(ward)
    poor = CanaryWatch(
        pool=pool, clock=ward.clock, writer=full, rules=ward.rules, rhythm=RHYTHM, channels=("app",)
    )  # fmt: skip
    await ward.pass_time(seconds=61)
    await look(ward, poor)
    assert await ward.alarms() == []
    await ward.pass_time(seconds=15)
    await look(ward, poor)
    assert [kind for kind, _ in await ward.alarms()] == ["canary"]
    full.takes = True
    await look(ward, poor)
    await confirm(ward)
    await look(ward, poor)
    await look(ward, poor)
    assert await ward.alarms() == []


class Full:
    """A lane that has no room for canaries."""

    def __init__(self, ward: Ward) -> None:
        self._ward = ward
        self.takes = False

    def put(self, act: Act) -> None:
        """Take anything else."""
        if self.takes or not isinstance(act, SendCanary):
            self._ward.lanes.put(act)
        else:
            act.failed(Unavailable(Code.OVERLOADED, "full"))
