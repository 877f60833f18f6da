"""H146: in an emergency somebody looks at what is not theirs: told at once, for a time, each look written down."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from tests.stories.test_accounts import Desk, opened_desk
from tests.stories.test_rest import told
from wardwire.testing.ward import Member

WHY = "Dr. Chen collapsed; his open consults must be taken over."


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    """The interface, with accounts behind it, and an operators' desk."""
    async with opened_desk(database_url) as desk:
        yield desk


async def come_in(desk: Desk, member: Member, *roles: str) -> str:
    """Somebody has an account and signs in; returns the token."""
    login = member.name.lower().replace("dr. ", "")
    await desk.account(member, login, *roles)
    return await desk.sign_in(login)


async def test_who_breaks_the_glass_sees_is_told_of_and_is_written_down(desk: Desk) -> None:
    """Okafor reads what was sent to Chen, for a quarter of an hour, in this session; Dora hears of it before."""
    ward = desk.ward
    message = (await ward.send(ward.anna, ["Dr. Chen"])).message
    path, trace = f"/v1/messages/{message}", f"/v1/messages/{message}/trace"
    okafor, auditor = await come_in(desk, ward.okafor, "clinician"), await come_in(desk, ward.ben, "auditor")
    elsewhere = await desk.sign_in("okafor")
    assert told(await desk.ask(okafor, "GET", path)) == (404, "not_found")
    for why in ("", "x", "!!! !!! !!! !!!", "a" * 201):
        answer = await desk.ask(okafor, "POST", "/v1/break-glass", {"why": why})
        assert answer.status_code == 422
    assert told(await desk.ask(okafor, "POST", "/v1/break-glass", {"why": WHY, "minutes": 61})) == (422, "invalid")
    assert ward.events(ward.dora) == []

    broken = await desk.ask(okafor, "POST", "/v1/break-glass", {"why": WHY, "minutes": 15})
    assert broken.status_code == 201, broken.text
    assert ward.events(ward.dora) == ["new"]
    alarm = await ward.connection.fetchrow("SELECT kind, subject, detail FROM alarms")
    assert (alarm["kind"], alarm["subject"]) == ("break_glass", broken.json()["id"])
    assert "Dr. Okafor" in alarm["detail"]
    assert WHY not in alarm["detail"]

    assert (await desk.ask(okafor, "GET", path)).json()["text"] == "Please come to bed 12."
    assert "Dr. Okafor" in json.dumps((await desk.ask(okafor, "GET", trace)).json()["hops"])
    assert message in (await desk.ask(okafor, "GET", "/v1/messages")).text
    # Reading alone, and here alone.
    assert told(await desk.ask(okafor, "POST", f"{path}/cancel", {})) == (404, "not_found")
    assert told(await desk.ask(okafor, "GET", "/v1/accounts")) == (403, "not_permitted")
    assert told(await desk.ask(elsewhere, "GET", path)) == (404, "not_found")

    used = await ward.connection.fetch("SELECT message_id, person_id, body FROM facts WHERE kind = 'GlassUsed'")
    assert {(f"msg_{row['message_id'].hex}" if row["message_id"] else "") for row in used} == {message, ""}
    assert {row["person_id"] for row in used} == {ward.okafor.id}
    (fact,) = await desk.facts("GlassBroken")
    assert fact["why"] == WHY
    listed = (await desk.ask(auditor, "GET", "/v1/break-glass")).json()["data"]
    assert [(line["name"], line["why"]) for line in listed] == [("Dr. Okafor", WHY)]
    desk.wait(minutes=15)
    assert told(await desk.ask(okafor, "GET", path)) == (404, "not_found")


async def test_it_ends_by_a_word_and_never_without_somebody_who_answers_for_it(desk: Desk) -> None:
    """The auditor ends it at once; a key cannot break it; and when the desk cannot be told, nobody sees."""
    ward = desk.ward
    message = (await ward.send(ward.anna, ["Dr. Chen"])).message
    okafor, auditor = await come_in(desk, ward.okafor, "clinician"), await come_in(desk, ward.ben, "auditor")
    key = await desk.door.key("lab", "messages:send")
    assert told(await desk.ask(key, "POST", "/v1/break-glass", {"why": WHY})) == (403, "not_permitted")
    broken = (await desk.ask(okafor, "POST", "/v1/break-glass", {"why": WHY})).json()["id"]
    assert (await desk.ask(okafor, "GET", f"/v1/messages/{message}")).status_code == 200
    assert (await desk.ask(auditor, "DELETE", f"/v1/break-glass/{broken}")).status_code == 204
    assert told(await desk.ask(okafor, "GET", f"/v1/messages/{message}")) == (404, "not_found")

    await ward.lanes.stop()
    refused = await desk.ask(okafor, "POST", "/v1/break-glass", {"why": WHY})
    assert refused.status_code == 503
    assert await ward.connection.fetchval("SELECT count(*) FROM glass_broken WHERE ended_at IS NULL") == 0
