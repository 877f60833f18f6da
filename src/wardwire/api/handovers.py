"""The operators' desk changes hands, over HTTP: what is open, handed over with a note, taken over by the next one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Meta

from wardwire.api.operation import Answer, Call, Operation
from wardwire.api.paging import AFTER, LIMIT, cut, read_cursor
from wardwire.flow.desk_turn import ALARM, MAX_NOTE, find_open, hand_over, take_over
from wardwire.flow.statement import Sender, read_statement, sender_of
from wardwire.model import ids
from wardwire.model.errors import Code
from wardwire.model.matrix import Action
from wardwire.model.people import Directory
from wardwire.store.handovers import Handover, Item, list_handovers, load_alarms, load_ends
from wardwire.store.messages import load_messages

MOST_ABOUT = 160
Note = Annotated[str, Meta(max_length=MAX_NOTE)]


class ThingOut(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that was open when the desk was handed over: `page`, `call` or `alarm`; `open` whether it still is.

    `about` is what it is about, as long as that is kept.
    """

    kind: str
    id: str
    open: bool
    about: str = ""
    priority: str = ""
    since: datetime | None = None
    note: str = ""


class OpenThings(msgspec.Struct, frozen=True):
    """What whoever asks would hand over now."""

    items: list[ThingOut]


class HandoverOut(msgspec.Struct, frozen=True, omit_defaults=True):
    """A change of hands. `state` is `open` until somebody has `accepted` it, or it was `replaced` by a newer one."""

    id: str
    state: str
    giver: Sender
    made_at: datetime
    note: str
    items: list[ThingOut]
    accepted_by: Sender | None = None
    accepted_at: datetime | None = None


class Handovers(msgspec.Struct, frozen=True):
    """A page of them, the newest first."""

    data: list[HandoverOut]
    next: str | None


class HandoverIn(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How it stands, in words; and of things that are open, by their ids."""

    note: Annotated[str, Meta(min_length=1, max_length=MAX_NOTE)]
    notes: dict[str, Note] = {}


async def show_things(connection: asyncpg.Connection, items: Sequence[Item]) -> dict[str, ThingOut]:
    """Say what things are about and whether they are open, by their ids."""
    alarms = await load_alarms(connection, [ids.read_id(ids.ALARM, one.id) for one in items if one.kind == ALARM])
    wanted = [ids.read_id(ids.MESSAGE, one.id) for one in items if one.kind != ALARM]
    messages, ends = await load_messages(connection, wanted), await load_ends(connection, wanted)
    shown = {}
    for one in items:
        if one.kind == ALARM:
            alarm = alarms.get(ids.read_id(ids.ALARM, one.id))
            shown[one.id] = ThingOut(
                one.kind, one.id, alarm is not None and alarm.cleared_at is None,
                about=alarm.detail if alarm else "", since=alarm.raised_at if alarm else None,
            )  # fmt: skip
            continue
        message_id = ids.read_id(ids.MESSAGE, one.id)
        message = messages.get(message_id)
        said = read_statement(message.content) if message else None
        shown[one.id] = ThingOut(
            one.kind, one.id, message is not None and ends.get(message_id) is None,
            about=(said.subject or said.text[:MOST_ABOUT]) if said else "",
            priority=message.priority if message else "", since=message.stored_at if message else None,
        )  # fmt: skip
    return shown


def _out(one: Handover, things: dict[str, ThingOut], directory: Directory) -> HandoverOut:
    return HandoverOut(
        id=ids.write_id(ids.HANDOVER, one.id),
        state="accepted" if one.accepted_at else "replaced" if one.replaced_at else "open",
        giver=sender_of(directory, one.giver, ""),
        made_at=one.made_at,
        note=one.note,
        items=[msgspec.structs.replace(things[item.id], note=item.note) for item in one.items],
        accepted_by=sender_of(directory, one.accepted_by, "") if one.accepted_by else None,
        accepted_at=one.accepted_at,
    )


async def _show(call: Call, found: Sequence[Handover]) -> list[HandoverOut]:
    items = [item for one in found for item in one.items]
    things = await call.read(lambda c: show_things(c, items))
    return [_out(one, things, call.deps.rules().directory) for one in found]


async def open_things(call: Call) -> Answer:
    """Say what the caller would hand over."""
    person = call.caller.person_id or UUID(int=0)

    async def read(connection: asyncpg.Connection) -> list[ThingOut]:
        return list(
            (await show_things(connection, await find_open(connection, person, call.deps.clock.now()))).values()
        )

    return Answer(body=OpenThings(await call.read(read)))


async def list_(call: Call) -> Answer:
    """List changes of hands, the newest first."""
    limit, before = call.query["limit"], read_cursor(ids.HANDOVER, call.query["after"], None)
    found = await call.read(lambda c: list_handovers(c, before=before, limit=limit + 1))
    page, following, headers = cut(await _show(call, found), limit, lambda one: one.id, "/v1/handovers")
    return Answer(body=Handovers(page, following), headers=headers)


async def begin(call: Call) -> Answer:
    """Hand the desk over."""
    body: HandoverIn = call.body
    made = await hand_over(call.deps.alarms, call.deps.clock.now(), call.caller, body.note, body.notes)
    [shown] = await _show(call, [made])
    return Answer(body=shown, status=201)


async def accept(call: Call) -> Answer:
    """Take the desk over."""
    taken = await take_over(
        call.deps.alarms, call.deps.clock.now(), call.caller, call.id(ids.HANDOVER, "handover_id")
    )
    [shown] = await _show(call, [taken])
    return Answer(body=shown)


OPERATIONS = (
    Operation(
        id="listHandovers", method="GET", path="/v1/handovers", tag="desk",
        about="List when the operators' desk changed hands, the newest first: what was open, and who has it.",
        handler=list_, answers={200: Handovers}, query=(LIMIT, AFTER), action=Action.DESK_HAND_OVER,
    ),
    Operation(
        id="listOpenThings", method="GET", path="/v1/handovers/open", tag="desk",
        about="List what you would hand over now: code calls that run, technical alarms that nobody or you have, and "
        "your own alerts of the last day that wait for somebody.",
        handler=open_things, answers={200: OpenThings}, action=Action.DESK_HAND_OVER,
    ),
    Operation(
        id="handOver", method="POST", path="/v1/handovers", tag="desk",
        about="Hand the desk over, with what is open now. What you have handed over before, and nobody accepted, is "
        "replaced.",
        handler=begin, body=HandoverIn, answers={201: HandoverOut}, action=Action.DESK_HAND_OVER,
        refuses=(Code.TEXT_BLANK, Code.TEXT_TOO_LONG, Code.COMMIT_UNKNOWN),
        example={"note": "Two nurses are ill; the lift of block B stands still."},
    ),
    Operation(
        id="takeOver", method="POST", path="/v1/handovers/{handover_id}/accept", tag="desk",
        about="Take the desk over, with the alarms that whoever leaves has. Said twice it is no fault.",
        handler=accept, answers={200: HandoverOut}, action=Action.DESK_HAND_OVER,
        refuses=(Code.NOT_FOUND, Code.CONFLICT, Code.ALREADY_ENDED, Code.TOO_LATE, Code.COMMIT_UNKNOWN),
    ),
)  # fmt: skip
