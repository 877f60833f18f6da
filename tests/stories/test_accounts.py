"""Who signs in, with what, for how long, and what they may then: on a real database, over HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from tests.stories.test_rest import Door, opened, told
from tests.ward import OPERATOR, open_app
from wardwire.access.accounts import Accounts, add_account, issue_first_code
from wardwire.access.guesses import Guesses
from wardwire.access.hashing import Hasher
from wardwire.api.app import make_api
from wardwire.model.errors import Code, Refused, Unavailable
from wardwire.model.guesses import FREE
from wardwire.model.rights import ACCOUNTS, ADMINISTER
from wardwire.model.totp import code_of, step_at
from wardwire.store.ledger import Ledger
from wardwire.testing.patience import PATIENT_S
from wardwire.testing.ward import Member, Ward

GOOD, OTHER = "blue kettle rain", "green window snow"


class Desk:
    """The interface, with accounts behind it."""

    def __init__(self, door: Door, client: httpx.AsyncClient, at: Accounts) -> None:
        self.ward = door.ward
        self.door = door
        self.client = client
        self.at = at

    async def account(self, member: Member, login: str, *roles: str) -> str:
        """Give somebody an account with the good password; returns its id."""
        _, issued = await add_account(self.at, OPERATOR, person_id=member.id, login=login, roles=roles)
        claimed = await self.client.post("/v1/accounts/claim", json={"code": issued.code, "password": GOOD})
        assert claimed.status_code == 201, claimed.text
        return str(claimed.json()["id"])

    async def try_in(self, login: str, password: str = GOOD, **fields: Any) -> httpx.Response:
        """Try to sign in."""
        return await self.client.post("/v1/sessions", json={"login": login, "password": password, **fields})

    async def sign_in(self, login: str, password: str = GOOD, **fields: Any) -> str:
        """Sign in; returns the token."""
        answer = await self.try_in(login, password, **fields)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["token"])

    async def ask(
        self, token: str, method: str, path: str, body: Any = None, *, headers: Mapping[str, str] = {}
    ) -> httpx.Response:
        """Ask as who is signed in."""
        headers = {"Authorization": f"Bearer {token}", **headers}
        return await self.client.request(method, path, json=body, headers=headers)

    async def second_factor(self, token: str) -> tuple[bytes, list[str]]:
        """Set up an app; returns its secret and the recovery codes."""
        assert (await self.ask(token, "POST", "/v1/account/second-factor")).status_code == 201
        secret: bytes = await self.ward.connection.fetchval("SELECT totp FROM account_secrets WHERE totp IS NOT NULL")
        confirmed = await self.ask(token, "POST", "/v1/account/second-factor/confirm", {"code": self.code(secret)})
        assert confirmed.status_code == 200, confirmed.text
        return secret, confirmed.json()["recovery_codes"]

    def code(self, secret: bytes) -> str:
        """What the app shows now."""
        return code_of(secret, step_at(self.ward.clock.now()))

    def wait(self, **span: float) -> None:
        """Let time pass."""
        self.ward.clock.advance(timedelta(**span))

    async def facts(self, kind: str) -> list[dict[str, Any]]:
        """What was written down."""
        await self.ward.quiet()
        rows = await self.ward.connection.fetch("SELECT body FROM facts WHERE kind = $1 ORDER BY at, seq", kind)
        return [json.loads(row["body"]) for row in rows]


@asynccontextmanager
async def opened_desk(database_url: str, *, origin: str = "") -> AsyncIterator[Desk]:
    """The interface on a ward that waits long for its database: nothing here is about a slow one."""
    async with Ward(database_url) as ward, opened(ward, database_url) as door:
        ledger = Ledger("story/accounts", open_connection=lambda: open_app(database_url), patience_s=PATIENT_S)
        hasher = Hasher(memory_kib=64)
        guesses = Guesses(door.deps.read, ward.clock)
        at = Accounts(
            ledger=ledger, clock=ward.clock, hasher=hasher, guesses=guesses, site="St. Mary's", origin=origin
        )
        transport = httpx.ASGITransport(app=make_api(replace(door.deps, accounts=at)))
        async with httpx.AsyncClient(transport=transport, base_url="https://ward") as client:
            yield Desk(door, client, at)
        hasher.close()
        await ledger.close()


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    """The interface, with accounts behind it."""
    async with opened_desk(database_url) as desk:
        yield desk


async def test_the_first_administrator_comes_in_by_a_code_and_lets_others_in(desk: Desk) -> None:
    """H141: there is no default password; the code is good once, and worth nothing once there is an administrator."""
    first = await issue_first_code(desk.at, "serve", once=True)
    assert first is not None
    assert await issue_first_code(desk.at, "serve", once=True) is None
    claim = {"code": first.code.lower().replace("-", " "), "password": GOOD, "login": "dora", "name": "Dora Again"}
    weak = await desk.client.post("/v1/accounts/claim", json={**claim, "password": "password1234567"})
    assert told(weak) == (422, "password_weak")
    spare = await issue_first_code(desk.at, "cli")
    assert spare is not None
    assert told(await desk.client.post("/v1/accounts/claim", json=claim)) == (410, "code_expired")
    made = await desk.client.post("/v1/accounts/claim", json={**claim, "code": spare.code})
    assert (made.status_code, made.json()["roles"]) == (201, ["administrator"])
    assert told(await desk.client.post("/v1/accounts/claim", json={**claim, "code": spare.code})) == (
        410,
        "code_expired",
    )
    assert await issue_first_code(desk.at, "cli") is None

    admin = await desk.sign_in("Dora")
    body = {"person": desk.ward.anna.wire, "login": "Anna", "roles": ["clinician"]}
    added = await desk.ask(admin, "POST", "/v1/accounts", body)
    assert added.status_code == 201, added.text
    assert told(await desk.ask(admin, "POST", "/v1/accounts", body)) == (409, "conflict")
    body["person"] = desk.ward.ben.wire
    assert told(await desk.ask(admin, "POST", "/v1/accounts", body)) == (409, "name_taken")
    assert told(await desk.ask(admin, "POST", "/v1/accounts", {**body, "roles": ["unit_manager"]})) == (
        422,
        "invalid",
    )
    assert told(await desk.try_in("anna")) == (401, "not_authenticated")
    chosen = await desk.client.post("/v1/accounts/claim", json={"code": added.json()["code"], "password": OTHER})
    assert chosen.status_code == 201
    anna = await desk.sign_in("anna", OTHER)
    assert told(await desk.ask(anna, "GET", "/v1/accounts")) == (403, "not_permitted")
    last = await desk.ask(admin, "PATCH", f"/v1/accounts/{made.json()['id']}", {"disabled": True})
    assert told(last) == (409, "last_administrator")
    demoted = await desk.ask(admin, "PATCH", f"/v1/accounts/{made.json()['id']}", {"roles": ["operator"]})
    assert told(demoted) == (409, "last_administrator")
    person = f"/v1/people/{made.json()['person']}"
    gone = await desk.ask(admin, "PATCH", person, {"disabled": True})
    assert told(gone) == (409, "last_administrator"), "nor is the person behind the account disabled"
    assert (await desk.ask(admin, "GET", person)).json()["disabled"] is False
    text = json.dumps([await desk.facts("AccountChanged"), await desk.facts("SignedIn")])
    assert not any(secret in text for secret in (GOOD, OTHER, spare.code, added.json()["code"], anna))


async def test_a_session_ends_by_itself_by_a_word_and_with_its_account(desk: Desk) -> None:
    """H142: a forgotten terminal is nobody's for long; a lost one is signed out from another, at once."""
    ward = desk.ward
    account = await desk.account(ward.anna, "anna", "clinician")
    await desk.account(ward.dora, "dora", "administrator")
    await desk.account(ward.mallory, "mallory", "clinician")
    idle, busy = await desk.sign_in("anna"), await desk.sign_in("anna")
    for _ in range(3):
        desk.wait(minutes=14)
        assert (await desk.ask(busy, "GET", "/v1/people")).status_code == 200
    assert told(await desk.ask(idle, "GET", "/v1/people")) == (401, "not_authenticated")
    for _ in range(50):
        desk.wait(minutes=14)
        await desk.ask(busy, "GET", "/v1/people")
    assert told(await desk.ask(busy, "GET", "/v1/people")) == (401, "not_authenticated")

    here, there = await desk.sign_in("anna"), await desk.sign_in("anna")
    mallory, admin = await desk.sign_in("mallory"), await desk.sign_in("dora")
    listed = (await desk.ask(here, "GET", "/v1/sessions")).json()["data"]
    (other,) = [line["id"] for line in listed if not line["current"]]
    assert len(listed) == 2
    assert {line["person"] for line in listed} == {ward.anna.wire}
    assert told(await desk.ask(mallory, "DELETE", f"/v1/sessions/{other}")) == (404, "not_found")
    assert (await desk.ask(here, "DELETE", f"/v1/sessions/{other}")).status_code == 204
    assert told(await desk.ask(there, "GET", "/v1/people")) == (401, "not_authenticated")
    assert len((await desk.ask(admin, "GET", "/v1/sessions")).json()["data"]) == 3
    assert (await desk.ask(mallory, "DELETE", "/v1/sessions/current")).status_code == 204
    assert told(await desk.ask(mallory, "GET", "/v1/people")) == (401, "not_authenticated")
    assert (await desk.ask(admin, "PATCH", f"/v1/accounts/{account}", {"disabled": True})).status_code == 200
    assert told(await desk.ask(here, "GET", "/v1/people")) == (401, "not_authenticated")
    assert told(await desk.try_in("anna")) == (401, "not_authenticated")
    assert told(await desk.ask("ww_ses_" + "0" * 32 + "_" + "A" * 43, "GET", "/v1/people")) == (
        401,
        "not_authenticated",
    )
    assert await ward.connection.fetchval("SELECT bool_and(octet_length(secret) = 32) FROM account_sessions")
    # Her devices are another matter: what is sent to her still rings.
    await ward.send(ward.ben, ["Anna"])
    assert ward.events(ward.anna) == ["new"]


