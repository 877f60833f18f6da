"""NATS JWTs: what we sign can be read, and what is not exactly right is refused."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardwire.carrier.jwt import (
    JwtError,
    authorization_response,
    decode_request,
    decode_user,
    encode,
    user_jwt,
)
from wardwire.carrier.nkeys import KeyPair, Kind

NOW = datetime(2026, 1, 5, 7, 0, tzinfo=UTC)
SERVER = KeyPair.generate(Kind.SERVER)
ACCOUNT = KeyPair.generate(Kind.ACCOUNT)
USER = KeyPair.generate(Kind.USER)


def request_claims(**changes: Any) -> dict[str, Any]:
    """Return the claims of an authorization request as a server writes them."""
    body = {
        "server_id": {"name": "edge", "host": "127.0.0.1", "id": SERVER.public, "version": "2.15.1"},
        "user_nkey": USER.public,
        "client_info": {"host": "10.0.0.7", "id": 12, "kind": "Client", "type": "nats", "nonce": "abc"},
        "connect_opts": {"nkey": USER.public, "sig": "AAAA", "protocol": 1},
        "type": "authorization_request",
        "version": 2,
    }
    return {"aud": "nats-authorization-request", "sub": SERVER.public, "nats": body | changes}


def test_a_request_is_read() -> None:
    """Everything that the callout needs to know is there."""
    request = decode_request(encode(request_claims(), SERVER, NOW))
    assert request.server_id.id == SERVER.public
    assert request.client_info.id == 12
    assert request.client_info.nonce == "abc"
    assert request.connect_opts.nkey == USER.public


@pytest.mark.parametrize(
    "claims",
    [
        {**request_claims(), "aud": "somebody-else"},
        request_claims(type="authorization_response"),
        request_claims(version=1),
        request_claims(client_info={"host": "x"}),
        request_claims(client_info={"id": "12"}),
        request_claims(server_id={"id": ACCOUNT.public}),
        {"aud": "nats-authorization-request"},
    ],
)
def test_a_request_of_another_form_is_refused(claims: dict[str, Any]) -> None:
    """Wrong audience, type, version, types or server: refused, though well signed."""
    with pytest.raises(JwtError):
        decode_request(encode(claims, SERVER, NOW))


def test_a_request_signed_by_somebody_else_is_refused() -> None:
    """A user's or account's key signs no requests, and one changed byte is noticed."""
    with pytest.raises(JwtError):
        decode_request(encode(request_claims(), ACCOUNT, NOW))
    header, _, signature = encode(request_claims(), SERVER, NOW).split(".")
    other = request_claims() | {"iss": SERVER.public}
    body = base64.urlsafe_b64encode(msgspec.json.encode(other)).rstrip(b"=").decode()
    with pytest.raises(JwtError):
        decode_request(f"{header}.{body}.{signature}")


def test_another_algorithm_is_refused() -> None:
    """`alg: none` is a classic."""
    token = encode(request_claims(), SERVER, NOW)
    header = base64.urlsafe_b64encode(b'{"typ":"JWT","alg":"none"}').rstrip(b"=").decode()
    with pytest.raises(JwtError):
        decode_request(f"{header}.{token.split('.', 1)[1]}")


@given(st.text(max_size=300))
def test_no_text_raises_anything_else(text: str) -> None:
    """Whatever comes in as a request, the answer is JwtError."""
    with pytest.raises(JwtError):
        decode_request(text)


@given(st.integers(0, 1000), st.integers(0, 255))
def test_no_changed_byte_gets_through(at: int, byte: int) -> None:
    """One byte changed anywhere: refused, or it was the same byte."""
    token = encode(request_claims(), SERVER, NOW).encode()
    at %= len(token)
    changed = (token[:at] + bytes([byte]) + token[at + 1 :]).decode("latin-1")
    if changed.encode("latin-1") != token:
        try:
            again = decode_request(changed)
        except JwtError:
            return
        assert again == decode_request(token.decode())  # only spare bits of base64 can be left over


def test_a_user_jwt_allows_exactly_its_subjects_until_its_end() -> None:
    """Two subjects, one account, one end."""
    token = user_jwt(
        user_nkey=USER.public,
        account="EDGE",
        name="0" * 32,
        publish=["d.0.up"],
        subscribe=["d.0.down.>"],
        expires=NOW + timedelta(hours=24),
        signer=ACCOUNT,
        now=NOW,
    )
    claims = decode_user(token, issuer=ACCOUNT.public)
    assert claims.aud == "EDGE"
    assert claims.sub == USER.public
    assert claims.exp - claims.iat == 86400
    assert claims.nats["pub"] == {"allow": ["d.0.up"]}
    assert claims.nats["sub"] == {"allow": ["d.0.down.>"]}
    with pytest.raises(JwtError):
        decode_user(token, issuer=KeyPair.generate(Kind.ACCOUNT).public)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"user": "x.y.z"}, {"jwt": "x.y.z"}),
        ({"error": "refused"}, {"error": "refused"}),
        ({}, {"error": "refused"}),
        ({"user": "x.y.z", "error": "in doubt"}, {"error": "in doubt"}),
    ],
)
def test_an_answer_lets_in_only_without_any_error(given: dict[str, str], wanted: dict[str, str]) -> None:
    """With an error, or with nothing, nobody comes in."""
    request = decode_request(encode(request_claims(), SERVER, NOW))
    answer = authorization_response(request, signer=ACCOUNT, now=NOW, **given)
    body = base64.urlsafe_b64decode(answer.split(".")[1] + "==")
    nats = msgspec.json.decode(body)["nats"]
    assert nats == {"type": "authorization_response", "version": 2, **wanted}
