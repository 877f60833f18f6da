"""Gives a new PostgreSQL what one in service has: segments of its log to be used again.

A segment that is made anew is written full of zeros first, 16 MB, while every commit waits: on a new server each
of the first hundreds of megabytes brings such a stall, and later none does.
"""

from __future__ import annotations

import asyncpg

SEGMENTS = 40  # more than `min_wal_size` keeps for a server at rest


async def make_segments(dsn: str) -> None:
    """Fill and switch segments, and let a checkpoint free them for use. `dsn` is the superuser's; takes 2 s."""
    connection = await asyncpg.connect(dsn)
    try:
        for _ in range(SEGMENTS):
            await connection.execute("SELECT pg_logical_emit_message(false, 'bench', 'x')")
            await connection.execute("SELECT pg_switch_wal()")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()