async def test_a_second_factor_is_asked_for_and_its_codes_are_used_once(desk: Desk) -> None:
    """H143: a password that was seen is not enough; nor is a code that was seen."""
    ward = desk.ward
    await desk.account(ward.anna, "anna", "clinician")
    token = await desk.sign_in("anna")
    secret, recovery = await desk.second_factor(token)
    assert told(await desk.try_in("anna")) == (401, "second_factor_needed")
    assert told(await desk.try_in("anna", code=desk.code(secret))) == (401, "not_authenticated")
    desk.wait(seconds=31)
    code = desk.code(secret)
    assert told(await desk.try_in("anna", OTHER, code=code)) == (401, "not_authenticated")
    both = await asyncio.gather(*(desk.try_in("anna", code=code) for _ in range(2)))
    assert sorted(answer.status_code for answer in both) == [201, 401]
    assert (await desk.try_in("anna", code=recovery[0].lower())).status_code == 201
    assert told(await desk.try_in("anna", code=recovery[0])) == (401, "not_authenticated")

    token = await desk.sign_in("anna", code=recovery[1])
    short = await desk.ask(token, "POST", "/v1/account/password", {"old": GOOD, "new": "kettle 7"})
    assert short.status_code == 204
    away = await desk.ask(token, "POST", "/v1/account/second-factor/remove", {"password": "kettle 7"})
    assert told(away) == (422, "password_weak")
    wrong = await desk.ask(token, "POST", "/v1/account/password", {"old": GOOD, "new": OTHER})
    assert told(wrong) == (403, "not_permitted")
    # The phone is gone: an administrator takes it away, and the short password is then worth nothing.
    await desk.account(ward.dora, "dora", "administrator")
    admin, account = await desk.sign_in("dora"), (await desk.ask(token, "GET", "/v1/sessions")).json()["data"][0]
    reset = await desk.ask(admin, "PATCH", f"/v1/accounts/{account['account']}", {"second_factor": False})
    assert reset.status_code == 200
    assert told(await desk.try_in("anna", "kettle 7")) == (401, "not_authenticated")


