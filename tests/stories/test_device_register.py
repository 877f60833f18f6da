"""H190: whoever looks after the devices knows whose each is, and which was not heard for long; nobody else."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest

from tests.engines import FreshDatabase
from tests.stories.test_accounts import Desk, opened_desk
from tests.stories.test_rest import told
from wardwire.cli.main import main
from wardwire.model import ids
from wardwire.model.device_register import About
from wardwire.model.rights import DIRECTORY
from wardwire.store.device_register import Heard, note_heard


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    """The interface, with accounts behind it."""
    async with opened_desk(database_url) as desk:
        yield desk


async def test_the_register_says_whose_a_device_is_and_when_it_was_last_heard(desk: Desk) -> None:
    """What is changed is found by it, is a fact, and is not overwritten by who has not seen it."""
    ward = desk.ward
    assert ward.anna.device is not None
    about = About("phone", "android", "P8", "Android 16", "wardwire/2", "Carrier", 41, False)
    heard = Heard(ward.anna.device, ward.clock.now(), about)
    await note_heard(ward.connection, [heard], coarse=timedelta(minutes=4))
    admin = await desk.door.key("it", DIRECTORY)
    everything = (await desk.ask(admin, "GET", "/v1/devices")).json()["data"]
    assert {one["person_name"] for one in everything} >= {"Anna", "Ben", "Dr. Chen", "Mallory"}
    paged, path = [], "/v1/devices?limit=2&state=active"
    while path:
        page = await desk.ask(admin, "GET", path)
        paged += [one["id"] for one in page.json()["data"]]
        path = page.headers.get("link", "").partition(">")[0].lstrip("<")
    assert paged == [one["id"] for one in everything]

    phone = f"/v1/devices/{ids.write_id(ids.DEVICE, ward.anna.device)}"
    seen = await desk.ask(admin, "GET", phone)
    tag = {"If-Match": seen.headers["etag"]}
    told_of = seen.json()["device"]
    assert (told_of["type"], told_of["platform"], told_of["app"], told_of["battery"], told_of["charging"]) == (
        "phone", "android", "wardwire/2", 41, False,
    )  # fmt: skip
    assert told_of["last_heard_at"] == told_of["about_at"] is not None
    ward_phones = (await desk.ask(admin, "POST", "/v1/device-groups", {"name": "Ward phones"})).json()["id"]
    body = {"ownership": "hospital", "cost_centre": "4711", "group": ward_phones, "name": "Anna's phone"}
    changed = await desk.ask(admin, "PATCH", phone, body, headers=tag)
    assert changed.status_code == 200, changed.text
    assert {key: changed.json()["device"][key] for key in body} == body
    assert told(await desk.ask(admin, "PATCH", phone, {"ownership": "own"}, headers=tag)) == (412, "changed_since")
    assert told(await desk.ask(admin, "PATCH", phone, {"ownership": "nobody"})) == (422, "invalid")
    assert told(await desk.ask(admin, "PATCH", phone, {"group": f"dvg_{uuid4().hex}"})) == (404, "not_found")
    assert told(await desk.ask(admin, "PATCH", f"/v1/devices/dev_{uuid4().hex}", {"name": "x"})) == (404, "not_found")
    fact = (await desk.facts("DirectoryChanged"))[-1]
    assert (fact["what"], fact["cost_centre"], fact["group"]) == ("device_changed", "4711", ward_phones)

    async def found(query: str) -> list[str]:
        answer = await desk.ask(admin, "GET", f"/v1/devices?{query}")
        assert answer.status_code == 200, answer.text
        return [one["person_name"] for one in answer.json()["data"]]

    for query in ("cost_centre=4711&ownership=hospital", f"group={ward_phones}", "platform=android"):
        assert await found(query) == ["Anna"], query
    soon = (ward.clock.now() + timedelta(hours=1)).isoformat().replace("+", "%2B")
    assert "Anna" in await found(f"not_heard_since={soon}")
    assert await found("not_heard_since=2026-01-01T00:00:00Z") == []
    assert told(await desk.ask(admin, "GET", "/v1/devices?not_heard_since=yesterday")) == (422, "invalid")
    assert told(await desk.ask(admin, "GET", "/v1/devices?platform=%00")) == (422, "invalid")
    await ward.revoke(ward.ben)
    assert await found(f"state=revoked&person={ward.ben.wire}") == ["Ben"]


async def test_people_see_their_own_devices_and_the_operator_sees_all(desk: Desk) -> None:
    """Also how another's phone is set is nobody else's matter."""
    ward = desk.ward
    assert ward.ben.device is not None
    for member, role in ((ward.anna, "clinician"), (ward.chen, "operator")):
        await desk.account(member, member.name.lower().replace(". ", ""), role)
    anna, dora = await desk.sign_in("anna"), await desk.sign_in("drchen")
    mine = (await desk.ask(anna, "GET", f"/v1/devices?person={ward.ben.wire}")).json()["data"]
    assert [one["person_name"] for one in mine] == ["Anna"]
    own, bens = f"/v1/devices/{mine[0]['id']}", f"/v1/devices/{ids.write_id(ids.DEVICE, ward.ben.device)}"
    assert (await desk.ask(anna, "GET", own)).status_code == 200
    for hidden in (bens, f"{bens}/settings"):
        assert told(await desk.ask(anna, "GET", hidden)) == (403, "not_permitted")
    assert told(await desk.ask(anna, "PATCH", own, {"ownership": "own"})) == (403, "not_permitted")
    assert len((await desk.ask(dora, "GET", "/v1/devices")).json()["data"]) > 3
    assert (await desk.ask(dora, "GET", bens)).status_code == 200


async def test_a_device_is_noted_once_in_some_minutes_and_never_back_in_time(desk: Desk) -> None:
    """Two cores that hear one device write once; what it says of itself is written at once, and stays."""
    connection, now = desk.ward.connection, datetime(2026, 11, 24, 12, tzinfo=UTC)
    device, coarse = uuid4(), timedelta(minutes=4)

    async def noted(seconds: int, about: About | None = None) -> tuple[object, ...]:
        await note_heard(connection, [Heard(device, now + timedelta(seconds=seconds), about)], coarse=coarse)
        row = await connection.fetchrow(
            "SELECT heard_at, battery, model FROM device_standing WHERE device_id = $1", device
        )
        return ((row["heard_at"] - now).seconds, row["battery"], row["model"])

    assert await noted(0) == (0, None, "")
    assert await noted(60) == (0, None, "")
    assert await noted(70, About(model="P8", battery=80)) == (70, 80, "P8")
    assert await noted(400) == (400, 80, "P8")
    assert await noted(300, About(model="P8", battery=70)) == (400, 70, "P8")


def test_the_register_is_listed_and_changed_from_a_terminal(
    commands_site: None, fresh_database: FreshDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is changed is found by it, what there is not is said, and no cell of a spreadsheet runs."""

    def run(*words: str) -> str:
        assert main(list(words)) == 0
        return capsys.readouterr().out.strip()

    assert run("devices", "list") == "No such device is registered."
    anna = ids.read_id(ids.PERSON, run("people", "add", "Anna"))
    device = uuid4()

    async def register() -> None:
        connection = await asyncpg.connect(fresh_database.logins.app, server_settings={"search_path": "wardwire"})
        await connection.execute(
            "INSERT INTO devices (id, person_id, name, nkey, x25519, registered_at, version)"
            " VALUES ($1, $2, 'phone', 'U1', $3, $4, 1)",
            device, anna, bytes(32), datetime(2026, 11, 24, tzinfo=UTC),
        )  # fmt: skip
        await connection.close()

    asyncio.run(register())
    written = ids.write_id(ids.DEVICE, device)
    run("devices", "group", "Ward phones")
    run("devices", "change", written, "--ownership", "hospital", "--cost-centre", "=4711", "--group", "ward phones")
    assert main(["devices", "change", written, "--ownership", "nobody"]) != 0
    assert main(["devices", "change", written, "--group", "No such"]) != 0
    assert main(["devices", "list", "--group", "No such"]) != 0
    assert main(["devices", "change", ids.write_id(ids.DEVICE, uuid4()), "--name", "x"]) != 0
    (found,) = json.loads(run("devices", "list", "--person", "Anna", "--cost-centre", "=4711", "--json"))["devices"]
    assert (found["id"], found["person_name"], found["ownership"], found["group_name"], found["state"]) == (
        written, "Anna", "hospital", "Ward phones", "active",
    )  # fmt: skip
    (row,) = csv.DictReader(io.StringIO(run("devices", "list", "--csv")))
    assert (row["id"], row["cost_centre"], row["registered_at"]) == (written, "'=4711", "2026-11-24T00:00:00+00:00")
    assert json.loads(run("devices", "list", "--state", "revoked", "--json"))["devices"] == []
