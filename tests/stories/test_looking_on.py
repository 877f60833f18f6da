"""H230, H231: who looks on sees how far messages came, and whether the record is as it was written; no content."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import asyncpg
import httpx
import pytest

from tests.engines import FreshDatabase
from tests.stories.test_rest import opened, told
from tests.ward import reading
from wardwire.adapters import hl7
from wardwire.adapters.dead_letters import DeadLetters
from wardwire.api import audit as audit_of
from wardwire.api import figures as figures_of
from wardwire.api.app import make_api
from wardwire.app.integrations import Listeners
from wardwire.flow.statement import Responses
from wardwire.model.delivery import Event
from wardwire.model.places import PlaceKind
from wardwire.model.rights import AUDIT, DIRECTORY, READ, SEND
from wardwire.settings import Settings
from wardwire.testing.ward import Ward

GOLDEN = Path(hl7.__file__).parent / "golden"
ACCEPT = Responses(accept_decline=True)


async def test_traces_are_listed_without_what_was_said(ward: Ward, database_url: str) -> None:
    """Newest first, how far each came, by person and priority; a system sees what is its own, and nobody a word."""
    stored = await ward.send(ward.anna, ["Dr. Chen", "Ben"], priority="high", text="Potassium 6.9", responses=ACCEPT)
    await ward.pass_time(seconds=3)
    await ward.say(ward.chen, stored, Event.CONFIRMED)
    await ward.pass_time(seconds=4)
    await ward.say(ward.chen, stored, Event.ACCEPT)
    await ward.send(ward.anna, ["Ben"], priority="low", text="The lift works again.")
    async with opened(ward, database_url) as door:
        key = await door.key("desk", READ)
        both = (await door.get(key, "/v1/traces")).json()["data"]
        assert [(one["priority"], one["people"], one["reached"]) for one in both] == [("low", 1, 0), ("high", 2, 1)]
        assert both[1]["sender"]["name"] == "Anna"
        assert [round(both[1][name]) for name in ("delivered_s", "answered_s")] == [3, 7]
        assert "Potassium" not in str(both)
        assert "lift" not in str(both)

        first = (await door.get(key, "/v1/traces", limit=1)).json()
        assert first["data"] == both[:1]
        assert (await door.get(key, "/v1/traces", limit=1, after=first["next"])).json()["data"] == both[1:]
        assert (await door.get(key, "/v1/traces", person=ward.chen.wire)).json()["data"] == both[1:]
        assert (await door.get(key, "/v1/traces", priority="low")).json()["data"] == both[:1]
        assert told(await door.get(key, "/v1/traces", priority="urgent"))[0] == 422
        for unsearchable in ("1960-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
            assert told(await door.get(key, "/v1/traces", until=unsearchable)) == (422, "invalid")
        until = both[1]["stored_at"]
        assert (await door.get(key, "/v1/traces", until=until)).json()["data"] == []

        lab = await door.key("lab", SEND)
        assert (await door.get(lab, "/v1/traces")).json()["data"] == []


async def test_reports_say_how_soon_people_were_reached_and_answered(
    ward: Ward, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By priority, role and day; whoever was not reached or has not answered counts too. Not for everybody."""
    role = await ward.add_role("Cardiology 1st", ward.ben)
    await ward.add_shift(role, ward.chen, timedelta(hours=-1), timedelta(hours=1))
    for wait in (2, 4):
        stored = await ward.send(ward.anna, ["Cardiology 1st"], priority="high", responses=ACCEPT)
        await ward.pass_time(seconds=wait)
        await ward.say(ward.chen, stored, Event.CONFIRMED)
        await ward.say(ward.chen, stored, Event.ACCEPT)
    await ward.send(ward.anna, ["Dr. Chen"], priority="low", responses=ACCEPT)
    async with opened(ward, database_url) as door:
        key = await door.key("manager", READ)
        by = {one["key"]: one for one in (await door.get(key, "/v1/reports/responses")).json()["data"]}
        assert [by["high"][name] for name in ("people", "reached", "asked", "answered")] == [2, 2, 2, 2]
        assert round(by["high"]["delivered_half_s"]) == 3
        assert round(by["high"]["answered_most_s"]) == 4
        low = by["low"]
        assert [low[name] for name in ("people", "reached", "asked", "answered")] == [1, 0, 1, 0]
        assert low["answered_half_s"] is None
        roles = (await door.get(key, "/v1/reports/responses", by="role")).json()["data"]
        assert [(one["name"], one["people"]) for one in roles] == [("", 1), ("Cardiology 1st", 2)]
        days = (await door.get(key, "/v1/reports/responses", by="day")).json()["data"]
        assert sum(one["people"] for one in days) == 3
        assert (await door.get(key, "/v1/reports/responses", by="unit")).json()["data"][0]["people"] == 3
        assert told(await door.get(key, "/v1/reports/responses", by="moon"))[0] == 422
        assert told(await door.get(key, "/v1/reports/responses", since="2020-01-01T00:00:00Z"))[0] == 422

        usage = (await door.get(key, "/v1/reports/usage")).json()["data"]
        assert (sum(one["messages"] for one in usage), usage[-1]["senders"]) == (3, 1)
        figures = (await door.get(key, "/v1/figures")).json()
        assert sum(one["stored"] for one in figures["traffic"]) == 3
        assert {one["priority"]: one["reached"] for one in figures["waits"]} == {"high": 2, "low": 0}

        monkeypatch.setattr(figures_of, "PATIENCE_S", 0)
        assert told(await door.get(key, "/v1/figures")) == (422, "too_many")

        lab = await door.key("lab", SEND)
        for path in ("/v1/figures", "/v1/reports/responses", "/v1/reports/usage", "/v1/site", "/v1/coverage"):
            assert told(await door.get(lab, path)) == (403, "not_permitted")


