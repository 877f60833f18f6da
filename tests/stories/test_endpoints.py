"""A second way to somebody is used when it may be, and passed over at once, in words, when it may not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from tests.stories.test_places_over_http import made
from tests.stories.test_rest import Door, opened
from wardwire.model.rights import CODE, DIRECTORY, SEND
from wardwire.testing.ward import Ward


@pytest.fixture
async def door(ward: Ward, database_url: str) -> AsyncIterator[Door]:
    """The interface on the ward, on a site that has e-mail and no other channel."""
    ward.people.directory.served = frozenset({"app", "email"})
    async with opened(ward, database_url) as door:
        yield door


async def reach(door: Door, key: str, **fields: Any) -> dict[str, Any]:
    """How Ben would be reached."""
    page = {"to": ["Ben"], "text": "Please come.", **fields}
    answer = await door.client.post(
        "/v1/messages?dry_run=true", json=page, headers={"Authorization": f"Bearer {key}"}
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["recipients"][0]
    return found


async def test_a_pager_that_nothing_can_ring_is_registered_and_never_waited_for(door: Door) -> None:
    """The plan says so in words, and the next endpoint is tried at once."""
    key = await door.key("eva", DIRECTORY, SEND)
    path = f"/v1/people/{door.ward.ben.wire}/endpoints"
    pager = await made(door, key, path, {"kind": "pager", "address": "wctp:8812"})
    await made(door, key, path, {"kind": "email", "address": "ben@ward.example"})
    assert (pager["served"], pager["verified_at"]) == (False, None)

    shown = await reach(door, key, priority="high")
    assert (shown["tries"], shown["passed"]) == ("app:10 email:10", ["pager: no channel serves it"])


async def test_an_endpoint_for_emergencies_is_spared_the_rest(door: Door) -> None:
    """Ben's mailbox at home is for `code` and `high` alone."""
    key = await door.key("eva", DIRECTORY, SEND, CODE)
    path = f"/v1/people/{door.ward.ben.wire}/endpoints"
    await made(door, key, path, {"address": "ben@home.example", "emergency_only": True})

    assert "email" in (await reach(door, key, priority="high"))["tries"]
    assert "email" in (await reach(door, key, priority="code"))["tries"]
    shown = await reach(door, key, priority="medium")
    assert (shown["tries"], shown["passed"]) == ("app:30", ["email: for code and high alone"])


async def test_the_old_way_beside_the_new_one_ends_on_its_day(door: Door) -> None:
    """Also for a message that was planned before and comes to it after: it is not sent there any more."""
    ward, key = door.ward, await door.key("eva", DIRECTORY, SEND)
    ends = ward.clock.now() + timedelta(seconds=15)
    path = f"/v1/people/{ward.ben.wire}/endpoints"
    old = await made(door, key, path, {"address": "ben@old.example", "until": ends.isoformat()})
    assert (await reach(door, key, priority="high"))["tries"] == "app:10 email:10"

    await ward.send(ward.anna, ["Ben"])
    await ward.pass_time(seconds=10)
    assert [address for address, _ in ward.mail.sent] == ["ben@old.example"]
    await ward.send(ward.anna, ["Ben"])
    await ward.pass_time(seconds=11)
    assert len(ward.mail.sent) == 1, "the second message came to the mailbox after its last day"
    assert (await reach(door, key, priority="high"))["passed"] == ["email: its last day has passed"]

    again = await door.post(key, f"/v1/endpoints/{old['id']}", {"until": None, "verified": True}, "PATCH")
    assert again.json()["verified_at"] is not None
    moved = await door.post(key, f"/v1/endpoints/{old['id']}", {"address": "ben@new.example"}, "PATCH")
    assert (moved.json()["verified_at"], moved.json()["until"]) == (None, None)


async def test_what_is_no_address_or_rule_is_refused_at_its_field(door: Door) -> None:
    """Nothing is added."""
    key = await door.key("eva", DIRECTORY)
    path = f"/v1/people/{door.ward.ben.wire}/endpoints"
    for body, pointer in (
        ({"kind": "pager", "address": "8812"}, "/address"),
        ({"kind": "sms", "address": "4711"}, "/address"),
        ({"kind": "voice", "address": "=1+1"}, "/address"),
        ({"kind": "email", "address": "b@w.example", "quiet": ["at night"]}, "/quiet/0"),
        ({"kind": "email", "address": "b@w.example", "until": "2020-01-01T00:00:00Z"}, "/until"),
    ):
        refused = await door.post(key, path, body)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer), body
    assert (await door.get(key, f"/v1/people/{door.ward.ben.wire}")).json()["endpoints"] == []
