"""Lost devices as they are kept, listed over HTTP's pages and by the command."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from wardwire.cli.main import main
from wardwire.model.lost import Order
from wardwire.store.lost import list_lost, load_lost, put_confirmed, put_order, put_told
from wardwire.testing.ward import Ward

SECOND = timedelta(seconds=1)


async def lose(ward: Ward, connection: asyncpg.Connection, person: UUID, seconds: int) -> UUID:
    """Register a device of somebody, and report it as lost."""
    device = UUID(int=seconds + 1)
    await connection.execute(
        "INSERT INTO devices (id, person_id, name, nkey, x25519, registered_at, version) "
        "VALUES ($1, $2, $3, $4, $5, $6, 1)",
        device,
        person,
        f"phone {seconds}",
        f"U{seconds}",
        bytes(32),
        ward.clock.now(),
    )
    now = ward.clock.now() + seconds * SECOND
    assert await put_order(connection, device, Order.WIPE, now=now, why="taxi", by="test", version=2)
    return device


async def test_pages_of_lost_devices_are_whole(database_url: str) -> None:
    """Each stands on one page, the newest order first; one's own can be asked for alone."""
    async with Ward(database_url) as ward, ward.connection.transaction():
        of = [ward.anna.id, ward.ben.id]
        lost = [await lose(ward, ward.connection, of[nth % 2], nth) for nth in range(5)]
        first = await list_lost(ward.connection, after=None, limit=3)
        rest = await list_lost(ward.connection, after=first[-1].device_id, limit=3)
        assert [one.device_id for one in (*first, *rest)] == lost[::-1]
        own = await list_lost(ward.connection, after=None, limit=9, person_id=ward.anna.id)
        assert [one.device_id for one in own] == [lost[4], lost[2], lost[0]]


async def test_an_order_is_told_and_confirmed_once(database_url: str) -> None:
    """And only the one that stands: the word about an earlier order changes nothing."""
    async with Ward(database_url) as ward, ward.connection.transaction():
        device = await lose(ward, ward.connection, ward.anna.id, 0)
        lost = await load_lost(ward.connection, device)
        assert lost is not None
        now, at = ward.clock.now() + SECOND, lost.ordered_at
        assert await put_confirmed(ward.connection, device, at - SECOND, now=now, version=3) is None
        assert await put_told(ward.connection, device, at, now) == ward.anna.id
        assert await put_told(ward.connection, device, at, now) is None
        assert await put_confirmed(ward.connection, device, at, now=now, version=3) == ward.anna.id
        assert await put_confirmed(ward.connection, device, at, now=now, version=4) is None


def test_the_command_says_that_none_is_lost(commands_site: None, capsys: pytest.CaptureFixture[str]) -> None:
    """And gives an empty list as JSON."""
    assert main(["lost", "list"]) == 0
    assert capsys.readouterr().out.strip() == "No device is reported lost."
    assert main(["lost", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"schema_version": 1, "devices": []}
