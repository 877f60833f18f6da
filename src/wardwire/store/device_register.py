"""The register of devices: read with how each stands, changed by administrators, noted when devices are heard."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import asyncpg

from wardwire.model.device_register import About, Registered
from wardwire.store.queries import load

_SQL = load("device_register")
_FIRST = UUID(int=0)
_NOTHING = About()


class Choice(NamedTuple):
    """Which devices; what is None does not choose. `silent_since`: not heard since then."""

    device_id: UUID | None = None
    person_id: UUID | None = None
    group_id: UUID | None = None
    ownership: str | None = None
    cost_centre: str | None = None
    platform: str | None = None
    silent_since: datetime | None = None
    unit_id: UUID | None = None
    state: str | None = None


class Heard(NamedTuple):
    """A device was heard; `about` is what it has said of itself since it was last noted, None = nothing."""

    device_id: UUID
    at: datetime
    about: About | None


async def list_registered(
    connection: asyncpg.Connection, choice: Choice, *, limit: int, after: UUID = _FIRST
) -> list[Registered]:
    """Read devices after an id, in the order of ids."""
    return [Registered(*row) for row in await connection.fetch(_SQL["list"], after, *choice, limit)]


async def find_registered(connection: asyncpg.Connection, device_id: UUID) -> Registered | None:
    """Read one device; None when there is none."""
    found = await list_registered(connection, Choice(device_id=device_id), limit=1)
    return found[0] if found else None


async def update_device(
    connection: asyncpg.Connection,
    device_id: UUID,
    version: int,
    *,
    name: str | None,
    ownership: str | None,
    cost_centre: str | None,
    group: tuple[UUID | None] | None,
    expected: int | None,
) -> UUID | None:
    """Change what is not None; returns whose it is, None when there is none of the expected version.

    Args:
        group: The group, or none, in a tuple of one.
    """
    group_id = group[0] if group is not None else None
    person_id: UUID | None = await connection.fetchval(
        _SQL["change"], device_id, version, name, ownership, cost_centre, group_id, group is not None, expected
    )
    return person_id


async def count_standing(connection: asyncpg.Connection, since: datetime) -> tuple[int, int, int, int]:
    """Count devices: let in, of them heard since an instant, and never heard; and lost ones that have not obeyed."""
    registered, heard, never, lost = await connection.fetchrow(_SQL["standing"], since)
    return registered, heard, never, lost


async def is_registered(connection: asyncpg.Connection, device_id: UUID) -> bool:
    """Whether there is such a device, revoked or not."""
    return await connection.fetchval(_SQL["exists"], device_id) is not None


async def note_heard(connection: asyncpg.Connection, heard: Sequence[Heard], *, coarse: timedelta) -> None:
    """Note devices that were heard; what is noted already, but for less than `coarse`, is not written again."""
    rows = [(one.device_id, one.at, one.at if one.about else None, *(one.about or _NOTHING)) for one in heard]
    await connection.execute(_SQL["note"], *(list(column) for column in zip(*rows, strict=True)), coarse)
