"""Writes which role a unit has for a function. Runs inside the transaction of a change of the directory."""

from __future__ import annotations

from uuid import UUID

import asyncpg

from wardwire.model.places import UnitRole
from wardwire.store.queries import load

_SQL = load("unit_roles")


async def put_unit_role(connection: asyncpg.Connection, given: UnitRole, version: int) -> None:
    """Say which role it is; one without a role takes it away."""
    await connection.execute(_SQL["put"], given.unit_id, given.function, given.role_id, version)


def unit_role_of(row: asyncpg.Record) -> UnitRole:
    """Make one of its row."""
    unit: UUID = row["unit_id"]
    return UnitRole(unit, row["function"], row["role_id"])
