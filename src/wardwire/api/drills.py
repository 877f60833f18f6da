"""Drills over HTTP: how each went, in a report of its own."""

from __future__ import annotations

from uuid import UUID

import msgspec

from wardwire.api.messages import find_message
from wardwire.api.operation import Answer, Call, Operation, Query
from wardwire.api.paging import AFTER, LIMIT, cut, read_cursor
from wardwire.flow.drills import DrillReport, read_drill, read_drills
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.matrix import Action
from wardwire.model.rights import source_to_read
from wardwire.store.messages import Message

_LAST = UUID(int=(1 << 128) - 1)


class Drills(msgspec.Struct, frozen=True):
    """A page of reports, the newest drill first; `next` is the `after` of the next page, null on the last."""

    data: list[DrillReport]
    next: str | None


async def list_(call: Call) -> Answer:
    """Report the drills of the last week: of one's own source, or with the scope all."""
    limit, directory = call.query["limit"], call.deps.rules().directory
    before = read_cursor(ids.MESSAGE, call.query["after"], _LAST)
    source = source_to_read(call.caller, call.query["source"])
    found = await call.read(lambda c: read_drills(c, directory, before=before, source=source, limit=limit + 1))
    page, following, headers = cut(found, limit, lambda one: one.message, "/v1/drills", source=call.query["source"])
    return Answer(body=Drills(page, following), headers=headers)


async def get(call: Call) -> Answer:
    """Report one drill."""
    message: Message = call.thing
    directory = call.deps.rules().directory
    found = await call.read(lambda c: read_drill(c, directory, message.id))
    if found is None:
        raise Refused(Code.NOT_FOUND, "this message is no drill of a policy, or was closed more than a week ago")
    return Answer(body=found)


OPERATIONS = (
    Operation(
        id="listDrills", method="GET", path="/v1/drills", tag="drills",
        about="Report the drills of the last week, the newest first: who confirmed and accepted, after how long the "
        "team was there, what was missing. Those of your own source, or with the scope of every source.",
        handler=list_, answers={200: Drills}, action=Action.ALERT_READ, narrows=True,
        query=(LIMIT, AFTER, Query(name="source", kind="string", about="Only of this source.")),
    ),
    Operation(
        id="getDrill", method="GET", path="/v1/messages/{message_id}/drill", tag="drills",
        about="Report how a drill went; until a week after its end.",
        handler=get, answers={200: DrillReport}, refuses=(Code.NOT_FOUND,),
        action=Action.ALERT_READ, find=find_message,
    ),
)  # fmt: skip
