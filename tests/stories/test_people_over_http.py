"""Who there is and where care happens, entered and changed over HTTP by those who may, with nobody overwritten."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.stories.test_places_over_http import made
from tests.stories.test_rest import Door, opened
from wardwire.model.rights import DIRECTORY, SEND
from wardwire.testing.ward import Ward

LIU = {
    "name": "Dr. Liu",
    "title": "cardiologist",
    "given": "Mei",
    "family": "Liu",
    "preferred": "May",
    "spoken": "lee-oo",
    "departments": ["Cardiology"],
    "location": "C 214",
    "languages": ["en", "zh-Hant"],
    "photo": "people/liu.jpg",
    "phones": ["4711"],
    "external_ids": {"hr": "17"},
}


@pytest.fixture
async def door(ward: Ward, database_url: str) -> AsyncIterator[Door]:
    """The interface on the ward."""
    async with opened(ward, database_url) as door:
        yield door


async def patch(door: Door, key: str, path: str, body: Any, etag: str) -> httpx.Response:
    """Change something as it was when it had this ETag."""
    headers = {"Authorization": f"Bearer {key}", "If-Match": etag}
    return await door.client.patch(path, json=body, headers=headers)


async def test_a_person_is_entered_with_all_that_is_known_and_found_by_an_id_elsewhere(door: Door) -> None:
    """What other systems call them is for those alone who may change it."""
    hr, lab = await door.key("hr", DIRECTORY), await door.key("lab", SEND)
    liu = await made(door, hr, "/v1/people", LIU)
    assert {field: liu[field] for field in LIU} == LIU

    (found,) = (await door.get(hr, "/v1/people", external_id="hr:17")).json()["data"]
    assert found == liu
    assert (await door.get(hr, "/v1/people", external_id="ldap:17")).json()["data"] == []
    assert (await door.get(lab, "/v1/people", external_id="hr:17")).status_code == 403
    shown = (await door.get(lab, f"/v1/people/{liu['id']}")).json()
    assert (shown["preferred"], shown["external_ids"]) == ("May", {})


async def test_an_id_elsewhere_is_one_persons(door: Door) -> None:
    """So that an import never writes into somebody else's file; taken away, it is free."""
    hr = await door.key("hr", DIRECTORY)
    liu = await made(door, hr, "/v1/people", LIU)
    taken = await door.post(hr, "/v1/people", {"name": "Mallory", "external_ids": {"hr": "17"}})
    assert (taken.status_code, taken.json()["code"]) == (409, "external_id_taken")

    assert (await door.post(hr, f"/v1/people/{liu['id']}", {"external_ids": {"hr": ""}}, "PATCH")).status_code == 200
    await made(door, hr, "/v1/people", {"name": "Mallory", "external_ids": {"hr": "17"}})


async def test_nobody_overwrites_what_they_have_not_seen(door: Door) -> None:
    """Eva and Dora edit the same person: the second is told, and nothing of the first is lost."""
    key = await door.key("eva", DIRECTORY)
    liu = await made(door, key, "/v1/people", LIU)
    path = f"/v1/people/{liu['id']}"
    seen = (await door.get(key, path)).headers["ETag"]
    first = await patch(door, key, path, {"title": "head of cardiology"}, seen)
    second = await patch(door, key, path, {"title": "surgeon"}, seen)
    assert (first.status_code, second.status_code, second.json()["code"]) == (200, 412, "changed_since")
    assert (await door.get(key, path)).json()["title"] == "head of cardiology"

    assert (await patch(door, key, path, {"location": "C 215"}, first.headers["ETag"])).status_code == 200
    assert (await patch(door, key, path, {"location": ""}, "*")).status_code == 200
    assert (await patch(door, key, path, {"location": "x"}, "W/17")).status_code == 422


async def test_a_site_has_a_zone_and_all_that_stands_in_it(door: Door) -> None:
    """Site, building, unit, room, bed; a unit moves, a zone that is none is refused."""
    key = await door.key("eva", DIRECTORY)
    site = await made(door, key, "/v1/places", {"kind": "site", "name": "North", "zone": "Europe/Berlin"})
    house = await made(door, key, "/v1/places", {"kind": "building", "name": "House C", "parent": site["id"]})
    unit = await made(door, key, "/v1/places", {"kind": "unit", "name": "4 West"})
    room = await made(door, key, "/v1/places", {"kind": "room", "name": "4W-R6", "parent": unit["id"]})
    bed = await made(door, key, "/v1/places", {"kind": "bed", "name": "4W-12", "parent": room["id"]})
    assert bed["zone"] == ""
    path = f"/v1/places/{unit['id']}"
    seen = (await door.get(key, path)).headers["ETag"]
    assert (await patch(door, key, path, {"parent": house["id"]}, seen)).status_code == 200
    assert (await patch(door, key, path, {"name": "5 West"}, seen)).status_code == 412
    assert (await door.get(key, f"/v1/places/{bed['id']}")).json()["zone"] == "Europe/Berlin"

    for body, pointer in (
        ({"kind": "site", "name": "South", "zone": "Europe/Atlantis"}, "/zone"),
        ({"kind": "site", "name": "South"}, "/zone"),
        ({"kind": "unit", "name": "5 West", "zone": "Europe/Berlin"}, "/zone"),
        ({"kind": "building", "name": "House D"}, "/parent"),
        ({"kind": "site", "name": "South", "zone": "UTC", "parent": site["id"]}, "/parent"),
        ({"kind": "room", "name": "R1", "parent": house["id"]}, "/parent"),
    ):
        refused = await door.post(key, "/v1/places", body)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer), body
    moved = await patch(door, key, f"/v1/places/{bed['id']}", {"parent": unit["id"]}, "*")
    assert moved.json()["errors"][0]["pointer"] == "/parent"
