"""Signing in with the hospital's own provider: OpenID Connect, authorization code with PKCE.

What the provider says is believed only as far as it is signed by its keys, is for us, is of now, and answers what
this browser has asked (state and nonce). Sources: OpenID Connect Core 1.0 §3.1.3.7, RFC 7636, RFC 9700 §2.1.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote, urlencode

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from wardwire.model.clock import Clock
from wardwire.model.errors import Code, Refused, Unavailable

# Signatures by a provider's own key; never `none`, never a shared secret.
ALGORITHMS = ("RS256", "PS256", "ES256", "RS384", "PS384", "ES384", "RS512", "PS512", "ES512")
LEEWAY_S = 60
KNOWN_FOR_S = 3600.0
# An unknown key is asked for, but not at each forged token.
KEYS_AGAIN_S = 60.0


class Fetch(Protocol):
    """Gets a document, or posts a form; raises `Unavailable` (carrier/https.py)."""

    async def __call__(
        self, url: str, form: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """What is agreed with a provider.

    Attributes:
        redirect: Where it sends the browser back to, as it is registered there.
        claim: Which of its claims names a person, as `source` does in the directory's external ids.
    """

    issuer: str
    client_id: str
    client_secret: str
    redirect: str
    claim: str = "sub"
    source: str = "oidc"


class Begun(NamedTuple):
    """A sign-in under way: where the browser goes, and what it must bring back in its own cookie."""

    url: str
    state: str
    nonce: str
    verifier: str


class SingleSignOn:
    """Signs people in with a provider; knows its addresses and keys for a while."""

    def __init__(self, provider: Provider, fetch: Fetch, clock: Clock) -> None:
        self.provider = provider
        self._fetch = fetch
        self._clock = clock
        self._addresses: Mapping[str, Any] = {}
        self._keys: KeySet | None = None
        self._addresses_at = self._keys_at = float("-inf")

    async def begin(self) -> Begun:
        """Return where the browser is to go. Raises `Unavailable`."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        asked = {
            "response_type": "code",
            "client_id": self.provider.client_id,
            "redirect_uri": self.provider.redirect,
            "scope": "openid profile",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
        }
        url = await self._address("authorization_endpoint")
        return Begun(f"{url}{'&' if '?' in url else '?'}{urlencode(asked)}", state, nonce, verifier)

    async def finish(self, code: str, *, verifier: str, nonce: str) -> str:
        """Return who the provider says that it is: the value of the agreed claim.

        Raises:
            Refused: `NOT_AUTHENTICATED`.
            Unavailable: The provider does not answer.
        """
        own = self.provider
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": own.redirect, "code_verifier": verifier,
        }  # fmt: skip
        basic = base64.b64encode(f"{quote(own.client_id)}:{quote(own.client_secret)}".encode()).decode()
        url = await self._address("token_endpoint")
        try:
            answer = await self._fetch(url, urlencode(form).encode(), {"Authorization": f"Basic {basic}"})
        except Unavailable as error:
            raise _refused("the provider did not take the code") from error
        told = _object(answer)
        claims = await self._verify(str(told.get("id_token", "")), nonce)
        who = claims.get(own.claim)
        if not isinstance(who, str) or not who:
            raise _refused(f"the provider does not say who it is (claim {own.claim})")
        return who

    async def end_address(self) -> str:
        """Return where the browser goes to sign out at the provider too; "" when it has no such place."""
        address = str((await self._discover()).get("end_session_endpoint", ""))
        return f"{address}?{urlencode({'client_id': self.provider.client_id})}" if address else ""

    async def _verify(self, text: str, nonce: str) -> Mapping[str, Any]:
        claims = await self._signed(text)
        own, now = self.provider, self._clock.now().timestamp()
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        if claims.get("iss") != own.issuer:
            raise _refused("the token is of another issuer")
        if own.client_id not in audiences or claims.get("azp", own.client_id) != own.client_id:
            raise _refused("the token is for somebody else")
        if len(audiences) > 1 and "azp" not in claims:
            raise _refused("the token is for several, and does not say for whom it was made")
        ends, made = claims.get("exp"), claims.get("iat")
        if not isinstance(ends, int | float) or not isinstance(made, int | float):
            raise _refused("the token does not say how long it is good")
        if ends + LEEWAY_S <= now or made - LEEWAY_S > now:
            raise _refused("the token is too old, or of the future")
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise _refused("the token answers another question than this browser's")
        return claims

    async def _signed(self, text: str) -> Mapping[str, Any]:
        for again in (False, True):
            keys = await self._known_keys(again)
            if keys is None:
                break
            try:
                return jwt.decode(text, keys, algorithms=ALGORITHMS).claims
            except (JoseError, ValueError, KeyError):
                continue
        raise _refused("the token is not signed by the provider")

    async def _known_keys(self, again: bool) -> KeySet | None:
        now = self._clock.monotonic()
        age = now - self._keys_at
        if again and age < KEYS_AGAIN_S:
            return None
        if again or self._keys is None or age >= KNOWN_FOR_S:
            document = _object(await self._fetch(await self._address("jwks_uri")))
            try:
                self._keys = KeySet.import_key_set(document)  # type: ignore[arg-type]
            except (JoseError, ValueError, KeyError, TypeError) as error:
                raise Unavailable(Code.UNAVAILABLE, "the provider's keys cannot be read") from error
            self._keys_at = now
        return self._keys

    async def _address(self, name: str) -> str:
        address = (await self._discover()).get(name)
        if not isinstance(address, str) or not address:
            raise Unavailable(Code.UNAVAILABLE, f"the provider names no {name}")
        return address

    async def _discover(self) -> Mapping[str, Any]:
        now = self._clock.monotonic()
        if now - self._addresses_at >= KNOWN_FOR_S:
            issuer = self.provider.issuer
            found = _object(await self._fetch(f"{issuer.rstrip('/')}/.well-known/openid-configuration"))
            if found.get("issuer") != issuer:
                raise Unavailable(Code.UNAVAILABLE, "the provider calls itself otherwise than oidc.issuer")
            self._addresses, self._addresses_at = found, now
        return self._addresses


def challenge_of(verifier: str) -> str:
    """Return what a verifier is announced by (S256)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _object(document: bytes) -> dict[str, Any]:
    try:
        found = json.loads(document)
    except ValueError as error:
        raise Unavailable(Code.UNAVAILABLE, "the provider's answer is no JSON") from error
    if not isinstance(found, dict):
        raise Unavailable(Code.UNAVAILABLE, "the provider's answer is no JSON object")
    return found


def _refused(why: str) -> Refused:
    return Refused(Code.NOT_AUTHENTICATED, why)
