"""Open alerts, as the desk and an integration see them: who is asked or has it, what is missing, what is next."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.stories.test_nobody_answers import MINUTE, Night, S, alarm, code_team, night
from tests.stories.test_rest import Door, opened
from wardwire.cli.main import main
from wardwire.model import ids
from wardwire.model.delivery import Event
from wardwire.model.policy import Step
from wardwire.model.priority import Priority
from wardwire.model.rights import READ, SEND
from wardwire.testing.ward import Ward


@pytest.fixture
async def door(ward: Ward, database_url: str) -> AsyncIterator[Door]:
    """The interface on the ward."""
    async with opened(ward, database_url) as door:
        yield door


async def only(door: Door, key: str, one: Night) -> dict[str, Any]:
    """The one alert that is open, with its instants as seconds of the story."""
    response = await door.get(key, "/v1/escalations")
    assert response.status_code == 200, response.text
    [told] = response.json()["data"]
    shown: dict[str, Any] = told
    shown["next"]["at"] = round((datetime.fromisoformat(shown["next"]["at"]) - one.begin).total_seconds())
    return shown


async def test_what_is_open_says_who_is_asked_and_what_comes_next(ward: Ward, door: Door) -> None:
    """H92: nobody could see which alerts were open, whose turn it was, and how long there was left."""
    steps = (Step(("bed:primary",), 2 * MINUTE), Step(("bed:tertiary",), MINUTE), Step(("bed:secondary",), 30 * S))
    one = await night(ward, *steps)
    message = await alarm(one)
    key = await door.key("board", READ)
    first = await only(door, key, one)
    written = ids.write_id(ids.MESSAGE, message)
    assert (first["message"], first["policy"], first["unit"], first["bed"]) == (
        written,
        "Nurse call",
        "4 West",
        "4W-12",
    )
    assert (first["state"], first["step"], first["steps"], first["holders"]) == ("running", 1, 3, [])
    assert first["asked"] == [{"person": ward.anna.wire, "name": "Anna", "state": "delivered"}]
    assert first["next"] == {"at": 120, "what": "step 3", "who": ["Ben"]}  # nobody is the third: passed over at once
    await one.at(120)
    second = await only(door, key, one)
    assert ([asked["name"] for asked in second["asked"]], second["step"]) == (["Ben"], 3)
    assert second["next"] == {"at": 150, "what": "desk", "who": ["Dora"]}
    await one.say(ward.ben, message, Event.CONFIRMED, at=121)
    await one.say(ward.ben, message, Event.ACCEPT, at=125)
    held = await only(door, key, one)
    assert (held["state"], held["holders"], held["asked"]) == ("held", ["Ben"], [])
    assert held["next"] == {"at": 125 + 15 * 60, "what": "still active", "who": ["Ben"]}
    assert "SpO2" not in json.dumps([first, second, held])
    await one.say(ward.ben, message, Event.DONE, at=130)
    assert (await door.get(key, "/v1/escalations")).json() == {"data": [], "next": None}
    over = (await door.get(key, f"/v1/messages/{written}/escalation")).json()
    assert (over["state"], over["closed_why"], over["next"]) == ("closed", "done", None)


async def test_a_team_that_is_called_shows_what_is_missing(ward: Ward, door: Door) -> None:
    """H56: by role, with the names of who is there, and the backup that is called next."""
    one, _ = await code_team(ward)
    stored = await ward.send(ward.dora, [], place="bed:4W-12", priority=Priority.CODE, text="Code blue", drill=True)
    message = ids.read_id(ids.MESSAGE, stored.message)
    for member in (ward.anna, ward.ben, ward.chen, ward.mallory):
        await one.say(member, message, Event.CONFIRMED, at=1)
    for member in (ward.chen, ward.ben):
        await one.say(member, message, Event.ACCEPT, at=5)
    key = await door.key("board", READ)
    called = await only(door, key, one)
    due = (one.begin + timedelta(seconds=30)).isoformat().replace("+00:00", "Z")
    assert called["parts"] == [
        {"role": "role:Leader", "needed": 1, "there": 1, "who": ["Dr. Chen"]},
        {"role": "role:Airway", "needed": 1, "there": 0, "due": due},
        {"role": "group:Code nurses", "needed": 2, "there": 1, "who": ["Ben"], "due": due},
    ]
    assert (called["missing"], called["drill"]) == (["role:Airway", "group:Code nurses"], True)
    assert called["next"] == {"at": 30, "what": "part missing", "who": ["Dora"], "part": "role:Airway"}


async def test_only_those_are_shown_that_the_caller_may_see(ward: Ward, door: Door) -> None:
    """H19: an integration sees its own alerts, page by page; Mallory's sees none, and no story of others."""
    one = await night(ward)
    mine, others = await door.key("lab", SEND), await door.key("monitors", SEND)
    sent = []
    for nth in range(3):
        response = await door.send(mine, f"{nth}", to=[], place="bed:4W-12", priority="high", responses={})
        assert response.status_code == 201, response.text
        sent.append(response.json()["message"])
    await alarm(one, at=0)
    pages: list[list[str]] = []
    after: dict[str, str] = {}
    while True:
        page = (await door.get(mine, "/v1/escalations", limit=2, **after)).json()
        pages.append([shown["message"] for shown in page["data"]])
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert pages == [sorted(sent)[:2], sorted(sent)[2:]]  # all of one instant
    assert len((await door.get(await door.key("board", READ), "/v1/escalations")).json()["data"]) == 4
    refused = await door.get(mine, "/v1/escalations", source="monitors")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")
    for key, path, status in (
        (others, f"/v1/messages/{sent[0]}/escalation", 404),
        (mine, f"/v1/messages/{sent[0]}/escalation", 200),
    ):
        assert (await door.get(key, path)).status_code == status
    assert (await door.get(mine, "/v1/escalations", after="msg_x")).json()["code"] == "invalid"
    plain = (await door.send(mine, "9", to=["Anna"], priority="high")).json()["message"]
    assert (await door.get(mine, f"/v1/messages/{plain}/escalation")).json()["code"] == "not_found"


async def test_the_desk_sees_them_in_a_terminal(
    ward: Ward,
    commands_site: None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """For people a table, for programs an object."""

    async def said(*words: str) -> str:
        """Run a command, which has an event loop of its own; returns what it printed."""
        assert await asyncio.to_thread(main, ["escalations", *words]) == 0
        return capsys.readouterr().out

    one = await night(ward)
    message = ids.write_id(ids.MESSAGE, await alarm(one))
    listed = await said("list")
    for word in (message, "4W-12", "running 1/3", "Anna", "step 2: Ben"):
        assert word in listed
    [shown] = json.loads(await said("list", "--json"))["escalations"]
    assert (shown["message"], shown["next"]["what"]) == (message, "step 2")
    assert "asked: Anna, delivered" in await said("show", message)
    assert json.loads(await said("show", message, "--json"))["state"] == "running"
