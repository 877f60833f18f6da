"""Places, assignments and policies: kept, read back as they were, and seen by whoever holds the directory."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from wardwire.directory.live import LiveDirectory
from wardwire.model import ids
from wardwire.model.places import Assignment, Place, PlaceKind, Rank
from wardwire.model.policy import Ends, Policy, Quorum, Step
from wardwire.store import places, policies
from wardwire.store.directory import next_version
from wardwire.testing.clock import FakeClock

NOW = FakeClock().now()
HOUR = timedelta(hours=1)
POLICY = Policy(
    id=ids.new_id(NOW),
    name="Code blue",
    version=1,
    steps=(
        Step(targets=("bed:primary",), wait=timedelta(seconds=90), endpoints=("app",), repeat=1),
        Step(
            targets=("group:Nurses", "role:Airway"),
            wait=timedelta(seconds=30),
            ends=Ends.QUORUM,
            quorum=(Quorum(role="group:Nurses", n=2, backup="role:Matron", within=timedelta(seconds=20)),),
        ),
    ),
    loops=2,
    still_active=None,
)


async def connect(url: str) -> asyncpg.Connection:
    """A connection of the app's role."""
    return await asyncpg.connect(url, server_settings={"search_path": "wardwire"})


async def test_what_is_written_is_seen_as_it_was_written(database_url: str) -> None:
    """Through one version of the directory."""
    connection = await connect(database_url)
    live = LiveDirectory()
    await live.refresh(connection)
    unit = Place(id=ids.new_id(NOW), kind=PlaceKind.UNIT, parent=None, name="4 West", policy=POLICY.id)
    bed = Place(id=ids.new_id(NOW), kind=PlaceKind.BED, name="4W-12", parent=unit.id)
    person = ids.new_id(NOW)
    async with connection.transaction():
        version = await next_version(connection)
        await policies.insert_policy(connection, POLICY, NOW)
        await connection.execute("INSERT INTO people (id, name, version) VALUES ($1, 'Anna', $2)", person, version)
        await places.insert_places(connection, [unit, bed], version)
        has = Assignment(
            id=ids.new_id(NOW),
            place_id=bed.id,
            person_id=person,
            rank=Rank.PRIMARY,
            starts_at=NOW,
            ends_at=NOW + HOUR,
            version=version,
        )
        await places.insert_assignments(connection, [has])
    assert await live.refresh(connection)

    directory = live.directory
    assert directory.places == {place.id: replace(place, version=version) for place in (unit, bed)}
    assert directory.assignments == {bed.id: (has,)}
    assert directory.policies == {POLICY.id: POLICY}
    assert (directory.place_names["bed:4w-12"], directory.policy_names["code blue"]) == ((bed.id,), POLICY.id)
    await connection.close()


async def test_every_version_of_a_policy_is_kept(database_url: str) -> None:
    """And cannot be changed by the app's role."""
    connection = await connect(database_url)
    async with connection.transaction():
        await next_version(connection)
        await policies.insert_policy(connection, POLICY, NOW)
    async with connection.transaction():
        version = await next_version(connection) + 1
        before = await policies.lock_policy(connection, POLICY.id)
        assert before == POLICY
        after = Policy(id=POLICY.id, name="Code", version=version, steps=POLICY.steps[:1], disabled=True)
        await policies.update_policy(connection, after, NOW + HOUR)
        assert await policies.lock_policy(connection, POLICY.id) == after
    kept = await connection.fetch("SELECT steps FROM policy_versions ORDER BY version")
    assert [policies.read_policy(row["steps"]).name for row in kept] == ["Code blue", "Code"]
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("UPDATE policy_versions SET steps = '[]'")
    await connection.close()


@pytest.mark.parametrize(
    ("kind", "parent"), [(PlaceKind.UNIT, True), (PlaceKind.BED, False)], ids=["a unit in a unit", "a bed in nothing"]
)
async def test_a_place_that_cannot_stand_there_is_refused(database_url: str, kind: PlaceKind, parent: bool) -> None:
    """By the table itself: whoever writes."""
    connection = await connect(database_url)
    unit = Place(id=ids.new_id(NOW), kind=PlaceKind.UNIT, parent=None, name="4 West")
    within: UUID | None = unit.id if parent else None
    await places.insert_places(connection, [unit], 1)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await places.insert_places(connection, [Place(id=ids.new_id(NOW), kind=kind, name="Other", parent=within)], 1)
    await connection.close()
