"""A policy is drafted, tried on the real directory, approved by a second person and published; and the way back.

A10, sentence by sentence, by the clock in Chicago on Wednesday, 9 December:

- 11:00, Eva drafts v8: wait 90 s, last step group *Charge 4W*: `V8` of the first test.
- Simulate Sun 13 Dec 03:00, bed 4W-12: 03:00:00 Ben; 03:01:30 charge group, 0 reachable: `clocked`, and `empty`.
  Publish refused `unreachable_end`: `refused`.
- She adds the operator desk: 03:00:00 Ben, 03:01:30 Dora (group skipped at once, reason shown), worst case 1:30: the
  same of `WITH_DESK`.
- Chen approves, live 11:20:00: `made_at` of the version; fact holds both versions: the last lines.
- Alert of 11:19:50 keeps v7 (step 11:21:50); of 11:20:05 uses v8 (11:21:35): what phones heard. The engine's run
  equals the simulation to the second: `forecast`, of the very second at which the alert begins, and `ran`.
- Mallory posts a version: 403 `not_permitted`, fact; the policy list does not show her the unit: the second test.
- Back to v7 is one action, simulated and signed alike: the third test.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest

from tests.stories.test_rest import Door, opened, told
from wardwire.flow.views import Stored
from wardwire.model import ids
from wardwire.model.delivery import Event
from wardwire.model.rights import DIRECTORY, SEND
from wardwire.testing.ward import Member, Ward

V7 = [
    {"targets": ["bed:primary"], "wait_s": 120},
    {"targets": ["bed:secondary"], "wait_s": 60},
    {"targets": ["desk"], "wait_s": 60},
]
V8 = [{"targets": ["bed:primary"], "wait_s": 90}, {"targets": ["group:Charge 4W"], "wait_s": 60}]
WITH_DESK = [*V8, {"targets": ["desk"], "wait_s": 60}]
CHICAGO = ZoneInfo("America/Chicago")
DAYS = timedelta(days=3, hours=16)  # from Wednesday 11:00 to Sunday 03:00


class House(NamedTuple):
    """4 West at 11:00, with the keys of Eva and Chen, who may change policies."""

    door: Door
    eleven: datetime
    eva: str
    chen: str
    policy: str
    unit: str

    @property
    def ward(self) -> Ward:
        """The ward."""
        return self.door.ward

    async def at(self, clock: str) -> None:
        """Let time pass up to `11:20:05`."""
        hours, minutes, seconds = map(int, clock.split(":"))
        await self.ward.until(self.eleven + timedelta(hours=hours - 11, minutes=minutes, seconds=seconds))

    async def post(self, key: str, path: str, body: Any = None, **options: Any) -> Any:
        """Do something that must succeed."""
        response = await self.door.post(key, path, body, **options)
        assert response.status_code < 300, response.text
        return response.json() if response.content else None

    async def alarm(self, key: str) -> Stored:
        """Bed 4W-12 alarms; Anna's phone confirms it."""
        stored = await self.ward.begin_report(key, bed="bed:4W-12")
        await self.ward.say(self.ward.anna, stored, Event.CONFIRMED)
        return stored

    def heard(self, member: Member) -> list[str]:
        """When somebody's phone rang, as on a clock."""
        return [self.clock(one.at) for one in self.ward.told.get(member.id, []) if one.event in ("new", "ring")]

    def clock(self, instant: datetime) -> str:
        """Write an instant as on a clock that showed 11:00 at the beginning."""
        since = (instant - self.eleven).total_seconds() + 11 * 3600
        return f"{int(since // 3600):02}:{int(since // 60) % 60:02}:{int(since % 60):02}"


@pytest.fixture
async def ward(database_url: str) -> AsyncIterator[Ward]:
    """Wednesday, 9 December, 11:00 in Chicago."""
    async with Ward(database_url, start=datetime(2026, 12, 9, 17, tzinfo=UTC)) as ward:
        yield ward


