"""What a system that speaks HTTP is answered, on real lanes and a real database."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import msgspec
import pytest

from tests.ward import OPERATOR, open_app
from wardwire.api.app import make_api
from wardwire.api.operation import Deps
from wardwire.directory.desk import DirectoryDesk
from wardwire.directory.keys import make_key, revoke_key
from wardwire.flow.views import Stored
from wardwire.model import ids
from wardwire.model.delivery import Event
from wardwire.model.rights import CODE, DIRECTORY, READ, SEND
from wardwire.store.ledger import Ledger
from wardwire.testing.patience import PATIENT_S
from wardwire.testing.ward import Ward

PAGE = {"to": ["Dr. Chen"], "priority": "high", "text": "Please come to bed 12."}


class Door:
    """The interface with a key for each kind of system."""

    def __init__(self, ward: Ward, client: httpx.AsyncClient, desk: DirectoryDesk) -> None:
        self.ward = ward
        self.client = client
        self.desk = desk
        self.deps: Deps
        self.counted: list[tuple[str, str]] = []

    async def key(self, source: str, *scopes: str) -> str:
        """Make a key."""
        _, text = await make_key(self.desk, OPERATOR, source=source, scopes=scopes)
        await self.ward.people.refresh(self.ward.connection)
        return text

    async def send(self, key: str, id: str = "1", **fields: Any) -> httpx.Response:
        """Send a message."""
        return await self.client.post(
            "/v1/messages",
            json={**PAGE, **fields},
            headers={"Authorization": f"Bearer {key}", "Idempotency-Key": id},
        )

    async def get(self, key: str, path: str, **query: Any) -> httpx.Response:
        """Read something."""
        return await self.client.get(path, params=query, headers={"Authorization": f"Bearer {key}"})

    async def post(self, key: str, path: str, body: Any, method: str = "POST", id: str = "") -> httpx.Response:
        """Change something."""
        headers = {"Authorization": f"Bearer {key}"} | ({"Idempotency-Key": id} if id else {})
        return await self.client.request(method, path, json=body, headers=headers)


@asynccontextmanager
async def opened(ward: Ward, dsn: str) -> AsyncIterator[Door]:
    """Open the interface on a ward."""
    alarms = Ledger("story/alarms", open_connection=lambda: open_app(dsn), patience_s=PATIENT_S)
    desk = DirectoryDesk(
        Ledger("story/directory", open_connection=lambda: open_app(dsn), patience_s=PATIENT_S), ward.clock
    )
    counted: list[tuple[str, str]] = []

    async def refresh() -> None:
        await ward.people.refresh(ward.connection)

    async with asyncpg.create_pool(dsn, min_size=1, max_size=3, server_settings={"search_path": "wardwire"}) as reads:
        deps = Deps(
            writer=ward.lanes,
            rules=ward.rules,
            clock=ward.clock,
            reads=reads,
            desk=desk,
            alarms=alarms,
            version="0.1.0",
            serving=lambda: ward.lanes.serving,
            refresh=refresh,
            counted=lambda outcome, priority: counted.append((outcome, priority)),
            finder=ward.finder,
            patience_s=PATIENT_S,
        )
        transport = httpx.ASGITransport(app=make_api(deps))
        async with httpx.AsyncClient(transport=transport, base_url="http://ward") as client:
            door = Door(ward, client, desk)
            door.counted, door.deps = counted, deps
            yield door
    await desk.close()
    await alarms.close()


@pytest.fixture
async def door(ward: Ward, database_url: str) -> AsyncIterator[Door]:
    """The interface on the ward."""
    async with opened(ward, database_url) as door:
        yield door


def told(response: httpx.Response) -> tuple[int, str]:
    """The status and code of a problem, which must be one."""
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == response.status_code
    assert problem["request_id"] == response.headers["x-request-id"]
    assert problem["type"] == f"/errors/{problem['code']}"
    return response.status_code, problem["code"]


async def test_a_created_message_is_committed_and_rings(door: Door) -> None:
    """201 says: message, delivery and deadline are there, and Dr. Chen's phone has it."""
    lab = await door.key("lab", SEND)
    response = await door.send(lab)

    assert response.status_code == 201
    stored = response.json()
    assert response.headers["location"] == f"/v1/messages/{stored['message']}"
    assert stored["durability"] == "degraded"
    assert [r["name"] for r in stored["recipients"]] == ["Dr. Chen"]
    assert door.ward.events(door.ward.chen) == ["new"]
    assert await door.ward.connection.fetchval("SELECT count(*) FROM deadlines") == 1
    assert door.counted == [("stored", "high")]


