"""One way to one person is tried: each hop to the second, or where it stopped and why."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from tests.stories.test_places_over_http import made
from tests.stories.test_rest import Door, opened
from wardwire.flow.ports import SendResult
from wardwire.flow.views import Stored, read_stored
from wardwire.model.delivery import Event
from wardwire.model.rights import AUDIT, DIRECTORY, READ, SEND
from wardwire.testing.ward import Member, Ward

OTHER = "ept_" + "0" * 31 + "1"


@pytest.fixture
async def door(ward: Ward, database_url: str) -> AsyncIterator[Door]:
    """The interface on the ward."""
    ward.people.directory.served = frozenset({"app", "email"})
    async with opened(ward, database_url) as door:
        yield door


async def tried(door: Door, key: str, who: Member, way: str, id: str = "t1") -> Stored:
    """Send a test."""
    answer = await door.post(key, f"/v1/people/{who.wire}/endpoints/{way}/test", None, id=id)
    assert answer.status_code == 201, answer.text
    return read_stored(answer.text)


async def hops(door: Door, key: str, stored: Stored) -> list[tuple[int, str]]:
    """What happened, and in which second."""
    story: dict[str, Any] = (await door.get(key, f"/v1/messages/{stored.message}/trace")).json()
    return [(int(hop["after_s"]), hop["what"]) for hop in story["hops"]]


async def alarms(door: Door) -> int:
    """How many technical alarms were raised."""
    return int(await door.ward.connection.fetchval("SELECT count(*) FROM alarms"))


async def test_a_test_of_the_devices_tells_each_hop_to_the_second(door: Door) -> None:
    """H183: Anna's phone stores it after 2 s, she looks at it after 3, and accepts it after 5."""
    ward, key = door.ward, await door.key("eva", DIRECTORY, READ)
    begin = ward.clock.now()
    stored = await tried(door, key, ward.anna, "app")
    assert await tried(door, key, ward.anna, "app") == stored
    (told,) = ward.told[ward.anna.id]
    assert (told.event, b'"kind":"test"' in told.body.message) == ("new", True)
    for second, event in ((2, Event.CONFIRMED), (3, Event.SEEN), (5, Event.ACCEPT)):
        await ward.until(begin + timedelta(seconds=second))
        await ward.say(ward.anna, stored, event)
    await ward.until(begin + timedelta(minutes=5))
    assert await hops(door, key, stored) == [(0, "Stored"), (2, "Delivered"), (3, "Read"), (5, "Answered")]
    assert (ward.mail.sent, await alarms(door)) == ([], 0)
    (test,) = await ward.connection.fetch("SELECT escalates >= 4 AS test FROM deliveries")
    assert test["test"], "it would count as real"


async def test_a_test_of_an_address_goes_there_alone_and_says_where_it_stopped(door: Door) -> None:
    """To one of two addresses, though it is quiet there; the relay takes one, and refuses another."""
    ward, key = door.ward, await door.key("eva", DIRECTORY, READ)
    path = f"/v1/people/{ward.anna.wire}/endpoints"
    home = await made(door, key, path, {"address": "anna@home.example", "quiet": ["mon-sun 00:00-24:00 UTC"]})
    stored = await tried(door, key, ward.anna, home["id"])
    await ward.settle()
    assert [address for address, _ in ward.mail.sent] == ["anna@home.example"]
    assert ward.told.get(ward.anna.id, []) == [], "her phone rang, too"
    assert await hops(door, key, stored) == [(0, "Stored"), (0, "Attempted"), (0, "Sent")]

    ward.mail.answer = SendResult("refused", "550 5.1.1")
    stopped = await tried(door, key, ward.anna, home["id"], "t2")
    await ward.pass_time(seconds=120)
    assert await hops(door, key, stopped) == [
        (0, "Stored"), (0, "Attempted"), (0, "SendFailed"), (60, "Unreachable"),
    ]  # fmt: skip
    assert await alarms(door) == 0, "a test called the desk"


async def test_who_has_no_device_is_known_at_once(door: Door) -> None:
    """Not after the time that a device would have had."""
    ward, key = door.ward, await door.key("eva", DIRECTORY, READ)
    nobody = await ward.add_person("Mallory's twin", device=False)
    await ward.people.refresh(ward.connection)
    stored = await tried(door, key, nobody, "app")
    await ward.settle()
    assert await hops(door, key, stored) == [(0, "Stored"), (0, "Unreachable")]
    assert await alarms(door) == 0


@pytest.mark.parametrize(("way", "status"), [(OTHER, 404), ("ept_1", 404), ("fax", 404)])
async def test_what_is_not_theirs_is_not_tried(door: Door, way: str, status: int) -> None:
    """Nothing is kept."""
    key = await door.key("eva", DIRECTORY)
    answer = await door.post(key, f"/v1/people/{door.ward.anna.wire}/endpoints/{way}/test", None, id="t1")
    assert answer.status_code == status
    assert await door.ward.connection.fetchval("SELECT count(*) FROM messages") == 0


async def test_what_cannot_ring_and_who_may_not_are_told_so(door: Door) -> None:
    """A pager that no channel serves; a key that may only send; and nobody sends a message of this kind by hand."""
    ward, key = door.ward, await door.key("eva", DIRECTORY, SEND)
    pager = await made(door, key, f"/v1/people/{ward.ben.wire}/endpoints", {"kind": "pager", "address": "wctp:1"})
    path = f"/v1/people/{ward.ben.wire}/endpoints"
    answer = await door.post(key, f"{path}/{pager['id']}/test", None, id="t1")
    assert (answer.status_code, answer.json()["detail"]) == (422, "nothing is sent there: no channel serves it")
    other = await door.key("mallory", SEND, AUDIT)
    assert (await door.post(other, f"{path}/app/test", None, id="t1")).status_code == 403
    assert (await door.send(key, to=["Ben"], kind="test")).status_code == 422
