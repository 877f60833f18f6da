"""Units, beds, who has them and how alerts escalate, entered by those who may and seen by everybody who decides."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from tests.stories.test_rest import Door, opened, told
from wardwire.model import ids
from wardwire.model.places import Rank, assigned
from wardwire.model.rights import DIRECTORY, SEND
from wardwire.testing.ward import Ward

STEPS = [{"targets": ["bed:primary"], "wait_s": 60}, {"targets": ["group:Operators"], "wait_s": 60}]


@pytest.fixture
async def door(ward: Ward, database_url: str) -> AsyncIterator[Door]:
    """The interface on the ward."""
    async with opened(ward, database_url) as door:
        yield door


async def made(door: Door, key: str, path: str, body: Any) -> Any:
    """Add something that can be added."""
    response = await door.post(key, path, body)
    assert response.status_code == 201, response.text
    return response.json()


async def test_a_unit_is_entered_with_its_beds_and_who_has_them(door: Door) -> None:
    """The next alert is decided by it."""
    key = await door.key("adt", DIRECTORY)
    policy = await made(door, key, "/v1/policies", {"name": "Monitor alarm", "steps": STEPS, "loops": 1})
    unit = await made(door, key, "/v1/places", {"kind": "unit", "name": "4 West", "policy": policy["id"]})
    room = await made(door, key, "/v1/places", {"kind": "room", "name": "4W-R6", "parent": unit["id"]})
    bed = await made(door, key, "/v1/places", {"kind": "bed", "name": "4W-12", "parent": room["id"]})
    ward = door.ward
    turns = [
        {
            "place": bed["id"],
            "person": ward.anna.wire,
            "ends_at": (ward.clock.now() + timedelta(hours=8)).isoformat(),
        },
        {"place": bed["id"], "person": ward.ben.wire, "rank": "secondary"},
    ]
    given = (await made(door, key, "/v1/assignments", {"assignments": turns}))["data"]
    assert [(one["name"], one["rank"]) for one in given] == [("Anna", "primary"), ("Ben", "secondary")]

    directory, now = ward.people.directory, ward.clock.now()
    where = ids.read_id(ids.PLACE, bed["id"])
    assert assigned(directory, where, Rank.PRIMARY, now) == ward.anna.id
    assert assigned(directory, where, Rank.PRIMARY, now + timedelta(hours=8)) is None
    assert assigned(directory, where, Rank.SECONDARY, now + timedelta(days=9)) == ward.ben.id
    shown = (await door.get(key, f"/v1/places/{bed['id']}")).json()
    assert [one["name"] for one in shown["assignments"]] == ["Anna", "Ben"]

    assert (await door.post(key, f"/v1/assignments/{given[1]['id']}", None, "DELETE")).status_code == 204
    assert assigned(directory, where, Rank.SECONDARY, now) is None


async def test_a_policy_that_changes_is_another_version(door: Door) -> None:
    """What is left out stays; the list names the newest."""
    key = await door.key("eva", DIRECTORY)
    first = await made(door, key, "/v1/policies", {"name": "Monitor alarm", "steps": STEPS})
    changed = (await door.post(key, f"/v1/policies/{first['id']}", {"loops": 2}, "PATCH")).json()
    assert (changed["loops"], changed["steps"], changed["still_active_s"]) == (2, first["steps"], 900)
    assert changed["version"] > first["version"]
    never = (await door.post(key, f"/v1/policies/{first['id']}", {"still_active_s": None}, "PATCH")).json()
    assert never["still_active_s"] is None
    (listed,) = (await door.get(key, "/v1/policies")).json()["data"]
    assert listed == never


def asking(target: str, wait_s: float = 60) -> dict[str, Any]:
    """A policy of one step."""
    return {"name": "P", "steps": [{"targets": [target], "wait_s": wait_s}]}


@pytest.mark.parametrize(
    ("path", "body", "problem"),
    [
        ("/v1/places", {"kind": "bed", "name": "4W-12"}, (422, "invalid")),
        ("/v1/places", {"kind": "ward", "name": "4W"}, (422, "invalid")),
        ("/v1/places", {"kind": "room", "name": "R", "parent": "plc_" + "0" * 32}, (404, "not_found")),
        ("/v1/policies", {"name": "P", "steps": []}, (422, "invalid")),
        ("/v1/policies", {"name": "P", "steps": [{"targets": ["Nobody"], "wait_s": 60}]}, (422, "recipient_unknown")),
        (
            "/v1/policies",
            {"name": "P", "steps": [{"targets": ["bed:quartary"], "wait_s": 60}]},
            (422, "policy_invalid"),
        ),
        ("/v1/policies", {"name": "P", "steps": [{"targets": ["Anna"], "wait_s": 1e300}]}, (422, "policy_invalid")),
    ],
)
async def test_what_could_not_be_followed_is_refused(
    door: Door, path: str, body: Any, problem: tuple[int, str]
) -> None:
    """Each with its own code; nothing is kept."""
    key = await door.key("eva", DIRECTORY)
    assert told(await door.post(key, path, body)) == problem
    assert (await door.get(key, path)).json()["data"] == []


async def test_who_may_not_change_the_directory_changes_nothing(door: Door) -> None:
    """Mallory's key can send, and that is all."""
    key = await door.key("mallory", SEND)
    assert told(await door.post(key, "/v1/policies", {"name": "P", "steps": STEPS})) == (403, "not_permitted")
    assert told(await door.post(key, "/v1/places", {"kind": "unit", "name": "4 West"})) == (403, "not_permitted")
