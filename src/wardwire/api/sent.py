"""The log of a desk over HTTP: what people have sent, with its words, and what came of it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from wardwire.api.operation import Answer, Call, Operation, Query
from wardwire.api.paging import AFTER, LIMIT, cut, read_cursor
from wardwire.flow.statement import Sender, read_statement, sender_of
from wardwire.model import ids
from wardwire.model.matrix import Action, Reach, reach_of
from wardwire.model.paper import SOURCE as PAPER
from wardwire.model.people import Directory
from wardwire.store.sent import SentLine, list_sent

_LAST = UUID(int=2**128 - 1)
_NOBODY = UUID(int=0)
MOST_TEXT = 160


class SentOut(msgspec.Struct, frozen=True, omit_defaults=True):
    """An alert of a person. `about` is its subject, or how its text begins.

    Of its `people` (`to` names the first three) devices confirmed for `reached`, and `answered` said something; the
    first who did not decline is `taken_by`, after `taken_s`, by `response`. `paper`: made by hand while the site was
    away; nothing of it rang.
    """

    id: str
    priority: str
    sender: Sender
    stored_at: datetime
    about: str
    people: int
    reached: int
    answered: int
    to: list[str] = []
    drill: bool = False
    paper: bool = False
    taken_by: str = ""
    response: str = ""
    taken_s: float | None = None
    ended_at: datetime | None = None
    ended_why: str = ""


class SentPage(msgspec.Struct, frozen=True):
    """A page of the log, the newest first."""

    data: list[SentOut]
    next: str | None


async def list_(call: Call) -> Answer:
    """List what oneself has sent, or with the right what everybody has."""
    limit, own = call.query["limit"], bool(call.query["own"])
    before = read_cursor(ids.MESSAGE, call.query["after"], _LAST)
    all_ = not own and reach_of(call.caller, Action.MESSAGE_READ) is Reach.ANY
    sender = None if all_ else call.caller.person_id or _NOBODY
    found = await call.read(lambda c: list_sent(c, before=before, sender=sender, limit=limit + 1))
    directory = call.deps.rules().directory
    lines = [_show(one, directory) for one in found]
    page, following, headers = cut(lines, limit, lambda one: one.id, "/v1/sent", own="true" if own else None)
    return Answer(body=SentPage(page, following), headers=headers)


def _show(one: SentLine, directory: Directory) -> SentOut:
    statement = read_statement(one.content)
    return SentOut(
        id=ids.write_id(ids.MESSAGE, one.id),
        priority=one.priority,
        sender=sender_of(directory, one.sender, ""),
        stored_at=one.stored_at,
        about=statement.subject or statement.text[:MOST_TEXT],
        people=one.people,
        reached=one.reached,
        answered=one.answered,
        to=[directory.person_name(person) for person in one.named or ()],
        drill=statement.drill,
        paper=one.source == PAPER,
        taken_by=directory.person_name(one.taken_by) if one.taken_by else "",
        response=one.response or "",
        taken_s=round((one.taken_at - one.stored_at).total_seconds(), 3) if one.taken_at else None,
        ended_at=one.ended_at,
        ended_why=one.ended_why or "",
    )


OPERATIONS = (
    Operation(
        id="listSent", method="GET", path="/v1/sent", tag="messages",
        about="List alerts that people have sent, with what came of each, newest first: one's own, or with the "
        "right all.",
        handler=list_, answers={200: SentPage}, action=Action.MESSAGE_READ, narrows=True,
        query=(LIMIT, AFTER, Query(name="own", kind="boolean", about="Only those that oneself has sent.")),
    ),
)  # fmt: skip
