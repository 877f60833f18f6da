"""The operators' desk changes hands: nothing that is open goes home with whoever leaves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from tests.stories.test_rest import Door, opened, told
from wardwire.api.app import make_api
from wardwire.api.operation import Deps
from wardwire.engine.upkeep import Alarm
from wardwire.flow.statement import Responses
from wardwire.model.delivery import Event
from wardwire.model.matrix import scopes_of
from wardwire.model.rights import AccessRole, Caller
from wardwire.testing.ward import Member, Ward

ASKED = Responses(accept_decline=True)
NOTE = "Two nurses are ill; the lift of block B stands still."


def operator(member: Member) -> Caller:
    """Somebody who has signed in as an operator."""
    roles = frozenset({AccessRole.OPERATOR})
    return Caller(source=f"acc_{member.name}", scopes=scopes_of(roles), person_id=member.id, roles=roles)


@pytest.fixture
async def desk(ward: Ward, database_url: str) -> AsyncIterator[Door]:
    """The interface, where Dora, Ben and Anna have signed in as operators: their token is their name."""
    known = {member.name: operator(member) for member in (ward.dora, ward.ben, ward.anna)}

    async def signed_in(deps: Deps, token: str) -> Caller:
        return known[token]

    async with opened(ward, database_url) as door:
        deps: Deps = replace(door.deps, signed_in=signed_in)
        transport = httpx.ASGITransport(app=make_api(deps))
        async with httpx.AsyncClient(transport=transport, base_url="http://ward") as client:
            at_desk = Door(ward, client, door.desk)
            at_desk.deps = deps
            yield at_desk


async def opens(desk: Door, who: str) -> list[tuple[str, str]]:
    """What somebody would hand over."""
    items = (await desk.get(who, "/v1/handovers/open")).json()["items"]
    return [(item["kind"], item["about"]) for item in items]


async def test_the_desk_is_handed_over_with_what_is_open(desk: Door) -> None:
    """H273: what waits, and what whoever leaves has taken; accepted once, by somebody else; all is in the record."""
    ward = desk.ward
    ward.lanes.put(Alarm("feed", "lab", "The laboratory says nothing.", ward.rules))
    for writer in ward.lanes.writers:
        await writer.idle()
    waits = await ward.send(ward.dora, [ward.chen.wire], text="Please come to bed 12.", responses=ASKED)
    await ward.say(ward.chen, waits, Event.CONFIRMED)
    await ward.say(ward.chen, waits, Event.SEEN)  # read is no answer where one was offered
    answered = await ward.send(ward.dora, [ward.chen.wire], text="Are you there?", responses=ASKED)
    await ward.say(ward.chen, answered, Event.CONFIRMED)
    await ward.say(ward.chen, answered, Event.ACCEPT)
    read = await ward.send(ward.dora, [ward.chen.wire], text="The canteen closes at six.")
    await ward.say(ward.chen, read, Event.CONFIRMED)
    await ward.say(ward.chen, read, Event.SEEN)
    await ward.send(ward.anna, [ward.chen.wire], text="Anna's own.", responses=ASKED)
    expected = [("alarm", "The laboratory says nothing."), ("page", "Please come to bed 12.")]
    assert await opens(desk, "Dora") == expected
    alarm = (await desk.get("Dora", "/v1/alarms")).json()["data"][0]["id"]
    await desk.post("Dora", f"/v1/alarms/{alarm}/take", None)
    assert await opens(desk, "Dora") == expected
    assert await opens(desk, "Ben") == []

    assert told(await desk.post("Dora", "/v1/handovers", {"note": "  "})) == (422, "text_blank")
    first = (await desk.post("Dora", "/v1/handovers", {"note": "Quiet."})).json()
    await ward.pass_time(seconds=1)
    notes = {alarm: "IT knows.", "msg_of_yesterday": "gone"}
    second = (await desk.post("Dora", "/v1/handovers", {"note": NOTE, "notes": notes})).json()
    assert [(one["about"], one.get("note", "")) for one in second["items"]] == [
        ("The laboratory says nothing.", "IT knows."), ("Please come to bed 12.", ""),
    ]  # fmt: skip

    async def accept(who: str, which: dict[str, Any]) -> httpx.Response:
        return await desk.post(who, f"/v1/handovers/{which['id']}/accept", None)

    assert told(await accept("Ben", first)) == (409, "already_ended")  # it was handed over anew
    assert told(await accept("Dora", second)) == (409, "conflict")
    await ward.pass_time(seconds=30)
    taken = (await accept("Ben", second)).json()
    assert (taken["state"], taken["accepted_by"]["name"], taken["note"]) == ("accepted", "Ben", NOTE)
    assert (await accept("Ben", second)).json() == taken
    assert told(await accept("Anna", second)) == (409, "too_late")
    assert told(await accept("Anna", {"id": "hov_" + "0" * 32})) == (404, "not_found")

    kept = (await desk.get("Ben", f"/v1/alarms/{alarm}")).json()
    assert (kept["taken_by"], kept["taken_by_name"]) == (ward.ben.wire, "Ben")
    await ward.say(ward.chen, waits, Event.ACCEPT)
    await desk.post("Ben", f"/v1/alarms/{alarm}/clear", {"why": "It speaks again."})
    newest, older = (await desk.get("Anna", "/v1/handovers")).json()["data"]
    assert (newest["id"], older["state"]) == (second["id"], "replaced")
    assert [one["open"] for one in newest["items"]] == [False, True]  # accepted it still runs; the alarm does not
    facts = await ward.connection.fetch(
        "SELECT kind, person_id, body FROM facts WHERE kind LIKE 'Desk%' OR kind = 'AlarmTaken' ORDER BY at, seq"
    )
    assert [(fact["kind"], fact["person_id"]) for fact in facts] == [
        ("AlarmTaken", ward.dora.id), ("DeskHandedOver", ward.dora.id), ("DeskHandedOver", ward.dora.id),
        ("DeskTakenOver", ward.ben.id), ("AlarmTaken", ward.ben.id),
    ]  # fmt: skip
    assert "nurses" not in "".join(fact["body"] for fact in facts)
