"""The log of a desk: what people have sent, and what came of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.stories.test_rest import Door, opened
from wardwire.flow.statement import Responses
from wardwire.model import ids
from wardwire.model.delivery import Event
from wardwire.model.rights import CODE, READ, SEND, Caller
from wardwire.testing.ward import Ward

ASKED = Responses(accept_decline=True)


@pytest.fixture
async def door(ward: Ward, database_url: str) -> AsyncIterator[Door]:
    """The interface on the ward."""
    async with opened(ward, database_url) as door:
        yield door


async def test_the_log_says_who_took_it_and_after_how_long(door: Door) -> None:
    """H263: also what was declined, what was practice, and what nobody took; of others only with the right."""
    ward = door.ward
    first = await ward.send(
        ward.dora, [ward.ben.wire, ward.chen.wire], text="Please come to bed 12.", responses=ASKED
    )
    message = ids.read_id(ids.MESSAGE, first.message)
    await ward.pass_time(seconds=2)
    await ward.say(ward.ben, first, Event.CONFIRMED)
    await ward.say(ward.ben, first, Event.DECLINE)
    await ward.pass_time(seconds=12)
    await ward.say(ward.chen, first, Event.CONFIRMED)
    await ward.say(ward.chen, first, Event.ACCEPT)
    drill = await ward.send(ward.anna, [ward.ben.wire], subject="Code blue", text="4W-12", drill=True)
    await ward.send(Caller(source="lab", scopes=frozenset({SEND, CODE})), [ward.ben.wire])

    everybody = (await door.get(await door.key("desk", READ), "/v1/sent")).json()["data"]
    assert [line["id"] for line in everybody] == [drill.message, first.message]  # an integration is no operator
    newer, older = everybody
    assert (newer["about"], newer["drill"], newer["sender"]["name"]) == ("Code blue", True, "Anna")
    assert "taken_by" not in newer
    assert (older["about"], older["to"]) == ("Please come to bed 12.", ["Ben", "Dr. Chen"])
    assert (older["people"], older["reached"], older["answered"]) == (2, 2, 2)
    assert (older["taken_by"], older["response"], round(older["taken_s"])) == ("Dr. Chen", "accept", 14)

    page = (await door.get(await door.key("desk2", READ), "/v1/sent", limit=1)).json()
    assert [line["id"] for line in page["data"]] == [drill.message]
    rest = (await door.get(await door.key("desk3", READ), "/v1/sent", after=page["next"])).json()
    assert [line["id"] for line in rest["data"]] == [ids.write_id(ids.MESSAGE, message)]
    assert (await door.get(await door.key("mallory", SEND), "/v1/sent")).json()["data"] == []
