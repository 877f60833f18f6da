"""Alerts that escalate, over HTTP: which are open, how each stands, and what comes next."""

from __future__ import annotations

from uuid import UUID

import msgspec

from wardwire.api.messages import find_message
from wardwire.api.operation import Answer, Call, Operation, Query
from wardwire.api.paging import AFTER, LIMIT, cut, read_cursor
from wardwire.flow.open_alerts import OpenAlert, read_alert, read_open
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.matrix import Action
from wardwire.model.rights import source_to_read
from wardwire.store.messages import Message

_NOBODY = UUID(int=0)


class Escalations(msgspec.Struct, frozen=True):
    """A page of open alerts, the oldest first; `next` is the `after` of the next page, null on the last."""

    data: list[OpenAlert]
    next: str | None


async def list_(call: Call) -> Answer:
    """List open alerts: of one's own source, or with the scope of all."""
    limit, rules, now = call.query["limit"], call.deps.rules(), call.deps.clock.now()
    after = read_cursor(ids.MESSAGE, call.query["after"], _NOBODY)
    source = source_to_read(call.caller, call.query["source"])
    found = await call.read(lambda c: read_open(c, rules, now, after=after, source=source, limit=limit + 1))
    page, following, headers = cut(
        found, limit, lambda one: one.message, "/v1/escalations", source=call.query["source"]
    )
    return Answer(body=Escalations(page, following), headers=headers)


async def get(call: Call) -> Answer:
    """Show how the alert of a message stands."""
    message: Message = call.thing
    rules, now = call.deps.rules(), call.deps.clock.now()
    found = await call.read(lambda c: read_alert(c, rules, now, message.id))
    if found is None:
        raise Refused(Code.NOT_FOUND, "this message does not escalate, or was closed more than a week ago")
    return Answer(body=found)


OPERATIONS = (
    Operation(
        id="listEscalations", method="GET", path="/v1/escalations", tag="escalations",
        about="List the alerts that are open, the oldest first: who is asked, who has it, what is missing, and what "
        "comes next. Those of your own source, or with the scope of every source.",
        handler=list_, answers={200: Escalations}, action=Action.ALERT_READ, narrows=True,
        query=(LIMIT, AFTER, Query(name="source", kind="string", about="Only of this source.")),
    ),
    Operation(
        id="getEscalation", method="GET", path="/v1/messages/{message_id}/escalation", tag="escalations",
        about="Show how the alert of a message stands; until a week after its end.",
        handler=get, answers={200: OpenAlert}, refuses=(Code.NOT_FOUND,),
        action=Action.ALERT_READ, find=find_message,
    ),
)  # fmt: skip
