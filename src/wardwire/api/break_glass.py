"""Break-glass access over HTTP: with a reason, for a time, told to the desk at once, and listed for the auditor."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from wardwire.access import break_glass as access
from wardwire.api.messages import hand_in
from wardwire.api.operation import Answer, Call, Found, Operation
from wardwire.api.paging import AFTER, LIMIT, cut, read_cursor
from wardwire.api.sessions import accounts_of
from wardwire.flow.break_glass import TellOfGlass
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.matrix import Action, Owner, Reach, reach_of
from wardwire.store import break_glass as store
from wardwire.store.break_glass import Broken

_LAST = UUID(int=(1 << 128) - 1)
_MOST_MIN = int(access.LONGEST.total_seconds()) // 60


class BreakGlass(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Why somebody must see what is not theirs, and for how long. No names of patients in it."""

    why: Annotated[str, Meta(min_length=1, max_length=access.MOST_WHY)]
    minutes: Annotated[int, Meta(ge=1, le=_MOST_MIN)] = 15


class BrokenOut(msgspec.Struct, frozen=True, omit_defaults=True):
    """A break-glass access."""

    id: str
    person: str
    name: str
    why: str
    made_at: datetime
    ends_at: datetime
    ended_at: datetime | None = None


class BrokenList(msgspec.Struct, frozen=True):
    """A page of break-glass accesses, the newest first."""

    data: list[BrokenOut]
    next: str | None


def _show(call: Call, broken: Broken) -> BrokenOut:
    return BrokenOut(
        id=ids.write_id(ids.BROKEN, broken.id),
        person=ids.write_id(ids.PERSON, broken.person_id),
        name=call.deps.rules().directory.person_name(broken.person_id),
        why=broken.why,
        made_at=broken.made_at,
        ends_at=broken.ends_at,
        ended_at=broken.ended_at,
    )


async def break_(call: Call) -> Answer:
    """Break the glass: told first, then open."""
    at, body, me = accounts_of(call.deps), call.body, call.caller
    if me.session_id is None or me.person_id is None:
        raise Refused(Code.NOT_PERMITTED, "only who is signed in can answer for it")
    why, lasts = access.clean_why(body.why), timedelta(minutes=body.minutes)
    broken_id = ids.new_id(at.clock.now())
    written = ids.write_id(ids.BROKEN, broken_id)
    name = call.deps.rules().directory.person_name(me.person_id)
    text = f"{name} reads messages of others by break-glass access, for {body.minutes} min. Why: see {written}."
    await hand_in(
        call.deps,
        lambda done: call.deps.writer.put(TellOfGlass(written, text, call.deps.rules, lambda e: done(e, None))),
    )
    broken = await access.break_glass(at, me, id=broken_id, why=why, lasts=lasts)
    return Answer(body=_show(call, broken), status=201)


async def list_(call: Call) -> Answer:
    """List break-glass accesses."""
    limit, me = call.query["limit"], call.caller
    before = read_cursor(ids.BROKEN, call.query["after"], _LAST)
    everybody = reach_of(me, Action.GLASS_SEE) is Reach.ANY
    account_id = None if everybody else ids.read_id(ids.ACCOUNT, me.source)
    found = await call.read(lambda c: store.list_broken(c, before=before, account_id=account_id, limit=limit + 1))
    shown = [_show(call, broken) for broken in found]
    page, following, headers = cut(shown, limit, lambda one: one.id, "/v1/break-glass")
    return Answer(body=BrokenList(page, following), headers=headers)


async def find_broken(call: Call) -> Found:
    """Find whose access it is."""
    broken_id = call.id(ids.BROKEN, "access_id")
    broken = await call.read(lambda connection: store.load_broken(connection, broken_id))
    if broken is None:
        raise Refused(Code.NOT_FOUND, "there is nothing of this id")
    return Found([Owner(people=frozenset({broken.person_id}))], broken_id)


async def give_back(call: Call) -> Answer:
    """End an access before its time."""
    await access.give_back(accounts_of(call.deps), call.caller, call.thing)
    return Answer(status=204)


OPERATIONS = (
    Operation(
        id="breakGlass", method="POST", path="/v1/break-glass", tag="accounts",
        about="Read what is not yours in an emergency: with a reason, in this session, for at most an hour. The desk "
        "is told before anything is seen, and each look is a fact.",
        handler=break_, body=BreakGlass, answers={201: BrokenOut}, action=Action.GLASS_BREAK,
        refuses=(Code.TEXT_TOO_LONG, Code.OVERLOADED, Code.COMMIT_UNKNOWN),
        example={"why": "Dr. Chen collapsed; his open consults must be taken over.", "minutes": 15},
    ),
    Operation(
        id="listBrokenGlass", method="GET", path="/v1/break-glass", tag="accounts",
        about="List break-glass accesses, the newest first: one's own; auditors and administrators see all.",
        handler=list_, answers={200: BrokenList}, query=(LIMIT, AFTER), action=Action.GLASS_SEE, narrows=True,
    ),
    Operation(
        id="endBrokenGlass", method="DELETE", path="/v1/break-glass/{access_id}", tag="accounts",
        about="End a break-glass access before its time: one's own, or as auditor or administrator any.",
        handler=give_back, answers={204: None}, refuses=(Code.NOT_FOUND, Code.COMMIT_UNKNOWN),
        action=Action.GLASS_SEE, find=find_broken,
    ),
)  # fmt: skip
