"""Alerts that begin again and again at set times, over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from wardwire.api.directory import changed, read_operation, write_operation
from wardwire.api.making import make
from wardwire.api.operation import Answer, Call
from wardwire.api.paging import AFTER, LIMIT, cut, read_cursor
from wardwire.api.wire import Instant, Name
from wardwire.directory import reminders
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.matrix import Action
from wardwire.model.message import MAX_SUBJECT, MAX_TARGETS, MAX_TEXT
from wardwire.model.priority import Priority
from wardwire.model.reminder import MAX_TIMES, Reminder
from wardwire.store.reminders import find_reminder, list_reminders
from wardwire.store.walls import read_rule, write_days, write_times

NEXT = 3
Target = Annotated[str, Meta(min_length=1, max_length=130)]


class NewReminder(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """An alert that is to begin on `days` at `times`, by the wall clock of `zone`, until it is cancelled."""

    name: Name
    days: Annotated[tuple[str, ...], Meta(min_length=1, max_length=7)]
    times: Annotated[tuple[str, ...], Meta(min_length=1, max_length=MAX_TIMES)]
    zone: Annotated[str, Meta(min_length=1, max_length=60)]
    text: Annotated[str, Meta(min_length=1, max_length=MAX_TEXT)]
    to: Annotated[tuple[Target, ...], Meta(max_length=MAX_TARGETS)] = ()
    priority: Priority = Priority.MEDIUM
    subject: Annotated[str, Meta(max_length=MAX_SUBJECT)] = ""
    policy: Annotated[str, Meta(max_length=130)] = ""
    place: Annotated[str, Meta(max_length=130)] = ""
    until: Instant | None = None

    def reminder(self) -> Reminder:
        """Return it as the rules take it, without an id."""
        rule = read_rule(self.days, self.times, self.zone, self.until)
        return Reminder(
            UUID(int=0), self.name, rule, self.to, self.priority, self.text, self.subject, self.policy, self.place
        )


class ReminderOut(msgspec.Struct, frozen=True):
    """A reminder; `next_at` are the next times at which it begins. What it says is shown to those who may set it."""

    id: str
    name: str
    days: list[str]
    times: list[str]
    zone: str
    until: datetime | None
    to: list[str]
    priority: Priority
    policy: str
    place: str
    subject: str
    text: str
    author: str
    cancelled_by: str
    next_at: list[datetime]


class Reminders(msgspec.Struct, frozen=True):
    """A page of reminders that nobody has cancelled."""

    data: list[ReminderOut]
    next: str | None


def show_reminder(reminder: Reminder) -> ReminderOut:
    """Say what a reminder is, and when it begins next."""
    first, rule = reminder.next_at, reminder.rule
    return ReminderOut(
        id=ids.write_id(ids.REMINDER, reminder.id),
        name=reminder.name,
        days=write_days(rule.days),
        times=write_times(rule.times),
        zone=rule.zone,
        until=rule.until,
        to=list(reminder.to),
        priority=reminder.priority,
        policy=reminder.policy,
        place=reminder.place,
        subject=reminder.subject,
        text=reminder.text,
        author=reminder.author,
        cancelled_by=reminder.cancelled_by,
        next_at=[first, *rule.next(first, NEXT - 1)] if first else [],
    )


async def list_all(call: Call) -> Answer:
    """List reminders."""
    limit = call.query["limit"]
    after = read_cursor(ids.REMINDER, call.query["after"], UUID(int=0))
    found = await call.read(lambda connection: list_reminders(connection, after, limit + 1))
    page, following, headers = cut(found, limit, lambda one: ids.write_id(ids.REMINDER, one.id), "/v1/reminders")
    return Answer(body=Reminders([show_reminder(one) for one in page], following), headers=headers)


async def get(call: Call) -> Answer:
    """Show a reminder."""
    reminder_id = call.id(ids.REMINDER, "reminder_id")
    found = await call.read(lambda connection: find_reminder(connection, reminder_id))
    if found is None:
        raise Refused(Code.NOT_FOUND, "there is no such reminder")
    return Answer(body=show_reminder(found))


async def add(call: Call) -> Answer:
    """Set a reminder."""
    body: NewReminder = call.body
    wanted, directory = body.reminder(), call.deps.rules().directory
    return await make(
        call,
        lambda desk: reminders.add_reminder(desk, call.caller, directory, wanted),
        show_reminder,
        at="/v1/reminders",
    )


async def cancel(call: Call) -> Answer:
    """Cancel a reminder."""
    after = await reminders.cancel_reminder(call.deps.desk, call.caller, call.id(ids.REMINDER, "reminder_id"))
    return await changed(call, Answer(body=show_reminder(after)))


_EXAMPLE = {
    "name": "Crash cart", "days": ["mon"], "times": ["07:30"], "zone": "America/Chicago",
    "to": ["role:4 West charge"], "text": "Check the crash cart and sign its list.",
}  # fmt: skip
_CODES = (
    Code.TEXT_BLANK, Code.TEXT_TOO_LONG, Code.ZONE_UNKNOWN, Code.RECIPIENT_UNKNOWN, Code.RECIPIENT_AMBIGUOUS,
    Code.RECIPIENT_DISABLED, Code.POLICY_UNKNOWN, Code.PLACE_UNKNOWN, Code.COMMIT_UNKNOWN,
)  # fmt: skip
_AT = "/v1/reminders/{reminder_id}"

OPERATIONS = (
    read_operation(
        "listReminders", "/v1/reminders", "List reminders that nobody has cancelled.", list_all, Reminders,
        LIMIT, AFTER, action=Action.DIRECTORY_WRITE,
    ),
    write_operation(
        "addReminder", "POST", "/v1/reminders", "Let an alert begin at set times until it is cancelled.",
        add, NewReminder, 201, ReminderOut, *_CODES, example=_EXAMPLE,
    ),
    read_operation("getReminder", _AT, "Show a reminder.", get, ReminderOut, action=Action.DIRECTORY_WRITE),
    write_operation(
        "cancelReminder", "POST", f"{_AT}/cancel", "Cancel a reminder; what has begun already goes on.",
        cancel, None, 200, ReminderOut, Code.NOT_FOUND, Code.COMMIT_UNKNOWN,
    ),
)  # fmt: skip