@pytest.fixture
async def house(ward: Ward, database_url: str) -> AsyncIterator[House]:
    """Anna has the bed until the evening, Ben in the night to Sunday; the charge group has no phone."""
    async with opened(ward, database_url) as door:
        eva, chen = await door.key("eva", DIRECTORY), await door.key("chen", DIRECTORY)
        nobody = await ward.add_person("Eva", device=False)
        await ward.add_group("Charge 4W", [nobody])
        made = (await door.post(eva, "/v1/policies", {"name": "Monitor alarm", "steps": V7})).json()
        for ask_wait_s in range(61, 67):
            await door.post(eva, f"/v1/policies/{made['id']}", {"ask_wait_s": ask_wait_s}, "PATCH")
        unit = (await door.post(eva, "/v1/places", {"kind": "unit", "name": "4 West", "policy": made["id"]})).json()
        bed = (await door.post(eva, "/v1/places", {"kind": "bed", "name": "4W-12", "parent": unit["id"]})).json()
        now = ward.clock.now()
        night = now + DAYS - timedelta(hours=8)
        turns = [
            {"place": bed["id"], "person": ward.anna.wire, "ends_at": night.isoformat()},
            {"place": bed["id"], "person": ward.ben.wire, "starts_at": night.isoformat()},
            {"place": bed["id"], "person": ward.ben.wire, "rank": "secondary"},
        ]
        assert (await door.post(eva, "/v1/assignments", {"assignments": turns})).status_code == 201
        yield House(door, ward.clock.now(), eva, chen, made["id"], unit["id"])


def lines_of(simulation: Any) -> list[tuple[float, list[str]]]:
    """After how many seconds who is called."""
    return [(line["after_s"], [one["name"] for one in line["people"]]) for line in simulation["lines"]]


def clocked(simulation: Any) -> list[tuple[str, list[str]]]:
    """When who is called, by the clock in Chicago."""
    lines = [(datetime.fromisoformat(line["at"]).astimezone(CHICAGO), line) for line in simulation["lines"]]
    return [(f"{at:%a %d %b %H:%M:%S}", [one["name"] for one in line["people"]]) for at, line in lines]


async def drafted(house: House, steps: Any, scene: Any = None) -> str:
    """Eva's draft, simulated: the address of it."""
    draft = await house.post(house.eva, "/v1/policy-drafts", {"policy": house.policy, "steps": steps})
    at = f"/v1/policy-drafts/{draft['id']}"
    await house.post(house.eva, f"{at}/simulate", scene or {"place": "bed:4W-12"})
    return at


async def test_a10_a_policy_is_simulated_signed_and_goes_live_to_the_second(house: House) -> None:
    """H150: the new policy was right on paper, and at night it ended at a group in which nobody had a phone."""
    house.ward.policy_approval = True
    draft = await house.post(house.eva, "/v1/policy-drafts", {"policy": house.policy, "steps": V8, "note": "90 s"})
    at = f"/v1/policy-drafts/{draft['id']}"
    assert told(await house.door.post(house.eva, f"{at}/publish", None)) == (409, "not_simulated")
    sunday = {"at": (house.eleven + DAYS).isoformat(), "place": "bed:4W-12"}
    found = await house.post(house.eva, f"{at}/simulate", sunday)
    assert clocked(found)[:2] == [
        ("Sun 13 Dec 03:00:00", ["Ben"]),
        ("Sun 13 Dec 03:01:30", ["Eva"]),  # it waits in her inbox, and nothing rings
    ]
    assert found["lines"][1]["empty"] == {"group:Charge 4W": "no_endpoint"}
    assert (found["unreachable_end"], found["lines"][1]["skipped"]) == (True, True)
    await house.post(house.chen, f"{at}/approve")
    refused = await house.door.post(house.eva, f"{at}/publish", None)
    assert told(refused) == (422, "unreachable_end")
    assert "bed:4W-12" in refused.json()["detail"]

    # She adds the desk; what was simulated and approved before is worth nothing now.
    changed = await house.post(house.eva, at, {"steps": WITH_DESK}, method="PATCH")
    assert (changed["revision"], changed["simulated"], changed["approved"]) == (2, False, False)
    found = await house.post(house.eva, f"{at}/simulate", sunday)
    assert clocked(found)[:3] == [
        ("Sun 13 Dec 03:00:00", ["Ben"]),
        ("Sun 13 Dec 03:01:30", ["Eva"]),
        ("Sun 13 Dec 03:01:30", ["Dora"]),
    ]
    assert (found["lines"][1]["skipped"], found["lines"][1]["empty"]) == (True, {"group:Charge 4W": "no_endpoint"})
    assert (found["worst_case_s"], found["unreachable_end"]) == (90, False)
    assert told(await house.door.post(house.eva, f"{at}/approve", None)) == (409, "approval_required")
    assert told(await house.door.post(house.eva, f"{at}/publish", None)) == (409, "approval_required")

    await house.at("11:19:50")
    first = await house.alarm("A1")
    await house.at("11:20:00")
    await house.post(house.chen, f"{at}/approve")
    live = await house.post(house.chen, f"{at}/publish")
    assert (live["state"], live["author"], live["approver"]) == ("published", "eva", "chen")
    versions = (await house.door.get(house.eva, f"/v1/policies/{house.policy}/versions")).json()["data"]
    assert house.clock(datetime.fromisoformat(versions[-1]["made_at"])) == "11:20:00"
    await house.at("11:20:05")
    forecast = await house.post(house.eva, f"/v1/policies/{house.policy}/simulate", {"place": "bed:4W-12"})
    assert lines_of(forecast) == [(0, ["Anna"]), (90, ["Eva"]), (90, ["Dora"]), (150, ["Dora"])]
    second = await house.alarm("A2")
    await house.at("11:21:36")
    assert house.heard(house.ward.dora) == ["11:21:35"]  # of the second: as simulated
    await house.ward.say(house.ward.dora, second, Event.CONFIRMED)
    assert house.heard(house.ward.ben) == []
    await house.at("11:21:51")
    assert house.heard(house.ward.ben) == ["11:21:50"]  # of the first: it goes on by v7
    assert "Escalated" in await house.ward.facts(first)
    assert "StepSkipped" in await house.ward.facts(second)
    await house.ward.say(house.ward.ben, first, Event.CONFIRMED)
    await house.at("11:22:36")
    (alarm,) = await house.ward.connection.fetch("SELECT kind, raised_at FROM alarms")
    assert (alarm["kind"], house.clock(alarm["raised_at"])) == ("unanswered", "11:22:35")
    ran = await house.ward.connection.fetch(
        "SELECT at FROM facts WHERE kind IN ('Escalated', 'StepSkipped', 'Exhausted') AND message_id = $1"
        " ORDER BY seq",
        ids.read_id(ids.MESSAGE, second.message),
    )  # fmt: skip
    assert [row["at"] for row in ran] == [datetime.fromisoformat(line["at"]) for line in forecast["lines"]]

    fact = await house.ward.connection.fetchval("SELECT body FROM facts WHERE body LIKE '%policy_published%'")
    body = json.loads(fact)
    assert (body["number"], body["before"]["number"], body["author"], body["approver"]) == (8, 7, "eva", "chen")
    assert body["digest"] != body["before"]["digest"]
    assert body["worst_case_s"] == 90