async def test_cores_count_guesses_together(desk: Desk, pool: asyncpg.Pool) -> None:
    """H249: five guesses at each of four servers were twenty. A good sign-in writes nothing anew."""
    ward = desk.ward
    await desk.account(ward.anna, "anna", "clinician")
    other = Guesses(desk.door.deps.read, ward.clock)
    assert (await desk.try_in("anna")).status_code == 201
    kept = await pool.fetch("SELECT * FROM guesses")
    assert (await desk.try_in("anna")).status_code == 201
    assert await pool.fetch("SELECT * FROM guesses") == kept
    for _ in range(FREE):
        async with other.guess("ben", "10.0.0.9") as guess:
            guess.wrong = True
    assert told(await desk.try_in("ben", OTHER)) == (429, "rate_limited")
    desk.wait(minutes=1)
    assert told(await desk.try_in("ben", OTHER)) == (401, "not_authenticated")
    with pytest.raises(Refused) as refused:
        async with other.guess("ben", "10.0.0.9"):
            pass
    assert refused.value.code is Code.RATE_LIMITED
    async with other.guess("anna", "10.0.0.9") as guess:
        guess.right = True
    rows = await pool.fetch("SELECT whom FROM guesses")
    assert not any(b"anna" in row["whom"] or b"ben" in row["whom"] for row in rows), "digests alone"


