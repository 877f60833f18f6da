"""The callout's own bounds and refusals, without any server: nobody comes in by an accident."""

from __future__ import annotations

import asyncio
import base64
import random
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import msgspec
import pytest

from wardwire.carrier.callout import SUBJECT, Callout, CalloutLimits, DeviceGrant, LoginInfo
from wardwire.carrier.connection import Callback, Connection
from wardwire.carrier.jwt import decode_user, encode
from wardwire.carrier.nkeys import KeyPair, Kind
from wardwire.model.errors import Code, Unavailable

NOW = datetime(2026, 1, 5, 7, 0, tzinfo=UTC)
SERVER, ISSUER = KeyPair.generate(Kind.SERVER), KeyPair.generate(Kind.ACCOUNT)
PHONE = KeyPair.generate(Kind.USER)
DEVICE = "0123456789abcdef" * 2


class Wire:
    """A connection that remembers what was published."""

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        self.ask: Callback | None = None
        self.full = False

    def subscribe(self, subject: str, callback: Callback, *, queue: str = "") -> Wire:
        assert subject == SUBJECT
        assert queue
        self.ask = callback
        return self

    def unsubscribe(self) -> None:
        self.ask = None

    def publish(self, subject: str, payload: bytes, reply: str = "") -> None:
        if self.full:
            raise Unavailable(Code.OVERLOADED)
        self.answers[subject] = payload.decode()


def question(nonce: str = "a nonce", *, signer: KeyPair = PHONE, **options: Any) -> bytes:
    """Return a server's question about a client that signed this nonce."""
    signature = base64.urlsafe_b64encode(signer.sign(b"a nonce")).rstrip(b"=").decode()
    body = {
        "server_id": {"id": SERVER.public, "name": "edge"},
        "user_nkey": PHONE.public,
        "client_info": {"id": 7, "host": "10.0.0.7", "type": "nats", "nonce": nonce},
        "connect_opts": {"nkey": PHONE.public, "sig": signature, **options},
        "type": "authorization_request",
        "version": 2,
    }
    claims = {"aud": "nats-authorization-request", "sub": SERVER.public, "nats": body}
    return encode(claims, SERVER, NOW).encode()


def make(wire: Wire, authorise: Any = None, **more: Any) -> Callout:
    """Make and start a callout that knows Anna's phone."""

    def know(nkey: str, _info: LoginInfo) -> DeviceGrant | None:
        return DeviceGrant(device=DEVICE) if nkey == PHONE.public else None

    callout = Callout(cast(Connection, wire), issuer=ISSUER, authorise=authorise or know, now=lambda: NOW, **more)
    callout.start()
    return callout


async def decide(wire: Wire, *questions: bytes) -> None:
    """Ask, and wait until nothing is being decided."""
    assert wire.ask is not None
    for number, payload in enumerate(questions):
        wire.ask(SUBJECT, f"reply.{number}", payload, 0)
    if deciding := [task for task in asyncio.all_tasks() if task.get_name() == "callout"]:
        await asyncio.wait(deciding)


def body_of(token: str) -> dict[str, Any]:
    """Return what an answer says."""
    raw = token.split(".")[1]
    body: dict[str, Any] = msgspec.json.decode(base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)))["nats"]
    return body


async def test_a_known_device_gets_its_two_subjects_for_about_a_day() -> None:
    """Exactly these, in EDGE, for 24 h and a tenth more or less; and its connection is remembered."""
    wire, logins = Wire(), []
    callout = make(wire, on_login=lambda device, info: logins.append((device, info)), spread=random.Random(7))
    await decide(wire, *[question()] * 40)
    lifetimes = set()
    for answer in wire.answers.values():
        claims = decode_user(body_of(answer)["jwt"], issuer=ISSUER.public)
        assert claims.aud == "EDGE"
        assert claims.nats["pub"] == {"allow": [f"d.{DEVICE}.up"]}
        assert claims.nats["sub"] == {"allow": [f"d.{DEVICE}.down.>"]}
        lifetimes.add(claims.exp - int(NOW.timestamp()))
    assert len(lifetimes) > 30
    assert min(lifetimes) >= 24 * 3600 * 0.9
    assert max(lifetimes) <= 24 * 3600 * 1.1
    assert callout.admitted == 40
    assert (logins[0][0], logins[0][1].server_id, logins[0][1].client_id) == (DEVICE, SERVER.public, 7)


