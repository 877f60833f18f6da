"""Checks what devices have signed: that a stored statement is the one that its device made.

The path does not check it, because a signature costs more than the whole path; it is checked behind it, by
`check_proofs` while the site runs and by `wardwire audit verify`.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

import asyncpg
import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from wardwire.flow.alarm import raise_alarm
from wardwire.flow.ports import Act, Known, Rules
from wardwire.model import ids
from wardwire.model.errors import Refused, WardwireError
from wardwire.model.facts import Fact, FactKind
from wardwire.model.nkey import public_bytes
from wardwire.model.priority import Lane
from wardwire.store.batch import Batch
from wardwire.store.fact_reads import keys_of_devices, stored_since
from wardwire.store.messages import load_messages
from wardwire.store.sealing import sealed_heads

_ENCODE = msgspec.json.Encoder().encode


class SignedSend(NamedTuple):
    """A stored message with its device's signature, as its fact has it."""

    writer: UUID
    seq: int
    at: datetime
    message_id: UUID
    device_id: UUID
    digest: bytes
    signature: bytes


class Checked(NamedTuple):
    """What a round of the background check did."""

    looked_at: int
    false: list[tuple[SignedSend, str]]
    places: dict[UUID, int]


def signed_send(fact: Fact) -> SignedSend | None:
    """Read a `Stored` fact; None when nobody signed, as of an integration. What is broken has an empty signature."""
    if fact.device_id is None or fact.message_id is None:
        return None
    try:
        body = json.loads(fact.body)
        digest, signature = bytes.fromhex(body["content"]), base64.b64decode(body["proof"], validate=True)
    except (ValueError, KeyError, TypeError, binascii.Error):
        digest, signature = b"", b""
    return SignedSend(fact.writer, fact.seq, fact.at, fact.message_id, fact.device_id, digest, signature)


def signature_holds(nkey: str, send: SignedSend) -> bool:
    """Whether the device's key has signed this digest. Some 100 µs."""
    try:
        signed = b"wardwire/1\n" + send.device_id.hex.encode() + b"\n" + send.digest
        _key(nkey).verify(send.signature, signed)
    except (InvalidSignature, Refused, ValueError):
        return False
    return True


def judge(
    sends: Iterable[SignedSend], nkeys: Mapping[UUID, str], contents: Mapping[UUID, bytes]
) -> list[tuple[SignedSend, str]]:
    """Return what is false, with a sentence why. Pure.

    Args:
        contents: What is stored of each message now; one that is not there was archived, and is not missed.
    """
    false = []
    for send in sends:
        nkey, content = nkeys.get(send.device_id), contents.get(send.message_id)
        if nkey is None:
            false.append((send, "it is signed by a device that does not exist"))
        elif not signature_holds(nkey, send):
            false.append((send, "its device has not signed it"))
        elif content is not None and hashlib.sha256(content).digest() != send.digest:
            false.append((send, "what is stored is not what its device signed"))
    return false


async def find_false(connection: asyncpg.Connection, sends: Sequence[SignedSend]) -> list[tuple[SignedSend, str]]:
    """Check sends against the devices' keys and against what is stored of them."""
    nkeys = await keys_of_devices(connection, sorted({send.device_id for send in sends}))
    messages = await load_messages(connection, [send.message_id for send in sends])
    contents = {message_id: message.content for message_id, message in messages.items()}
    return await asyncio.to_thread(judge, sends, nkeys, contents)


async def check_proofs(connection: asyncpg.Connection, places: Mapping[UUID, int], *, limit: int = 200) -> Checked:
    """Check what was stored since a cursor, up to the sealed heads; returns the next cursor.

    Args:
        places: The cursor: for each chain the number of the last fact that was looked at. Dense within a chain, so
            that nothing is passed over; a chain that is not in it is taken from its beginning.
        limit: So many signatures at most: the work of one round.
    """
    after = dict(places)
    sends: list[SignedSend] = []
    for head in await sealed_heads(connection):
        room = limit - len(sends)
        begin = after.get(head.writer, 0)
        if room <= 0 or head.seq <= begin:
            continue
        facts = await stored_since(connection, head.writer, begin, head.seq, room)
        sends += [send for fact in facts if (send := signed_send(fact)) is not None]
        after[head.writer] = facts[-1].seq if len(facts) == room else head.seq
    false = await find_false(connection, sends) if sends else []
    return Checked(len(sends), false, after)


class ProofFailed(Act):
    """Record that a stored statement's signature does not hold, and tell the operators' desk."""

    __slots__ = ("_rules", "_send", "_why", "affinity", "lane")

    def __init__(self, send: SignedSend, why: str, rules: Callable[[], Rules]) -> None:
        self._send = send
        self._why = why
        self._rules = rules
        self.lane = Lane.HIGH
        self.affinity = hash(send.message_id)

    def decide(self, known: Known, batch: Batch, durability: str) -> None:
        """Add the fact and the alarm."""
        send = self._send
        batch.record(
            FactKind.PROOF_FAILED,
            _ENCODE({"fact": f"{send.writer.hex}:{send.seq}", "why": self._why}).decode(),
            message_id=send.message_id,
            device_id=send.device_id,
        )
        written = ids.write_id(ids.MESSAGE, send.message_id)
        raise_alarm(
            batch,
            self._rules(),
            kind="proof",
            subject=written,
            text=f"The signature of the message {written} does not hold: {self._why}.",
            message_id=send.message_id,
        )

    def committed(self) -> None:
        """It is told."""

    def failed(self, error: WardwireError) -> None:
        """It will be found again by `wardwire audit verify`."""


@lru_cache(maxsize=10_000)
def _key(nkey: str) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(public_bytes(nkey))
