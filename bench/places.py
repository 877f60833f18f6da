"""A unit with beds and who has them, entered straight into the directory as `people.py` enters people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import asyncpg

from wardwire.model import ids
from wardwire.ops.engines import EngineLogins


async def enter_beds(logins: EngineLogins, *, unit: str, policy: str, nurses: Mapping[str, str]) -> None:
    """Enter a unit with a policy (its written id), a room, and beds: each has its primary nurse (a written id)."""
    now = datetime.now(UTC)
    ward, room = ids.new_id(now), ids.new_id(now)
    chosen = ids.read_id(ids.POLICY, policy)
    beds = {name: ids.new_id(now) for name in nurses}
    connection = await asyncpg.connect(logins.database.owner, server_settings={"search_path": "wardwire"})
    try:
        async with connection.transaction():
            version = await connection.fetchval("UPDATE directory_head SET version = version + 1 RETURNING version")
            places = [(ward, "unit", unit, None, chosen), (room, "room", f"{unit} room", ward, None)]
            places += [(bed, "bed", name, room, None) for name, bed in beds.items()]
            await connection.copy_records_to_table(
                "places",
                records=[(*place, version) for place in places],
                columns=("id", "kind", "name", "parent", "policy", "version"),
            )
            await connection.copy_records_to_table(
                "assignments",
                records=[
                    (ids.new_id(now), beds[name], ids.read_id(ids.PERSON, nurse), "primary", now, version)
                    for name, nurse in nurses.items()
                ],
                columns=("id", "place_id", "person_id", "rank", "starts_at", "version"),
            )
    finally:
        await connection.close()
