"""Sessions of accounts: who is signed in. Of a token only a digest is kept."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from wardwire.model.accounts import Session, Spans
from wardwire.model.rights import AccessRole
from wardwire.store.queries import load

_SQL = load("sign_ins")


class SignedIn(NamedTuple):
    """A session, and what whoever it is of may now."""

    session: Session
    secret: bytes
    roles: frozenset[AccessRole]
    units: frozenset[UUID]
    scopes: frozenset[str]
    broken: UUID | None


async def insert_session(connection: asyncpg.Connection, session: Session, secret: bytes) -> None:
    """Add a session."""
    s = session
    await connection.execute(_SQL["add"], s.id, s.account_id, secret, s.made_at, s.address, s.agent)


async def load_session(connection: asyncpg.Connection, session_id: UUID, now: datetime) -> SignedIn | None:
    """Read a session, and what it may now."""
    row = await connection.fetchrow(_SQL["get"], session_id, now)
    if row is None:
        return None
    *fields, secret, roles, units, scopes, broken = row
    return SignedIn(
        _session(*fields), secret, frozenset(map(AccessRole, roles)), frozenset(units), frozenset(scopes), broken
    )


async def see_session(connection: asyncpg.Connection, session_id: UUID, now: datetime) -> None:
    """Note that a session is used."""
    await connection.execute(_SQL["seen"], session_id, now)


async def list_sessions(
    connection: asyncpg.Connection, spans: Spans, now: datetime, *, account_id: UUID | None, after: UUID, limit: int
) -> list[Session]:
    """Read the sessions that are open, of one account or of all."""
    rows = await connection.fetch(_SQL["list"], after, account_id, now - spans.idle, now - spans.age, limit)
    return [_session(*row) for row in rows]


async def end_session(connection: asyncpg.Connection, session_id: UUID, now: datetime) -> UUID | None:
    """End a session; returns its account, None when it was ended before."""
    account_id: UUID | None = await connection.fetchval(_SQL["end"], session_id, now)
    return account_id


async def end_sessions(
    connection: asyncpg.Connection, account_id: UUID, now: datetime, *, but: UUID | None = None
) -> int:
    """End the sessions of an account but one; returns how many."""
    return len(await connection.fetch(_SQL["end_all"], account_id, now, but))


async def forget_sessions(connection: asyncpg.Connection, before: datetime) -> None:
    """Forget the sessions that began before an instant."""
    await connection.execute(_SQL["forget"], before)


def _session(
    id: UUID,
    account_id: UUID,
    person_id: UUID,
    made_at: datetime,
    seen_at: datetime,
    address: str,
    agent: str,
    ended: bool,
) -> Session:
    return Session(
        id=id, account_id=account_id, person_id=person_id, made_at=made_at, seen_at=seen_at, address=address,
        agent=agent, ended=ended,
    )  # fmt: skip
