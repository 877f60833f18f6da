"""The floor of W5 as a process, `python -m bench.shapes.claim`: claims what is due and publishes it. No rules.

A claim is a lease, as it must be where nothing may be lost; what was published is deleted. Orders as in `core.py`.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta

import asyncpg
import msgspec
import uvloop

from bench.shapes.core import Orders, admit_all
from bench.shapes.voices import TEXT_BYTES
from wardwire.carrier.connection import Connection, Target
from wardwire.carrier.login import Login
from wardwire.carrier.nkeys import KeyPair

POLL_S = 0.5
LEASE = timedelta(seconds=15)
CLAIM = """
UPDATE due d SET visible_at = $2
FROM (SELECT id FROM due WHERE visible_at <= $1 ORDER BY visible_at LIMIT 200 FOR UPDATE SKIP LOCKED) c
WHERE d.id = c.id RETURNING d.id, d.device
"""
# Away with what was published; when is the next one due?
DONE = """
WITH gone AS (DELETE FROM due WHERE id = ANY($1)) SELECT min(visible_at) FROM due WHERE id <> ALL($1)
"""
FRAME = b'{"t":"new","seq":1,"message":"%b","text":"' + b"x" * TEXT_BYTES + b'"}'


async def claim_for_ever(carrier: Connection, database: asyncpg.Connection) -> None:
    """Claim, publish, delete; sleep until the next one is due."""
    claim, done = await database.prepare(CLAIM), await database.prepare(DONE)
    while True:
        now = datetime.now(UTC)
        rows = await claim.fetch(now, now + LEASE)
        for due, device in rows:
            carrier.publish(f"d.{device}.down.m", FRAME % due.hex.encode())
        following = await done.fetchval([row[0] for row in rows])
        rest = (following - datetime.now(UTC)).total_seconds() if following else POLL_S
        await asyncio.sleep(max(0.0, min(rest, POLL_S)))


async def run() -> None:
    """Claim until stdin ends."""
    loop = asyncio.get_running_loop()
    orders = msgspec.json.decode(await loop.run_in_executor(None, sys.stdin.buffer.readline), type=Orders)
    login = Login.by_key(KeyPair.from_seed(orders.core))
    carrier = Connection(Target(servers=[orders.url], name="claim", login=login))
    carrier.start()
    await carrier.ready(10)
    await admit_all(orders)
    settings = {"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off", "jit": "off"}
    database = await asyncpg.connect(orders.dsn, server_settings=settings)
    claiming = asyncio.create_task(claim_for_ever(carrier, database))
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.buffer.read)
    claiming.cancel()


if __name__ == "__main__":
    uvloop.run(run())
