"""Counts a run from the database itself, with the role that may only read; and finds what would have been lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from wardwire.model import ids
from wardwire.model.priority import Priority
from wardwire.store.policies import read_policy
from wardwire.testing.demo.board import Counts, Running

# What people and integrations have said in this run. Ids sort by time: the bound is found by the primary key.
_RUN = """
WITH said AS (
    SELECT id, sender_person FROM messages
    WHERE id >= $1 AND stored_at >= $2 AND kind NOT IN ('technical_alarm', 'canary', 'copy', 'test')
)"""

_COUNTS = (
    _RUN
    + """, given AS (
    SELECT d.* FROM deliveries d JOIN said ON said.id = d.message_id WHERE d.message_id >= $1
), onward AS (
    -- A stage passed unconfirmed and the next one began, or the desk was told instead.
    SELECT f.message_id, f.person_id FROM facts f JOIN said ON said.id = f.message_id
    WHERE f.kind = 'NotConfirmed' AND f.at >= $2
    UNION
    SELECT f.message_id, f.person_id FROM facts f
    JOIN said ON said.id = f.message_id
    JOIN alarms a ON a.message_id = f.message_id AND a.kind = 'unreached'
    WHERE f.kind = 'Unreachable' AND f.at >= $2
    UNION
    -- A step of a policy after the first began.
    SELECT f.message_id, NULL FROM facts f JOIN said ON said.id = f.message_id
    WHERE f.kind = 'Escalated' AND f.at >= $2 AND f.body::jsonb ->> 'why' <> 'begun'
)
SELECT (SELECT count(*) FROM said) AS stored,
       (SELECT count(*) FROM given WHERE delivered_at IS NOT NULL) AS delivered,
       (SELECT count(*) FROM given WHERE response IS NOT NULL) AS answered,
       (SELECT count(*) FROM onward) AS escalated,
       (SELECT count(*) FROM alarms WHERE raised_at >= $2) AS technical_alarms
"""
)

# Acknowledged to a client, and yet: not there, without any delivery, or with a delivery that nobody confirmed, that
# has not ended, whose failure its sender (or the desk) was not told of, and for which no deadline is armed.
_LOST = """
SELECT a.id FROM unnest($1::uuid[]) AS a (id) LEFT JOIN messages m ON m.id = a.id
WHERE m.id IS NULL
   OR (NOT EXISTS (SELECT FROM deliveries d WHERE d.message_id = a.id)
       AND NOT EXISTS (SELECT FROM fanouts f WHERE f.message_id = a.id))
   OR EXISTS (
    SELECT FROM deliveries d WHERE d.message_id = a.id
       AND d.delivered_at IS NULL
       AND d.state NOT IN ('cancelled', 'expired')
       AND NOT (d.state = 'pending' AND EXISTS (
            SELECT FROM deadlines l
            WHERE l.message_id = d.message_id AND l.person_id = d.person_id AND l.kind = 'confirm'))
       AND NOT (d.state = 'unreachable' AND (
            EXISTS (SELECT FROM inbox i
                    WHERE i.person_id = d.sender_person AND i.message_id = d.message_id AND i.event = 'unreachable')
            OR EXISTS (SELECT FROM alarms l WHERE l.message_id = d.message_id AND l.kind = 'unreached'))))
"""


async def count_run(connection: asyncpg.Connection, *, since: datetime, acknowledged: Sequence[str]) -> Counts:
    """Count what was stored since an instant of the site's time.

    Args:
        acknowledged: The messages that a client was told of as stored.
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        row = await connection.fetchrow(_COUNTS, ids.first_id_of(since), since)
        missing = await find_lost(connection, acknowledged)
    return Counts(**dict(row), lost=len(missing))


async def find_lost(connection: asyncpg.Connection, acknowledged: Sequence[str]) -> list[UUID]:
    """Find acknowledged messages of which nothing would ever be heard again."""
    wanted = [ids.read_id(ids.MESSAGE, message) for message in acknowledged]
    return [row["id"] for row in await connection.fetch(_LOST, wanted)]


# What is open, with what it waits for; the body is the sender's own statement.
_RUNNING = """
SELECT e.message_id, e.priority, e.state, e.step, e.policy, e.standing, e.started_at,
       convert_from(m.content, 'UTF8') AS content, m.content_scheme,
       coalesce(b.name, u.name, '') AS place,
       (SELECT min(d.due_at) FROM deadlines d WHERE d.message_id = e.message_id AND d.kind = 'escalate') AS due_at,
       (SELECT string_agg(p.name, ', ' ORDER BY p.name) FROM deliveries y JOIN people p ON p.id = y.person_id
        WHERE y.message_id = e.message_id AND y.state = 'accepted') AS who,
       clock_timestamp() + make_interval(secs => s.clock_offset_us / 1e6) AS now
FROM escalations e
JOIN messages m ON m.id = e.message_id
CROSS JOIN site s
LEFT JOIN places b ON b.id = e.bed
LEFT JOIN places u ON u.id = e.unit
WHERE e.closed_at IS NULL
ORDER BY array_position(ARRAY['code', 'high', 'medium', 'low'], e.priority), e.started_at
LIMIT 30
"""


async def running(connection: asyncpg.Connection) -> list[Running]:
    """Read the escalations that are open, the most urgent first."""
    found = []
    for row in await connection.fetch(_RUNNING):
        policy = read_policy(row["policy"])
        found.append(
            Running(
                message=ids.write_id(ids.MESSAGE, row["message_id"]),
                priority=Priority(row["priority"]),
                what=policy.name,
                place=row["place"],
                state=row["state"],
                step=row["step"] + 1,
                steps=len(policy.steps),
                who=row["who"] or "",
                due_in_s=(row["due_at"] - row["now"]).total_seconds() if row["due_at"] else 0.0,
            )
        )
    return found
