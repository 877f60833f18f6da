"""Signing in and out: a session is a token that is shown once, and ends by idleness, by age, or by a word.

Unknown names, wrong passwords and accounts without one are answered alike, and take as long.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg

from wardwire.access import passkeys, second_factor
from wardwire.access.accounts import Accounts
from wardwire.access.callers import CredentialRefused
from wardwire.access.guesses import Read
from wardwire.model import ids
from wardwire.model.accounts import Session
from wardwire.model.credentials import SECRET_BYTES, TOKEN, digest_secret, read_key, secret_matches, write_key
from wardwire.model.errors import Code, Refused
from wardwire.model.facts import FactKind
from wardwire.model.matrix import scopes_of
from wardwire.model.rights import Caller
from wardwire.store import accounts as store
from wardwire.store import sign_ins
from wardwire.store.chain import Draft
from wardwire.store.passkeys import count_passkeys

# How exactly it is known when a session was last used.
SEEN_EVERY = timedelta(minutes=1)
_WRONG = "name, password or code are wrong"


async def sign_in(
    at: Accounts,
    read: Read,
    login: str,
    password: str,
    code: str,
    *,
    passkey: Mapping[str, Any] | None = None,
    address: str,
    agent: str = "",
) -> tuple[Session, str]:
    """Sign somebody in; returns the session and its token, which is kept nowhere.

    Args:
        passkey: What an authenticator has signed, in the place of a code.

    Raises:
        CredentialRefused: `NOT_AUTHENTICATED`.
        Refused: `SECOND_FACTOR_NEEDED`, `RATE_LIMITED`.
        Unavailable: `OVERLOADED`.
    """
    login = login.strip().lower()[:80]
    async with at.guesses.guess(login, address) as guess:  # a missing code, or a failure of ours, is no wrong guess
        signed_in = await _prove(at, read, login, password, code, passkey, address, agent)
        guess.right = True
    return signed_in


async def _prove(
    at: Accounts,
    read: Read,
    login: str,
    password: str,
    code: str,
    passkey: Mapping[str, Any] | None,
    address: str,
    agent: str,
) -> tuple[Session, str]:
    guarded = await read(lambda connection: store.secrets_of_login(connection, login))
    who = ids.write_id(ids.ACCOUNT, guarded.account_id) if guarded else ""
    if not await at.hasher.check(password, guarded.password if guarded else None) or guarded is None:
        raise CredentialRefused(_WRONG, who)
    account_id = guarded.account_id
    has_passkeys = await read(lambda connection: count_passkeys(connection, account_id)) > 0
    if not code and passkey is None and (guarded.totp_set or has_passkeys):
        detail = "the code of the authenticator app, or a passkey, is needed too"
        raise Refused(Code.SECOND_FACTOR_NEEDED, detail, pointer="/code")
    if passkey is not None:
        passkeys.site_of(at)
    if not guarded.totp_set and not has_passkeys and not guarded.long:
        raise CredentialRefused("this password needs a second factor, which is gone; ask for a new code", who)
    fresh = await _rehash(at, guarded, password)
    session, token, secret = _begin(at, guarded, address, agent)

    async def work(connection: asyncpg.Connection) -> tuple[bool, Sequence[Draft]]:
        locked = await store.lock_secrets(connection, guarded.account_id)
        if locked is None or locked.password != guarded.password or locked.totp_set != guarded.totp_set:
            return False, ()
        factor: str | None = "password alone"
        if passkey is not None:
            proved = await passkeys.prove(connection, at, passkey, account_id=account_id)
            factor = "passkey" if proved else None
        elif locked.totp_set or has_passkeys:
            factor = await second_factor.use(connection, at, locked, code)
        if factor is None:
            return False, ()
        if fresh:
            await store.set_password(connection, guarded.account_id, fresh, long=guarded.long)
        await sign_ins.insert_session(connection, session, secret)
        return True, [_signed_in(guarded, session, address, factor)]

    if not await at.ledger.commit(session.made_at, work):
        raise CredentialRefused(_WRONG, who)
    return session, token


async def sign_in_as(
    at: Accounts, read: Read, *, source: str, external_id: str, address: str, agent: str = ""
) -> tuple[Session, str]:
    """Sign in whom another system has made sure of: a person of the directory who has an account here.

    Raises:
        CredentialRefused: `NOT_AUTHENTICATED`: there is none, or it is disabled.
    """
    guarded = await read(lambda connection: store.secrets_of_external(connection, source, external_id))
    if guarded is None:
        raise CredentialRefused("whoever this is has no account here; ask an administrator for one", "")
    session, token, secret = _begin(at, guarded, address, agent)

    async def work(connection: asyncpg.Connection) -> tuple[bool, Sequence[Draft]]:
        if await store.lock_secrets(connection, guarded.account_id) is None:
            return False, ()
        await sign_ins.insert_session(connection, session, secret)
        return True, [_signed_in(guarded, session, address, source)]

    if not await at.ledger.commit(session.made_at, work):
        raise CredentialRefused("this account was disabled", "")
    return session, token


async def sign_in_by_passkey(
    at: Accounts, credential: Mapping[str, Any], *, address: str, agent: str = ""
) -> tuple[Session, str]:
    """Sign somebody in by a passkey alone.

    Raises:
        CredentialRefused: `NOT_AUTHENTICATED`.
        Refused: `INVALID`, `NOT_FOUND` (this site has none), `RATE_LIMITED`.
    """
    passkeys.site_of(at)
    passkeys.challenge_of(credential)
    whom = f"passkey {passkeys.write(passkeys.read(credential.get('id'))[:24])}"
    now = at.clock.now()

    async def work(connection: asyncpg.Connection) -> tuple[tuple[Session, str] | None, Sequence[Draft]]:
        proved = await passkeys.prove(connection, at, credential)
        guarded = await store.lock_secrets(connection, proved.account_id) if proved else None
        if guarded is None:
            return None, ()  # the challenge stays used
        session, token, secret = _begin(at, guarded, address, agent)
        await sign_ins.insert_session(connection, session, secret)
        return (session, token), [_signed_in(guarded, session, address, "passkey")]

    async with at.guesses.guess(whom, address) as guess:
        signed_in = await at.ledger.commit(now, work)
        if signed_in is None:
            raise CredentialRefused("this passkey is not known here, or what it says is not good; begin again", "")
        guess.right = True
    return signed_in


async def caller_of_token(at: Accounts, connection: asyncpg.Connection, token: str) -> Caller:
    """Return who is signed in by a token, with what they may now.

    Raises:
        CredentialRefused: `NOT_AUTHENTICATED`.
    """
    parts, now = read_key(token, TOKEN), at.clock.now()
    known = await sign_ins.load_session(connection, parts.key_id, now) if parts else None
    matches = secret_matches(parts.secret if parts else "", known.secret if known else bytes(32))
    if known is None or not matches or at.spans.over(known.session, now):
        raise CredentialRefused("this session is not known, or has ended; sign in again", "")
    session = known.session
    if now - session.seen_at >= SEEN_EVERY:
        await sign_ins.see_session(connection, session.id, now)
    return Caller(
        source=ids.write_id(ids.ACCOUNT, session.account_id),
        scopes=known.scopes | scopes_of(known.roles),
        person_id=session.person_id,
        roles=known.roles,
        units=known.units,
        session_id=session.id,
        broken=known.broken,
    )


async def sign_out(at: Accounts, by: Caller, session_id: UUID) -> None:
    """End a session, at once and everywhere; twice is no fault."""
    now = at.clock.now()

    async def work(connection: asyncpg.Connection) -> tuple[None, Sequence[Draft]]:
        account_id = await sign_ins.end_session(connection, session_id, now)
        if account_id is None:
            return None, ()
        told = {
            "account": ids.write_id(ids.ACCOUNT, account_id), "session": ids.write_id(ids.SESSION, session_id),
            "by": by.source,
        }  # fmt: skip
        return None, [Draft(FactKind.SESSION_ENDED, None, None, None, json.dumps(told))]

    await at.ledger.commit(now, work)


def _signed_in(guarded: store.Secrets, session: Session, address: str, by: str) -> Draft:
    account, written = ids.write_id(ids.ACCOUNT, guarded.account_id), ids.write_id(ids.SESSION, session.id)
    told = {"account": account, "session": written, "from": address, "by": by}
    return Draft(FactKind.SIGNED_IN, None, guarded.person_id, None, json.dumps(told))


async def _rehash(at: Accounts, guarded: store.Secrets, password: str) -> str:
    if guarded.password is None or not at.hasher.is_outdated(guarded.password):
        return ""
    return await at.hasher.hash(password)


def _begin(at: Accounts, guarded: store.Secrets, address: str, agent: str) -> tuple[Session, str, bytes]:
    now = at.clock.now()
    session_id = ids.new_id(now)
    token = write_key(session_id, secrets.token_bytes(SECRET_BYTES), TOKEN)
    parts = read_key(token, TOKEN)
    assert parts is not None
    session = Session(
        id=session_id,
        account_id=guarded.account_id,
        person_id=guarded.person_id,
        made_at=now,
        seen_at=now,
        address=address,
        agent="".join(char for char in agent if char.isprintable())[:120],
    )
    return session, token, digest_secret(parts.secret)
