"""H194, H195: who signs in with a passkey, and who does not. The authenticator is ours: ES256, attestation none."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import AsyncIterator, Mapping
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from tests.stories.test_accounts import Desk, opened_desk
from tests.stories.test_rest import told
from wardwire.access.passkeys import read, write

ORIGIN = "https://ward.example"
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


class Authenticator:
    """Makes one passkey and signs with it; what it says may be bent for a test."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = os.urandom(32)
        self.count = 0

    def make(self, options: Mapping[str, Any], *, origin: str = ORIGIN, flags: int = PRESENT | VERIFIED) -> Any:
        """Answer `navigator.credentials.create()`."""
        point = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(cose)
        data = self._data(options["rp"]["id"], flags | ATTESTED) + attested
        kept = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options["challenge"], origin)
        return self._credential({"clientDataJSON": write(client), "attestationObject": write(kept)})

    def sign(
        self,
        options: Mapping[str, Any],
        *,
        origin: str = ORIGIN,
        flags: int = PRESENT | VERIFIED,
        site: str = "",
        key: ec.EllipticCurvePrivateKey | None = None,
    ) -> Any:
        """Answer `navigator.credentials.get()`."""
        self.count += 1
        data = self._data(site or options["rpId"], flags)
        client = self._client("webauthn.get", options["challenge"], origin)
        signature = (key or self.key).sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._credential(
            {
                "clientDataJSON": write(client),
                "authenticatorData": write(data),
                "signature": write(signature),
                "userHandle": None,
            }
        )

    def _data(self, site: str, flags: int) -> bytes:
        return hashlib.sha256(site.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str, origin: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False}).encode()

    def _credential(self, response: dict[str, Any]) -> Any:
        return {"id": write(self.id), "rawId": write(self.id), "type": "public-key", "response": response}


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    """The interface, with accounts behind it and a place where browsers see it; Anna has an account."""
    async with opened_desk(database_url, origin=ORIGIN) as desk:
        await desk.account(desk.ward.anna, "anna", "clinician")
        yield desk


async def begin(desk: Desk, token: str = "") -> Any:
    """Begin to make a passkey, or to sign in with one."""
    path = "/v1/account/passkeys/begin" if token else "/v1/sign-in/passkey/begin"
    begun = await (desk.ask(token, "POST", path) if token else desk.client.post(path))
    assert begun.status_code == 201, begun.text
    return begun.json()["options"]


async def enrol(desk: Desk, token: str, name: str = "phone") -> Authenticator:
    """Make a passkey."""
    phone = Authenticator()
    body = {"name": name, "credential": phone.make(await begin(desk, token))}
    made = await desk.ask(token, "POST", "/v1/account/passkeys", body)
    assert made.status_code == 201, made.text
    return phone


async def sign_in(desk: Desk, credential: Any) -> Any:
    """Sign in with a passkey alone."""
    return await desk.client.post("/v1/sign-in/passkey", json={"credential": credential})


async def test_a_passkey_signs_in_alone_and_after_the_password(desk: Desk) -> None:
    """It is listed, named and removed by whose it is; from then on the password alone is not enough, nor it after."""
    anna = await desk.sign_in("anna")
    options = await begin(desk, anna)
    assert options["rp"] == {"id": "ward.example", "name": "St. Mary's"}
    assert options["authenticatorSelection"]["userVerification"] == "required"
    phone = await enrol(desk, anna)
    signed_in = await sign_in(desk, phone.sign(await begin(desk)))
    assert signed_in.status_code == 201, signed_in.text
    token = signed_in.json()["token"]
    (listed,) = (await desk.ask(token, "GET", "/v1/account/passkeys")).json()["data"]
    assert (listed["name"], listed["used_at"] is not None) == ("phone", True)
    assert [fact["by"] for fact in await desk.facts("SignedIn")][-1] == "passkey"

    login = {"login": "anna", "password": "blue kettle rain"}
    assert told(await desk.client.post("/v1/sessions", json=login)) == (401, "second_factor_needed")
    both = await desk.client.post("/v1/sessions", json={**login, "passkey": phone.sign(await begin(desk))})
    assert both.status_code == 201, both.text
    wrong = {**login, "password": "green window snow", "passkey": phone.sign(await begin(desk))}
    assert told(await desk.client.post("/v1/sessions", json=wrong)) == (401, "not_authenticated")

    mine = f"/v1/account/passkeys/{listed['id']}"
    assert (await desk.ask(token, "PATCH", mine, {"name": "old phone"})).status_code == 204
    await desk.account(desk.ward.ben, "ben", "clinician")
    ben = await desk.sign_in("ben")
    assert told(await desk.ask(ben, "DELETE", mine)) == (404, "not_found")
    assert (await desk.ask(token, "DELETE", mine)).status_code == 204
    assert told(await sign_in(desk, phone.sign(await begin(desk)))) == (401, "not_authenticated")
    assert (await desk.client.post("/v1/sessions", json=login)).status_code == 201
    what = [fact["what"] for fact in await desk.facts("AccountChanged")]
    assert [one for one in what if one.startswith("passkey")] == ["passkey_added", "passkey_named", "passkey_removed"]


