"""Technical alarms over HTTP: list, show, take, clear."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from wardwire.api.operation import Answer, Call, Operation, Query
from wardwire.api.paging import AFTER, LIMIT, cut, read_cursor
from wardwire.flow.see_to import MAX_WHY, clear_alarm, take_alarm
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.matrix import Action
from wardwire.model.people import Directory
from wardwire.store.alarms import Alarm, list_alarms, load_alarm


class AlarmOut(msgspec.Struct, frozen=True, omit_defaults=True):
    """A technical alarm. `state` is `open`, `taken` or `cleared`; `told_by` is the message that rings for it; `times`
    is how often it was raised while it was open, the last time at `last_raised_at`. `taken_by` and `cleared_by` are a
    person, whose name stands beside it, or an integration.
    """

    id: str
    kind: str
    subject: str
    detail: str
    state: str
    raised_at: datetime
    times: int
    message: str = ""
    told_by: str = ""
    taken_at: datetime | None = None
    taken_by: str = ""
    cleared_at: datetime | None = None
    cleared_by: str = ""
    cleared_why: str = ""
    last_raised_at: datetime | None = None
    taken_by_name: str = ""
    cleared_by_name: str = ""


class Alarms(msgspec.Struct, frozen=True):
    """A page of technical alarms, the newest first."""

    data: list[AlarmOut]
    next: str | None


class ClearIn(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Why an alarm is over."""

    why: Annotated[str, Meta(min_length=1, max_length=MAX_WHY)]


def show_alarm(alarm: Alarm, directory: Directory) -> AlarmOut:
    """Say what an alarm is, and who sees to it."""
    return AlarmOut(
        id=ids.write_id(ids.ALARM, alarm.id),
        kind=alarm.kind,
        subject=alarm.subject,
        detail=alarm.detail,
        state=alarm.state,
        raised_at=alarm.raised_at,
        message=ids.write_id(ids.MESSAGE, alarm.message_id) if alarm.message_id else "",
        told_by=ids.write_id(ids.MESSAGE, alarm.told_by) if alarm.told_by else "",
        taken_at=alarm.taken_at,
        taken_by=alarm.taken_by or "",
        cleared_at=alarm.cleared_at,
        cleared_by=alarm.cleared_by or "",
        cleared_why=alarm.cleared_why or "",
        times=alarm.times,
        last_raised_at=alarm.last_raised_at,
        taken_by_name=_name_of(alarm.taken_by, directory),
        cleared_by_name=_name_of(alarm.cleared_by, directory),
    )


def _name_of(by: str | None, directory: Directory) -> str:
    return directory.person_name(ids.read_id(ids.PERSON, by)) if by and by.startswith(f"{ids.PERSON}_") else ""


async def list_(call: Call) -> Answer:
    """List alarms, the newest first."""
    limit, cleared = call.query["limit"], bool(call.query["cleared"])
    before = read_cursor(ids.ALARM, call.query["after"], None)
    found = await call.read(lambda c: list_alarms(c, also_cleared=cleared, before=before, limit=limit + 1))
    shown = [show_alarm(alarm, call.deps.rules().directory) for alarm in found]
    page, following, headers = cut(
        shown, limit, lambda one: one.id, "/v1/alarms", cleared="true" if cleared else None
    )
    return Answer(body=Alarms(page, following), headers=headers)


async def get(call: Call) -> Answer:
    """Show an alarm."""
    alarm_id = call.id(ids.ALARM, "alarm_id")
    alarm = await call.read(lambda c: load_alarm(c, alarm_id))
    if alarm is None:
        raise Refused(Code.NOT_FOUND, "there is no such alarm")
    return Answer(body=show_alarm(alarm, call.deps.rules().directory))


async def take(call: Call) -> Answer:
    """Say that the caller sees to an alarm."""
    deps = call.deps
    alarm = await take_alarm(deps.alarms, deps.clock.now(), call.caller, call.id(ids.ALARM, "alarm_id"))
    return Answer(body=show_alarm(alarm, call.deps.rules().directory))


async def clear(call: Call) -> Answer:
    """Say that an alarm is over."""
    deps = call.deps
    body: ClearIn = call.body
    alarm = await clear_alarm(deps.alarms, deps.clock.now(), call.caller, call.id(ids.ALARM, "alarm_id"), body.why)
    return Answer(body=show_alarm(alarm, call.deps.rules().directory))


_CLEARED = Query(name="cleared", kind="boolean", about="Also those that are cleared.")

OPERATIONS = (
    Operation(
        id="listAlarms", method="GET", path="/v1/alarms", tag="alarms",
        about="List technical alarms, the newest first.",
        handler=list_, answers={200: Alarms}, query=(LIMIT, AFTER, _CLEARED), action=Action.ALARM_READ,
    ),
    Operation(
        id="getAlarm", method="GET", path="/v1/alarms/{alarm_id}", tag="alarms", about="Show a technical alarm.",
        handler=get, answers={200: AlarmOut}, refuses=(Code.NOT_FOUND,), action=Action.ALARM_READ,
    ),
    Operation(
        id="takeAlarm", method="POST", path="/v1/alarms/{alarm_id}/take", tag="alarms",
        about="Say that you see to an alarm. Said twice it is no fault.",
        handler=take, answers={200: AlarmOut}, action=Action.ALARM_TAKE,
        refuses=(Code.NOT_FOUND, Code.ALREADY_ENDED, Code.TOO_LATE, Code.COMMIT_UNKNOWN),
    ),
    Operation(
        id="clearAlarm", method="POST", path="/v1/alarms/{alarm_id}/clear", tag="alarms",
        about="Say that an alarm is over, and why. Said twice it is no fault.",
        handler=clear, body=ClearIn, answers={200: AlarmOut}, action=Action.ALARM_TAKE,
        refuses=(Code.NOT_FOUND, Code.TEXT_BLANK, Code.TEXT_TOO_LONG, Code.COMMIT_UNKNOWN),
        example={"why": "The relay was restarted."},
    ),
)  # fmt: skip
