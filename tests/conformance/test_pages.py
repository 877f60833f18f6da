"""The pages that work without a script, over HTTP as a browser asks them, on a real database."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from tests.stories.test_accounts import GOOD, OTHER, Desk, opened_desk
from tests.ward import OPERATOR
from wardwire.access.accounts import add_account
from wardwire.api.app import ROOTS, make_api
from wardwire.console.app import beside, make_pages
from wardwire.console.sheets import sheet_pages
from wardwire.console.sign_in import Standing, sign_in_pages, written

OURS = {"Origin": "https://ward"}
EMPTY = {"Content-Type": "application/x-www-form-urlencoded"}
FOREIGN: tuple[dict[str, str], ...] = (
    {"Origin": "https://mallory.example"},
    {"Origin": "null"},
    {},
    {"Sec-Fetch-Site": "cross-site"},
)


class Pages:
    """A browser before the pages and the API.

    Attributes:
        serving: Whether the site takes messages.
    """

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.serving = True
        deps = replace(desk.door.deps, accounts=desk.at)
        on = Standing(
            accounts=desk.at,
            read=deps.read,
            rules=deps.rules,
            refresh=deps.refresh,
            serving=lambda: self.serving,
            provider=False,
            version="1.2.3",
        )
        pages = make_pages({}, {**sign_in_pages(on), **sheet_pages(on)})
        app = beside(make_api(deps), pages, roots=ROOTS)
        transport = httpx.ASGITransport(app=app)
        self.browser = httpx.AsyncClient(transport=transport, base_url="https://ward")

    async def sign_in(self, login: str, password: str = GOOD, **fields: str) -> httpx.Response:
        """Send the form."""
        return await self.browser.post("/login", data={"login": login, "password": password, **fields}, headers=OURS)


@asynccontextmanager
async def opened_pages(database_url: str) -> AsyncIterator[Pages]:
    """The pages, for a browser."""
    async with opened_desk(database_url) as desk:
        pages = Pages(desk)
        async with pages.browser:
            yield pages


@pytest.fixture
async def pages(database_url: str) -> AsyncIterator[Pages]:
    """The pages, for a browser."""
    async with opened_pages(database_url) as pages:
        yield pages


async def test_anna_chooses_a_password_signs_in_and_out_without_a_script(pages: Pages) -> None:
    """A one-time code, a form, a cookie that the API knows; after the word to sign out it is worth nothing."""
    _, issued = await add_account(
        pages.desk.at, OPERATOR, person_id=pages.desk.ward.anna.id, login="anna", roles=["clinician"]
    )
    chosen = {"code": issued.code, "password": GOOD, "again": GOOD}
    differ = await pages.browser.post("/setup", data={**chosen, "again": OTHER}, headers=OURS)
    assert (differ.status_code, "The two passwords differ." in differ.text) == (422, True)
    assert GOOD not in differ.text
    done = await pages.browser.post("/setup", data=chosen, headers=OURS)
    assert (done.status_code, done.headers["location"]) == (303, "/login?chosen&lang=en")
    assert "Your password is chosen" in (await pages.browser.get(done.headers["location"])).text
    used = await pages.browser.post("/setup?lang=de", data=chosen, headers=OURS)
    assert "Dieser Code gilt nicht" in used.text

    signed = await pages.sign_in("anna", next="/console")
    assert (signed.status_code, signed.headers["location"]) == (303, "/console")
    cookie, *flags = [part.strip() for part in signed.headers["set-cookie"].split(";")]
    assert cookie.startswith("__Host-wardwire=ww_ses_")
    assert {"Path=/", "Secure", "HttpOnly", "SameSite=Strict"} <= set(flags)
    assert "Anna" in (await pages.browser.get("/login")).text
    assert (await pages.browser.get("/v1/people")).status_code == 200

    out = await pages.browser.post("/logout", headers={**OURS, **EMPTY})
    assert (out.status_code, out.headers["location"]) == (303, "/login")
    assert (await pages.browser.get("/v1/people", headers={"Cookie": cookie})).status_code == 401
    assert 'name="password"' in (await pages.browser.get("/login", headers={"Cookie": cookie})).text


async def test_a_wrong_password_is_said_and_nothing_of_it_is_shown_again(pages: Pages) -> None:
    """Who has a second factor needs it here, too; the form keeps the name, never the password."""
    await pages.desk.account(pages.desk.ward.anna, "anna", "clinician")
    wrong = await pages.sign_in("anna", OTHER, next="//mallory.example")
    assert (wrong.status_code, "Name, password or code are wrong." in wrong.text) == (403, True)
    assert 'value="anna"' in wrong.text
    assert OTHER not in wrong.text
    assert "mallory" not in wrong.text
    assert "set-cookie" not in wrong.headers
    script = await pages.sign_in('"><script>alert(1)</script>', OTHER)
    assert "<script" not in script.text
    secret, _ = await pages.desk.second_factor(await pages.desk.sign_in("anna"))
    pages.desk.wait(minutes=1)
    assert "authenticator app is needed" in (await pages.sign_in("anna")).text
    assert (await pages.sign_in("anna", code=pages.desk.code(secret))).status_code == 303


async def test_no_page_of_somebody_else_signs_anybody_in_or_out(pages: Pages) -> None:
    """A form that does not come from our own page does nothing; nor does a change by cookie at the API."""
    await pages.desk.account(pages.desk.ward.anna, "anna", "clinician")
    assert (await pages.sign_in("anna")).status_code == 303
    for path, headers in itertools.product(("/login", "/logout", "/setup"), FOREIGN):
        refused = await pages.browser.post(path, data={"login": "mallory", "password": GOOD}, headers=headers)
        assert (refused.status_code, "set-cookie" in refused.headers) == (403, False)
    change = {"X-Wardwire": "1", "Origin": "https://mallory.example"}
    path = f"/v1/people/{pages.desk.ward.anna.wire}/status"
    assert (await pages.browser.put(path, json={"status": "busy"}, headers=change)).status_code == 403
    assert (await pages.browser.put(path, json={"status": "busy"}, headers={**change, **OURS})).status_code == 200


async def test_the_status_page_says_when_people_must_telephone(pages: Pages) -> None:
    """In both languages, to everybody, with a status that a machine can read."""
    well = await pages.browser.get("/status")
    assert (well.status_code, "Messages are taken" in well.text, "1.2.3" in well.text) == (200, True, True)
    pages.serving = False
    ill = await pages.browser.get("/status", headers={"Accept-Language": "de"})
    assert ill.status_code == 503
    assert "Rufen Sie per Telefon" in ill.text
    assert ill.headers["cache-control"] == "no-store"


async def test_sheets_to_print_show_who_is_on_call_and_how_they_are_reached(pages: Pages) -> None:
    """For who is signed in; addresses only for who may see them. Without a script, and with the time on it."""
    ward = pages.desk.ward
    away = await pages.browser.get("/sheets/call-down")
    assert (away.status_code, away.headers["location"]) == (303, "/login?next=/sheets/call-down")
    await pages.desk.account(ward.anna, "anna", "clinician")
    await pages.desk.account(ward.ben, "ben", "operator")
    await pages.sign_in("anna")
    assert (await pages.browser.get("/sheets/on-call")).status_code == 200
    assert (await pages.browser.get("/sheets/call-down")).status_code == 403
    await pages.sign_in("ben")
    sheet = await pages.browser.get("/sheets/call-down")
    assert sheet.status_code == 200
    assert "As of" in sheet.text
    assert "<script" not in sheet.text


async def test_the_call_down_sheet_has_holders_with_their_numbers_and_who_follows(pages: Pages) -> None:
    """H228: what is left when the server is gone: who, until when, who then, what to dial; and no patient."""
    ward = pages.desk.ward
    role = await ward.add_role("Cardiology 1st")
    await ward.add_shift(role, ward.okafor, timedelta(0), timedelta(hours=2))
    await ward.add_shift(role, ward.chen, timedelta(hours=2), timedelta(hours=9))
    await ward.add_role("Nobody's role")
    await ward.add_endpoint(ward.okafor, "pager", "P-221")
    await ward.add_endpoint(ward.okafor, "phone", "4417")
    await ward.send(ward.anna, ["Dr. Okafor"], text="Potassium 6.9", patient="Mr. Jones")
    await pages.desk.account(ward.ben, "ben", "operator")
    await pages.sign_in("ben")
    sheet = (await pages.browser.get("/sheets/call-down")).text
    line = sheet[sheet.index("Cardiology 1st") :]
    line = line[: line.index("</tr>")]
    until = written(ward.clock.now() + timedelta(hours=2))
    for told in ("Dr. Okafor", "pager <b>P-221</b>", "phone <b>4417</b>", until, "Dr. Chen"):
        assert told in line, told
    assert "Nobody&#39;s role" in sheet
    assert "Jones" not in sheet
    rota = (await pages.browser.get("/sheets/on-call?lang=de")).text
    assert "Dr. Okafor" in rota
    assert "4417" not in rota
