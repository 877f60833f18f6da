"""Passkeys (WebAuthn Level 3): made by who is signed in; signed in with alone, or after the password.

The authenticator must have made sure of its person (user verification), so a passkey is two factors by itself. What
it signs is a challenge of ours, kept by its digest for a few minutes and used once, whatever comes of it. The checks
of the answer (§7.1, §7.2) are py_webauthn's: type, challenge, origin, relying party, flags, signature, counter.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg

from wardwire.access.accounts import Accounts, fact_of, known_account, source_of
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.names import clean_line
from wardwire.store import passkeys as store
from wardwire.store.accounts import lock_secrets, name_of
from wardwire.store.chain import Draft

LASTS = timedelta(minutes=5)
CHALLENGE_BYTES = 32
# Of one address so many ceremonies are open at a time: a whole house may stand behind one.
MOST_OPEN = 500
MOST_EACH = 20
MAX_NAME = 60
MAX_ANSWER = 16_384
# ES256, EdDSA, RS256: what authenticators make (IANA COSE).
ALGORITHMS = (-7, -8, -257)


class Site(NamedTuple):
    """Where browsers see us: passkeys are bound to the host of this origin."""

    origin: str

    @property
    def id(self) -> str:
        """The relying party's id (§5.4.2): a host, no port."""
        return urlsplit(self.origin).hostname or ""


def site_of(at: Accounts) -> Site:
    """Return where browsers see us. Raises `NOT_FOUND` where the site has not said so.

    Call it before a transaction too: what checks passkeys is loaded here, the first time.
    """
    if not at.origin:
        raise Refused(Code.NOT_FOUND, "this site has no passkeys; an administrator sets access.origin")
    import webauthn  # noqa: F401

    return Site(at.origin)


async def begin_making(at: Accounts, account_id: UUID, *, address: str) -> dict[str, Any]:
    """Begin to make a passkey; returns what `navigator.credentials.create()` takes, as JSON (§5.4).

    Raises:
        Refused: `NOT_FOUND`, `TOO_MANY`, `RATE_LIMITED`.
    """
    site, now = site_of(at), at.clock.now()
    challenge = secrets.token_bytes(CHALLENGE_BYTES)

    async def work(connection: asyncpg.Connection) -> tuple[tuple[str, str, list[store.Passkey]], Sequence[Draft]]:
        account = await known_account(connection, account_id)
        there = await store.list_passkeys(connection, account_id)
        if len(there) >= MOST_EACH:
            raise Refused(Code.TOO_MANY, f"at most {MOST_EACH} passkeys; remove one first")
        await _put(connection, challenge, account_id, now, address)
        return (account.login, await name_of(connection, account.person_id) or account.login, there), ()

    login, name, there = await at.ledger.commit(now, work)
    return {
        "challenge": write(challenge),
        "rp": {"id": site.id, "name": at.site},
        "user": {"id": write(account_id.bytes), "name": login, "displayName": name},
        "pubKeyCredParams": [{"type": "public-key", "alg": one} for one in ALGORITHMS],
        "timeout": LASTS // timedelta(milliseconds=1),
        "excludeCredentials": [{"type": "public-key", "id": write(one.id)} for one in there],
        "authenticatorSelection": {
            "residentKey": "required", "requireResidentKey": True, "userVerification": "required",
        },
        "attestation": "none",
    }  # fmt: skip


async def finish_making(
    at: Accounts, account_id: UUID, credential: Mapping[str, Any], name: str, *, address: str
) -> store.Passkey:
    """Keep the passkey that an authenticator has made for who is signed in.

    Raises:
        Refused: `INVALID` (the answer; a challenge of another account, used, too old), `CONFLICT`, `TEXT_BLANK`.
    """
    site, now = site_of(at), at.clock.now()
    name = clean_line(name, "/name", MAX_NAME)
    if not name:
        raise Refused(Code.TEXT_BLANK, "a passkey needs a name, such as that of the phone", pointer="/name")
    challenge = challenge_of(credential)

    async def work(connection: asyncpg.Connection) -> tuple[store.Passkey | None, Sequence[Draft]]:
        used = await store.use_challenge(connection, _digest(challenge), now)
        account = await known_account(connection, account_id)
        if used is None or used.account_id != account_id:
            return None, ()  # the challenge stays used
        made = _verify_made(credential, challenge, site)
        if made is None:
            return None, ()
        passkey = store.Passkey(made[0], ids.new_id(now), account_id, made[1], made[2], name, now)
        await store.insert_passkey(connection, passkey)
        return passkey, [fact_of("passkey_added", account, source_of(account), {"name": name, "from": address})]

    try:
        passkey = await at.ledger.commit(now, work)
    except asyncpg.UniqueViolationError:
        raise Refused(Code.CONFLICT, "this passkey is kept already", pointer="/credential/id") from None
    if passkey is None:
        raise Refused(Code.INVALID, "not what was asked for, or too late; begin again", pointer="/credential")
    return passkey


async def begin_sign_in(at: Accounts, *, address: str) -> dict[str, Any]:
    """Begin to sign in; returns what `navigator.credentials.get()` takes, as JSON (§5.5). Names nobody's passkeys.

    Raises:
        Refused: `NOT_FOUND`, `RATE_LIMITED`.
    """
    site, now = site_of(at), at.clock.now()
    challenge = secrets.token_bytes(CHALLENGE_BYTES)

    async def work(connection: asyncpg.Connection) -> tuple[None, Sequence[Draft]]:
        await _put(connection, challenge, None, now, address)
        return None, ()

    await at.ledger.commit(now, work)
    return {
        "challenge": write(challenge),
        "rpId": site.id,
        "timeout": LASTS // timedelta(milliseconds=1),
        "allowCredentials": [],
        "userVerification": "required",
    }


