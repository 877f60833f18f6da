"""Passwords are chosen: with a one-time code, or by who knows the old one. Hashed before, committed with its fact."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from importlib import resources
from uuid import UUID

import asyncpg

from wardwire.access.accounts import OURS, Accounts, body_of, fact_of, insert, known_account, source_of
from wardwire.access.guesses import Read
from wardwire.model import ids
from wardwire.model.accounts import ALONE, Account, check_password, clean_login, normal_password
from wardwire.model.credentials import digest_code
from wardwire.model.errors import Code, Refused
from wardwire.model.facts import FactKind
from wardwire.model.names import clean_name
from wardwire.model.people import Person
from wardwire.model.rights import AccessRole
from wardwire.store import accounts as store
from wardwire.store.chain import Draft
from wardwire.store.directory import next_version
from wardwire.store.people import insert_person
from wardwire.store.sign_ins import end_sessions

_NO_CODE = "this code is not valid, or no longer; ask for another one"


async def claim(
    at: Accounts, read: Read, code: str, password: str, *, login: str = "", name: str = "", address: str = ""
) -> Account:
    """Choose a password with a one-time code; other sessions of the account end.

    With the code of the first administrator the person and the account are made too, of `name` and `login`.

    Raises:
        Refused: `CODE_EXPIRED`, `RATE_LIMITED`, `PASSWORD_WEAK`, `INVALID`, `NAME_TAKEN`.
    """
    now = at.clock.now()
    digest = digest_code(code)
    async with at.guesses.guess(f"code from {address}", address) as guess:
        known = await read(lambda connection: store.find_code(connection, digest, now))
        guess.wrong = known is None
    if known is None:
        raise Refused(Code.CODE_EXPIRED, _NO_CODE, pointer="/code")
    if known.first:
        login, name = clean_login(login), clean_name(name)
    names = (known.login or login, known.name or name)
    check_password(password, alone=not known.totp_set, names=(*names, OURS, at.site), common=common_passwords())
    hashed = await at.hasher.hash(password)

    async def work(connection: asyncpg.Connection) -> tuple[Account, Sequence[Draft]]:
        used = await store.use_code(connection, digest, now)
        first = used is not None and used[0]
        if used is None or (first and await store.count_administrators(connection)):
            raise Refused(Code.CODE_EXPIRED, _NO_CODE, pointer="/code")
        facts: list[Draft] = []
        if used[1] is None:
            account, facts = await _make_first(connection, login, name, now)
        else:
            account = await known_account(connection, used[1])
        await store.set_password(connection, account.id, hashed, long=is_long(password))
        await end_sessions(connection, account.id, now)
        facts.append(fact_of("password_chosen", account, source_of(account), {"from": address}))
        return replace(account, password=True, long=is_long(password)), facts

    return await at.ledger.commit(now, work)


async def change_password(
    at: Accounts, account_id: UUID, old: str, new: str, *, session_id: UUID | None = None, address: str = ""
) -> None:
    """Change one's own password; other sessions than this end.

    Raises:
        Refused: `NOT_AUTHENTICATED` (the old one), `RATE_LIMITED`, `PASSWORD_WEAK`.
    """
    now = at.clock.now()
    guarded = await check_own_password(at, account_id, old, pointer="/old", address=address)
    names = (guarded.name, guarded.login, OURS, at.site)
    check_password(new, alone=not guarded.totp_set, names=names, common=common_passwords(), pointer="/new")
    hashed = await at.hasher.hash(new)

    async def work(connection: asyncpg.Connection) -> tuple[None, Sequence[Draft]]:
        account = await known_account(connection, account_id)
        await store.set_password(connection, account_id, hashed, long=is_long(new))
        await end_sessions(connection, account_id, now, but=session_id)
        return None, [fact_of("password_changed", account, source_of(account), {"from": address})]

    await at.ledger.commit(now, work)


async def check_own_password(
    at: Accounts, account_id: UUID, password: str, *, pointer: str, address: str
) -> store.Secrets:
    """Make sure that whoever is signed in is still who they were.

    Raises:
        Refused: `NOT_PERMITTED`, `RATE_LIMITED`.
    """

    async def work(connection: asyncpg.Connection) -> tuple[store.Secrets | None, Sequence[Draft]]:
        return await store.lock_secrets(connection, account_id), ()

    guarded = await at.ledger.commit(at.clock.now(), work)
    if guarded is None:
        raise Refused(Code.NOT_FOUND, "there is no such account")
    async with at.guesses.guess(guarded.login, address) as guess:
        guess.wrong = not await at.hasher.check(password, guarded.password)
    if guess.wrong:
        raise Refused(Code.NOT_PERMITTED, "this is not your password", pointer=pointer)
    return guarded


def is_long(password: str) -> bool:
    """Whether a password may stand alone."""
    return len(normal_password(password)) >= ALONE


@functools.cache
def common_passwords() -> frozenset[str]:
    """The commonest passwords, in small letters."""
    text = (resources.files("wardwire.access") / "common-passwords.txt").read_text()
    return frozenset(line.casefold() for line in text.splitlines() if not line.startswith("#"))


async def _make_first(
    connection: asyncpg.Connection, login: str, name: str, now: datetime
) -> tuple[Account, list[Draft]]:
    version = await next_version(connection)
    person = Person(id=ids.new_id(now), name=name)
    await insert_person(connection, person, version)
    account = Account(
        id=ids.new_id(now), person_id=person.id, login=login, roles=frozenset({AccessRole.ADMINISTRATOR})
    )
    await insert(connection, account, now)
    body = body_of({"what": "person_added", "by": "first administrator", "version": version, "name": name})
    added = Draft(FactKind.DIRECTORY_CHANGED, None, person.id, None, body)
    told = {"login": login, "roles": sorted(account.roles)}
    return account, [added, fact_of("account_added", account, "first administrator", told)]
