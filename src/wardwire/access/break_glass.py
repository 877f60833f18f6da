"""Break-glass access: in an emergency somebody looks at what is not theirs, and everybody may know.

For the session that asks, for at most an hour, with a reason; the desk is told before anything is seen
(flow/break_glass.py), and each look is a fact before it is answered.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg

from wardwire.access.accounts import Accounts
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.facts import FactKind
from wardwire.model.matrix import Action
from wardwire.model.names import clean_line
from wardwire.model.rights import Caller
from wardwire.store import break_glass as store
from wardwire.store.break_glass import Broken
from wardwire.store.chain import Draft

LONGEST = timedelta(minutes=60)
LEAST_WHY, MOST_WHY = 10, 200


def clean_why(text: str) -> str:
    """Return a reason in its normal form.

    Raises:
        Refused: `INVALID` for one that says nothing, `TEXT_TOO_LONG`.
    """
    why = clean_line(text, "/why", MOST_WHY)
    if sum(char.isalnum() for char in why) < LEAST_WHY:
        raise Refused(Code.INVALID, f"a reason in words: at least {LEAST_WHY} letters", pointer="/why")
    return why


async def break_glass(at: Accounts, caller: Caller, *, id: UUID, why: str, lasts: timedelta) -> Broken:
    """Let the session of a caller read whatever there is, from now on. The desk was told before."""
    assert caller.session_id is not None
    assert caller.person_id is not None
    session_id, now = caller.session_id, at.clock.now()
    account_id = ids.read_id(ids.ACCOUNT, caller.source)
    broken = Broken(id, account_id, caller.person_id, why, now, now + min(lasts, LONGEST), None)

    async def work(connection: asyncpg.Connection) -> tuple[Broken, Sequence[Draft]]:
        await store.insert_broken(connection, broken, session_id)
        told = {"why": why, "until": broken.ends_at.isoformat()}
        return broken, [_fact(FactKind.GLASS_BROKEN, broken.id, caller, told)]

    return await at.ledger.commit(now, work)


async def note_look(at: Accounts, caller: Caller, action: Action, message_id: UUID | None) -> None:
    """Write down that a caller looks at what they could not see without it. Committed before it is answered."""
    assert caller.broken is not None
    fact = _fact(FactKind.GLASS_USED, caller.broken, caller, {"action": action}, message_id)

    async def work(connection: asyncpg.Connection) -> tuple[None, Sequence[Draft]]:
        return None, [fact]

    await at.ledger.commit(at.clock.now(), work)


async def give_back(at: Accounts, caller: Caller, broken_id: UUID) -> None:
    """End an access before its time; twice is no fault."""
    now = at.clock.now()

    async def work(connection: asyncpg.Connection) -> tuple[None, Sequence[Draft]]:
        if await store.end_broken(connection, broken_id, now) is None:
            return None, ()
        return None, [_fact(FactKind.GLASS_RETURNED, broken_id, caller, {})]

    await at.ledger.commit(now, work)


def _fact(
    kind: FactKind, broken_id: UUID, caller: Caller, told: dict[str, str], message_id: UUID | None = None
) -> Draft:
    body = {"access": ids.write_id(ids.BROKEN, broken_id), "by": caller.source, **told}
    return Draft(kind, message_id, caller.person_id, None, json.dumps(body, ensure_ascii=False))