async def test_mallory_cannot_draft_and_sees_no_unit(house: House) -> None:
    """A10: 403 and a fact; the list of policies does not say which units go by them."""
    mallory = await house.door.key("mallory", SEND)
    body = {"policy": house.policy, "steps": V8}
    assert told(await house.door.post(mallory, "/v1/policy-drafts", body)) == (403, "not_permitted")
    await house.ward.quiet()
    denied = await house.ward.connection.fetchval("SELECT body FROM facts WHERE kind = 'AccessDenied'")
    assert json.loads(denied)["who"] == "mallory"
    at = await drafted(house, V7)
    for path in ("/v1/policy-drafts", at):
        assert told(await house.door.get(mallory, path)) == (403, "not_permitted")
    for key, units in ((mallory, []), (house.eva, ["4 West"])):
        (listed,) = (await house.door.get(key, "/v1/policies")).json()["data"]
        assert listed["units"] == units


async def test_back_to_an_older_version_is_one_action(house: House) -> None:
    """A10: simulated and signed alike; where a second person is asked for it waits for them."""
    at = await drafted(house, WITH_DESK)
    await house.post(house.eva, f"{at}/publish")
    back = await house.post(house.eva, f"/v1/policies/{house.policy}/rollback", {"to": 7})
    assert (back["state"], back["note"]) == ("published", "back to v7")
    assert lines_of(back["simulations"][0])[:2] == [(0, ["Anna"]), (120, ["Ben"])]
    versions = (await house.door.get(house.eva, f"/v1/policies/{house.policy}/versions")).json()["data"]
    assert [version["number"] for version in versions] == list(range(1, 10))
    assert versions[8]["text"]["steps"] == versions[6]["text"]["steps"] == V7
    assert {"what": "step 1 waits", "before": "1:30", "after": "2:00"} in versions[8]["changes"]
    wide = await house.door.get(house.eva, f"/v1/policies/{house.policy}/diff", **{"from": 7, "to": 9})
    assert wide.json()["changes"] == []

    house.ward.policy_approval = True
    waiting = await house.post(house.eva, f"/v1/policies/{house.policy}/rollback", {"to": 8})
    assert (waiting["state"], waiting["simulated"]) == ("open", True)
    await house.post(house.chen, f"/v1/policy-drafts/{waiting['id']}/approve")
    await house.post(house.eva, f"/v1/policy-drafts/{waiting['id']}/publish")
    unknown = await house.door.post(house.eva, f"/v1/policies/{house.policy}/rollback", {"to": 99})
    assert told(unknown) == (404, "not_found")


