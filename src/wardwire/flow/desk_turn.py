"""The operators' desk changes hands: whoever leaves says what is open, whoever comes accepts it. Both are facts.

Until somebody has accepted it is whoever leaves who has it, and every console says so. Alarms that they have seen to
go to whoever accepts. Notes are kept with the hand-over, never in facts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import msgspec

from wardwire.flow.statement import read_statement
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.facts import FactKind
from wardwire.model.names import clean_line
from wardwire.model.rights import Caller
from wardwire.store import handovers as store
from wardwire.store.chain import Draft
from wardwire.store.handovers import Candidate, Handover, Item
from wardwire.store.ledger import Ledger

PAGE, CALL, ALARM = "page", "call", "alarm"
MAX_NOTE = 500
# What somebody has sent longer ago the desk no longer looks after. So many things of each kind are handed over.
LOOKED_AFTER = timedelta(hours=24)
MOST = 100
KEPT = timedelta(days=90)

_ANSWERED = frozenset({"accepted", "answered"})
_SEEN = _ANSWERED | {"read"}
_ENCODE = msgspec.json.Encoder().encode


def is_open(one: Candidate) -> bool:
    """Whether an alert still waits for somebody: for an answer where one was offered, else to be read. Pure."""
    offered = read_statement(one.content).responses
    asks = offered.accept_decline or bool(offered.choices) or offered.free_text
    return (_ANSWERED if asks else _SEEN).isdisjoint(one.states)


async def find_open(connection: asyncpg.Connection, person: UUID, now: datetime) -> tuple[Item, ...]:
    """Find what somebody at the desk would hand over now: code calls that run, alarms, pages that wait."""
    calls = await store.list_calls(connection, MOST)
    alarms = await store.list_alarms_of(connection, ids.write_id(ids.PERSON, person), MOST)
    since = ids.first_id_of(now - LOOKED_AFTER)
    pages = [one.id for one in await store.list_candidates(connection, person, since, MOST) if is_open(one)]
    return (
        *(Item(CALL, ids.write_id(ids.MESSAGE, one)) for one in calls),
        *(Item(ALARM, ids.write_id(ids.ALARM, one)) for one in alarms),
        *(Item(PAGE, ids.write_id(ids.MESSAGE, one)) for one in _beside(pages, calls)),
    )


def _beside(pages: Iterable[UUID], calls: Collection[UUID]) -> Iterable[UUID]:
    return (one for one in pages if one not in calls)


async def hand_over(ledger: Ledger, now: datetime, caller: Caller, note: str, notes: Mapping[str, str]) -> Handover:
    """Hand the desk over, with what is open now; when this returns, it is committed.

    What the caller had begun before, and nobody has accepted, is replaced.

    Args:
        notes: Of things that are open, by their written ids; one that is not open any more is passed over.

    Raises:
        Refused: `TEXT_BLANK`, `TEXT_TOO_LONG`, `INVALID`, `NOT_PERMITTED` for whoever is no person.
        Unavailable, Unknown: As of every commit.
    """
    me = _person(caller)
    said = clean_line(note, "/note", MAX_NOTE)
    if not said:
        raise Refused(Code.TEXT_BLANK, "say how it stands: whoever comes knows nothing", pointer="/note")
    beside = {id: clean_line(text, f"/notes/{id}", MAX_NOTE) for id, text in notes.items()}

    async def work(connection: asyncpg.Connection) -> tuple[Handover, Sequence[Draft]]:
        items = tuple(Item(one.kind, one.id, beside.get(one.id, "")) for one in await find_open(connection, me, now))
        made = Handover(ids.new_id(now), me, said, items, now, None, None, None)
        await store.add_handover(connection, made)
        await store.forget_handovers(connection, now - KEPT)
        body = {"handover": ids.write_id(ids.HANDOVER, made.id), "items": len(items)}
        return made, (_fact(FactKind.DESK_HANDED_OVER, caller, body),)

    return await ledger.commit(now, work)


async def take_over(ledger: Ledger, now: datetime, caller: Caller, handover_id: UUID) -> Handover:
    """Take the desk over, with the alarms that whoever leaves has. The same said twice is no fault.

    Raises:
        Refused: `NOT_FOUND`, `CONFLICT` for whoever leaves, `ALREADY_ENDED` when it was replaced, `TOO_LATE` when
            another one has taken it over, `NOT_PERMITTED`.
        Unavailable, Unknown: As of every commit.
    """
    me = _person(caller)

    async def work(connection: asyncpg.Connection) -> tuple[Handover, Sequence[Draft]]:
        one = await store.lock_handover(connection, handover_id)
        if one is None:
            raise Refused(Code.NOT_FOUND, "there is no such hand-over")
        if one.accepted_by == me:
            return one, ()
        if one.accepted_by is not None:
            by = ids.write_id(ids.PERSON, one.accepted_by)
            raise Refused(Code.TOO_LATE, "somebody else has taken the desk over already", taken_by=by)
        if one.replaced_at is not None:
            raise Refused(Code.ALREADY_ENDED, "it was handed over anew since: accept that one")
        if one.giver == me:
            raise Refused(Code.CONFLICT, "somebody else takes over what you hand over")
        await store.accept_handover(connection, handover_id, me, now)
        alarms = [ids.read_id(ids.ALARM, item.id) for item in one.items if item.kind == ALARM]
        giver, taker = ids.write_id(ids.PERSON, one.giver), ids.write_id(ids.PERSON, me)
        passed = await store.pass_alarms(connection, alarms, giver=giver, taker=taker, now=now)
        body = {"handover": ids.write_id(ids.HANDOVER, one.id), "from": giver}
        drafts = [_fact(FactKind.DESK_TAKEN_OVER, caller, body)]
        for alarm in passed:
            told = {"alarm": ids.write_id(ids.ALARM, alarm.id), "kind": alarm.kind, "by": taker, "from": giver}
            drafts.append(_fact(FactKind.ALARM_TAKEN, caller, told, alarm.message_id))
        return one._replace(accepted_by=me, accepted_at=now), drafts

    return await ledger.commit(now, work)


def _fact(kind: FactKind, caller: Caller, body: Mapping[str, object], message_id: UUID | None = None) -> Draft:
    return Draft(kind, message_id, caller.person_id, caller.device_id, _ENCODE(body).decode())


def _person(caller: Caller) -> UUID:
    if caller.person_id is None:
        raise Refused(Code.NOT_PERMITTED, "a person hands the desk over, and another one takes it")
    return caller.person_id
