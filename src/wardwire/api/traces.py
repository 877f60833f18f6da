"""Which messages there were and how far they came, without what they say: where a trace is looked for."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from wardwire.api.instants import read_instant
from wardwire.api.operation import Answer, Call, Operation, Query
from wardwire.api.paging import AFTER, LIMIT, cut, read_cursor
from wardwire.flow.statement import Sender, sender_of
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.matrix import Action, Reach, reach_of
from wardwire.model.paper import SOURCE as PAPER
from wardwire.model.priority import Priority
from wardwire.store.traces import list_traces

_LAST = UUID(int=2**128 - 1)


class TraceLineOut(msgspec.Struct, frozen=True, omit_defaults=True):
    """A message without what it says. Of its `people`, devices confirmed for `reached`, and `answered` have said
    something; the first of them after so many seconds. `paper`: made by hand while the site was away.
    """

    id: str
    kind: str
    priority: str
    sender: Sender
    stored_at: datetime
    people: int
    reached: int
    answered: int
    delivered_s: float | None = None
    answered_s: float | None = None
    paper: bool = False
    ended_at: datetime | None = None
    ended_why: str = ""


class Traces(msgspec.Struct, frozen=True):
    """A page of messages, the newest first."""

    data: list[TraceLineOut]
    next: str | None


async def list_(call: Call) -> Answer:
    """List messages for who may retell them: those of oneself, or all."""
    limit, query = call.query["limit"], call.query
    until, priority = read_instant(call, "until"), query["priority"]
    if priority is not None and priority not in list(Priority):
        raise Refused(Code.INVALID, "one of " + ", ".join(Priority), parameter="priority")
    before = read_cursor(ids.MESSAGE, query["after"], None)
    if before is None:
        before = ids.first_id_of(until) if until else _LAST
    sender = (
        None if reach_of(call.caller, Action.MESSAGE_TRACE) is Reach.ANY else call.caller.person_id or UUID(int=0)
    )
    person = ids.read_id(ids.PERSON, query["person"]) if query["person"] else None
    found = await call.read(
        lambda c: list_traces(c, before=before, priority=priority, sender=sender, person=person, limit=limit + 1)
    )
    directory = call.deps.rules().directory
    lines = [
        TraceLineOut(
            id=ids.write_id(ids.MESSAGE, one.id),
            kind=one.kind,
            priority=one.priority,
            sender=sender_of(directory, one.sender, one.source),
            stored_at=one.stored_at,
            people=one.people,
            reached=one.reached,
            answered=one.answered,
            delivered_s=_since(one.stored_at, one.first_delivered_at),
            answered_s=_since(one.stored_at, one.first_answered_at),
            paper=one.source == PAPER,
            ended_at=one.ended_at,
            ended_why=one.ended_why or "",
        )
        for one in found
    ]
    kept = {name: query[name] for name in ("until", "priority", "person")}
    page, following, headers = cut(lines, limit, lambda one: one.id, "/v1/traces", **kept)
    return Answer(body=Traces(page, following), headers=headers)


def _since(begin: datetime, at: datetime | None) -> float | None:
    return None if at is None else round((at - begin).total_seconds(), 3)


OPERATIONS = (
    Operation(
        id="listTraces", method="GET", path="/v1/traces", tag="messages",
        about="List messages without what they say, newest first: one's own, or all for who may retell them.",
        handler=list_, answers={200: Traces}, action=Action.MESSAGE_TRACE, narrows=True,
        query=(
            LIMIT, AFTER,
            Query(name="until", kind="string", about="Only those stored before this instant, RFC 3339."),
            Query(name="priority", kind="string", about="Only of this priority."),
            Query(name="person", kind="string", about="Only those that this person has sent or got."),
        ),
    ),
)  # fmt: skip
