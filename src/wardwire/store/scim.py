"""What a provisioning system keeps of people and groups: names there, ids there, and what it has said of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from wardwire.model.names import fold_name
from wardwire.model.people import Endpoint
from wardwire.store.endpoints import endpoint_of
from wardwire.store.queries import load

_SQL = load("scim")
_READ = msgspec.json.Decoder(dict[str, Any]).decode
_WRITE = msgspec.json.Encoder(order="sorted").encode


class Kept(NamedTuple):
    """What is kept of a person.

    Attributes:
        said: What was said of them, without what has a home elsewhere (model/scim/user.py).
        deleted: They were taken back, and are disabled.
    """

    person_id: UUID
    user_name: str
    said: dict[str, Any]
    deleted: bool = False


async def find_users(connection: asyncpg.Connection, people: Sequence[UUID]) -> dict[UUID, Kept]:
    """Return what is kept of some people, also of those who were taken back."""
    return {row["person_id"]: _kept(row) for row in await connection.fetch(_SQL["users"], list(people))}


async def find_every_user(connection: asyncpg.Connection) -> dict[UUID, Kept]:
    """Return what is kept of everybody who was not taken back."""
    return {row["person_id"]: _kept(row) for row in await connection.fetch(_SQL["every_user"])}


async def find_deleted(connection: asyncpg.Connection) -> frozenset[UUID]:
    """Return who was taken back."""
    return frozenset(row["person_id"] for row in await connection.fetch(_SQL["deleted"]))


async def find_named(connection: asyncpg.Connection, user_name: str) -> UUID | None:
    """Return who has a name now, whatever its case."""
    return await connection.fetchval(_SQL["named"], fold_name(user_name))  # type: ignore[no-any-return]


async def find_known_as(connection: asyncpg.Connection, source: str, external_id: str) -> UUID | None:
    """Return who somebody is by their id in a system."""
    return await connection.fetchval(_SQL["known_as"], source, external_id)  # type: ignore[no-any-return]


async def keep_user(connection: asyncpg.Connection, kept: Kept, now: datetime) -> None:
    """Keep it; a name that somebody else has now violates `scim_users_name`."""
    deleted_at = now if kept.deleted else None
    said = _WRITE(kept.said).decode()
    await connection.execute(
        _SQL["keep"], kept.person_id, kept.user_name, fold_name(kept.user_name), said, deleted_at
    )


async def lock_endpoints(connection: asyncpg.Connection, person_id: UUID) -> list[Endpoint]:
    """Read the endpoints of a person and lock their rows."""
    return [endpoint_of(row) for row in await connection.fetch(_SQL["endpoints"], person_id)]


async def find_group_ids(connection: asyncpg.Connection, source: str, groups: Sequence[UUID]) -> dict[UUID, str]:
    """Return the ids of some groups in a system."""
    return dict(await connection.fetch(_SQL["group_ids"], source, list(groups)))


async def find_group_known_as(connection: asyncpg.Connection, source: str, external_id: str) -> UUID | None:
    """Return which group it is by its id in a system."""
    return await connection.fetchval(_SQL["group_known_as"], source, external_id)  # type: ignore[no-any-return]


async def keep_group_id(connection: asyncpg.Connection, source: str, group_id: UUID, external_id: str) -> None:
    """Keep the id of a group in a system, "" = it has none; another group's violates `group_ids_of_no_other`."""
    await connection.execute(_SQL["clear_group_id"], source, group_id)
    if external_id:
        await connection.execute(_SQL["add_group_id"], source, external_id, group_id)


def _kept(row: asyncpg.Record) -> Kept:
    return Kept(row["person_id"], row["user_name"], _READ(row["kept"]), row["deleted"])


async def find_groups_of(connection: asyncpg.Connection, source: str) -> dict[str, UUID]:
    """Return all groups of a system, by their ids there."""
    return dict(await connection.fetch(_SQL["groups_of"], source))


async def find_people_of(connection: asyncpg.Connection, source: str) -> dict[str, UUID]:
    """Return all people of a system, by their ids there."""
    return dict(await connection.fetch(_SQL["people_of"], source))
