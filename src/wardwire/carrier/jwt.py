"""NATS JWTs (version 2, algorithm `ed25519-nkey`): as much of them as the auth callout needs.

Source: nats-io/jwt v2 (user_claims.go, authorization_claims.go); docs.nats.io, "Auth Callout".
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, TypeVar

import msgspec

from wardwire.carrier.nkeys import KeyPair, Kind, verify

REQUEST_AUDIENCE = "nats-authorization-request"

_TOKEN_MAX = 64 * 1024


class JwtError(ValueError):
    """A token is malformed, wrongly signed or not meant for this; the token itself is never repeated."""


class _Header(msgspec.Struct, frozen=True):
    typ: Literal["JWT", "jwt"]
    alg: Literal["ed25519-nkey"]


class ServerId(msgspec.Struct, frozen=True, kw_only=True):
    """The server that asks; `id` is its public nkey, and names it on `$SYS` subjects."""

    id: str
    name: str = ""
    host: str = ""
    version: str = ""
    cluster: str = ""


class ClientInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The connection that wants in, as its server sees it; `id` is the cid of lists and of KICK."""

    id: int
    host: str = ""
    name: str = ""
    user: str = ""
    kind: str = ""
    type: str = ""
    nonce: str = ""
    mqtt_id: str = ""


class ConnectOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the client claimed in its CONNECT; nothing of it has been verified by the server."""

    nkey: str = ""
    sig: str = ""
    jwt: str = ""
    user: str = ""
    password: str = msgspec.field(name="pass", default="")
    auth_token: str = ""
    name: str = ""
    lang: str = ""
    version: str = ""


class AuthorizationRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a server asks the callout: whether this client may come in."""

    server_id: ServerId
    user_nkey: str
    client_info: ClientInfo
    connect_opts: ConnectOptions
    type: Literal["authorization_request"]
    version: Literal[2]


class _RequestClaims(msgspec.Struct, frozen=True, kw_only=True):
    aud: Literal["nats-authorization-request"]
    iss: str
    nats: AuthorizationRequest
    exp: int = 0


class UserClaims(msgspec.Struct, frozen=True, kw_only=True):
    """The claims of a user JWT, as far as we write and look at them."""

    iss: str
    sub: str
    aud: str = ""
    name: str = ""
    iat: int = 0
    exp: int = 0
    nats: dict[str, Any]


_Claims = TypeVar("_Claims")


def decode_bytes(text: str) -> bytes:
    """Decode base64 with the URL alphabet, without padding.

    Raises:
        JwtError: It is none.
    """
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise JwtError("not base64url") from None


def _encode_bytes(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


_HEADER = _encode_bytes(b'{"typ":"JWT","alg":"ed25519-nkey"}')


def encode(claims: dict[str, Any], signer: KeyPair, now: datetime) -> str:
    """Sign these claims; `iss`, `iat` (from `now`, whole seconds) and `jti` are added."""
    claims = {**claims, "iss": signer.public, "iat": int(now.timestamp())}
    digest = hashlib.sha256(msgspec.json.encode(claims)).digest()
    claims["jti"] = base64.b32encode(digest).rstrip(b"=").decode("ascii")
    body = f"{_HEADER}.{_encode_bytes(msgspec.json.encode(claims))}"
    return f"{body}.{_encode_bytes(signer.sign(body.encode('ascii')))}"


def _decode(token: str, shape: type[_Claims], issuer_kind: Kind) -> _Claims:
    """Check form and signature (by the key that `iss` names) and return the claims."""
    parts = token.split(".")
    if len(parts) != 3 or len(token) > _TOKEN_MAX or not token.isascii():
        raise JwtError("not a token of three parts")
    try:
        msgspec.json.decode(decode_bytes(parts[0]), type=_Header)
        body = decode_bytes(parts[1])
        claims = msgspec.json.decode(body, type=shape)
        issuer = msgspec.json.decode(body, type=dict[str, Any])["iss"]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError):
        raise JwtError("claims of another form") from None
    signed = f"{parts[0]}.{parts[1]}".encode("ascii")
    if not isinstance(issuer, str) or not verify(issuer, issuer_kind, signed, decode_bytes(parts[2])):
        raise JwtError("wrong signature")
    return claims


def decode_user(token: str, *, issuer: str) -> UserClaims:
    """Read a user JWT that this account must have signed; its times are the caller's to judge.

    Raises:
        JwtError: Malformed, wrongly signed, or of another issuer.
    """
    claims = _decode(token, UserClaims, Kind.ACCOUNT)
    if claims.iss != issuer:
        raise JwtError("of another issuer")
    return claims


def decode_request(token: str) -> AuthorizationRequest:
    """Read a server's authorization request.

    The server has signed it with its own key, which its id names: that proves that it is whole, not that
    the server is one of ours; that only servers of ours can ask is the matter of accounts and leaves.

    Raises:
        JwtError: Malformed, wrongly signed, or not such a request.
    """
    claims = _decode(token, _RequestClaims, Kind.SERVER)
    if claims.iss != claims.nats.server_id.id:
        raise JwtError("signed by another server than it names")
    return claims.nats


def user_jwt(
    *,
    user_nkey: str,
    account: str,
    name: str,
    publish: Sequence[str],
    subscribe: Sequence[str],
    expires: datetime,
    signer: KeyPair,
    now: datetime,
) -> str:
    """Make the JWT with which a server lets a client in: these subjects and no others, until `expires`.

    `subs`, `data` and `payload` would not be enforced behind a callout: limits belong into the account.
    """
    claims = {
        "sub": user_nkey,
        "aud": account,
        "name": name,
        "exp": int(expires.timestamp()),
        "nats": {
            "pub": {"allow": list(publish)},
            "sub": {"allow": list(subscribe)},
            "subs": -1,
            "data": -1,
            "payload": -1,
            "type": "user",
            "version": 2,
        },
    }
    return encode(claims, signer, now)


def authorization_response(
    request: AuthorizationRequest, *, signer: KeyPair, now: datetime, user: str = "", error: str = ""
) -> str:
    """Make the callout's answer: a user JWT, or else the error that keeps the client out."""
    body: dict[str, Any] = {"type": "authorization_response", "version": 2}
    if user and not error:
        body["jwt"] = user
    else:
        body["error"] = error or "refused"
    claims = {"sub": request.user_nkey, "aud": request.server_id.id, "nats": body}
    return encode(claims, signer, now)
