"""Checks what devices have signed: that a stored statement, and an answer, is the one that its device made.

Of statements the path does not check it, because a signature costs more than the whole path; it is checked behind it,
by `check_proofs` while the site runs and by `wardwire audit verify`. An answer was checked at the door; here it is
checked again, so that the record proves it without the door.
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
from wardwire.model.delivery import Event
from wardwire.model.errors import Refused, WardwireError
from wardwire.model.facts import Fact, FactKind
from wardwire.model.nkey import public_bytes
from wardwire.model.priority import Lane
from wardwire.store.batch import Batch
from wardwire.store.fact_reads import kept_responses, keys_of_devices, signed_since
from wardwire.store.messages import load_messages
from wardwire.store.sealing import sealed_heads

_ENCODE = msgspec.json.Encoder().encode


# Facts of what a device has signed.
SIGNED = (FactKind.STORED, FactKind.ANSWERED, FactKind.HANDED_BACK, FactKind.KEPT)
_NOT_SIGNED = "its device has not signed it"
_STANDARD = str.maketrans("-_", "+/")


class Signed(NamedTuple):
    """What a device has signed, as its fact has it.

    Attributes:
        said: What an answer says, a word of `model.delivery.Event`; "" of a statement.
        digest: SHA-256 of the bytes that were signed.
    """

    writer: UUID
    seq: int
    at: datetime
    message_id: UUID
    device_id: UUID
    said: str
    digest: bytes
    signature: bytes


class Kept(NamedTuple):
    """What is stored now of what was signed: of a message its statement, of its answers each by its digest."""

    statements: Mapping[UUID, bytes]
    answers: Mapping[tuple[UUID, bytes], bytes]


class Checked(NamedTuple):
    """What a round of the background check did."""

    looked_at: int
    false: list[tuple[Signed, str]]
    places: dict[UUID, int]


def read_signed(fact: Fact) -> Signed | None:
    """Read a fact of the kinds `SIGNED`; None when no device has made it. What is broken has an empty signature."""
    if fact.device_id is None or fact.message_id is None:
        return None
    said = ""
    try:
        body = json.loads(fact.body)
        digest = bytes.fromhex(body["content"])
        written = str(body["proof"]).translate(_STANDARD).rstrip("=")
        signature = base64.b64decode(written + "=" * (-len(written) % 4), validate=True)
        if fact.kind != FactKind.STORED:
            said = str(body["said"])
    except (ValueError, KeyError, TypeError, binascii.Error):
        digest, signature = b"", b""
    return Signed(fact.writer, fact.seq, fact.at, fact.message_id, fact.device_id, said, digest, signature)


def signature_holds(nkey: str, signed: Signed) -> bool:
    """Whether the device's key has signed this digest. Some 100 µs."""
    try:
        over = b"wardwire/1\n" + signed.device_id.hex.encode() + b"\n" + signed.digest
        _key(nkey).verify(signed.signature, over)
    except (InvalidSignature, Refused, ValueError):
        return False
    return True


def judge(several: Iterable[Signed], nkeys: Mapping[UUID, str], kept: Kept) -> list[tuple[Signed, str]]:
    """Return what is false, with a sentence why. Pure. What belongs to a message that was archived is not missed."""
    false = []
    for signed in several:
        nkey = nkeys.get(signed.device_id)
        if nkey is None:
            why = "it is signed by a device that does not exist"
        elif not signature_holds(nkey, signed):
            why = _NOT_SIGNED
        else:
            why = _differs(signed, kept)
        if why:
            false.append((signed, why))
    return false


def _differs(signed: Signed, kept: Kept) -> str:
    """Say in what the stored bytes are not those that were signed; "" when they are."""
    statement = kept.statements.get(signed.message_id)
    if statement is None:
        return ""
    content = kept.answers.get((signed.message_id, signed.digest)) if signed.said else statement
    if content is None:
        return "what its device signed is not kept any more"
    if hashlib.sha256(content).digest() != signed.digest:
        return "what is stored is not what its device signed"
    if signed.said and not _says(content, signed):
        return "its device has signed another answer"
    return ""


def _says(content: bytes, signed: Signed) -> bool:
    """Whether an answer as it was signed says what its fact says, of this message."""
    try:
        answer = json.loads(content)
        if answer["message"] != ids.write_id(ids.MESSAGE, signed.message_id):
            return False
    except (ValueError, KeyError, TypeError):
        return False
    if signed.said == Event.ANSWER:
        return bool(answer.get("choice") or answer.get("text"))
    return answer.get(signed.said.replace(" ", "_")) is True


async def find_false(connection: asyncpg.Connection, several: Sequence[Signed]) -> list[tuple[Signed, str]]:
    """Check what was signed against the devices' keys and against what is stored of it."""
    nkeys = await keys_of_devices(connection, sorted({signed.device_id for signed in several}))
    messages = await load_messages(connection, list({signed.message_id for signed in several}))
    answered = list({signed.message_id for signed in several if signed.said})
    kept = Kept(
        {message_id: message.content for message_id, message in messages.items()},
        await kept_responses(connection, answered) if answered else {},
    )
    return await asyncio.to_thread(judge, several, nkeys, kept)


async def check_proofs(connection: asyncpg.Connection, places: Mapping[UUID, int], *, limit: int = 200) -> Checked:
    """Check what was signed since a cursor, up to the sealed heads; returns the next cursor.

    Args:
        places: The cursor: for each chain the number of the last fact that was looked at. Dense within a chain, so
            that nothing is passed over; a chain that is not in it is taken from its beginning.
        limit: So many signatures at most: the work of one round.
    """
    after = dict(places)
    several: list[Signed] = []
    for head in await sealed_heads(connection):
        room = limit - len(several)
        begin = after.get(head.writer, 0)
        if room <= 0 or head.seq <= begin:
            continue
        facts = await signed_since(connection, head.writer, begin, head.seq, room, SIGNED)
        several += [signed for fact in facts if (signed := read_signed(fact)) is not None]
        after[head.writer] = facts[-1].seq if len(facts) == room else head.seq
    false = await find_false(connection, several) if several else []
    return Checked(len(several), false, after)


_WHAT = {False: "the message", True: "an answer to"}


class ProofFailed(Act):
    """Record that a signature does not hold, of a statement or an answer, and tell the operators' desk."""

    __slots__ = ("_rules", "_signed", "_why", "affinity", "lane")

    def __init__(self, signed: Signed, why: str, rules: Callable[[], Rules]) -> None:
        self._signed = signed
        self._why = why
        self._rules = rules
        self.lane = Lane.HIGH
        self.affinity = hash(signed.message_id)

    def decide(self, known: Known, batch: Batch, durability: str) -> None:
        """Add the fact and the alarm."""
        signed = self._signed
        batch.record(
            FactKind.PROOF_FAILED,
            _ENCODE({"fact": f"{signed.writer.hex}:{signed.seq}", "why": self._why}).decode(),
            message_id=signed.message_id,
            device_id=signed.device_id,
        )
        written = ids.write_id(ids.MESSAGE, signed.message_id)
        raise_alarm(
            batch,
            self._rules(),
            kind="proof",
            subject=written,
            text=f"The signature of {_WHAT[bool(signed.said)]} {written} does not hold: {self._why}.",
            message_id=signed.message_id,
        )

    def committed(self) -> None:
        """It is told."""

    def failed(self, error: WardwireError) -> None:
        """It will be found again by `wardwire audit verify`."""


@lru_cache(maxsize=10_000)
def _key(nkey: str) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(public_bytes(nkey))
