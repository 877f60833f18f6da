"""Accounts: added and changed, each in one transaction with its fact. Who may was asked before (door.py).

Nobody but whoever uses it ever knows a password: an account is given a one-time code, with which one is chosen
(passwords.py).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import asyncpg

from wardwire.access.door import admit
from wardwire.access.guesses import Guesses
from wardwire.access.hashing import Hasher
from wardwire.model import ids
from wardwire.model.accounts import Account, Spans, check_roles, clean_login
from wardwire.model.clock import Clock
from wardwire.model.credentials import ALPHABET, digest_code, write_code
from wardwire.model.errors import Code, Refused
from wardwire.model.facts import FactKind
from wardwire.model.matrix import Action
from wardwire.model.rights import AccessRole, Caller
from wardwire.store import accounts as store
from wardwire.store.chain import Draft
from wardwire.store.ledger import Ledger
from wardwire.store.sign_ins import end_sessions

T = TypeVar("T")

CODE_LENGTH = 20
CODE_LASTS = timedelta(hours=24)
OURS = "Wardwire"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """What accounts stand on.

    Attributes:
        ledger: Commits what is changed, with its facts.
        site: The hospital's name, for authenticator apps.
        origin: Where browsers see us, to which passkeys are bound; "" = there are none.
    """

    ledger: Ledger
    clock: Clock
    hasher: Hasher
    guesses: Guesses
    spans: Spans = field(default_factory=Spans)
    site: str = OURS
    origin: str = ""


class Issued(NamedTuple):
    """A one-time code, shown once and kept nowhere."""

    code: str
    expires_at: datetime


async def add_account(
    at: Accounts, caller: Caller, *, person_id: UUID, login: str, roles: Iterable[str], units: Collection[UUID] = ()
) -> tuple[Account, Issued]:
    """Add an account for a person, and issue the code with which they choose a password.

    Raises:
        Refused: `INVALID`, `NOT_FOUND` (person), `NAME_TAKEN` (login), `CONFLICT` (they have an account),
            `NOT_PERMITTED` (an administrator).
    """
    login, wanted = clean_login(login), check_roles(roles, units)
    check_administers(caller, wanted)
    now = at.clock.now()
    account = Account(id=ids.new_id(now), person_id=person_id, login=login, roles=wanted, units=frozenset(units))

    async def work(connection: asyncpg.Connection) -> tuple[Issued, Sequence[Draft]]:
        if await store.name_of(connection, person_id) is None:
            raise Refused(Code.NOT_FOUND, "there is no such person, or they are disabled", pointer="/person")
        await insert(connection, account, now)
        told = {"login": login, "roles": sorted(wanted), "units": _written(units)}
        return await _issue(connection, account.id, now), [fact_of("account_added", account, caller.source, told)]

    return account, await at.ledger.commit(now, work)


async def change_account(
    at: Accounts,
    caller: Caller,
    account_id: UUID,
    *,
    login: str | None = None,
    roles: Iterable[str] | None = None,
    units: Collection[UUID] | None = None,
    disabled: bool | None = None,
) -> Account:
    """Change what is not None. What somebody may is asked at each request; who is disabled is signed out at once.

    Raises:
        Refused: `NOT_FOUND`, `INVALID`, `NAME_TAKEN`, `LAST_ADMINISTRATOR`.
    """
    login = None if login is None else clean_login(login)
    now = at.clock.now()

    async def work(connection: asyncpg.Connection) -> tuple[Account, Sequence[Draft]]:
        before = await known_account(connection, account_id)
        managed = before.units if units is None else frozenset(units)
        after = replace(
            before,
            login=login or before.login,
            roles=check_roles(before.roles if roles is None else roles, managed),
            units=managed,
            disabled=before.disabled if disabled is None else disabled,
        )
        check_administers(caller, before.roles | after.roles)
        if _administers(before) and not _administers(after):
            await _leave_one(connection, account_id)
        try:
            await store.update_account(
                connection, account_id, now, login=login, roles=sorted(after.roles), units=sorted(after.units),
                disabled=disabled,
            )  # fmt: skip
        except asyncpg.UniqueViolationError:
            raise _taken() from None
        if after.disabled:
            await end_sessions(connection, account_id, now)
        told = {"login": login, "roles": sorted(after.roles), "units": _written(after.units), "disabled": disabled}
        return after, [fact_of("account_changed", after, caller.source, told)]

    return await at.ledger.commit(now, work)


async def issue_code(at: Accounts, caller: Caller, account_id: UUID) -> Issued:
    """Issue a code with which a new password is chosen; the old one holds until then.

    Raises:
        Refused: `NOT_FOUND`.
    """
    now = at.clock.now()

    async def work(connection: asyncpg.Connection) -> tuple[Issued, Sequence[Draft]]:
        account = await known_account(connection, account_id)
        check_administers(caller, account.roles)
        return await _issue(connection, account_id, now), [fact_of("code_issued", account, caller.source)]

    return await at.ledger.commit(now, work)


async def issue_first_code(at: Accounts, by: str, *, once: bool = False) -> Issued | None:
    """Issue the code of the first administrator; None when there is one. `once`: nor when one was issued before."""
    now = at.clock.now()

    async def work(connection: asyncpg.Connection) -> tuple[Issued | None, Sequence[Draft]]:
        before = once and await store.count_first_codes(connection)
        if before or await store.count_administrators(connection):
            return None, ()
        body = body_of({"what": "first_code_issued", "by": by})
        return await _issue(connection, None, now), [Draft(FactKind.ACCOUNT_CHANGED, None, None, None, body)]

    return await at.ledger.commit(now, work)


def check_administers(caller: Caller, roles: Collection[AccessRole]) -> None:
    """Refuse who may manage accounts but not administrators': a code or a role would make them one themselves.

    Raises:
        Refused: `NOT_PERMITTED`.
    """
    if AccessRole.ADMINISTRATOR in roles:
        admit(caller, Action.ACCOUNT_ADMINISTER)


def _administers(account: Account) -> bool:
    return AccessRole.ADMINISTRATOR in account.roles and not account.disabled


async def _leave_one(connection: asyncpg.Connection, account_id: UUID) -> None:
    await store.lock_administrators(connection)
    if not await store.count_administrators(connection, beside=account_id):
        raise Refused(
            Code.LAST_ADMINISTRATOR, "this is the last administrator who can sign in; make another one first"
        )


async def insert(connection: asyncpg.Connection, account: Account, now: datetime) -> None:
    """Add an account. Raises `CONFLICT`, `NAME_TAKEN`."""
    try:
        await store.insert_account(connection, account, now)
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name == "accounts_person":
            raise Refused(Code.CONFLICT, "this person has an account already", pointer="/person") from None
        raise _taken() from None


async def _issue(connection: asyncpg.Connection, account_id: UUID | None, now: datetime) -> Issued:
    code = write_code("".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH)))
    expires_at = now + CODE_LASTS
    await store.add_code(connection, digest_code(code), account_id, now=now, expires_at=expires_at)
    return Issued(code, expires_at)


async def known_account(connection: asyncpg.Connection, account_id: UUID) -> Account:
    """Return an account. Raises `NOT_FOUND`."""
    account = await store.load_account(connection, account_id)
    if account is None:
        raise Refused(Code.NOT_FOUND, "there is no such account")
    return account


def _taken() -> Refused:
    return Refused(Code.NAME_TAKEN, "somebody signs in by this name already", pointer="/login")


def source_of(account: Account) -> str:
    """Return how an account is written, also as the source of what it sends."""
    return ids.write_id(ids.ACCOUNT, account.id)


def _written(units: Iterable[UUID]) -> list[str]:
    return sorted(ids.write_id(ids.PLACE, unit) for unit in units)


def fact_of(what: str, account: Account, by: str, told: Mapping[str, Any] = MappingProxyType({})) -> Draft:
    """Say what was done to an account, and by whom."""
    fields = {key: value for key, value in told.items() if value is not None}
    body = body_of({"what": what, "account": source_of(account), "by": by, **fields})
    return Draft(FactKind.ACCOUNT_CHANGED, None, account.person_id, None, body)


def body_of(told: Mapping[str, Any]) -> str:
    """Write the body of a fact."""
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))
