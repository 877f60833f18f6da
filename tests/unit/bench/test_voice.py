"""The load maker's lean reading and writing of frames keeps step with the product's own."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest
from bench.shapes.voices import Party, Sort
from bench.voice import Real
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from wardwire.carrier.nkeys import KeyPair, Kind
from wardwire.devices import proof
from wardwire.devices.frames import (
    ErrorFrame,
    Hello,
    Receipt,
    StatusFrame,
    StoredFrame,
    Welcome,
    encode,
    read_body,
    read_envelope,
)
from wardwire.devices.hub import write_event
from wardwire.flow.statement import Statement
from wardwire.flow.views import NewBody
from wardwire.model import ids
from wardwire.store.batch import NewEvent

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
SITE = X25519PrivateKey.from_private_bytes(bytes(range(32)))
DEVICE = UUID("00000000-0000-7000-8000-0000000000d1")
PERSON = UUID("00000000-0000-7000-8000-0000000000a1")
MESSAGE = UUID("00000000-0000-7000-8000-0000000000e1")
SESSION = UUID("00000000-0000-7000-8000-0000000000f1")
KEY = KeyPair.generate(Kind.USER)


def party() -> Party:
    more = {
        "device": ids.write_id(ids.DEVICE, DEVICE),
        "person": ids.write_id(ids.PERSON, PERSON),
        "x25519": bytes(range(1, 33)).hex(),
        "site": proof.write_bytes(SITE.public_key().public_bytes_raw()),
    }
    return Party(name=DEVICE.hex, seed=KEY.seed(), more=more)


@pytest.fixture
def welcomed() -> tuple[Real, proof.Mac]:
    """A device in a session, and the core's side of it."""
    voice = Real(party(), party())
    hello = read_body(read_envelope(voice.opening("NSERVER", 7)[0]).body)
    assert isinstance(hello, Hello)
    welcome = Welcome(
        v=1,
        nonce=hello.nonce,
        session=SESSION.hex,
        epoch=1,
        head=0,
        time=NOW,
        offset_ms=0,
        person=ids.write_id(ids.PERSON, PERSON),
        name="Anna",
    )
    assert voice.hear(encode(welcome))[0] is Sort.READY
    public = X25519PrivateKey.from_private_bytes(bytes(range(1, 33))).public_key().public_bytes_raw()
    key = proof.session_key(SITE, public, nonce=proof.read_bytes(hello.nonce), session=SESSION)
    return voice, proof.Mac(key)


def test_a_send_made_ahead_is_proved_as_any_device_s(welcomed: tuple[Real, proof.Mac]) -> None:
    """Its MAC and signature are good, and its statement is read as it is."""
    voice, mac = welcomed
    voice.stock(2)
    request, frame = voice.send()
    envelope = read_envelope(frame)
    assert mac.check(bytes(envelope.body), envelope.mac)
    signed = proof.signed_bytes(DEVICE.hex, bytes(envelope.body))
    public = KEY._key.public_key()
    public.verify(proof.read_bytes(envelope.sig), signed)
    statement = read_body(envelope.body)
    assert isinstance(statement, Statement)
    assert (statement.id, len(statement.text)) == (request.decode(), 300)
    assert (encode(envelope), encode(statement)) == (frame, bytes(envelope.body))  # read only once
    assert voice.unstocked == 0


def test_a_sender_with_a_policy_names_nobody(welcomed: tuple[Real, proof.Mac]) -> None:
    """Whom the first step calls is the policy's to say."""
    _, mac = welcomed
    me = party()
    voice = Real(
        Party(name=me.name, seed=me.seed, more={**me.more, "policy": "Chain 1", "priority": "high"}), party()
    )
    voice._session, voice._mac = SESSION.hex.encode(), mac
    statement = read_body(read_envelope(voice.send()[1]).body)
    assert isinstance(statement, Statement)
    assert (statement.to, statement.policy, statement.priority) == ((), "Chain 1", "high")


def test_a_receipt_is_the_client_s_own_receipt(welcomed: tuple[Real, proof.Mac]) -> None:
    """It carries an id to be confirmed by, as the client's does."""
    voice, mac = welcomed
    envelope = read_envelope(voice.receipt(MESSAGE.hex.encode()))
    assert mac.check(bytes(envelope.body), envelope.mac)
    receipt = read_body(envelope.body)
    assert isinstance(receipt, Receipt)
    assert (receipt.message, receipt.kind, bool(receipt.id)) == (f"msg_{MESSAGE.hex}", "delivered", True)
    assert encode(receipt) == bytes(envelope.body)


def test_what_a_core_says_is_told_apart(welcomed: tuple[Real, proof.Mac]) -> None:
    """Stored, new, delivered, trouble: each with the ids that the load maker counts by."""
    voice, _ = welcomed
    written, person = ids.write_id(ids.MESSAGE, MESSAGE), ids.write_id(ids.PERSON, PERSON)
    message = MESSAGE.hex.encode()
    stored = StoredFrame(
        id="r.1", message=written, thread=written, at=NOW, durability="degraded", recipient_count=1, recipients=[]
    )
    new = write_event(1, 5, NewEvent(PERSON, "new", MESSAGE, NewBody(b"{}", True, NOW)), NOW)
    changed = write_event(1, 6, NewEvent(PERSON, "read", MESSAGE), NOW)
    status = StatusFrame(message=written, person=person, state="delivered", at=NOW)
    assert voice.hear(encode(stored)) == (Sort.STORED, b"r.1", message)
    assert voice.hear(new) == (Sort.NEW, b"", message)
    assert voice.hear(changed)[0] is Sort.OTHER
    assert voice.hear(encode(status)) == (Sort.DELIVERED, b"", message)
    assert voice.hear(encode(msgspec.structs.replace(status, state="unreachable")))[0] is Sort.OTHER
    late = ErrorFrame(code="overloaded", detail="later", id=f"dmsg_{MESSAGE.hex}")
    assert voice.hear(encode(late)) == (Sort.AGAIN, b"", message)
    assert voice.hear(encode(msgspec.structs.replace(late, id="r.2")))[:2] == (Sort.REFUSED, b"r.2")
    assert voice.hear(encode(ErrorFrame(code="rate_limited", detail="slower")))[0] is Sort.TROUBLE
