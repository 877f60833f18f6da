"""What a provider says is believed only as far as it proves it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

from wardwire.access.oidc import KEYS_AGAIN_S, Provider, SingleSignOn, challenge_of
from wardwire.model.errors import Code, Refused, Unavailable
from wardwire.testing.clock import FakeClock

ISSUER = "https://login.ward.example"
OWN = Provider(issuer=ISSUER, client_id="wardwire", client_secret="s3cret", redirect="https://ward.example/back")
KEY, OTHER = RSAKey.generate_key(2048, {"kid": "1"}), RSAKey.generate_key(2048, {"kid": "1"})
NEXT = RSAKey.generate_key(2048, {"kid": "2"})


class Hospital:
    """A provider that answers from memory, and says whatever a test wants."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.keys = [KEY]
        self.issuer = ISSUER
        self.token = ""
        self.posted: dict[str, list[str]] = {}
        self.asked: list[str] = []

    async def fetch(self, url: str, form: bytes | None = None, headers: Mapping[str, str] | None = None) -> bytes:
        """Answer."""
        path = urlsplit(url).path
        self.asked.append(path)
        if path.endswith("openid-configuration"):
            told: Any = {
                "issuer": self.issuer,
                "authorization_endpoint": f"{ISSUER}/authorize",
                "token_endpoint": f"{ISSUER}/token",
                "jwks_uri": f"{ISSUER}/keys",
            }
        elif path == "/keys":
            told = KeySet(self.keys).as_dict(private=False)  # type: ignore[arg-type]
        else:
            assert form is not None
            self.posted = parse_qs(form.decode())
            told = {"id_token": self.token, "access_token": "x"}
        return json.dumps(told).encode()

    def sign(self, key: Any = KEY, alg: str = "RS256", drop: str = "", **claims: Any) -> None:
        """Make the next token."""
        now = int(self.clock.now().timestamp())
        told = {"iss": ISSUER, "aud": "wardwire", "exp": now + 300, "iat": now, "nonce": "n", "sub": "anna", **claims}
        told.pop(drop, None)
        header = {"alg": alg, **({"kid": key.kid} if alg != "none" and key.kid else {})}
        self.token = jwt.encode(header, told, key, algorithms=[alg])


@pytest.fixture
def hospital() -> Hospital:
    """The provider."""
    return Hospital()


async def finish(hospital: Hospital, sso: SingleSignOn | None = None) -> str:
    """Come back from the provider."""
    return await (sso or SingleSignOn(OWN, hospital.fetch, hospital.clock)).finish("c", verifier="v", nonce="n")


async def test_whom_the_provider_names_and_signs_is_believed(hospital: Hospital) -> None:
    """The code is exchanged with the verifier of this browser."""
    hospital.sign()
    assert await finish(hospital) == "anna"
    assert hospital.posted["code_verifier"] == ["v"]
    assert hospital.posted["redirect_uri"] == [OWN.redirect]
    hospital.sign(aud=["wardwire", "other"], azp="wardwire")
    assert await finish(hospital) == "anna"


async def test_the_browser_is_sent_with_what_it_must_bring_back(hospital: Hospital) -> None:
    """State, nonce and challenge; the verifier stays. Each time others."""
    sso = SingleSignOn(OWN, hospital.fetch, hospital.clock)
    one, two = await sso.begin(), await sso.begin()
    asked = parse_qs(urlsplit(one.url).query)
    assert asked["state"] == [one.state]
    assert asked["nonce"] == [one.nonce]
    assert asked["code_challenge"] == [challenge_of(one.verifier)]
    assert asked["code_challenge_method"] == ["S256"]
    assert one.verifier not in one.url
    assert not {one.state, one.nonce, one.verifier} & {two.state, two.nonce, two.verifier}
    # RFC 7636, appendix B.
    assert (
        challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    )


FORGED: list[dict[str, Any]] = [
    {"iss": "https://evil.example"},
    {"aud": "somebody else"},
    {"aud": ["other"]},
    {"aud": ["wardwire", "other"]},
    {"azp": "other"},
    {"nonce": "m"},
    {"drop": "nonce"},
    {"exp": 0},
    {"drop": "exp"},
    {"drop": "iat"},
    {"iat": 10**11},
    {"exp": "tomorrow"},
    {"key": OTHER},
    {"key": OctKey.import_key("s3cret-that-is-shared-with-them!"), "alg": "HS256"},
    {"key": OctKey.import_key("x" * 32), "alg": "none"},
    {"sub": ""},
    {"sub": 7},
    {"drop": "sub"},
]


@pytest.mark.parametrize("forged", FORGED, ids=[f"{nth} {'-'.join(one)}" for nth, one in enumerate(FORGED)])
async def test_what_is_forged_stale_or_for_others_is_refused(hospital: Hospital, forged: dict[str, Any]) -> None:
    """One wrong thing is enough."""
    if forged.get("alg") == "none":
        hospital.sign()
        head, body, _ = hospital.token.split(".")
        hospital.token = f"eyJhbGciOiJub25lIn0.{body}."
        assert head
    else:
        hospital.sign(**forged)
    with pytest.raises(Refused) as refused:
        await finish(hospital)
    assert refused.value.code is Code.NOT_AUTHENTICATED


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "...", "\u0000"])
async def test_what_is_no_token_is_refused(hospital: Hospital, token: str) -> None:
    """Whatever it is."""
    hospital.token = token
    with pytest.raises(Refused):
        await finish(hospital)


async def test_a_provider_that_has_new_keys_is_asked_once_a_minute(hospital: Hospital) -> None:
    """A key that was exchanged is found; forged tokens do not make us ask at each."""
    sso = SingleSignOn(OWN, hospital.fetch, hospital.clock)
    hospital.sign()
    assert await finish(hospital, sso) == "anna"
    hospital.keys = [KEY, NEXT]
    hospital.sign(key=NEXT)
    with pytest.raises(Refused):
        await finish(hospital, sso)
    hospital.clock.advance(timedelta(seconds=KEYS_AGAIN_S + 1))
    hospital.sign(key=NEXT)
    assert await finish(hospital, sso) == "anna"
    hospital.sign(key=OTHER)
    for _ in range(5):
        with pytest.raises(Refused):
            await finish(hospital, sso)
    assert hospital.asked.count("/keys") == 2


async def test_a_provider_that_calls_itself_otherwise_is_none(hospital: Hospital) -> None:
    """The address in the settings is the name that counts."""
    hospital.issuer = "https://evil.example"
    with pytest.raises(Unavailable):
        await finish(hospital)