async def test_two_who_change_one_draft_do_not_overwrite_each_other(house: House) -> None:
    """A draft has an ETag; so has the policy beneath it: what was published meanwhile is not undone unseen."""
    at, other = await drafted(house, WITH_DESK), await drafted(house, V7)
    read = await house.door.get(house.eva, at)
    headers = {"Authorization": f"Bearer {house.chen}", "If-Match": read.headers["etag"]}
    assert (await house.door.client.patch(at, json={"loops": 1}, headers=headers)).status_code == 200
    assert told(await house.door.client.patch(at, json={"loops": 2}, headers=headers)) == (412, "changed_since")
    await house.post(house.eva, f"{other}/publish")
    await house.post(house.chen, f"{at}/simulate", {"place": "bed:4W-12"})
    assert told(await house.door.post(house.chen, f"{at}/publish", None)) == (409, "conflict")
    assert (await house.door.post(house.chen, at, None, "DELETE")).status_code == 204
    assert told(await house.door.post(house.chen, f"{at}/simulate", {})) == (409, "too_late")
    assert (await house.door.get(house.eva, "/v1/policy-drafts")).json()["data"] == []


async def test_where_a_second_person_is_asked_for_nobody_changes_a_policy_alone(house: House) -> None:
    """H151: one tired person changed at night who is called for a cardiac arrest, and nobody else had read it."""
    house.ward.policy_approval = True
    alone = await house.door.post(house.eva, f"/v1/policies/{house.policy}", {"steps": V8}, "PATCH")
    assert told(alone) == (409, "approval_required")
    new = await house.door.post(house.eva, "/v1/policies", {"name": "Other", "steps": V8})
    assert told(new) == (409, "approval_required")
    assert (await house.door.post(house.eva, f"/v1/policies/{house.policy}", {"name": "M"}, "PATCH")).is_success


async def test_a_policy_that_is_changed_directly_must_reach_somebody_too(house: House) -> None:
    """H251: what a simulation would have refused came in by the side door; nothing of it is kept."""
    path = f"/v1/policies/{house.policy}"
    before = (await house.door.get(house.eva, path)).json()["steps"]
    changed = await house.door.post(house.eva, path, {"steps": V8}, "PATCH")
    assert told(changed) == (422, "unreachable_end")
    assert "desk" in changed.json()["detail"], "it names the remedy"
    assert told(await house.door.post(house.eva, "/v1/policies", {"name": "Other", "steps": V8})) == (
        422,
        "unreachable_end",
    )
    assert (await house.door.get(house.eva, path)).json()["steps"] == before
    assert (await house.door.post(house.eva, path, {"steps": WITH_DESK}, "PATCH")).is_success


async def test_a_new_policy_comes_by_a_draft(house: House) -> None:
    """It has its first version, and can be named from then on."""
    draft = await house.post(house.eva, "/v1/policy-drafts", {"name": "Consult", "steps": WITH_DESK})
    at = f"/v1/policy-drafts/{draft['id']}"
    await house.post(house.eva, f"{at}/simulate", {"to": ["Dr. Chen"], "priority": "medium"})
    await house.post(house.eva, f"{at}/publish")
    stored = await house.ward.send(house.ward.anna, ["Dr. Chen"], policy="Consult")
    assert stored.promise[0].who == "Dr. Chen"
    (version,) = (await house.door.get(house.eva, f"/v1/policies/{draft['policy']}/versions")).json()["data"]
    assert (version["number"], version["author"]) == (1, "eva")
    assert ids.read_id(ids.POLICY, draft["policy"]) in house.ward.people.directory.policies


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"name": "P"}, (422, "invalid")),
        ({"policy": "pol_" + "0" * 32}, (404, "not_found")),
        ({"name": "P", "steps": [{"targets": ["Nobody"], "wait_s": 60}]}, (422, "recipient_unknown")),
        ({"name": "P", "steps": V8, "note": "a\nb"}, (422, "invalid")),
    ],
)
async def test_what_is_no_policy_is_no_draft(house: House, body: Any, problem: tuple[int, str]) -> None:
    """Refused with its own code; nothing is kept."""
    assert told(await house.door.post(house.eva, "/v1/policy-drafts", body)) == problem
    assert (await house.door.get(house.eva, "/v1/policy-drafts")).json()["data"] == []
