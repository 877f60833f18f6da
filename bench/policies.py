"""Escalation policies, entered straight into the directory as `people.py` enters people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import asyncpg

from wardwire.model import ids
from wardwire.model.policy import Policy, Step
from wardwire.ops.engines import EngineLogins
from wardwire.store.policies import insert_policy


async def enter_policies(logins: EngineLogins, policies: Mapping[str, tuple[Step, ...]]) -> dict[str, str]:
    """Enter policies by name in one directory version; gives their written ids."""
    now = datetime.now(UTC)
    entered: dict[str, str] = {}
    connection = await asyncpg.connect(logins.database.owner, server_settings={"search_path": "wardwire"})
    try:
        async with connection.transaction():
            version = await connection.fetchval("UPDATE directory_head SET version = version + 1 RETURNING version")
            for name, steps in policies.items():
                policy = Policy(ids.new_id(now), name, version, steps)
                await insert_policy(connection, policy, now)
                entered[name] = ids.write_id(ids.POLICY, policy.id)
    finally:
        await connection.close()
    return entered
