"""H147: signing in with a real provider, in a process of its own: there, back, and out again."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

import httpx
import pytest

from tests.stories.test_accounts import Desk, opened_desk
from tests.stories.test_rest import told
from wardwire.access.oidc import Provider, SingleSignOn
from wardwire.api.app import make_api
from wardwire.carrier.https import Https
from wardwire.ops.ports import free_port

REDIRECT = "https://ward/v1/sign-in/oidc/callback"


class Sso(NamedTuple):
    """The interface with a provider, and the provider."""

    desk: Desk
    client: httpx.AsyncClient
    provider: httpx.AsyncClient

    async def go(self, login: str) -> httpx.URL:
        """Begin here and sign in there as somebody; returns where the provider sends the browser."""
        begun = await self.client.get("/v1/sign-in/oidc")
        assert begun.status_code == 302
        there = await self.provider.post(begun.headers["location"], data={"sub": login})
        assert there.status_code == 302, there.text
        return httpx.URL(there.headers["location"])

    async def come_back(self, back: httpx.URL) -> httpx.Response:
        """Follow the provider's redirect."""
        assert str(back).startswith(REDIRECT)
        return await self.client.get(back)


@asynccontextmanager
async def provider_process() -> AsyncIterator[str]:
    """The provider, in a process of its own; yields its address."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce", "true",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        async with asyncio.timeout(60):
            async for line in process.stderr:
                if b"running" in line.lower() or b"startup complete" in line.lower():
                    break
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


@pytest.fixture
async def sso(database_url: str) -> AsyncIterator[Sso]:
    """Everything; the ward's clock shows the time that the provider's does."""
    async with provider_process() as issuer, opened_desk(database_url) as desk:
        desk.ward.clock.advance(datetime.now(UTC) - desk.ward.clock.now())
        own = Provider(
            issuer=issuer, client_id="wardwire", client_secret="s3cret", redirect=REDIRECT, claim="sub", source="hr"
        )
        ways = replace(desk.door.deps, accounts=desk.at, sso=SingleSignOn(own, Https().fetch, desk.ward.clock))
        transport = httpx.ASGITransport(app=make_api(ways))
        async with (
            httpx.AsyncClient(transport=transport, base_url="https://ward") as client,
            httpx.AsyncClient() as provider,
        ):
            yield Sso(desk, client, provider)


async def test_who_is_known_at_the_provider_and_has_an_account_here_is_signed_in(sso: Sso) -> None:
    """By the id that the directory knows them by; with a session like any other, which ends here and there."""
    ward = sso.desk.ward
    await sso.desk.account(ward.anna, "anna", "clinician")
    await ward.connection.execute(
        "INSERT INTO person_ids (source, external_id, person_id) VALUES ('hr', 'a.nurse@ward.example', $1)",
        ward.anna.id,
    )
    back = await sso.go("a.nurse@ward.example")
    signed = await sso.come_back(back)
    assert signed.status_code == 200, signed.text
    assert signed.json()["person"] == ward.anna.wire
    assert "token" not in signed.json()
    assert (await sso.client.get("/v1/sessions")).json()["data"][0]["current"]
    (fact,) = await sso.desk.facts("SignedIn")
    assert fact["by"] == "hr"
    # The same answer again: the provider takes no code twice.
    assert told(await sso.come_back(back)) == (401, "not_authenticated")

    out = await sso.client.post("/v1/sign-in/oidc/logout", headers={"X-Wardwire": "1"})
    assert out.status_code == 200
    assert "/oauth2/end_session?client_id=wardwire" in out.json()["provider"]
    assert told(await sso.client.get("/v1/sessions")) == (401, "not_authenticated")


async def test_nobody_is_signed_in_by_an_answer_that_was_not_asked_for(sso: Sso) -> None:
    """Another browser's answer, a made up one, a refusal, and somebody without an account: 401 each."""
    ward = sso.desk.ward
    await sso.desk.account(ward.mallory, "mallory", "clinician")
    await ward.connection.execute(
        "INSERT INTO person_ids (source, external_id, person_id) VALUES ('hr', 'mallory', $1), ('other', 'anna', $1)",
        ward.mallory.id,
    )
    mallorys = await sso.go("mallory")
    sso.client.cookies.clear()
    assert told(await sso.come_back(mallorys)) == (401, "not_authenticated")
    await sso.go("mallory")
    assert told(await sso.come_back(mallorys)) == (401, "not_authenticated")
    made_up = (await sso.go("mallory")).copy_set_param("code", "made-up")
    assert told(await sso.come_back(made_up)) == (401, "not_authenticated")
    refused = (await sso.go("mallory")).copy_remove_param("code").copy_set_param("error", "access_denied")
    assert told(await sso.come_back(refused)) == (401, "not_authenticated")
    assert told(await sso.come_back(await sso.go("anna"))) == (401, "not_authenticated")
    assert await ward.connection.fetchval("SELECT count(*) FROM account_sessions") == 0