async def test_gaps_of_the_coming_days_are_named_with_who_answers_then(ward: Ward, database_url: str) -> None:
    """H232: a role without a holder tonight is seen this morning, with the fallback that would be called."""
    covered, bare = await ward.add_role("Surgery 1st", ward.ben), await ward.add_role("Radiology 2nd", ward.ben)
    await ward.add_shift(covered, ward.chen, timedelta(hours=-1), timedelta(days=40))
    await ward.add_shift(bare, ward.chen, timedelta(hours=-1), timedelta(hours=3))
    await ward.add_role("No schedule at all", ward.ben)
    async with opened(ward, database_url) as door:
        key = await door.key("manager", READ)
        told_of = (await door.get(key, "/v1/coverage", days=2)).json()
        assert (told_of["scheduled"], told_of["covered_now"]) == (2, 2)
        (gap,) = told_of["data"]
        assert (gap["name"], gap["answers"], gap["ends_at"]) == ("Radiology 2nd", ["Ben"], told_of["until"])
        assert told(await door.get(key, "/v1/site"))[0] == 503  # here nobody knows


async def test_an_auditor_reads_both_logs_and_has_them_verified(
    ward: Ward, database_url: str, fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What people did and what was changed stand apart; a fact that somebody changed afterwards is found."""
    stored = await ward.send(ward.anna, ["Dr. Chen"])
    await ward.say(ward.chen, stored, Event.CONFIRMED)
    await ward.say(ward.chen, stored, Event.SEEN)
    async with opened(ward, database_url) as door:
        key, admin = await door.key("auditor", AUDIT), await door.key("admin", DIRECTORY)
        assert (await door.post(admin, "/v1/people", {"name": "Dr. Okafor"})).status_code == 201

        users = (await door.get(key, "/v1/facts", log="users")).json()["data"]
        read = next(fact for fact in users if fact["kind"] == "Read")
        assert (read["name"], read["message"]) == ("Dr. Chen", stored.message)
        changes = (await door.get(key, "/v1/facts", log="admin")).json()
        assert "DirectoryChanged" in [fact["kind"] for fact in changes["data"]]
        assert {fact["kind"] for fact in changes["data"]}.isdisjoint(fact["kind"] for fact in users)
        page = (await door.get(key, "/v1/facts", log="admin", limit=1, since=changes["since"])).json()
        following = await door.get(key, "/v1/facts", log="admin", limit=1, since=changes["since"], after=page["next"])
        assert [*page["data"], *following.json()["data"]] == changes["data"][:2]

        assert told(await door.get(key, "/v1/facts", log="all"))[0] == 422
        assert told(await door.get(key, "/v1/facts", since="2020-01-01T00:00:00Z"))[0] == 422
        assert told(await door.get(key, "/v1/facts", after="nowhere"))[0] == 422
        assert told(await door.get(admin, "/v1/facts")) == (403, "not_permitted")
        assert told(await door.post(admin, "/v1/audit/verify", {})) == (403, "not_permitted")

        whole = {"proofs": False}  # the ward's devices do not sign
        good = (await door.post(key, "/v1/audit/verify", whole)).json()
        assert (good["good"], good["findings"]) == (True, [])
        assert good["facts"] > 0
        async with reading(fresh_database.logins.owner) as owner:
            await _falsify(owner)
        found = (await door.post(key, "/v1/audit/verify", whole)).json()
        assert not found["good"]
        assert "altered" in {finding["kind"] for finding in found["findings"]}
        monkeypatch.setattr(audit_of, "MOST_FACTS", 1)
        assert told(await door.post(key, "/v1/audit/verify", whole)) == (422, "too_many")


TABLE = """
[[rules]]
name = "leads off"
when = { event = "MDC_EVT_DISCONN" }
ignore = true

[otherwise]
name = "anything else"
to = ["Dr. Chen"]
"""


async def test_a_mapping_is_tried_before_it_decides(ward: Ward, database_url: str, tmp_path: Path) -> None:
    """H233: which rule fits, what is handed in, who would get it; by a table that nobody has installed yet, too."""
    table = tmp_path / "mapping.toml"
    table.write_text(TABLE)
    settings = replace(Settings(), hl7=replace(Settings().hl7, listen="127.0.0.1:2575", table=table))
    await ward.add_place(PlaceKind.UNIT, "4 West")
    sent = (GOLDEN / "alarm-start.hl7").read_text().partition("{0B}")[2].partition("{1C}")[0]
    sample = sent.replace("\n> ", "\n")
    async with opened(ward, database_url) as door:
        key = await door.key("manager", READ)
        deps = replace(door.deps, integrations=Listeners(settings, tmp_path))
        door.client = httpx.AsyncClient(transport=httpx.ASGITransport(app=make_api(deps)), base_url="http://ward")
        (listener,) = (await door.get(key, "/v1/integrations")).json()["data"]
        assert (listener["name"], listener["letters"]) == ("hl7", 0)
        assert (await door.get(key, "/v1/integrations/hl7/table")).json()["text"] == TABLE
        assert told(await door.get(key, "/v1/integrations/lab/table")) == (404, "not_found")

        tried = (await door.post(key, "/v1/integrations/hl7/try", {"sample": sample})).json()["data"][0]
        assert (tried["rule"], tried["not_taken"]) == ("anything else", "")
        assert tried["reached"]["refused"] == ""
        assert [reach["person"] for reach in tried["reached"]["recipients"]] == [ward.chen.wire]
        other = {"sample": sample, "table": TABLE.replace("Dr. Chen", "Ben")}
        tried = (await door.post(key, "/v1/integrations/hl7/try", other)).json()["data"][0]
        assert [reach["person"] for reach in tried["reached"]["recipients"]] == [ward.ben.wire]
        broken = await door.post(key, "/v1/integrations/hl7/try", {"sample": sample, "table": "[[rules"})
        assert told(broken)[0] == 422
        assert broken.json()["errors"][0]["pointer"] == "/table"
        nonsense = (await door.post(key, "/v1/integrations/hl7/try", {"sample": "hello"})).json()["data"][0]
        assert "MSH" in nonsense["not_taken"]

        DeadLetters(tmp_path / "dead-letters" / "hl7").keep("0" * 32, b"MSH|a patient")
        kept = (await door.get(key, "/v1/integrations/hl7/letters")).json()
        assert [letter["bytes"] for letter in kept["data"]] == [13]
        assert "patient" not in str(kept)
        await door.client.aclose()


async def _falsify(owner: asyncpg.Connection) -> None:
    changed = await owner.execute("UPDATE facts SET body = '{}' WHERE kind = 'Read'")
    assert changed == "UPDATE 1"
