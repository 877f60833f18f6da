"""After a run: is everything that the load maker saw done really in the database?"""

from __future__ import annotations

import asyncio

import asyncpg

from bench.shapes.load import Outcome
from bench.site import Site

SINCE = "stored_at >= $1"
QUESTIONS = {
    "messages": f"SELECT count(*) FROM messages WHERE {SINCE}",
    "identities": f"SELECT count(*) FROM identities WHERE {SINCE}",
    "delivered": "SELECT count(*) FROM deliveries WHERE delivered_at >= $1 AND state = 'delivered'",
    "inbox": "SELECT count(*) FROM inbox WHERE at >= $1 AND event = 'new'",
    "stored facts": "SELECT count(*) FROM facts WHERE at >= $1 AND kind = 'Stored'",
    "delivered facts": "SELECT count(*) FROM facts WHERE at >= $1 AND kind = 'Delivered'",
}
NONE = {
    "deadlines": "SELECT count(*) FROM deadlines",
    "strays": "SELECT (SELECT count(*) FROM messages_default) + (SELECT count(*) FROM facts_default)",
}


class NotStored(Exception):
    """What was measured is not what was kept: the figures mean nothing."""


async def check_rounds(site: Site, last: Outcome, *, calls: int = 0, devices: int = 0) -> dict[str, float]:
    """Count what is kept since the site began; raises NotStored unless it is exactly what the load maker did.

    Args:
        last: The last outcome of the site's load maker.
        calls, devices: Messages of the caller, and the deliveries of each.
    """
    connection = await asyncpg.connect(site.logins.database.readonly, server_settings={"search_path": "wardwire"})
    try:
        for _ in range(50):  # receipts of the last rounds, and what is confirmed behind the path
            found = {name: await connection.fetchval(text, site.begun) for name, text in QUESTIONS.items()}
            found |= {name: await connection.fetchval(text) for name, text in NONE.items()}
            expected = dict.fromkeys(QUESTIONS, last.sent - last.refused + calls) | dict.fromkeys(NONE, 0)
            for name in ("delivered", "inbox", "delivered facts"):
                expected[name] += calls * (devices - 1)
            if found == expected:
                return found
            await asyncio.sleep(0.1)
    finally:
        await connection.close()
    raise NotStored(f"the load maker did {expected}, the database has {found}")