async def test_many_guesses_at_once_are_many(desk: Desk) -> None:
    """H249: a hundred requests in the same instant all found that none had been wrong yet."""
    await desk.account(desk.ward.anna, "anna", "clinician")
    answers = await asyncio.gather(*(desk.try_in("anna", OTHER) for _ in range(20)))
    looked_at = [told(answer) for answer in answers].count((401, "not_authenticated"))
    assert 1 <= looked_at <= FREE
    desk.wait(minutes=16)
    assert (await desk.try_in("anna")).status_code == 201


async def test_guesses_are_slowed_down_and_the_victims_pages_go_on(desk: Desk) -> None:
    """H144: unknown names are answered as known ones; who guesses waits; Anna's phone rings all the while."""
    ward = desk.ward
    await desk.account(ward.anna, "anna", "clinician")
    answers = [told(await desk.try_in(name, OTHER)) for name in ("anna", "nobody")]
    assert answers == [(401, "not_authenticated")] * 2
    many = [await desk.try_in("anna", OTHER) for _ in range(8)]
    assert [told(answer) for answer in many][-1] == (429, "rate_limited")
    assert int(many[-1].headers["retry-after"]) >= 1
    assert told(await desk.try_in("anna")) == (429, "rate_limited")
    await ward.send(ward.ben, ["Anna"])
    assert ward.events(ward.anna) == ["new"]
    desk.wait(minutes=16)
    assert (await desk.try_in("anna")).status_code == 201
    denied = await desk.facts("AccessDenied")
    assert {(one["code"], one["door"]) for one in denied} == {("not_authenticated", "api:signIn")}
    assert all(one["who"].startswith("acc_") for one in denied)


async def test_an_outage_is_nobodys_wrong_guess(desk: Desk) -> None:
    """Who tried again and again while the database was away signs in at once when it is back."""
    await desk.account(desk.ward.anna, "anna", "clinician")
    at = replace(desk.at, ledger=Ledger("story/none", open_connection=_nowhere))
    transport = httpx.ASGITransport(app=make_api(replace(desk.door.deps, accounts=at)))
    async with httpx.AsyncClient(transport=transport, base_url="https://ward") as away:
        for _ in range(12):
            tried = await away.post("/v1/sessions", json={"login": "anna", "password": GOOD})
            assert told(tried) == (503, "unavailable")
    assert (await desk.try_in("anna")).status_code == 201


async def _nowhere() -> Any:
    raise Unavailable(Code.UNAVAILABLE, "the database cannot be reached now")


async def test_a_browser_has_a_cookie_that_no_other_site_can_use(desk: Desk) -> None:
    """H145: its scripts never see the token; a change needs our own header, from our own pages."""
    await desk.account(desk.ward.anna, "anna", "clinician")
    signed = await desk.try_in("anna", cookie=True)
    assert "token" not in signed.json()
    cookie, *flags = [part.strip() for part in signed.headers["set-cookie"].split(";")]
    assert cookie.startswith("__Host-wardwire=ww_ses_")
    assert {"Path=/", "Secure", "HttpOnly", "SameSite=Strict"} <= set(flags)
    status = {"status": "busy"}
    path = f"/v1/people/{desk.ward.anna.wire}/status"
    desk.client.cookies.clear()

    async def change(**headers: str) -> httpx.Response:
        return await desk.client.put(path, json=status, headers={"Cookie": cookie, **headers})

    assert (await desk.client.get("/v1/people", headers={"Cookie": cookie})).status_code == 200
    assert told(await change()) == (403, "not_permitted")
    assert told(await change(**{"X-Wardwire": "1", "Sec-Fetch-Site": "cross-site"})) == (403, "not_permitted")
    assert (await change(**{"X-Wardwire": "1", "Sec-Fetch-Site": "same-origin"})).status_code == 200
    out = await desk.client.delete("/v1/sessions/current", headers={"Cookie": cookie, "X-Wardwire": "1"})
    assert "Max-Age=0" in out.headers["set-cookie"]
    assert told(await desk.client.get("/v1/people", headers={"Cookie": cookie})) == (401, "not_authenticated")


