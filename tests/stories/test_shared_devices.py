"""H191–H193: a unit's device goes from hand to hand, and no message is left on it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from tests.engines import FreshDatabase
from tests.stories.test_rest import Door, opened, told
from tests.ward import open_app
from wardwire.api.app import make_api
from wardwire.cli.main import main
from wardwire.devices.hand_over import HOLD, HandOver
from wardwire.devices.registration import DeviceRegistration
from wardwire.model import ids
from wardwire.model.delivery import Event
from wardwire.model.places import PlaceKind
from wardwire.model.priority import Priority
from wardwire.model.rights import DIRECTORY, SEND
from wardwire.model.shared_device import NOBODY
from wardwire.store.durable import open_durable
from wardwire.store.ledger import Ledger
from wardwire.testing.patience import PATIENT_S
from wardwire.testing.site import SITE_KEY
from wardwire.testing.ward import Ward


@pytest.fixture
async def hand_over(ward: Ward, database_url: str) -> AsyncIterator[HandOver]:
    """Who lets Dr. Chen's phone change hands, which belongs to 4 West; he has it."""
    ledger = Ledger(
        "test/shared",
        open_connection=lambda: open_durable(database_url, without_standby="degraded"),
        patience_s=PATIENT_S,
    )

    async def kick(server: str, client: int) -> bool:
        return True

    over = HandOver(ledger=ledger, clock=ward.clock, kick=kick, announce=lambda device_id: None)
    unit = await ward.add_place(PlaceKind.UNIT, "4 West")
    assert ward.chen.device is not None
    await over.share(ward.chen.device, unit, by="test")
    await over.check_out(ward.chen.device, ward.chen.id, None, by="test")
    await ward.people.refresh(ward.connection)
    yield over
    await ledger.close()


async def kinds(ward: Ward) -> list[str]:
    """What happened to the device."""
    rows = await ward.connection.fetch(
        "SELECT kind FROM facts WHERE device_id = $1 AND message_id IS NULL ORDER BY at, writer, seq",
        ward.chen.device,
    )
    return [row["kind"] for row in rows]


async def test_what_was_on_the_device_goes_to_the_next_endpoint_at_once(ward: Ward, hand_over: HandOver) -> None:
    """H191: neither what was on its way nor what lay unread waits for a device that is somebody else's."""
    assert ward.chen.device is not None
    on_its_way = await ward.send(ward.anna, ["Dr. Chen"], priority=Priority.HIGH)
    unread = await ward.send(ward.anna, ["Dr. Chen"], priority=Priority.HIGH)
    await ward.say(ward.chen, unread, Event.CONFIRMED)
    read = await ward.send(ward.anna, ["Dr. Chen"], priority=Priority.HIGH)
    await ward.say(ward.chen, read, Event.SEEN)
    assert await ward.state(unread, ward.chen) == "delivered"

    await hand_over.check_out(ward.chen.device, ward.ben.id, None, by="test")
    await ward.settle()
    assert [address for address, _ in ward.mail.sent] == ["chen@ward.example"] * 2
    assert [await ward.state(one, ward.chen) for one in (on_its_way, unread, read)] == ["pending", "pending", "read"]
    assert "NotConfirmed" in await ward.facts(unread)
    assert ward.people.directory.active_devices(ward.chen.id) == ()
    assert ward.chen.device in ward.people.directory.active_devices(ward.ben.id)
    assert (await kinds(ward))[-2:] == ["DeviceCheckedIn", "DeviceCheckedOut"]


async def test_without_another_endpoint_the_sender_is_told_at_once(ward: Ward, hand_over: HandOver) -> None:
    """H191: nobody waits for a message that lies on nothing."""
    assert ward.chen.device is not None
    await ward.reach(ward.chen, "app")
    message = await ward.send(ward.anna, ["Dr. Chen"], priority=Priority.HIGH)
    await ward.say(ward.chen, message, Event.CONFIRMED)
    await hand_over.check_in(ward.chen.device, by="test")
    await ward.settle()
    assert await ward.state(message, ward.chen) == "unreachable"
    assert [status.delivery.state for status in ward.statuses][-1] == "unreachable"


async def test_who_has_another_device_keeps_what_is_on_it(ward: Ward, hand_over: HandOver) -> None:
    """H191: their own phone has it too; nothing is sent twice."""
    assert ward.chen.device is not None
    async with ward.connection.transaction():
        await ward.connection.execute(
            "INSERT INTO devices (id, person_id, name, nkey, x25519, registered_at, version) VALUES ($1, $2, 'own',"
            " 'U2', $3, $4, (SELECT version FROM directory_head))",
            uuid4(), ward.chen.id, bytes(32), ward.clock.now(),
        )  # fmt: skip
    message = await ward.send(ward.anna, ["Dr. Chen"], priority=Priority.HIGH)
    await ward.say(ward.chen, message, Event.CONFIRMED)
    await hand_over.check_in(ward.chen.device, by="test")
    await ward.settle()
    assert await ward.state(message, ward.chen) == "delivered"
    assert ward.mail.sent == []


async def test_a_device_is_taken_back_when_its_time_is_over(ward: Ward, hand_over: HandOver) -> None:
    """H192: a shift ends although nobody has said so; whoever takes it anew in time keeps it."""
    assert ward.chen.device is not None
    ward.clock.advance(HOLD - timedelta(seconds=1))
    assert await hand_over.take_back_due(ward.connection) == []
    ward.clock.advance(timedelta(seconds=1))
    (turned,) = await hand_over.take_back_due(ward.connection)
    assert (turned.person_id, turned.turn) == (None, 3)
    assert await hand_over.take_back_due(ward.connection) == []
    assert await hand_over.check_in(ward.chen.device, by="test") is None
    await ward.people.refresh(ward.connection)
    assert ward.people.directory.devices[ward.chen.device].person_id == NOBODY
    body = await ward.connection.fetchval(
        "SELECT body FROM facts WHERE kind = 'DeviceCheckedIn' ORDER BY at DESC LIMIT 1"
    )
    assert json.loads(body)["why"] == "time is over"


