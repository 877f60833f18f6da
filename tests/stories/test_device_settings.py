"""How devices behave is said over HTTP and by the command: site, group, device, and what may not be changed below."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from tests.stories.test_rest import Door, opened, told
from wardwire.cli.main import main
from wardwire.model import ids
from wardwire.model.rights import DIRECTORY, SEND
from wardwire.testing.ward import Ward


@pytest.fixture
async def door(database_url: str) -> AsyncIterator[Door]:
    """The interface on a ward."""
    async with Ward(database_url) as ward, opened(ward, database_url) as door:
        yield door


async def test_an_administrator_sets_a_group_and_sees_who_says_what(door: Door) -> None:
    """Each setting of a device says from which layer it is, and who has locked it."""
    clerk = await door.key("it", DIRECTORY)
    phone = (await door.get(clerk, "/v1/devices", limit=200)).json()["data"][0]
    assert phone["state"] == "active"
    group = (await door.post(clerk, "/v1/device-groups", {"name": "Ward phones"})).json()
    moved = await door.post(clerk, "/v1/devices/move", {"devices": [phone["id"]], "group": group["id"]})
    assert moved.json() == {"count": 1}
    layer = {"values": {"lock_after_s": 60}, "locked": ["lock_after_s"]}
    assert (await door.post(clerk, "/v1/device-settings", layer, "PUT")).json() == layer
    there = f"/v1/device-groups/{group['id']}/settings"
    layer = {"values": {"tone.high": "alarm", "lock_after_s": 900}, "locked": []}
    assert (await door.post(clerk, there, layer, "PUT")).json() == layer
    assert (await door.get(clerk, there)).json() == layer

    shown = (await door.get(clerk, f"/v1/devices/{phone['id']}")).json()
    assert shown["device"]["group"] == group["id"]
    settings = {key: (one["value"], one["source"], one["locked_by"]) for key, one in shown["settings"].items()}
    assert settings["lock_after_s"] == (60, "site", "site")
    assert settings["tone.high"] == ("alarm", "group", "")
    assert settings["tone.low"] == ("soft", "default", "")

    ended = await door.post(clerk, f"/v1/device-groups/{group['id']}", {"disabled": True}, "PATCH")
    assert ended.status_code == 200
    shown = (await door.get(clerk, f"/v1/devices/{phone['id']}")).json()
    assert shown["settings"]["tone.high"]["value"] == "urgent"
    facts = await door.ward.connection.fetch("SELECT body FROM facts WHERE kind = 'DirectoryChanged'")
    what = {json.loads(row["body"])["what"] for row in facts}
    assert {"device_group_added", "device_group_changed", "device_settings_set", "devices_moved"} <= what


async def test_what_cannot_be_is_refused_and_nothing_of_it_is_done(door: Door) -> None:
    """H161: nobody makes a resuscitation call silent; of ten devices one that is not there moves none."""
    clerk, lab = await door.key("it", DIRECTORY), await door.key("lab", SEND)
    silent = {"values": {"tone.low": "silent", "tone.code": "silent"}}
    assert told(await door.post(clerk, "/v1/device-settings", silent, "PUT")) == (422, "invalid")
    phone = (await door.get(clerk, "/v1/devices")).json()["data"][0]["id"]
    own = f"/v1/devices/{phone}/settings"
    assert told(await door.post(clerk, own, {"locked": ["notify"]}, "PUT")) == (422, "invalid")
    assert told(await door.post(lab, own, {}, "PUT")) == (403, "not_permitted")
    group = (await door.post(clerk, "/v1/device-groups", {"name": "Ward phones"})).json()
    assert told(await door.post(clerk, "/v1/device-groups", {"name": "ward PHONES"})) == (409, "name_taken")
    unknown = ids.write_id(ids.DEVICE, ids.new_id(door.ward.clock.now()))
    body = {"devices": [phone, unknown], "group": group["id"]}
    assert told(await door.post(clerk, "/v1/devices/move", body)) == (404, "not_found")
    nowhere = {"devices": [phone], "group": ids.write_id(ids.DEVICE_GROUP, ids.new_id(door.ward.clock.now()))}
    assert told(await door.post(clerk, "/v1/devices/move", nowhere)) == (404, "not_found")
    shown = (await door.get(clerk, f"/v1/devices/{phone}")).json()
    assert shown["device"]["group"] is None
    assert {one["source"] for one in shown["settings"].values()} == {"default"}


def test_the_command_sets_what_is_named_and_keeps_the_rest(
    commands_site: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """An empty value takes it away; what cannot be says what can."""

    def run(*words: str) -> dict[str, object]:
        assert main([*words, "--json"]) == 0
        shown: dict[str, object] = json.loads(capsys.readouterr().out)
        return shown

    assert run("devices", "list")["devices"] == []
    run("devices", "group", "Ward phones")
    run("devices", "set", "Ward phones", "tone.high=alarm", "keep_days=3", "--lock", "keep_days")
    after = run("devices", "set", "ward phones", "tone.high=", "lock_after_s=60")
    assert after == {"schema_version": 1, "values": {"keep_days": 3, "lock_after_s": 60}, "locked": ["keep_days"]}
    assert main(["devices", "set", "site", "tone.code=silent"]) != 0
    assert "alarm, urgent, chime, soft (/values/tone.code)" in capsys.readouterr().err
    assert main(["devices", "set", "No such", "keep_days=3"]) != 0