async def test_who_is_signed_in_sends_and_reads_as_themselves(desk: Desk) -> None:
    """What Anna writes at a terminal is hers; she reads what she got, whatever it came in by, and nobody else's."""
    ward = desk.ward
    await desk.account(ward.anna, "anna", "clinician")
    await desk.account(ward.ben, "ben", "clinician")
    await desk.account(ward.mallory, "mallory", "clinician")
    anna, ben, mallory = [await desk.sign_in(login) for login in ("anna", "ben", "mallory")]
    page = {"to": ["Ben"], "priority": "high", "text": "Please come to bed 12."}
    sent = await desk.client.post(
        "/v1/messages", json=page, headers={"Authorization": f"Bearer {anna}", "Idempotency-Key": "1"}
    )
    assert sent.status_code == 201
    message = sent.json()["message"]
    assert (await desk.ask(anna, "GET", f"/v1/messages/{message}")).json()["sender"]["name"] == "Anna"
    assert (await desk.ask(ben, "GET", f"/v1/messages/{message}")).status_code == 200
    assert told(await desk.ask(mallory, "GET", f"/v1/messages/{message}")) == (404, "not_found")
    assert told(await desk.ask(ben, "POST", f"/v1/messages/{message}/cancel", {})) == (404, "not_found")
    assert [line["id"] for line in (await desk.ask(anna, "GET", "/v1/messages")).json()["data"]] == [message]
    assert (await desk.ask(anna, "POST", f"/v1/messages/{message}/cancel", {})).json()["ended"] == 1


async def test_who_reads_all_else_reads_no_secret(desk: Desk, database_url: str) -> None:
    """Reports run as a role that has no business with passwords; and what guards one is never plain."""
    await desk.account(desk.ward.anna, "anna", "clinician")
    kept = await desk.ward.connection.fetchval("SELECT password FROM account_secrets")
    assert kept.startswith("$argon2id$")
    for table in ("account_secrets", "account_codes", "account_sessions"):
        assert not await desk.ward.connection.fetchval(
            "SELECT has_table_privilege('wardwire_readonly', $1, 'SELECT')", f"wardwire.{table}"
        )
    key = await desk.door.key("hr", ACCOUNTS)
    listed = (await desk.ask(key, "GET", "/v1/accounts")).json()["data"]
    assert [line["login"] for line in listed] == ["anna"]
    assert GOOD not in json.dumps(listed)


async def test_only_who_may_administer_makes_an_administrator(desk: Desk) -> None:
    """H196: a key of the personnel office adds accounts; by none of its ways does it come to an administrator's."""
    await desk.account(desk.ward.dora, "dora", "administrator")
    await desk.account(desk.ward.chen, "chen", "clinician")
    accounts = {one["login"]: f"/v1/accounts/{one['id']}" for one in (
        await desk.ask(await desk.sign_in("dora"), "GET", "/v1/accounts")
    ).json()["data"]}  # fmt: skip
    office = await desk.door.key("hr", ACCOUNTS)
    new = {"person": desk.ward.anna.wire, "login": "anna", "roles": ["administrator"]}
    assert told(await desk.ask(office, "POST", "/v1/accounts", new)) == (403, "not_permitted")
    risen = {"roles": ["clinician", "administrator"]}
    assert told(await desk.ask(office, "PATCH", accounts["chen"], risen)) == (403, "not_permitted")
    for body in ({"roles": ["clinician"]}, {"login": "mine"}, {"disabled": True}, {"second_factor": False}):
        assert told(await desk.ask(office, "PATCH", accounts["dora"], body)) == (403, "not_permitted"), body
    assert told(await desk.ask(office, "POST", f"{accounts['dora']}/codes")) == (403, "not_permitted")
    assert (await desk.ask(office, "POST", "/v1/accounts", {**new, "roles": ["clinician"]})).status_code == 201
    assert (await desk.ask(office, "PATCH", accounts["chen"], {"roles": ["operator"]})).status_code == 200

    chief = await desk.door.key("it", ACCOUNTS, ADMINISTER)
    made = await desk.ask(chief, "PATCH", accounts["chen"], {"roles": ["administrator"]})
    assert made.json()["roles"] == ["administrator"]
    assert (await desk.ask(await desk.sign_in("dora"), "POST", f"{accounts['chen']}/codes")).status_code == 201