def explode(_nkey: str, _info: LoginInfo) -> DeviceGrant | None:
    """Fail as a fault of ours would."""
    raise RuntimeError("no database")


async def explode_later(_nkey: str, _info: LoginInfo) -> DeviceGrant | None:
    """The same, asynchronously."""
    raise RuntimeError("no database")


def grant_nonsense(_nkey: str, _info: LoginInfo) -> DeviceGrant | None:
    """Grant what would be a wildcard."""
    return DeviceGrant(device="*")


@pytest.mark.parametrize("authorise", [explode, explode_later, grant_nonsense, lambda *_: None])
async def test_whatever_goes_wrong_while_deciding_lets_nobody_in(authorise: Any) -> None:
    """An error is answered, and the client learns nothing of why."""
    wire, refusals = Wire(), []
    callout = make(wire, authorise, on_refused=lambda _info, why: refusals.append(why))
    await decide(wire, question())
    assert body_of(wire.answers["reply.0"]) == {"type": "authorization_response", "version": 2, "error": "refused"}
    assert (callout.admitted, callout.refused, len(refusals)) == (0, 1, 1)


@pytest.mark.parametrize(
    "payload",
    [
        question("another nonce"),
        question(""),
        question(signer=KeyPair.generate(Kind.USER)),
        question(sig="!!"),
        question(sig=""),
        question(nkey=ISSUER.public),
        question(nkey=""),
        b"",
        b"\xff\xfe",
        question()[:-3],
    ],
)
async def test_a_question_that_proves_nothing_is_refused(payload: bytes) -> None:
    """Foreign nonce, key, signature, or no question at all."""
    wire = Wire()
    callout = make(wire)
    await decide(wire, payload)
    answer = wire.answers["reply.0"]
    assert answer == "" or "error" in body_of(answer)
    assert (callout.admitted, callout.refused) == (0, 1)


async def test_logins_at_once_and_waiting_are_bounded() -> None:
    """So many are decided at a time, so many wait; one more is refused at once."""
    wire, gate, deciding = Wire(), asyncio.Event(), []

    async def wait(_nkey: str, _info: LoginInfo) -> DeviceGrant | None:
        deciding.append(1)
        await gate.wait()
        return DeviceGrant(device=DEVICE)

    callout = make(wire, wait, limits=CalloutLimits(at_once=3, waiting_max=5))
    assert wire.ask is not None
    for number in range(20):
        wire.ask(SUBJECT, f"reply.{number}", question(), 0)
        await asyncio.sleep(0)
    assert len(deciding) == 3
    assert callout.waiting == 5
    assert callout.refused == 12
    gate.set()
    await decide(wire)
    assert callout.admitted == 8
    await callout.stop()


async def test_a_login_that_waited_too_long_is_dropped() -> None:
    """Its client has given up: its turn goes to somebody who still waits."""
    wire = Wire()
    callout = make(wire, limits=CalloutLimits(patience_s=-1))
    await decide(wire, question())
    assert wire.answers == {}
    assert (callout.admitted, callout.refused) == (0, 1)


async def test_stop_leaves_what_waits_unanswered_and_may_come_at_any_time() -> None:
    """No answer is a refusal; stop before start and twice does no harm."""
    wire, started = Wire(), asyncio.Event()

    def hang(_nkey: str, _info: LoginInfo) -> Awaitable[DeviceGrant | None]:
        started.set()
        return asyncio.get_running_loop().create_future()

    callout = make(wire, hang)
    assert wire.ask is not None
    wire.ask(SUBJECT, "reply.0", question(), 0)
    await started.wait()
    await callout.stop()
    await callout.stop()
    assert wire.answers == {}
    assert wire.ask is None
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "callout"]


async def test_an_answer_that_cannot_be_sent_is_no_login() -> None:
    """The write buffer is full: the server's own time limit refuses, and we count a refusal."""
    wire = Wire()
    wire.full = True
    callout = make(wire)
    await decide(wire, question())
    assert callout.refused == 1


def test_the_issuer_must_be_an_account_key() -> None:
    """A user's key would sign JWTs that no server believes; better to hear it at start."""
    with pytest.raises(ValueError, match="account"):
        Callout(cast(Connection, Wire()), issuer=PHONE, authorise=lambda *_: None, now=lambda: NOW + timedelta(0))