async def test_a_repeat_is_answered_as_the_first_time(door: Door) -> None:
    """H2: the same key gives the same message; with another body it is refused and the first stays."""
    lab = await door.key("lab", SEND)
    first = await door.send(lab)
    again = await door.send(lab)
    other = await door.send(lab, text="Something else.")

    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert told(other) == (409, "id_reused")
    assert door.ward.events(door.ward.chen) == ["new"]


async def test_two_systems_may_use_one_identity(door: Door) -> None:
    """An id is of its source; a second key of the same source is the same space."""
    lab, lab2, ehr = await door.key("lab", SEND), await door.key("lab", SEND), await door.key("ehr", SEND)
    first = (await door.send(lab)).json()["message"]
    assert (await door.send(lab2)).json()["message"] == first
    assert (await door.send(ehr)).json()["message"] != first


async def test_a_dry_run_tells_who_would_get_it_and_keeps_nothing(door: Door) -> None:
    """Who, by which endpoints, and why; no key of identity is needed."""
    lab = await door.key("lab", SEND)
    response = await door.client.post(
        "/v1/messages?dry_run=true", json=PAGE, headers={"Authorization": f"Bearer {lab}"}
    )

    assert response.status_code == 200
    (reach,) = response.json()["recipients"]
    assert (reach["name"], reach["reach"], reach["why"]) == ("Dr. Chen", "device", "named")
    assert reach["tries"] == "app:10 email:10"
    assert await door.ward.connection.fetchval("SELECT count(*) FROM messages") == 0