class Wire:
    """A connection to cores of which there are none."""

    def publish(self, subject: str, payload: bytes) -> None:
        """Say it to nobody."""


@pytest.fixture
async def door(ward: Ward, database_url: str) -> AsyncIterator[Door]:
    """The interface on a ward, with devices behind it."""

    async def kick(server: str, client: int) -> bool:
        return True

    async with opened(ward, database_url) as door:
        ledger = Ledger("story/devices", open_connection=lambda: open_app(database_url), patience_s=PATIENT_S)
        registration = DeviceRegistration(
            ledger=ledger, clock=ward.clock, connection=Wire(), kick=kick,  # type: ignore[arg-type]
            site_key=SITE_KEY, server="", refresh=door.deps.refresh,
        )  # fmt: skip
        api = make_api(replace(door.deps, registration=registration))
        transport = httpx.ASGITransport(app=api)
        async with httpx.AsyncClient(transport=transport, base_url="http://ward") as client:
            yield Door(ward, client, door.desk)
        await ledger.close()


async def test_devices_are_shared_and_given_over_http(door: Door) -> None:
    """What cannot be is refused; a badge is known by its digest alone, and is one person's."""
    ward = door.ward
    clerk, lab = await door.key("it", DIRECTORY), await door.key("lab", SEND)
    unit = ids.write_id(ids.PLACE, await ward.add_place(PlaceKind.UNIT, "4 West"))
    assert ward.ben.device is not None
    phone = f"/v1/devices/{ids.write_id(ids.DEVICE, ward.ben.device)}"
    to_anna = {"person": ward.anna.wire}
    assert told(await door.post(clerk, f"{phone}/check-out", to_anna)) == (409, "conflict")
    assert told(await door.post(clerk, f"{phone}/share", {"unit": f"plc_{uuid4().hex}"})) == (404, "not_found")
    assert told(await door.post(lab, f"{phone}/share", {"unit": unit})) == (403, "not_permitted")
    shared = (await door.post(clerk, f"{phone}/share", {"unit": unit})).json()["device"]
    assert (shared["person"], shared["person_name"], shared["unit_name"]) == (None, "", "4 West")
    for body in ({"person": f"per_{uuid4().hex}"}, {**to_anna, "until": "2020-01-01T00:00:00Z"}):
        assert (await door.post(clerk, f"{phone}/check-out", body)).status_code in (404, 422)
    given = (await door.post(clerk, f"{phone}/check-out", to_anna)).json()["device"]
    assert (given["person_name"], given["held_until"] is not None) == ("Anna", True)
    back = (await door.post(clerk, f"{phone}/check-in", None)).json()["device"]
    assert back["person"] is None
    assert [one["id"] for one in (await door.get(clerk, "/v1/devices", unit=unit)).json()["data"]] == [back["id"]]

    badges = {member.name: f"/v1/people/{member.wire}/badge" for member in (ward.anna, ward.ben)}
    assert (await door.post(clerk, badges["Anna"], {"badge": "04:a2:2b:91"}, "PUT")).status_code == 204
    assert told(await door.post(clerk, badges["Ben"], {"badge": "04A22B91"}, "PUT")) == (409, "conflict")
    assert told(await door.post(clerk, badges["Ben"], {"badge": "né!!"}, "PUT")) == (422, "invalid")
    row = await ward.connection.fetchrow("SELECT digest, set_by FROM badges")
    facts = await ward.connection.fetch("SELECT body FROM facts WHERE kind = 'BadgeSet'")
    assert b"04A22B91" not in row["digest"]
    assert "04A22B91" not in "".join(one["body"] for one in facts).upper()
    assert (await door.post(clerk, badges["Anna"], None, "DELETE")).status_code == 204
    assert (await door.post(clerk, badges["Ben"], {"badge": "04A22B91"}, "PUT")).status_code == 204


def test_the_commands_share_a_device_and_set_a_badge(
    commands_site: None,
    fresh_database: FreshDatabase,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Names of people and units do; what is said is what is so."""

    def run(*words: str) -> str:
        assert main(list(words)) == 0, capsys.readouterr().err
        return capsys.readouterr().out.strip()

    anna = ids.read_id(ids.PERSON, run("people", "add", "Anna"))
    run("place", "add", "unit", "4 West")
    device = uuid4()

    async def register() -> None:
        connection = await asyncpg.connect(fresh_database.logins.app, server_settings={"search_path": "wardwire"})
        await connection.execute(
            "INSERT INTO devices (id, person_id, name, nkey, x25519, registered_at, version)"
            " VALUES ($1, $2, '4W-3', 'U1', $3, now(), 1)",
            device, anna, bytes(32),
        )  # fmt: skip
        await connection.close()

    asyncio.run(register())
    written = ids.write_id(ids.DEVICE, UUID(device.hex))
    assert run("devices", "share", written, "--unit", "4 west") == "4W-3 belongs to 4 West; nobody has it."
    assert run("devices", "check-out", written, "--to", "Anna").startswith("4W-3 is Anna's until ")
    assert json.loads(run("devices", "check-in", written, "--json"))["device"]["person"] is None
    assert main(["devices", "share", written, "--unit", "No such"]) != 0
