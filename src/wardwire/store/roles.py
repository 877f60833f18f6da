"""Writes roles and their shifts. Runs inside the transaction of a change of the directory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from wardwire.model.people import Role, Shift
from wardwire.store.oncall import role_from_row
from wardwire.store.queries import load

_SQL = load("roles")


async def insert_role(connection: asyncpg.Connection, role: Role, version: int) -> None:
    """Add a role; a name that a living role bears violates `roles_name`."""
    await connection.execute(_SQL["add"], role.id, role.name, role.fallback, role.fallback_to, version)


async def insert_roles(connection: asyncpg.Connection, roles: Sequence[Role], version: int) -> None:
    """Add many roles, without their shifts; as `insert_role`."""
    await connection.executemany(_SQL["add"], [(r.id, r.name, r.fallback, r.fallback_to, version) for r in roles])


async def update_role(
    connection: asyncpg.Connection,
    role_id: UUID,
    version: int,
    now: datetime,
    *,
    name: str | None,
    fallback: tuple[UUID | None, str] | None,
    disabled: bool | None,
) -> Role | None:
    """Change what is not None; locks the role's row. None when there is no such role. Without its shifts.

    Args:
        fallback: As `fallback` and `fallback_to` of a role.
    """
    person, other = fallback or (None, "")
    row = await connection.fetchrow(
        _SQL["change"], role_id, name, fallback is not None, person, other, disabled, now, version
    )  # fmt: skip
    return role_from_row(row) if row else None


async def insert_shift(connection: asyncpg.Connection, shift: Shift) -> None:
    """Add a shift; an unknown role or person violates its foreign key."""
    await insert_shifts(connection, [shift])


async def insert_shifts(connection: asyncpg.Connection, shifts: Sequence[Shift]) -> None:
    """Add many shifts; as `insert_shift`."""
    rows = [(s.id, s.role_id, s.person_id, s.starts_at, s.ends_at, s.version, s.override) for s in shifts]
    await connection.executemany(_SQL["add_shift"], rows)


async def find_shift(connection: asyncpg.Connection, shift_id: UUID) -> Shift | None:
    """Read a shift, cancelled or not."""
    row = await connection.fetchrow(_SQL["get_shift"], shift_id)
    return Shift(**row) if row else None


async def cancel_shift(connection: asyncpg.Connection, shift_id: UUID, version: int, now: datetime) -> Shift | None:
    """Take a shift away; taking it away twice is no fault. None when there is no such shift."""
    row = await connection.fetchrow(_SQL["cancel_shift"], shift_id, now, version)
    return Shift(**row) if row else None
