"""Groups within groups and groups by a rule, made and paged by those who may."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.stories.test_places_over_http import made
from tests.stories.test_rest import Door, opened
from wardwire.model.rights import DIRECTORY, SEND
from wardwire.testing.ward import Ward


@pytest.fixture
async def door(ward: Ward, database_url: str) -> AsyncIterator[Door]:
    """The interface on the ward."""
    async with opened(ward, database_url) as door:
        yield door


async def test_a_page_to_a_group_reaches_everybody_in_it_once(door: Door) -> None:
    """By name, by a group within, and by a rule that Dr. Okafor comes into by his new title."""
    ward, key = door.ward, await door.key("eva", DIRECTORY, SEND)
    nurses = await made(door, key, "/v1/groups", {"name": "Nurses", "members": [ward.anna.wire, ward.ben.wire]})
    rule = 'title contains "cardiologist" or name = "anna"'
    everybody = {"name": "Heart team", "members": [ward.ben.wire], "groups": [nurses["id"]], "rule": rule}
    team = await made(door, key, "/v1/groups", everybody)
    assert (team["member_count"], team["people_count"], team["rule"]) == (1, 2, rule)

    await door.post(key, f"/v1/people/{ward.okafor.wire}", {"title": "Senior cardiologist"}, "PATCH")
    stored = (await door.send(key, to=["group:Heart team"])).json()
    assert sorted(one["name"] for one in stored["recipients"]) == ["Anna", "Ben", "Dr. Okafor"]
    listed = (await door.get(key, f"/v1/groups/{team['id']}/people", limit=2)).json()
    rest = (await door.get(key, f"/v1/groups/{team['id']}/people", after=listed["next"])).json()
    assert sorted(one["name"] for one in (*listed["data"], *rest["data"])) == ["Anna", "Ben", "Dr. Okafor"]


async def test_a_group_in_itself_is_refused_with_the_chain_named(door: Door) -> None:
    """Near or far; and nothing of the change is kept."""
    key = await door.key("eva", DIRECTORY)
    inner = await made(door, key, "/v1/groups", {"name": "Inner"})
    middle = await made(door, key, "/v1/groups", {"name": "Middle", "groups": [inner["id"]]})
    outer = await made(door, key, "/v1/groups", {"name": "Outer", "groups": [middle["id"]]})
    path = f"/v1/groups/{inner['id']}"
    refused = await door.post(key, path, {"name": "Other", "groups": [outer["id"]]}, "PATCH")
    assert (refused.status_code, refused.json()["code"]) == (422, "group_cycle")
    assert "Other > Outer > Middle > Other" in refused.json()["detail"]
    itself = await door.post(key, path, {"groups": [inner["id"]]}, "PATCH")
    assert "Inner > Inner" in itself.json()["detail"]
    shown = (await door.get(key, path)).json()
    assert (shown["name"], shown["groups"]) == ("Inner", [])


async def test_what_is_no_rule_and_no_group_is_refused_at_its_place(door: Door) -> None:
    """With the place in the rule."""
    key = await door.key("eva", DIRECTORY)
    rule = await door.post(key, "/v1/groups", {"name": "A", "rule": 'title has "RN"'})
    assert rule.json()["errors"][0]["pointer"] == "/rule"
    assert "at character 7 " in rule.json()["detail"]
    nobody = await door.post(key, "/v1/groups", {"name": "A", "groups": ["grp_" + "0" * 32]})
    assert (nobody.status_code, nobody.json()["errors"][0]["pointer"]) == (404, "/groups")
