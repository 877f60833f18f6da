"""What a status means is the site's to say, but for `code`; and every core goes by it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.stories.test_rest import Door, opened
from wardwire.directory.live import LiveDirectory
from wardwire.model.people import Status
from wardwire.model.priority import Priority
from wardwire.model.rights import DIRECTORY, SEND
from wardwire.model.routing import rings_for
from wardwire.testing.ward import Ward


@pytest.fixture
async def door(ward: Ward, database_url: str) -> AsyncIterator[Door]:
    """The interface on the ward."""
    async with opened(ward, database_url) as door:
        yield door


async def put(door: Door, key: str, status: str, rings: list[str], covered: list[str]) -> Any:
    """Say what a status means."""
    return await door.post(key, f"/v1/statuses/{status}/meaning", {"rings": rings, "covered": covered}, "PUT")


def rung(ward: Ward, priority: Priority) -> bool:
    """Whether Ben's phone rings now."""
    return rings_for(ward.ben.id, priority, ward.people.directory, ward.clock.now())


async def test_a_site_says_what_busy_means_and_every_core_goes_by_it(door: Door) -> None:
    """H185: here *busy* is a doctor in a talk: nothing but `code` and `high` rings, and all but `code` is covered."""
    ward, key = door.ward, await door.key("eva", DIRECTORY, SEND)
    await ward.set(ward.ben, status="busy", cover=ward.anna.wire)
    assert (rung(ward, Priority.MEDIUM), rung(ward, Priority.HIGH)) == (True, True)
    before = await ward.send(ward.chen, ["Ben"], priority=Priority.HIGH)
    assert [one.name for one in before.recipients] == ["Ben"]

    answer = await put(door, key, "busy", ["code", "high"], ["high", "medium", "low"])
    assert (answer.status_code, answer.json()["usual"]) == (200, False)
    assert (rung(ward, Priority.MEDIUM), rung(ward, Priority.HIGH)) == (False, True)
    after = await ward.send(ward.chen, ["Ben"], priority=Priority.HIGH)
    assert sorted((one.name, one.why.partition(":")[0]) for one in after.recipients) == [
        ("Anna", "covers"),
        ("Ben", "covered"),
    ]
    other = LiveDirectory()  # another core, that begins now
    await other.refresh(ward.connection)
    assert other.directory.meanings == ward.people.directory.meanings

    assert (await door.post(key, "/v1/statuses/busy/meaning", None, "DELETE")).json()["usual"]
    assert rung(ward, Priority.MEDIUM)
    facts = await ward.connection.fetchval("SELECT count(*) FROM facts WHERE body LIKE '%\"status_meaning_set\"%'")
    assert facts == 2
    listed = (await door.get(key, "/v1/statuses")).json()["data"]
    assert [one["status"] for one in listed] == [status.value for status in Status]


@pytest.mark.parametrize(
    ("status", "rings", "covered", "answered"),
    [
        ("off", [], [], 422),
        ("busy", ["high"], [], 422),
        ("available", ["code"], ["low"], 422),
        ("asleep", ["code"], [], 404),
    ],
)
async def test_no_site_silences_what_is_most_urgent(
    door: Door, status: str, rings: list[str], covered: list[str], answered: int
) -> None:
    """H185: nor has who is there a cover; and nothing of it is kept."""
    key = await door.key("eva", DIRECTORY)
    assert (await put(door, key, status, rings, covered)).status_code == answered
    assert door.ward.people.directory.meanings == {}
    other = await door.key("mallory", SEND)
    assert (await put(door, other, "busy", ["code"], [])).status_code == 403
