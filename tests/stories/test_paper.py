"""A8: what was called by hand while the site was away is entered from paper; log, trace and reports hold it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.stories.test_desk_turn import desk
from tests.stories.test_rest import Door, told
from wardwire.model import ids
from wardwire.model.rights import SEND, Caller

__all__ = ["desk"]

HOUR = timedelta(hours=1)


def page(door: Door, **fields: Any) -> dict[str, Any]:
    """Dr. Okafor was called 24 minutes ago, and accepted a minute later."""
    now = door.ward.clock.now()
    called = now - timedelta(minutes=24)
    at = called + timedelta(minutes=1)
    body = {"to": "Dr. Okafor", "priority": "high", "text": "K+ 6.8, 4W-12", "outcome": "accepted"}
    return {**body, "called_at": called.isoformat(), "outcome_at": at.isoformat(), **fields}


async def enter(door: Door, who: str, body: dict[str, Any], key: str) -> httpx.Response:
    """Enter a page."""
    return await door.post(who, "/v1/paper-pages", body, id=key)


async def test_two_paper_pages_are_entered_and_stand_at_their_time(desk: Door) -> None:
    """H287: nobody is rung by them; they stand in log, trace, report and record, each once, and say what they are."""
    ward = desk.ward
    # Whatever an integration is called, it is none of these.
    first_sent = await ward.send(Caller(source="paper", scopes=frozenset({SEND})), [ward.chen.wire])
    later = await ward.send(ward.dora, [ward.chen.wire], text="After the outage.")
    heard = {member.name: len(ward.told.get(member.id, ())) for member in (ward.okafor, ward.chen)}
    first = page(desk)
    answer = await enter(desk, "Dora", first, "sheet 1 line 1")
    assert answer.status_code == 201, answer.text
    message = answer.json()["message"]
    again = await enter(desk, "Dora", first, "sheet 1 line 1")
    assert (again.json()["message"], again.headers["idempotency-replayed"]) == (message, "true")
    assert told(await enter(desk, "Dora", page(desk, text="Other"), "sheet 1 line 1")) == (409, "id_reused")
    unreached = page(desk, to=ward.chen.wire, outcome="not_reached", outcome_at=None, priority="code")
    assert (await enter(desk, "Dora", unreached, "sheet 1 line 2")).status_code == 201
    assert {member.name: len(ward.told.get(member.id, ())) for member in (ward.okafor, ward.chen)} == heard

    log = (await desk.get("Dora", "/v1/sent")).json()["data"]
    assert [(line["id"] == later.message, line.get("paper", False)) for line in log] == [
        (True, False), (False, True), (False, True),
    ]  # fmt: skip
    [line] = [line for line in log if line["id"] == message]
    assert (line["taken_by"], line["response"], line["taken_s"]) == ("Dr. Okafor", "accept", 60)
    assert (line["ended_why"], line["sender"]["name"], line["people"], line["reached"]) == ("on_paper", "Dora", 1, 1)

    story = (await desk.get("Dora", f"/v1/messages/{message}/trace")).json()
    assert [hop["what"] for hop in story["hops"]] == ["Entered"]
    assert story["hops"][0]["text"].startswith("entered from paper by Dora: Dr. Okafor was called by hand at ")
    assert story["hops"][0]["after_s"] == pytest.approx(24 * 60, abs=1)
    [one] = story["people"]
    assert (one["why"], one["tries"], one["delivered_s"], "kept" in one) == ("called by hand", "nothing", 60, False)
    german = await desk.client.get(
        f"/v1/messages/{message}/trace", headers={"Authorization": "Bearer Dora", "Accept-Language": "de-AT,en;q=0.5"}
    )
    assert german.headers["content-language"] == "de"
    assert german.json()["hops"][0]["text"].startswith("vom Papier nachgetragen von Dora: Dr. Okafor wurde um ")

    report = (await desk.get("Dora", "/v1/reports/responses", by="priority")).json()["data"]
    assert {group["key"]: (group["people"], group["paper"]) for group in report} == {"high": (3, 1), "code": (1, 1)}
    [high] = [group for group in report if group["key"] == "high"]
    assert (high["answered"], high["answered_half_s"]) == (1, 60)
    figures = (await desk.get("Dora", "/v1/figures", hours=1)).json()
    assert sum(slot["stored"] for slot in figures["traffic"]) == 2  # by hand is not by the site
    facts = await ward.connection.fetch("SELECT person_id, body FROM facts WHERE kind = 'Entered' ORDER BY at, seq")
    assert [fact["person_id"] for fact in facts] == [ward.okafor.id, ward.chen.id]
    assert "K+" not in "".join(fact["body"] for fact in facts)
    waiting = await ward.connection.fetch("SELECT DISTINCT message_id FROM deadlines ORDER BY message_id")
    assert [ids.write_id(ids.MESSAGE, row["message_id"]) for row in waiting] == [first_sent.message, later.message]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"text": "\u200b"}, "text_blank"),
        ({"to": "Nobody"}, "recipient_unknown"),
        ({"to": "role:Nothing"}, "recipient_unknown"),
        ({"outcome": "sent"}, "invalid"),
    ],
)
async def test_what_cannot_be_is_refused(desk: Door, changed: dict[str, str], code: str) -> None:
    """Nothing of it is kept."""
    assert told(await enter(desk, "Dora", page(desk, **changed), "1")) == (422, code)
    assert (await desk.get("Dora", "/v1/sent")).json()["data"] == []


async def test_paper_is_of_the_last_days_and_never_of_the_future(desk: Door) -> None:
    """And an outcome does not come before its call."""
    now = desk.ward.clock.now()
    for called, at in ((now + HOUR, now + HOUR), (now - 8 * 24 * HOUR, now), (now - HOUR, now - 2 * HOUR)):
        body = page(desk, called_at=called.isoformat(), outcome_at=at.isoformat())
        assert told(await enter(desk, "Dora", body, "1")) == (422, "invalid")
    old = page(desk, called_at=(now - 6 * 24 * HOUR).isoformat(), outcome_at=None)
    assert (await enter(desk, "Dora", old, "2")).status_code == 201  # where no core has made the tables of that day
    strays = await desk.ward.connection.fetchval("SELECT count(*) FROM messages_default")
    assert strays == 0