async def test_what_was_not_asked_for_is_no_passkey(desk: Desk) -> None:
    """H195: another origin, challenge, person or key; a challenge twice or too late; nobody at the authenticator."""
    anna = await desk.sign_in("anna")
    await desk.account(desk.ward.ben, "ben", "clinician")
    ben = await desk.sign_in("ben")

    async def made(credential: Any) -> tuple[int, str]:
        body = {"name": "phone", "credential": credential}
        return told(await desk.ask(anna, "POST", "/v1/account/passkeys", body))

    phone = Authenticator()
    assert await made(phone.make(await begin(desk, anna), origin="https://evil.example")) == (422, "invalid")
    assert await made(phone.make(await begin(desk, anna), flags=PRESENT)) == (422, "invalid")
    assert await made(phone.make(await begin(desk, ben))) == (422, "invalid")
    assert await made({"id": "x", "response": {"clientDataJSON": "é"}}) == (422, "invalid")
    assert await made({}) == (422, "invalid")
    options = await begin(desk, anna)
    desk.wait(minutes=5)
    assert await made(phone.make(options)) == (422, "invalid")
    phone = await enrol(desk, anna)

    async def said(credential: Any) -> tuple[int, str]:
        desk.wait(minutes=1)  # else so many wrong ones would have to wait
        return told(await sign_in(desk, credential))

    refused = (401, "not_authenticated")
    good = phone.sign(await begin(desk))
    assert (await sign_in(desk, good)).status_code == 201
    assert await said(good) == refused
    assert await said(phone.sign(await begin(desk), origin="http://ward.example")) == refused
    assert await said(phone.sign(await begin(desk), site="evil.example")) == refused
    assert await said(phone.sign(await begin(desk), flags=PRESENT)) == refused
    stolen = ec.generate_private_key(ec.SECP256R1())
    assert await said(phone.sign(await begin(desk), key=stolen)) == refused
    assert await said(Authenticator().sign(await begin(desk))) == refused
    invented = {**await begin(desk), "challenge": write(os.urandom(32))}
    assert await said(phone.sign(invented)) == refused
    making = {**await begin(desk, anna), "rpId": "ward.example"}
    assert await said(phone.sign(making)) == refused
    spent = await begin(desk)
    assert await said(phone.sign(spent, flags=PRESENT)) == refused
    desk.wait(minutes=20)
    assert await said(phone.sign(spent)) == refused


async def test_a_copy_of_an_authenticator_is_found_by_its_counter(desk: Desk) -> None:
    """H195: of two that count alike the later one is refused."""
    phone = await enrol(desk, await desk.sign_in("anna"))
    assert (await sign_in(desk, phone.sign(await begin(desk)))).status_code == 201
    phone.count -= 1
    assert told(await sign_in(desk, phone.sign(await begin(desk)))) == (401, "not_authenticated")
    assert (await sign_in(desk, phone.sign(await begin(desk)))).status_code == 201


async def test_who_is_disabled_or_reset_has_no_passkey(desk: Desk) -> None:
    """H194: an account that ends ends for its passkeys; a lost one is taken away by an administrator."""
    await desk.account(desk.ward.dora, "dora", "administrator")
    dora = await desk.sign_in("dora")
    phone = await enrol(desk, await desk.sign_in("anna"))
    accounts = (await desk.ask(dora, "GET", "/v1/accounts?login=anna")).json()["data"]
    account = f"/v1/accounts/{accounts[0]['id']}"
    assert (await desk.ask(dora, "PATCH", account, {"disabled": True})).status_code == 200
    assert told(await sign_in(desk, phone.sign(await begin(desk)))) == (401, "not_authenticated")
    for body in ({"disabled": False}, {"second_factor": False}):
        assert (await desk.ask(dora, "PATCH", account, body)).status_code == 200
    assert told(await sign_in(desk, phone.sign(await begin(desk)))) == (401, "not_authenticated")
    assert not await desk.ward.connection.fetchval("SELECT count(*) FROM passkeys")


async def test_challenges_of_one_address_are_bounded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """H195: nobody fills the table; what is too old makes room."""
    monkeypatch.setattr("wardwire.access.passkeys.MOST_OPEN", 2)
    for _ in range(2):
        await begin(desk)
    assert told(await desk.client.post("/v1/sign-in/passkey/begin")) == (429, "rate_limited")
    desk.wait(minutes=5)
    assert len(read((await begin(desk))["challenge"])) == 32
