"""A reader that follows the directory's version sees every change once, and in the end the whole."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg

from tests.ward import everybody, reading
from wardwire.directory.live import LiveDirectory
from wardwire.store.directory import directory_version, next_version, read_changes
from wardwire.testing.clock import FakeClock

NOW = FakeClock().now()


async def change(connection: asyncpg.Connection, sql: str, *args: object) -> int:
    """Change something under the next version."""
    async with connection.transaction():
        version = await next_version(connection)
        await connection.execute(sql, version, *args)
    return version


async def add_person(connection: asyncpg.Connection, name: str) -> UUID:
    """Add somebody."""
    person = uuid4()
    await change(connection, "INSERT INTO people (id, name, version) VALUES ($2, $3, $1)", person, name)
    return person


async def test_only_what_is_newer_is_read(database_url: str) -> None:
    """-1 is everything."""
    async with reading(database_url) as connection:
        anna = await add_person(connection, "Anna")
        before = await directory_version(connection)
        ben = await add_person(connection, "Ben")

        assert [person.id for person in (await read_changes(connection, before)).people] == [ben]
        assert {person.id for person in (await read_changes(connection, -1)).people} == {anna, ben}
        assert (await read_changes(connection, before + 1)).people == []


async def test_a_change_under_way_holds_the_next_one_back(database_url: str) -> None:
    """So a reader who has version n has seen every change up to n; an undone change uses up none."""
    async with reading(database_url) as first, reading(database_url) as second:
        transaction = first.transaction()
        await transaction.start()
        await next_version(first)
        await second.execute("SET lock_timeout = '50ms'")
        try:
            await next_version(second)
            waited = False
        except asyncpg.LockNotAvailableError:
            waited = True
        assert await directory_version(second) == 0
        await transaction.rollback()

        assert waited
        assert await next_version(second) == 1


async def test_a_directory_that_follows_is_the_same_as_one_that_reads_anew(database_url: str) -> None:
    """After people, devices, endpoints, groups, roles, shifts and keys were added, changed and taken away."""
    live = LiveDirectory()
    async with reading(database_url) as connection:
        anna, ben = await add_person(connection, "Anna"), await add_person(connection, "Ben")
        role, group, key, device = (uuid4() for _ in range(4))
        shifts = uuid4(), uuid4()
        steps: list[tuple[str, tuple[object, ...]]] = [
            ("INSERT INTO groups (id, name, members, version) VALUES ($2, 'Team', $3, $1)", (group, [anna, ben])),
            ("INSERT INTO roles (id, name, fallback, version) VALUES ($2, 'Cardiology', $3, $1)", (role, anna)),
            *(
                (
                    "INSERT INTO shifts (id, role_id, person_id, starts_at, ends_at, version)"
                    " VALUES ($2, $3, $4, $5, $6, $1)",
                    (shift, role, ben, NOW, NOW + timedelta(hours=1)),
                )
                for shift in shifts
            ),
            (
                "INSERT INTO devices (id, person_id, name, nkey, x25519, registered_at, version)"
                " VALUES ($2, $3, 'phone', 'U1', $4, $5, $1)",
                (device, anna, bytes(32), NOW),
            ),
            ("INSERT INTO endpoints (id, person_id, kind, address, version)"
             " VALUES ($2, $3, 'email', 'a@b', $1)",
             (uuid4(), ben)),
            ("INSERT INTO api_keys (id, source, secret, scopes, made_at, version)"
             " VALUES ($2, 'lab', $3, '{}', $4, $1)",
             (key, bytes(32), NOW)),
            ("UPDATE shifts SET version = $1, cancelled_at = $3 WHERE id = $2", (shifts[0], NOW)),
            ("UPDATE people SET version = $1, name = 'Anna B.' WHERE id = $2", (anna,)),
            ("UPDATE devices SET version = $1, revoked_at = $3 WHERE id = $2", (device, NOW)),
            ("UPDATE people SET version = $1, disabled_at = $3 WHERE id = $2", (ben, NOW)),
            ("UPDATE groups SET version = $1, members = $3 WHERE id = $2", (group, [anna])),
            ("UPDATE roles SET version = $1, name = 'Cardiology 1st' WHERE id = $2", (role,)),
        ]  # fmt: skip
        for sql, args in steps:
            await change(connection, sql, *args)
            assert await live.refresh(connection)
            assert not await live.refresh(connection)
    anew = await everybody(database_url)

    assert live.directory.version == anew.version == len(steps) + 2
    assert live.directory.people == anew.people
    assert live.directory.groups == anew.groups
    assert live.directory.roles == anew.roles
    assert [shift.id for shift in anew.roles[role].shifts] == [shifts[1]]
    assert live.directory.devices == anew.devices
    assert [live.directory.active_devices(anna), anew.active_devices(anna)] == [(), ()]
    assert live.directory.endpoints_of == anew.endpoints_of
    assert live.directory.keys == anew.keys
    assert dict(live.directory.names) == dict(anew.names)
    assert set(anew.names) == {"anna b.", "team", "cardiology 1st"}
