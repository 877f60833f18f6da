"""Brings a device in by a one-time code, and takes it out again. Called by the API; each one transaction.

The keys are made on the device; it proves with the code that somebody let it in, and with a signature that it
holds the key that it names. Nothing secret ever leaves it.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Annotated, NamedTuple
from uuid import UUID

import asyncpg
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from msgspec import Meta, Struct

from wardwire.carrier import nkeys
from wardwire.devices import proof
from wardwire.devices.kicks import LAST_WORD_S, Kick, kick_all
from wardwire.devices.logins import Place
from wardwire.devices.rate import Buckets
from wardwire.model.clock import Clock
from wardwire.model.errors import Code, Refused
from wardwire.model.facts import FactKind
from wardwire.model.ids import new_id
from wardwire.store.chain import Draft
from wardwire.store.directory import next_version
from wardwire.store.ledger import Ledger
from wardwire.store.registration import (
    CodeRow,
    DeviceRow,
    add_code,
    add_device,
    end_device,
    find_device,
    lock_code,
    person_name,
    use_code,
)
from wardwire.store.sessions import load_sessions

# No I, L, O, U, 0, 1: nobody mistakes one for another on a phone.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 10
LIFETIME = timedelta(minutes=10)
# The same words for a code that never was, one that is used, and one that is too old.
_NO_CODE = "this code is not valid; ask for another one"


def guess_limits() -> Buckets:
    """Make the bound on wrong codes, by source address: ten at once, then one in ten seconds."""
    return Buckets(0.1, 10)


class IssuedCode(NamedTuple):
    """A code to be read out or shown, once; it is kept nowhere."""

    code: str
    person_id: UUID
    expires_at: datetime


class Registration(Struct, forbid_unknown_fields=True, frozen=True):
    """What a device hands in.

    Attributes:
        nkey: Its Ed25519 public key as a NATS user nkey (`U…`).
        x25519: Its X25519 public key, 32 bytes, base64url.
        proof: Ed25519 over "wardwire/1 register\\n" + SHA-256(code) + x25519, base64url.
    """

    code: Annotated[str, Meta(max_length=40)]
    nkey: Annotated[str, Meta(min_length=56, max_length=56)]
    x25519: Annotated[str, Meta(max_length=44)]
    proof: Annotated[str, Meta(max_length=88)]
    name: Annotated[str, Meta(max_length=80)]
    app: Annotated[str, Meta(max_length=64)] = ""


class Registered(NamedTuple):
    """A device that is registered. `again`: it was before, by this same code and key."""

    device_id: UUID
    person_id: UUID
    person: str
    again: bool


def code_digest(code: str) -> bytes:
    """Return what is kept of a code; blanks, dashes and small letters make no difference."""
    plain = "".join(char for char in code.upper() if char.isalnum())
    return hashlib.sha256(plain.encode()).digest()


async def issue_code(
    ledger: Ledger, clock: Clock, *, person_id: UUID, source: str, rates: Buckets, lifetime: timedelta = LIFETIME
) -> IssuedCode:
    """Issue a code for a person; their unused one ends with it.

    Args:
        source: Who asks, for the bound on how often and for the fact.

    Raises:
        Refused: `NOT_FOUND`, `RATE_LIMITED`.
        Unknown, Unavailable: See `Ledger.commit`.
    """
    if not rates.take(source, clock.monotonic()):
        raise _too_many()
    now = clock.now()
    letters = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    code = f"{letters[:5]}-{letters[5:]}"

    async def work(connection: asyncpg.Connection) -> tuple[IssuedCode, list[Draft]]:
        if await person_name(connection, person_id) is None:
            raise Refused(Code.NOT_FOUND, "there is no such person, or they are disabled")
        expires_at = now + lifetime
        await add_code(connection, code_digest(code), person_id, now=now, expires_at=expires_at)
        body = json.dumps({"by": source, "expires_at": expires_at.isoformat()})
        return IssuedCode(code, person_id, expires_at), [Draft(FactKind.CODE_ISSUED, None, person_id, None, body)]

    return await ledger.commit(now, work)


async def register_device(
    ledger: Ledger, clock: Clock, registration: Registration, *, source: str, rates: Buckets
) -> Registered:
    """Redeem a code. Repeating it with the same keys, because the answer was lost, gives the same device.

    The directory has a new version afterwards: hint it, so that the device can log in at once.

    Args:
        source: The address that asks: guesses are bounded by it.

    Raises:
        Refused: `NOT_AUTHENTICATED`, `CODE_EXPIRED` (same words), `RATE_LIMITED`, `INVALID`, `PROOF_INVALID`,
            `CONFLICT`.
        Unknown, Unavailable: See `Ledger.commit`.
    """
    if not rates.has(source, clock.monotonic()):
        raise _too_many()
    x25519 = _check(registration)
    digest, now = code_digest(registration.code), clock.now()

    async def work(connection: asyncpg.Connection) -> tuple[Registered, list[Draft]]:
        row = await lock_code(connection, digest)
        if row is None or not compare_digest(row.digest, digest):
            raise Refused(Code.NOT_AUTHENTICATED, _NO_CODE)
        name = await person_name(connection, row.person_id)
        if name is None:
            raise Refused(Code.NOT_AUTHENTICATED, _NO_CODE)
        if row.used_at is not None:
            return await _again(connection, row, registration, x25519, name), []
        if row.expires_at <= now:
            raise Refused(Code.CODE_EXPIRED, _NO_CODE)
        version = await next_version(connection)
        device = DeviceRow(new_id(now), row.person_id, registration.nkey, x25519)
        app = registration.app
        await add_device(connection, device, name=registration.name, app_version=app, now=now, version=version)
        await use_code(connection, digest, device.id, now)
        body = json.dumps({"nkey": device.nkey, "name": registration.name, "app": app, "from": source})
        fact = Draft(FactKind.DEVICE_REGISTERED, None, row.person_id, device.id, body)
        return Registered(device.id, row.person_id, name, False), [fact]

    try:
        return await ledger.commit(now, work)
    except Refused as refused:
        if refused.code in (Code.NOT_AUTHENTICATED, Code.CODE_EXPIRED):
            rates.take(source, clock.monotonic())
        raise


async def revoke_device(
    ledger: Ledger,
    clock: Clock,
    *,
    device_id: UUID,
    why: str,
    by: str,
    kick: Kick,
    announce: Callable[[UUID], None],
) -> bool:
    """Take a device out: committed first, then its connections are closed. False when it was out before.

    When this returns, the connection of its last session is closed or could not be found; cores close any other
    when they hear `announce`, or see the directory's new version. Safe to repeat; a repeat kicks again.

    Args:
        announce: Publishes the device on `core.revoked`, and hints the directory.

    Raises:
        Refused: `NOT_FOUND`.
        Unknown, Unavailable: See `Ledger.commit`.
    """
    now = clock.now()

    async def work(connection: asyncpg.Connection) -> tuple[tuple[bool, list[Place]], list[Draft]]:
        version = await next_version(connection)
        person_id = await end_device(connection, device_id, now=now, why=why, version=version)
        sessions = await load_sessions(connection, [device_id])
        places = [Place(row.server_id, row.client_id) for row in sessions.values()]
        if person_id is None:
            return (False, places), []
        body = json.dumps({"why": why, "by": by})
        return (True, places), [Draft(FactKind.DEVICE_REVOKED, None, person_id, device_id, body)]

    changed, places = await ledger.commit(now, work)
    announce(device_id)
    if places:
        await asyncio.sleep(LAST_WORD_S)
    await kick_all(kick, places)
    return changed


def _too_many() -> Refused:
    return Refused(Code.RATE_LIMITED, "too many tries; wait a minute")


def _check(registration: Registration) -> bytes:
    """Check keys, proof and name; return the X25519 key."""
    x25519 = _read(registration.x25519, 32, "/x25519")
    signature = _read(registration.proof, proof.SIGNATURE_BYTES, "/proof")
    try:
        nkeys.read_public(registration.nkey, nkeys.Kind.USER)
    except nkeys.NkeyError:
        raise Refused(Code.INVALID, "not a user nkey", pointer="/nkey") from None
    signed = proof.registered_bytes(code_digest(registration.code), x25519)
    if not nkeys.verify(registration.nkey, nkeys.Kind.USER, signed, signature):
        raise Refused(Code.PROOF_INVALID, "the proof is not signed by this nkey", pointer="/proof")
    # A key with which nothing can be agreed would show only at the first hello.
    proof.session_key(X25519PrivateKey.generate(), x25519, nonce=b"", session=UUID(int=0))
    if not registration.name.strip() or not registration.name.isprintable():
        raise Refused(Code.INVALID, "a device needs a name of visible characters", pointer="/name")
    if not registration.app.isprintable():
        raise Refused(Code.INVALID, "not printable", pointer="/app")
    return x25519


def _read(text: str, length: int, pointer: str) -> bytes:
    try:
        raw = proof.read_bytes(text)
    except Refused:
        raw = b""
    if len(raw) != length:
        raise Refused(Code.INVALID, f"not {length} bytes in base64url", pointer=pointer)
    return raw


async def _again(
    connection: asyncpg.Connection, row: CodeRow, registration: Registration, x25519: bytes, name: str
) -> Registered:
    """A used code: the same device again, or nobody."""
    device = await find_device(connection, row.device_id) if row.device_id else None
    if device is None or device.nkey != registration.nkey or device.x25519 != x25519:
        raise Refused(Code.CODE_EXPIRED, _NO_CODE)
    return Registered(device.id, device.person_id, name, True)