@pytest.mark.parametrize(
    ("fields", "answer", "pointer"),
    [
        ({"to": ["Dr. Who"]}, (422, "recipient_unknown"), "/to/0"),
        ({"to": []}, (422, "invalid"), "/to"),
        ({"to": "Anna"}, (422, "invalid"), "/to"),
        ({"text": " \u200b "}, (422, "text_blank"), "/text"),
        ({"text": "x" * 4001}, (422, "invalid"), "/text"),
        ({"subject": "a\r\nBcc: all"}, (422, "invalid"), "/subject"),
        ({"priority": "CODE"}, (422, "invalid"), "/priority"),
        ({"urgency": "high"}, (422, "invalid"), "/urgency"),
        ({"responses": {"choices": ["yes", "Yes"]}}, (422, "choices_invalid"), "/responses/choices/1"),
        ({"responses": {"choices": ["yes", 2]}}, (422, "invalid"), "/responses/choices/1"),
        ({"expires_at": "2036-01-01T00:00:00"}, (422, "invalid"), "/expires_at"),
        ({"expires_at": "2036-01-01T00:00:00Z"}, (422, "expiry_not_allowed"), "/expires_at"),
        ({"reply_to": "msg_" + "0" * 32}, (404, "not_found"), "/reply_to"),
        ({"kind": "technical_alarm"}, (422, "invalid"), "/kind"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_named_with_its_place(
    door: Door, fields: dict[str, Any], answer: tuple[int, str], pointer: str
) -> None:
    """Nothing is kept, and a program knows where to look."""
    response = await door.send(await door.key("lab", SEND), **fields)

    assert told(response) == answer
    (fault,) = response.json()["errors"]
    assert fault["pointer"] == pointer
    assert await door.ward.connection.fetchval("SELECT count(*) FROM messages") == 0


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (b"", (400, "malformed")),
        (b"{", (400, "malformed")),
        (b'{"to":["Anna"],"priority":"low","text":"a","text":"b"}', (400, "malformed")),
        (b'{"to":["Anna"],"priority":"low","text":NaN}', (400, "malformed")),
        (b'{"to":["Anna"],"priority":"low","text":"\xff"}', (400, "malformed")),
        (b'{"to":["Anna"],"priority":"low","text":"\\ud800"}', (400, "malformed")),
        (b"[" * 10_000, (400, "malformed")),
        (b'{"to":' + b"[" * 40 + b"]" * 40 + b"}", (400, "malformed")),
        (b"[]", (422, "invalid")),
        (b"null", (422, "invalid")),
        (b'{"to":["Anna"],"priority":"low","text":"' + b"x" * 50_000 + b'"}', (413, "too_large")),
    ],
)
async def test_what_is_no_good_json_is_refused_without_harm(door: Door, body: bytes, answer: tuple[int, str]) -> None:
    """Truncated, twice, endless, deep or too large: a stable code, and the next request is served."""
    lab = await door.key("lab", SEND)
    headers = {"Authorization": f"Bearer {lab}", "Idempotency-Key": "1", "Content-Type": "application/json"}
    assert told(await door.client.post("/v1/messages", content=body, headers=headers)) == answer
    assert (await door.send(lab)).status_code == 201


@pytest.mark.parametrize(
    "headers", [{"Content-Type": "text/plain"}, {"Content-Type": "application/json; charset=latin-1"},
                {"Content-Type": "application/json", "Content-Encoding": "gzip"}],
)  # fmt: skip
async def test_another_kind_of_body_is_refused(door: Door, headers: dict[str, str]) -> None:
    """No guessing of types, and no bombs to unpack."""
    lab = await door.key("lab", SEND)
    told_headers = {"Authorization": f"Bearer {lab}", "Idempotency-Key": "1", **headers}
    response = await door.client.post("/v1/messages", content=json.dumps(PAGE), headers=told_headers)
    assert told(response) == (415, "media_unsupported")


async def test_who_is_unknown_or_may_not_is_refused_and_written_down(door: Door) -> None:
    """401 and 403; of those who are known one fact, however often they ask."""
    ward = door.ward
    lab = await door.key("lab", SEND)
    key, old = await make_key(door.desk, OPERATOR, source="old", scopes=[SEND])
    await revoke_key(door.desk, OPERATOR, key.id)
    await ward.people.refresh(ward.connection)

    assert told(await door.client.get("/v1/messages")) == (401, "not_authenticated")
    assert told(await door.get("ww_live_" + "0" * 32 + "_" + "A" * 43, "/v1/messages")) == (401, "not_authenticated")
    assert told(await door.get(old, "/v1/messages")) == (401, "not_authenticated")
    for _ in range(3):
        assert told(await door.send(lab, priority="code")) == (403, "not_permitted")
    assert told(await door.post(lab, "/v1/people", {"name": "Mallory"})) == (403, "not_permitted")
    await ward.quiet()

    rows = await ward.connection.fetch("SELECT body FROM facts WHERE kind = 'AccessDenied' ORDER BY at, seq")
    who = sorted((json.loads(row["body"])["who"], json.loads(row["body"])["code"]) for row in rows)
    assert who == [(ids.write_id(ids.KEY, key.id), "not_authenticated"), ("lab", "not_permitted")]


async def test_mallory_sees_no_message_of_others(door: Door) -> None:
    """H19: 404, not 403: not even that it exists; nor can it be taken back or retold."""
    lab, mallory = await door.key("lab", SEND), await door.key("mallory", SEND)
    message = (await door.send(lab)).json()["message"]

    for path in (f"/v1/messages/{message}", f"/v1/messages/{message}/trace", f"/v1/messages/{message}/deliveries"):
        assert told(await door.get(mallory, path)) == (404, "not_found")
        assert (await door.get(lab, path)).status_code == 200
    cancel = await door.post(mallory, f"/v1/messages/{message}/cancel", {})
    assert told(cancel) == (404, "not_found")
    assert (await door.get(mallory, "/v1/messages")).json() == {"data": [], "next": None}
    assert told(await door.get(mallory, "/v1/messages", source="lab")) == (403, "not_permitted")


async def test_lists_are_paged_and_lead_on(door: Door) -> None:
    """Newest first; the Link header is followed to the last page, which has none."""
    lab, auditor = await door.key("lab", SEND), await door.key("audit", READ)
    sent = []
    for nth in range(5):
        sent.append((await door.send(lab, id=str(nth))).json()["message"])
        door.ward.clock.advance(timedelta(milliseconds=5))

    seen, path = [], "/v1/messages?limit=2"
    while path:
        response = await door.get(auditor, path) if "?" not in path else await door.client.get(
            path, headers={"Authorization": f"Bearer {auditor}"}
        )  # fmt: skip
        seen += [line["id"] for line in response.json()["data"]]
        path = response.headers.get("link", "").partition(">")[0].lstrip("<")
    assert seen == sent[::-1]
    assert told(await door.get(lab, "/v1/messages", limit=0)) == (422, "invalid")
    assert told(await door.get(lab, "/v1/messages", after="x")) == (422, "invalid")
    assert told(await door.get(lab, "/v1/messages", sort="asc")) == (422, "invalid")


async def test_a_message_is_read_with_how_it_stands(door: Door) -> None:
    """What was said, and for each recipient the state, the answer and when."""
    lab = await door.key("lab", SEND)
    response = await door.send(lab, responses={"accept_decline": True}, patient="4711")
    message = response.json()["message"]
    stored = _stored(response)
    await door.ward.say(door.ward.chen, stored, Event.ACCEPT)

    shown = (await door.get(lab, f"/v1/messages/{message}")).json()
    assert (shown["text"], shown["patient"], shown["states"]) == (PAGE["text"], "4711", {"accepted": 1})
    (delivery,) = shown["deliveries"]
    assert (delivery["name"], delivery["state"], delivery["response"]) == ("Dr. Chen", "accepted", "accept")


async def test_all_deliveries_of_a_large_message_can_be_read(door: Door) -> None:
    """With the message the first hundred, and where the others are; page by page each person once."""
    nurses = [await door.ward.add_person(f"Nurse {nth}") for nth in range(103)]
    group = await door.ward.add_group("All nurses", nurses)
    lab = await door.key("lab", SEND)
    message = (await door.send(lab, to=[group])).json()["message"]

    response = await door.get(lab, f"/v1/messages/{message}")
    shown = response.json()
    assert (sum(shown["states"].values()), len(shown["deliveries"])) == (103, 100)
    link = response.headers["link"].partition(">")[0].lstrip("<")
    assert link == f"/v1/messages/{message}/deliveries?limit=100&after={shown['next']}"
    rest = (await door.client.get(link, headers={"Authorization": f"Bearer {lab}"})).json()
    assert rest["next"] is None
    named = [line["person"] for line in shown["deliveries"] + rest["data"]]
    assert named == sorted(ids.write_id(ids.PERSON, nurse.id) for nurse in nurses)

    first = (await door.get(lab, f"/v1/messages/{message}/deliveries", limit=60)).json()
    second = (await door.get(lab, f"/v1/messages/{message}/deliveries", limit=60, after=first["next"])).json()
    assert first["data"] + second["data"] == shown["deliveries"] + rest["data"]
    assert second["next"] is None
    assert {(line["why"], line["state"]) for line in first["data"]} == {(f"group:{group}", "pending")}
    assert told(await door.get(lab, f"/v1/messages/{message}/deliveries", after="per_x")) == (422, "invalid")
    assert told(
        await door.get(lab, f"/v1/messages/{ids.write_id(ids.MESSAGE, ids.new_id(door.ward.clock.now()))}/deliveries")
    ) == (404, "not_found")


async def test_a_story_is_told_with_names_times_and_reasons(door: Door) -> None:
    """Stored, not confirmed, by e-mail, delivered, answered: each hop with node and sentence, nothing of the text."""
    ward = door.ward
    lab = await door.key("lab", SEND)
    response = await door.send(lab, responses={"accept_decline": True})
    stored = _stored(response)
    await ward.pass_time(seconds=10.5)
    await ward.say(ward.chen, stored, Event.CONFIRMED)
    await ward.say(ward.chen, stored, Event.ACCEPT)

    story = (await door.get(lab, f"/v1/messages/{stored.message}/trace")).json()
    assert [(hop["what"], hop["text"]) for hop in story["hops"]] == [
        ("Stored", "stored for good on this machine alone: from lab, for 1 person"),
        ("NotConfirmed", "no device of Dr. Chen confirmed within 10 s; next: e-mail"),
        ("Sent", "handed over to the email relay for Dr. Chen; it took it, no more is known"),
        ("Delivered", "delivered to Dr. Chen's phone"),
        ("Answered", "accepted by Dr. Chen"),
    ]
    assert {hop["node"] for hop in story["hops"]} == {"story"}
    (promise,) = story["people"]
    assert (promise["promised_s"], promise["kept"], promise["state"]) == (10.0, False, "accepted")
    assert "bed 12" not in json.dumps(story)


async def test_a_message_is_taken_back_once(door: Door) -> None:
    """The recipient hears of it; a repeat changes nothing."""
    ward = door.ward
    lab = await door.key("lab", SEND)
    message = (await door.send(lab)).json()["message"]
    first = await door.post(lab, f"/v1/messages/{message}/cancel", {"recall": True})
    again = await door.post(lab, f"/v1/messages/{message}/cancel", {"recall": True})

    assert (first.json()["ended"], first.json()["why"], again.json()["ended"]) == (1, "recalled", 0)
    assert (await door.get(lab, f"/v1/messages/{message}")).json()["ended_why"] == "recalled"
    assert len(ward.events(ward.chen)) == 2
    assert told(await door.post(lab, "/v1/messages/msg_1/cancel", {})) == (404, "not_found")


async def test_a_ward_is_entered_over_http_and_can_be_paged_at_once(door: Door) -> None:
    """Who was added is found by the next request; codes, groups and roles work by name."""
    clerk = await door.key("hr", DIRECTORY, SEND, CODE)
    eva = (await door.post(clerk, "/v1/people", {"name": "Eva", "title": "unit manager"})).json()
    mail = await door.post(clerk, f"/v1/people/{eva['id']}/endpoints", {"address": "eva@example.org"})
    group = await door.post(clerk, "/v1/groups", {"name": "Managers", "members": [eva["id"]]})
    role = (await door.post(clerk, "/v1/roles", {"name": "Manager on call", "fallback": "desk"})).json()
    now = door.ward.clock.now()
    shift = await door.post(
        clerk,
        f"/v1/roles/{role['id']}/shifts",
        {"person": eva["id"], "starts_at": now.isoformat(), "ends_at": (now + timedelta(hours=8)).isoformat()},
    )
    page = await door.send(clerk, to=["group:managers", "role:Manager on call"], priority="code")

    assert [mail.status_code, group.status_code, shift.status_code, page.status_code] == [201] * 4
    assert page.json()["recipient_count"] == 1
    assert (await door.get(clerk, f"/v1/roles/{role['id']}")).json()["holder"] == eva["id"]
    taken = await door.post(clerk, "/v1/groups", {"name": "MANAGERS"})
    assert told(taken) == (409, "name_taken")
    changed = await door.post(clerk, f"/v1/people/{eva['id']}", {"disabled": True}, "PATCH")
    assert changed.json()["disabled"]
    assert told(await door.send(clerk, id="2", to=[eva["id"]])) == (422, "recipient_disabled")
    status = await door.post(clerk, f"/v1/people/{eva['id']}/status", {"status": "asleep"}, "PUT")
    assert told(status) == (422, "invalid")


async def test_what_is_entered_twice_with_one_key_is_made_once(door: Door) -> None:
    """Whoever lost an answer asks again: the first one comes, whatever has happened since, and no fact is added."""
    clerk = await door.key("hr", DIRECTORY, SEND)
    eva = (await door.post(clerk, "/v1/people", {"name": "Eva"})).json()["id"]
    role = (await door.post(clerk, "/v1/roles", {"name": "Manager on call", "fallback": "desk"})).json()["id"]
    unit = (await door.post(clerk, "/v1/places", {"kind": "unit", "name": "4 West"})).json()["id"]
    bed = (await door.post(clerk, "/v1/places", {"kind": "bed", "name": "4W-12", "parent": unit})).json()["id"]
    now = door.ward.clock.now()
    times = {"starts_at": now.isoformat(), "ends_at": (now + timedelta(hours=8)).isoformat()}
    asked = {
        "/v1/people": {"name": "Dora"},
        f"/v1/people/{eva}/endpoints": {"address": "eva@example.org"},
        "/v1/groups": {"name": "Managers", "members": [eva]},
        "/v1/roles": {"name": "Cardiology 1st", "fallback": eva},
        f"/v1/roles/{role}/shifts": {"person": eva, **times},
        "/v1/places": {"kind": "unit", "name": "5 West"},
        "/v1/assignments": {"assignments": [{"place": bed, "person": eva, **times}]},
        "/v1/policies": {"name": "Consult", "steps": [{"targets": [eva, "desk"], "wait_s": 60}]},
    }
    first = {path: await door.post(clerk, path, body, id=path) for path, body in asked.items()}
    assert {path: answer.status_code for path, answer in first.items()} == dict.fromkeys(asked, 201)
    facts = await door.ward.connection.fetchval("SELECT count(*) FROM facts")
    dora = first["/v1/people"].json()["id"]
    await door.post(clerk, f"/v1/people/{dora}", {"name": "Dora, operator"}, "PATCH")

    for path, body in asked.items():
        again = await door.post(clerk, path, body, id=path)
        assert (again.status_code, again.json()) == (201, first[path].json())
        assert again.headers["idempotency-replayed"] == "true"
        assert again.headers.get("location") == first[path].headers.get("location")
        assert "idempotency-replayed" not in first[path].headers
    assert await door.ward.connection.fetchval("SELECT count(*) FROM facts") == facts + 1


async def test_a_key_of_a_request_stands_for_one_content_of_one_source(door: Door) -> None:
    """Other content, or another kind of thing, is refused; another source has its own; what failed used none."""
    clerk, admin = await door.key("hr", DIRECTORY), await door.key("it", DIRECTORY)
    ben = (await door.post(clerk, "/v1/people", {"name": "Ben"}, id="1")).json()["id"]
    for path, body in (("/v1/people", {"name": "Eva"}), ("/v1/roles", {"name": "Ben", "fallback": "desk"})):
        refused = await door.post(clerk, path, body, id="1")
        assert told(refused) == (409, "id_reused")
        assert refused.json()["errors"][0]["parameter"] == "Idempotency-Key"
    other = await door.post(admin, "/v1/people", {"name": "Ben"}, id="1")
    assert other.status_code == 201
    assert other.json()["id"] != ben
    await door.post(clerk, "/v1/groups", {"name": "Managers"})
    assert told(await door.post(clerk, "/v1/groups", {"name": "Managers"}, id="2")) == (409, "name_taken")
    assert (await door.post(clerk, "/v1/groups", {"name": "Unit managers"}, id="2")).status_code == 201
    assert told(await door.post(clerk, "/v1/people", {"name": "Eva"}, id="x" * 201)) == (422, "invalid")


async def test_two_requests_with_one_key_at_once_make_one_thing(door: Door) -> None:
    """The second is told to ask again, or given the first one's answer."""
    clerk = await door.key("hr", DIRECTORY)
    both = await asyncio.gather(*(door.post(clerk, "/v1/people", {"name": "Eva"}, id="1") for _ in range(2)))
    assert {told(answer) for answer in both if answer.status_code != 201} <= {(409, "conflict")}
    again = await door.post(clerk, "/v1/people", {"name": "Eva"}, id="1")
    assert again.json()["id"] in {answer.json().get("id") for answer in both}
    assert len((await door.get(clerk, "/v1/people", name="Eva")).json()["data"]) == 1


async def test_a_repeated_answer_shows_no_secret(door: Door) -> None:
    """The text of an API key is kept nowhere, so it cannot be said twice; but no second key is made."""
    clerk = await door.key("hr", DIRECTORY, SEND)
    made, again = [await door.post(clerk, "/v1/keys", {"source": "lab", "scopes": [SEND]}, id="1") for _ in range(2)]
    assert again.json() == {**made.json(), "key": None}
    assert (await door.send(made.json()["key"])).status_code == 201
    listed = (await door.get(clerk, "/v1/keys")).json()["data"]
    assert len([key for key in listed if key["source"] == "lab"]) == 1
    kept = await door.ward.connection.fetchval("SELECT string_agg(answer, '') FROM directory_requests")
    assert made.json()["key"][-43:] not in kept


async def test_a_key_made_over_http_works_until_it_is_revoked(door: Door) -> None:
    """It is shown once; the list has no secret."""
    clerk = await door.key("hr", DIRECTORY, SEND)
    made = (await door.post(clerk, "/v1/keys", {"source": "lab", "scopes": [SEND]})).json()
    assert (await door.send(made["key"])).status_code == 201
    listed = await door.get(clerk, "/v1/keys")
    assert made["key"][-43:] not in listed.text  # the secret: it may have any sign of base64url
    revoked = await door.client.delete(f"/v1/keys/{made['id']}", headers={"Authorization": f"Bearer {clerk}"})
    assert (revoked.status_code, revoked.content) == (204, b"")
    assert told(await door.send(made["key"], id="2")) == (401, "not_authenticated")


async def test_without_a_database_the_answer_is_quick_and_clear(door: Door) -> None:
    """503 with Retry-After, and nothing was kept; reading is refused too, because nobody knows what is whole."""
    lab = await door.key("lab", SEND)
    await door.ward.lanes.stop()

    sent = await door.send(lab)
    assert told(sent) == (503, "unavailable")
    assert sent.headers["retry-after"] == "1"
    assert told(await door.get(lab, "/v1/messages")) == (503, "unavailable")


async def test_ambiguous_names_are_answered_with_who_could_be_meant(door: Door) -> None:
    """The sender can choose without searching."""
    lab = await door.key("lab", SEND)
    second = await door.ward.add_person("Dr. Chen")
    response = await door.send(lab)

    assert told(response) == (422, "recipient_ambiguous")
    expected = {second.wire, door.ward.chen.wire}
    assert set(response.json()["candidates"]) == expected
    assert {suggestion["to"] for suggestion in response.json()["suggested"]} == expected


async def test_every_answer_guards_itself(door: Door) -> None:
    """Security headers on results, problems and unknown addresses alike; each problem names a page that exists."""
    lab = await door.key("lab", SEND)
    answers = [
        await door.get(lab, "/v1/messages"),
        await door.get(lab, "/nowhere"),
        await door.client.put("/v1/messages"),
        await door.client.get("/openapi.json"),
    ]
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert told(answers[1]) == (404, "not_found")
    assert told(answers[2]) == (405, "method_unsupported")
    assert "POST" in answers[2].headers["allow"]
    page = await door.client.get(answers[1].json()["type"])
    assert "not_found" in page.text


def _stored(response: httpx.Response) -> Stored:
    return msgspec.json.decode(response.content, type=Stored)
