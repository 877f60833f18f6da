"""Reads and writes what statuses mean at this site. Runs inside the transaction of a change of the directory."""

from __future__ import annotations

from typing import Any

import asyncpg

from wardwire.model.coverage import Meant
from wardwire.model.people import Status
from wardwire.model.priority import Priority
from wardwire.store.queries import load

_SQL = load("meanings")


def meant_of(row: Any) -> Meant:
    """Read a row; `rings` None = it means what is usual again."""
    if row["rings"] is None:
        return Meant(Status(row["status"]), None, None, row["version"])
    rings, covered = (frozenset(map(Priority, row[name])) for name in ("rings", "covered"))
    return Meant(Status(row["status"]), rings, covered, row["version"])


async def lock_meaning(connection: asyncpg.Connection, status: Status) -> Meant | None:
    """Read what a status means here, and lock it; None = nobody has ever said."""
    row = await connection.fetchrow(_SQL["lock"], status.value)
    return meant_of(row) if row else None


async def put_meaning(connection: asyncpg.Connection, meant: Meant) -> None:
    """Write what a status means here."""
    written = [None if found is None else sorted(found) for found in (meant.rings, meant.covered)]
    await connection.execute(_SQL["put"], meant.status.value, *written, meant.version)
