"""Fail the n-th query of the path, for every n and in every way; the promise holds each time.

In the middle of it all a sender repeats until told *stored* or *refused*, as every sender must.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count

import pytest

from tests.engines import one_database
from wardwire.flow.statement import Responses
from wardwire.flow.views import Stored
from wardwire.model.delivery import Event
from wardwire.model.errors import Unavailable, Unknown
from wardwire.ops.postgres import Postgres
from wardwire.testing.nth import Failure, NthFailure
from wardwire.testing.ward import Ward

ASKED = Responses(accept_decline=True)
LONGEST_S = 20
NEVER = {
    "an identity without its message": "SELECT 1 FROM identities i LEFT JOIN messages m ON m.id = i.message_id"
    " WHERE m.id IS NULL",
    "a hole in an inbox": "SELECT 1 FROM inbox GROUP BY person_id HAVING max(seq) <> count(*)",
    "a message told twice": "SELECT 1 FROM inbox WHERE event = 'new' GROUP BY person_id, message_id"
    " HAVING count(*) > 1",
    "a delivery that waits without a deadline": "SELECT 1 FROM deliveries d WHERE state = 'pending' AND NOT EXISTS"
    " (SELECT 1 FROM deadlines l WHERE l.message_id = d.message_id AND l.person_id = d.person_id"
    " AND l.kind = 'confirm')",
}


async def _until_told(ward: Ward, ask: Callable[[], Awaitable[Stored]]) -> Stored:
    while True:
        try:
            return await ask()
        except (Unknown, Unavailable):
            for writer in ward.lanes.writers:
                await writer.serves()


async def _journey(ward: Ward) -> list[Stored]:
    stored = []
    for nth, names in enumerate((["Dr. Chen"], ["Dr. Chen", "Ben", "Anna"])):
        send = lambda: ward.send(ward.anna, names, id=f"n{nth}", responses=ASKED)  # noqa: B023, E731
        stored.append(await _until_told(ward, send))
    for event in (Event.CONFIRMED, Event.ACCEPT):
        await _until_told(ward, lambda: ward.say(ward.chen, stored[0], event))  # type: ignore[arg-type, return-value]  # noqa: B023
    await ward.pass_time(seconds=45)
    return stored


async def _check(ward: Ward, stored: list[Stored]) -> None:
    ask = ward.connection.fetchval
    assert await ask("SELECT count(*) FROM messages WHERE source <> 'wardwire'") == len(stored)
    for what, query in NEVER.items():
        assert await ask(f"SELECT count(*) FROM ({query}) found") == 0, what
    assert await ward.state(stored[0], ward.chen) == "accepted"
    assert await ward.facts(stored[0]) == ["Stored", "Delivered", "Answered"] or (
        await ward.facts(stored[0]) == ["Stored", "Answered"]
    )
    rows = await ward.connection.fetch("SELECT writer, count(*) AS n, max(seq) AS last FROM facts GROUP BY writer")
    assert all(row["n"] == row["last"] for row in rows)


@pytest.mark.parametrize("how", list(Failure))
async def test_whatever_query_fails_the_promise_holds(how: Failure, postgres: Postgres) -> None:
    """For n = 1, 2, 3 ...: the n-th query of a core fails; afterwards nothing is lost, doubled or unarmed."""
    for n in count(1):
        faults = NthFailure(n, how)
        with one_database(postgres) as database:
            ward = Ward(database.logins.app, faults.connect, patience_s=0.3)
            releasing = asyncio.create_task(_release(faults))
            async with asyncio.timeout(LONGEST_S), ward:
                stored = await _journey(ward)
                await _check(ward, stored)
            releasing.cancel()
        if not faults.fired:
            break


async def _release(faults: NthFailure) -> None:
    """A query that hangs is answered after the caller's patience has run out."""
    await faults.hanging.wait()
    await asyncio.sleep(0.5)
    faults.release()
