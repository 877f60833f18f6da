"""The second factor: an authenticator app is set up, confirmed, taken away; its codes are used once."""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote
from uuid import UUID

import asyncpg

from wardwire.access.accounts import Accounts, check_administers, known_account
from wardwire.access.passwords import check_own_password
from wardwire.model import ids, totp
from wardwire.model.credentials import ALPHABET, digest_code, write_code
from wardwire.model.errors import Code, Refused
from wardwire.model.facts import FactKind
from wardwire.model.rights import Caller
from wardwire.store import accounts as store
from wardwire.store.chain import Draft
from wardwire.store.passkeys import remove_passkeys

RECOVERY_CODES = 10
RECOVERY_LENGTH = 15


class Begun(NamedTuple):
    """What an authenticator app is given: by hand, or as a picture of the address."""

    secret: str
    uri: str


def uri_of(secret: bytes, *, issuer: str, login: str) -> str:
    """Return the address that an authenticator app reads from a picture."""
    name, by = quote(f"{issuer}:{login}"), quote(issuer)
    return f"otpauth://totp/{name}?secret={totp.write_secret(secret)}&issuer={by}&algorithm=SHA1&digits=6&period=30"


async def begin(at: Accounts, account_id: UUID) -> Begun:
    """Make a secret for an app; nothing is asked of it before it is confirmed.

    Raises:
        Refused: `CONFLICT` when there is one already.
    """
    secret = secrets.token_bytes(totp.SECRET_BYTES)

    async def work(connection: asyncpg.Connection) -> tuple[str, Sequence[Draft]]:
        guarded = await _lock(connection, account_id)
        if guarded.totp_set:
            raise Refused(Code.CONFLICT, "there is a second factor already; take it away first")
        await store.set_second_factor(connection, account_id, secret, is_set=False, used=0, recovery=())
        return guarded.login, [_fact("second_factor_begun", guarded)]

    login = await at.ledger.commit(at.clock.now(), work)
    return Begun(totp.write_secret(secret), uri_of(secret, issuer=at.site, login=login))


async def confirm(at: Accounts, account_id: UUID, code: str) -> list[str]:
    """Confirm an app by a code of it; from now on it is asked for. Returns recovery codes, shown this once.

    Raises:
        Refused: `INVALID` (the code), `CONFLICT` (nothing was begun), `RATE_LIMITED`.
    """
    now, address = at.clock.now(), f"confirm {account_id}"
    codes = [
        write_code("".join(secrets.choice(ALPHABET) for _ in range(RECOVERY_LENGTH))) for _ in range(RECOVERY_CODES)
    ]

    async def work(connection: asyncpg.Connection) -> tuple[bool, Sequence[Draft]]:
        guarded = await _lock(connection, account_id)
        if guarded.totp_set or guarded.totp is None:
            raise Refused(Code.CONFLICT, "no second factor was begun, or it is confirmed already")
        step = totp.match(guarded.totp, code, now, used=0)
        if step is None:
            return False, ()
        digests = [digest_code(one) for one in codes]
        await store.set_second_factor(connection, account_id, guarded.totp, is_set=True, used=step, recovery=digests)
        return True, [_fact("second_factor_set", guarded)]

    async with at.guesses.guess(address, address) as guess:
        guess.wrong = not await at.ledger.commit(now, work)
    if guess.wrong:
        raise Refused(Code.INVALID, "this is not the code that the app shows now", pointer="/code")
    return codes


async def take_away(at: Accounts, account_id: UUID, password: str, *, address: str) -> None:
    """Take one's own second factor away, with the password, which must be long enough to stand alone.

    Raises:
        Refused: `NOT_PERMITTED` (the password), `PASSWORD_WEAK`, `RATE_LIMITED`.
    """
    guarded = await check_own_password(at, account_id, password, pointer="/password", address=address)
    if not guarded.long:
        raise Refused(Code.PASSWORD_WEAK, "without a second factor it needs 15 characters", pointer="/password")
    await _clear(at, account_id, ids.write_id(ids.ACCOUNT, account_id))


async def reset(at: Accounts, caller: Caller, account_id: UUID) -> None:
    """Take somebody's second factor away: their phone is gone, and their recovery codes too. A fact.

    Their passkeys go with it. A password that cannot stand alone is worth nothing then: they need a code to choose
    another.

    Raises:
        Refused: `NOT_FOUND`, `NOT_PERMITTED` (an administrator's).
    """
    await _clear(at, account_id, caller.source, caller)


async def use(connection: asyncpg.Connection, at: Accounts, guarded: store.Secrets, code: str) -> str | None:
    """Use a code in the transaction in which `guarded` was locked: `totp` or `recovery`; None when it is no good."""
    if guarded.totp is None:
        return None
    step = totp.match(guarded.totp, code, at.clock.now(), used=guarded.totp_used)
    digest = digest_code(code)
    left = [one for one in guarded.recovery if not hmac.compare_digest(one, digest)]
    if step is None and len(left) == len(guarded.recovery):
        return None
    used = guarded.totp_used if step is None else step
    await store.set_second_factor(connection, guarded.account_id, guarded.totp, is_set=True, used=used, recovery=left)
    return "recovery" if step is None else "totp"


async def _clear(at: Accounts, account_id: UUID, by: str, caller: Caller | None = None) -> None:
    async def work(connection: asyncpg.Connection) -> tuple[None, Sequence[Draft]]:
        guarded = await _lock(connection, account_id)
        if caller is not None:
            check_administers(caller, (await known_account(connection, account_id)).roles)
            await remove_passkeys(connection, account_id)
        await store.set_second_factor(connection, account_id, None, is_set=False, used=0, recovery=())
        return None, [_fact("second_factor_taken_away", guarded, by)]

    await at.ledger.commit(at.clock.now(), work)


async def _lock(connection: asyncpg.Connection, account_id: UUID) -> store.Secrets:
    guarded = await store.lock_secrets(connection, account_id)
    if guarded is None:
        raise Refused(Code.NOT_FOUND, "there is no such account, or it is disabled")
    return guarded


def _fact(what: str, guarded: store.Secrets, by: str = "") -> Draft:
    written = ids.write_id(ids.ACCOUNT, guarded.account_id)
    body = json.dumps({"what": what, "account": written, "by": by or written})
    return Draft(FactKind.ACCOUNT_CHANGED, None, guarded.person_id, None, body)
