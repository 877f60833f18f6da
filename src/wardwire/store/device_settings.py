"""Writes groups of devices and what they are set to. Runs inside the transaction of a change of the directory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from wardwire.model.device_settings import DeviceGroup, Layer, Scope, Value
from wardwire.store.queries import load

_SQL = load("device_settings")


class _Kept(msgspec.Struct, frozen=True):
    values: dict[str, Value]
    locked: list[str]


_read = msgspec.json.Decoder(_Kept).decode


class Layered(NamedTuple):
    """A layer and whose it is."""

    scope: Scope
    ref: UUID
    layer: Layer


async def insert_group(connection: asyncpg.Connection, group: DeviceGroup, version: int) -> None:
    """Add a group of devices."""
    await connection.execute(_SQL["put_group"], group.id, group.name, version)


async def update_group(
    connection: asyncpg.Connection,
    group_id: UUID,
    *,
    name: str | None,
    disabled: bool | None,
    now: datetime,
    version: int,
) -> DeviceGroup | None:
    """Change what is not None; returns the group as it is then, or None when there is none."""
    row = await connection.fetchrow(_SQL["change_group"], group_id, name, disabled, now, version)
    return device_group_of(row) if row else None


async def put_layer(connection: asyncpg.Connection, scope: Scope, ref: UUID, layer: Layer, version: int) -> None:
    """Write what a layer says, in the place of what it said."""
    written = msgspec.json.encode(_Kept(dict(layer.values), sorted(layer.locked))).decode()
    await connection.execute(_SQL["put_layer"], scope, ref, written, version)


async def move_devices(
    connection: asyncpg.Connection, device_ids: Sequence[UUID], group_id: UUID | None, version: int
) -> set[UUID]:
    """Put devices into a group, or into none; returns those that are there and not revoked."""
    return {row["id"] for row in await connection.fetch(_SQL["move"], list(device_ids), group_id, version)}


def device_group_of(row: asyncpg.Record) -> DeviceGroup:
    """Make a group of its row."""
    return DeviceGroup(row["id"], row["name"], row["disabled"])


def layer_of(row: asyncpg.Record) -> Layered:
    """Make a layer of its row."""
    kept = _read(row["layer"])
    return Layered(Scope(row["scope"]), row["ref"], Layer(kept.values, frozenset(kept.locked)))