async def prove(
    connection: asyncpg.Connection, at: Accounts, credential: Mapping[str, Any], *, account_id: UUID | None = None
) -> store.Passkey | None:
    """Use what an authenticator has signed, within a transaction that is to be committed either way.

    Args:
        account_id: Whose it must be, where a password has said so.

    Returns:
        The passkey; None when it proves nothing. Its challenge is used up all the same.
    """
    site, now = site_of(at), at.clock.now()
    challenge = challenge_of(credential)
    used = await store.use_challenge(connection, _digest(challenge), now)
    passkey = await store.lock_passkey(connection, read(credential.get("id")))
    if used is None or used.account_id is not None or passkey is None:
        return None
    if account_id is not None and passkey.account_id != account_id:
        return None
    count = _verify_signed(credential, challenge, site, passkey)
    if count is None:
        return None
    await store.note_used(connection, passkey.id, count, now)
    return passkey


async def rename(at: Accounts, account_id: UUID, number: UUID, name: str) -> None:
    """Name one's own passkey. Raises `NOT_FOUND`, `TEXT_BLANK`, `TEXT_TOO_LONG`."""
    name = clean_line(name, "/name", MAX_NAME)
    if not name:
        raise Refused(Code.TEXT_BLANK, "a passkey needs a name, such as that of the phone", pointer="/name")

    async def work(connection: asyncpg.Connection) -> tuple[None, Sequence[Draft]]:
        account = await known_account(connection, account_id)
        if not await store.name_passkey(connection, account_id, number, name):
            raise Refused(Code.NOT_FOUND, "there is nothing of this id")
        return None, [fact_of("passkey_named", account, source_of(account), {"name": name})]

    await at.ledger.commit(at.clock.now(), work)


async def remove(at: Accounts, account_id: UUID, number: UUID) -> None:
    """Remove one's own passkey; who is signed in stays so.

    Raises:
        Refused: `NOT_FOUND`, `PASSWORD_WEAK`: it is the last one beside a password that cannot stand alone.
    """

    async def work(connection: asyncpg.Connection) -> tuple[None, Sequence[Draft]]:
        account = await known_account(connection, account_id)
        guarded = await lock_secrets(connection, account_id)
        names = await store.remove_passkeys(connection, account_id, number)
        weak = guarded is not None and guarded.password is not None and not guarded.totp_set and not guarded.long
        if weak and not await store.count_passkeys(connection, account_id):
            raise Refused(Code.PASSWORD_WEAK, "without a second factor the password needs 15 characters")
        if not names:
            raise Refused(Code.NOT_FOUND, "there is nothing of this id")
        return None, [fact_of("passkey_removed", account, source_of(account), {"name": names[0]})]

    await at.ledger.commit(at.clock.now(), work)


def challenge_of(credential: Mapping[str, Any]) -> bytes:
    """Return the challenge that an answer speaks of (§5.8.1). Raises `INVALID`."""
    try:
        response = credential["response"]
        told = json.loads(read(response["clientDataJSON"]))
        return read(told["challenge"])
    except (KeyError, TypeError, ValueError, RecursionError):
        raise Refused(Code.INVALID, "not the answer of an authenticator", pointer="/credential") from None


def write(raw: bytes) -> str:
    """Write bytes as base64url without padding, as browsers do."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def read(text: object) -> bytes:
    """Read base64url. Raises `INVALID`."""
    if not isinstance(text, str) or len(text) > MAX_ANSWER:
        raise Refused(Code.INVALID, "not base64url", pointer="/credential")
    try:
        return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise Refused(Code.INVALID, "not base64url", pointer="/credential") from None


def _digest(challenge: bytes) -> bytes:
    return hashlib.sha256(challenge).digest()


async def _put(
    connection: asyncpg.Connection, challenge: bytes, account_id: UUID | None, now: datetime, address: str
) -> None:
    put = await store.put_challenge(
        connection, _digest(challenge), account_id, now=now, expires_at=now + LASTS, address=address, most=MOST_OPEN
    )
    if not put:
        raise Refused(Code.RATE_LIMITED, "too many have begun this at once; wait", retry_after_s=60)


def _verify_made(credential: Mapping[str, Any], challenge: bytes, site: Site) -> tuple[bytes, bytes, int] | None:
    """Return id, public key and counter of what was made; None when it is not good."""
    from webauthn import verify_registration_response
    from webauthn.helpers.cose import COSEAlgorithmIdentifier

    try:
        made = verify_registration_response(
            credential=dict(credential),
            expected_challenge=challenge,
            expected_rp_id=site.id,
            expected_origin=site.origin,
            require_user_verification=True,
            supported_pub_key_algs=[COSEAlgorithmIdentifier(one) for one in ALGORITHMS],
        )
    except Exception:  # whatever a stranger's bytes make the parsers raise, it is no passkey
        return None
    if not 1 <= len(made.credential_id) <= 1023:
        return None
    return made.credential_id, made.credential_public_key, made.sign_count


def _verify_signed(credential: Mapping[str, Any], challenge: bytes, site: Site, passkey: store.Passkey) -> int | None:
    """Return the counter of what was signed; None when it is not good. One that has not risen may be a copy's."""
    from webauthn import verify_authentication_response

    try:
        signed = verify_authentication_response(
            credential=dict(credential),
            expected_challenge=challenge,
            expected_rp_id=site.id,
            expected_origin=site.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except Exception:
        return None
    return signed.new_sign_count
