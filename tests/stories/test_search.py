"""Whoever types finds whom they mean: the same, in the same order, by every door; and what was changed, at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.stories.test_places_over_http import made
from tests.stories.test_rest import Door, opened
from wardwire.directory.finder import Finder
from wardwire.model.directory import merge_people
from wardwire.model.people import Status
from wardwire.model.rights import DIRECTORY, SEND
from wardwire.store.directory import read_changes
from wardwire.testing.ward import Ward


@pytest.fixture
async def door(ward: Ward, database_url: str) -> AsyncIterator[Door]:
    """The interface on the ward."""
    async with opened(ward, database_url) as door:
        yield door


async def names(door: Door, key: str, query: str) -> list[str]:
    """Who is found."""
    await door.ward.finder.catch_up()
    answer = await door.get(key, "/v1/search", q=query)
    assert answer.status_code == 200, answer.text
    return [one["name"] for one in answer.json()["data"]]


async def test_a_colleague_is_found_by_what_one_has_of_them(door: Door) -> None:
    """By nickname, extension, pager, sound and slip; and by a new name as soon as they have it."""
    key = await door.key("desk", DIRECTORY, SEND)
    liu = await made(door, key, "/v1/people", {
        "name": "Dr. Mei Liu", "title": "cardiologist", "preferred": "May", "phones": ["4711"],
        "departments": ["Heart"],
    })  # fmt: skip
    path = f"/v1/people/{liu['id']}"
    pager = await made(door, key, f"{path}/endpoints", {"kind": "pager", "address": "wctp:8812"})
    for query in ("liu", "may", "mei l", "4711", "8812", "cardiologist", "heart liu"):
        assert await names(door, key, query) == ["Dr. Mei Liu"], query
    assert await names(door, key, "okaphor") == ["Dr. Okafor"]
    assert await names(door, key, "okafro") == ["Dr. Okafor"]

    # A pager that was given back reaches nobody, and may be somebody else's by now.
    await door.post(key, f"/v1/endpoints/{pager['id']}", {"disabled": True}, "PATCH")
    assert await names(door, key, "8812") == []
    await door.post(key, f"/v1/endpoints/{pager['id']}", {"disabled": False}, "PATCH")
    assert await names(door, key, "8812") == ["Dr. Mei Liu"]

    await door.post(key, path, {"name": "Dr. Mei Hansen"}, "PATCH")
    assert await names(door, key, "hansen") == ["Dr. Mei Hansen"]
    assert await names(door, key, "liu") == []
    await door.post(key, path, {"disabled": True}, "PATCH")
    assert await names(door, key, "hansen") == []


async def test_a_result_says_who_answers_now_and_by_what_they_are_reached(door: Door) -> None:
    """And the one who is on call comes first, until the shift is over."""
    ward, key = door.ward, await door.key("desk", DIRECTORY, SEND)
    role = await ward.add_role("Cardiology 1st", fallback=ward.chen)
    await ward.add_shift(role, ward.okafor, timedelta(0), timedelta(hours=1))
    assert await names(door, key, "dr") == ["Dr. Okafor", "Dr. Chen"]
    (shown,) = (await door.get(key, "/v1/search", q="okafor")).json()["data"]
    assert (shown["status"], shown["reach"], shown["on_call"]) == ("available", "app", ["Cardiology 1st"])
    (found,) = (await door.get(key, "/v1/search", q="cardio")).json()["data"]
    assert (found["kind"], [one["name"] for one in found["answers"]]) == ("role", ["Dr. Okafor"])

    directory = ward.people.directory
    covered = replace(directory.people[ward.anna.id], status=Status.OFF, cover=ward.ben.wire)
    merge_people(directory, [covered])
    (shown,) = (await door.get(key, "/v1/search", q="anna")).json()["data"]
    assert (shown["status"], [one["name"] for one in shown["answers"]]) == ("off", ["Ben"])

    await ward.pass_time(seconds=3600)
    (found,) = (await door.get(key, "/v1/search", q="cardio", kind="role")).json()["data"]
    assert [one["name"] for one in found["answers"]] == ["Dr. Chen"]
    assert await names(door, key, "dr") == ["Dr. Chen", "Dr. Okafor"]
    (shown,) = (await door.get(key, "/v1/search", q="okafor")).json()["data"]
    assert "on_call" not in shown


async def test_what_cannot_be_asked_is_refused_at_its_field(door: Door) -> None:
    """Nobody is found by nothing."""
    key = await door.key("desk", SEND)
    for query in ({}, {"q": "--"}, {"q": "anna", "kind": "robot"}, {"q": "anna", "limit": "51"}):
        assert (await door.get(key, "/v1/search", **query)).status_code == 422


async def test_a_core_finds_what_another_changed_within_a_second_and_is_never_held_up(
    ward: Ward, database_url: str
) -> None:
    """Its finder takes a thousand new people in a few at a time: others have their turn between."""
    finder = Finder(lambda: ward.people.directory, ward.clock.now)
    finder.changed(await read_changes(ward.connection, -1))
    await ward.connection.execute(
        "INSERT INTO people (id, name, version) SELECT gen_random_uuid(), 'Person ' || n, 1000"
        " FROM generate_series(1, 1000) AS n"
    )
    await ward.connection.execute("UPDATE directory_head SET version = 1000")
    before = ward.people.directory.version
    await ward.people.refresh(ward.connection)
    finder.changed(await read_changes(ward.connection, before))
    keeping = asyncio.create_task(finder.run())
    turns = 0
    while not finder.find("person 1000"):
        await asyncio.sleep(0)
        turns += 1
        assert turns < 5_000
    assert turns > 100, "a thousand people in less than a hundred turns hold up everybody else"
    keeping.cancel()


async def test_a_console_keeps_a_copy_and_hears_what_changed_since(door: Door) -> None:
    """Page by page all that can be found; later only what changed: also a pager, and who is gone."""
    ward, key = door.ward, await door.key("desk", DIRECTORY, SEND)
    await ward.add_role("Cardiology 1st")
    seen: dict[str, dict[str, object]] = {}
    after = ""
    while True:
        answer = await door.get(key, "/v1/search/entries", limit=2, **({"after": after} if after else {}))
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert len(page["data"]) <= 2
        seen |= {one["id"]: one for one in page["data"]}
        after = page["cursor"]
        if page["next"] is None:
            break
    directory = ward.people.directory
    assert {one["name"] for one in seen.values() if one["kind"] == "person"} == {
        person.name for person in directory.everybody()
    }
    assert "Cardiology 1st" in {one["name"] for one in seen.values() if one["kind"] == "role"}

    nothing = (await door.get(key, "/v1/search/entries", after=after)).json()
    assert nothing == {"data": [], "next": None, "cursor": after}
    await made(door, key, f"/v1/people/{ward.anna.wire}/endpoints", {"kind": "pager", "address": "wctp:8812"})
    await door.post(key, f"/v1/people/{ward.ben.wire}", {"disabled": True}, "PATCH")
    since = (await door.get(key, "/v1/search/entries", after=after)).json()
    changed = {one["id"]: one for one in since["data"]}
    assert changed.keys() == {ward.anna.wire, ward.ben.wire}
    assert changed[ward.anna.wire]["numbers"] == ["wctp:8812"]
    assert changed[ward.ben.wire] == {"kind": "person", "id": ward.ben.wire, "gone": True}
    refused = await door.get(key, "/v1/search/entries", after="1.xyz")
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid")
    lab = await door.key("lab", SEND)
    assert (await door.get(lab, "/v1/search/entries")).status_code == 403  # it names people's numbers
