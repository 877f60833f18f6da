"""Accounts and what guards them. Written inside the transaction of a change (access/accounts.py)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from wardwire.model.accounts import Account
from wardwire.model.rights import AccessRole
from wardwire.store.queries import load

_SQL = load("accounts")


class Secrets(NamedTuple):
    """What guards an account that can be used. Never leaves access."""

    account_id: UUID
    person_id: UUID
    name: str
    login: str
    password: str | None
    long: bool
    totp: bytes | None
    totp_set: bool
    totp_used: int
    recovery: Sequence[bytes]


class Code(NamedTuple):
    """A one-time code that can be used. `first`: it makes the first administrator."""

    first: bool
    login: str | None
    name: str | None
    totp_set: bool


async def load_account(connection: asyncpg.Connection, account_id: UUID) -> Account | None:
    """Read an account."""
    row = await connection.fetchrow(_SQL["get"], account_id)
    return None if row is None else _account(row)


async def list_accounts(
    connection: asyncpg.Connection, *, after: UUID, login: str | None, limit: int, person_id: UUID | None = None
) -> list[Account]:
    """Read accounts behind an id; of a login or of a person, where these are given."""
    return [_account(row) for row in await connection.fetch(_SQL["list"], after, login, person_id, limit)]


async def insert_account(connection: asyncpg.Connection, account: Account, now: datetime) -> None:
    """Add an account, without a password."""
    roles, units = sorted(account.roles), sorted(account.units)
    await connection.execute(_SQL["add"], account.id, account.person_id, account.login, roles, units, now)


async def update_account(
    connection: asyncpg.Connection,
    account_id: UUID,
    now: datetime,
    *,
    login: str | None,
    roles: Sequence[str] | None,
    units: Sequence[UUID] | None,
    disabled: bool | None,
) -> None:
    """Change what is not None."""
    await connection.execute(_SQL["change"], account_id, login, roles, units, disabled, now)


async def count_administrators(connection: asyncpg.Connection, *, beside: UUID | None = None) -> int:
    """Count the administrators who can sign in."""
    number: int = await connection.fetchval(_SQL["administrators"], beside)
    return number


async def lock_administrators(connection: asyncpg.Connection) -> None:
    """Let one transaction at a time take an administrator away: of the last two only one goes."""
    await connection.execute(_SQL["lock_administrators"])


async def find_administrators(connection: asyncpg.Connection, people: Sequence[UUID]) -> list[UUID]:
    """Return which of some people have the account of an administrator who can sign in, or could if not disabled."""
    rows: list[Any] = await connection.fetch(_SQL["administrators_among"], list(people))
    return [row["person_id"] for row in rows]


async def name_of(connection: asyncpg.Connection, person_id: UUID) -> str | None:
    """Return the name of a person who is not disabled."""
    name: str | None = await connection.fetchval(_SQL["person"], person_id)
    return name


async def secrets_of_login(connection: asyncpg.Connection, login: str) -> Secrets | None:
    """Read what guards the account of this name; None when there is none that can be used."""
    row = await connection.fetchrow(_SQL["secrets_by_login"], login)
    return None if row is None else Secrets(*row)


async def secrets_of_external(connection: asyncpg.Connection, source: str, external_id: str) -> Secrets | None:
    """Read what guards the account of whoever bears this id in another system; None when there is none."""
    row = await connection.fetchrow(_SQL["secrets_by_external"], source, external_id)
    return None if row is None else Secrets(*row)


async def lock_secrets(connection: asyncpg.Connection, account_id: UUID) -> Secrets | None:
    """Read what guards an account, and let nobody else change it until the transaction ends."""
    row = await connection.fetchrow(_SQL["secrets"], account_id)
    return None if row is None else Secrets(*row)


async def set_password(connection: asyncpg.Connection, account_id: UUID, password: str, *, long: bool) -> None:
    """Keep the hash of a password."""
    await connection.execute(_SQL["set_password"], account_id, password, long)


async def set_second_factor(
    connection: asyncpg.Connection,
    account_id: UUID,
    totp: bytes | None,
    *,
    is_set: bool,
    used: int,
    recovery: Sequence[bytes],
) -> None:
    """Keep the secret of an authenticator app, the last half minute used, and digests of recovery codes."""
    await connection.execute(_SQL["set_totp"], account_id, totp, is_set, used, list(recovery))


async def add_code(
    connection: asyncpg.Connection, digest: bytes, account_id: UUID | None, *, now: datetime, expires_at: datetime
) -> None:
    """Keep the digest of a one-time code; the unused one before it ends."""
    await connection.execute(_SQL["add_code"], digest, account_id, now, expires_at)


async def count_first_codes(connection: asyncpg.Connection) -> int:
    """Count the codes of the first administrator that were ever issued."""
    number: int = await connection.fetchval(_SQL["first_codes"])
    return number


async def find_code(connection: asyncpg.Connection, digest: bytes, now: datetime) -> Code | None:
    """Read a code that can be used."""
    row = await connection.fetchrow(_SQL["code"], digest, now)
    return None if row is None else Code(*row)


async def use_code(connection: asyncpg.Connection, digest: bytes, now: datetime) -> tuple[bool, UUID | None] | None:
    """Use a code: whether it makes the first administrator, and its account. None when it is no good (any more)."""
    row = await connection.fetchrow(_SQL["use_code"], digest, now)
    return None if row is None else (row["first"], row["account_id"])


def _account(row: Any) -> Account:
    return Account(
        id=row["id"],
        person_id=row["person_id"],
        login=row["login"],
        roles=frozenset(AccessRole(role) for role in row["roles"]),
        units=frozenset(row["units"]),
        password=row["password"],
        long=row["long"],
        second_factor=row["second_factor"],
        disabled=row["disabled"],
    )
