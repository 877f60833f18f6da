"""Alerts that begin again and again at set times, until somebody cancels them. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.message import MAX_SUBJECT, MAX_TARGETS, MAX_TEXT
from wardwire.model.names import clean_name
from wardwire.model.oncall_time import find_zone, instant_of, wall_of
from wardwire.model.priority import Priority

DAY = 24 * 60
MAX_TIMES = 24
_ONE_DAY = timedelta(days=1)


class Rule(NamedTuple):
    """When: on some weekdays, at some times of the day, by the wall clock of a zone.

    Attributes:
        days: 0 = Monday.
        times: Minutes of the day. One that summer time leaves out is the first instant after it; of one that comes
            twice it is the first.
        until: No more after this instant; None = until cancelled.
    """

    days: frozenset[int]
    times: tuple[int, ...]
    zone: str
    until: datetime | None = None

    def after(self, now: datetime) -> datetime | None:
        """Return the first time after an instant; None = there is none any more."""
        zone = find_zone(self.zone)
        midnight = wall_of(now, zone).replace(hour=0, minute=0, second=0, microsecond=0)
        found: list[datetime] = []
        # A week has every weekday; the day before and one more for what summer time moves.
        for nth in range(-1, 9):
            day = midnight + nth * _ONE_DAY
            if day.weekday() in self.days:
                walls = (day + timedelta(minutes=minute) for minute in self.times)
                found += (at for at in (instant_of(wall, zone).at for wall in walls) if at > now)
        soonest = min(found, default=None)
        return None if soonest is None or (self.until is not None and soonest > self.until) else soonest

    def next(self, now: datetime, count: int) -> list[datetime]:
        """Return the next times after an instant."""
        found: list[datetime] = []
        at: datetime | None = now
        while at is not None and len(found) < count:
            at = self.after(at)
            found += [at] if at is not None else []
        return found


class Reminder(NamedTuple):
    """An alert that begins at each time of its rule.

    Attributes:
        to, policy, place, priority, subject, text: As in a message.
        author: Who set it, as model/policy_draft.who_is says.
        cancelled_by: Who has cancelled it; "" = nobody.
        next_at: When it begins next, as far as it is kept here; None = never again.
    """

    id: UUID
    name: str
    rule: Rule
    to: tuple[str, ...]
    priority: Priority
    text: str
    subject: str = ""
    policy: str = ""
    place: str = ""
    author: str = ""
    cancelled_by: str = ""
    next_at: datetime | None = None

    def identity(self, due: datetime) -> str:
        """Return what one of its messages is called by, so that it is sent once however often it is tried."""
        return f"{ids.write_id(ids.REMINDER, self.id)}/{due.isoformat()}"


def check_reminder(reminder: Reminder, now: datetime) -> None:
    """Refuse a reminder that could remind nobody of anything; whether its names are known is asked elsewhere.

    Raises:
        Refused: `INVALID` with the pointer, `ZONE_UNKNOWN`, `TEXT_BLANK`, `TEXT_TOO_LONG`, and what a name may not
            be.
    """
    clean_name(reminder.name)
    rule = reminder.rule
    if not rule.days or not rule.days <= frozenset(range(7)):
        raise Refused(Code.INVALID, "weekdays are needed", pointer="/days")
    if not 1 <= len(rule.times) <= MAX_TIMES or not all(0 <= minute < DAY for minute in rule.times):
        raise Refused(Code.INVALID, f"1 to {MAX_TIMES} times of the day", pointer="/times")
    find_zone(rule.zone)
    if rule.after(now) is None:
        raise Refused(Code.INVALID, "it would never begin", pointer="/until")
    if reminder.priority is Priority.CODE:
        raise Refused(Code.INVALID, "nobody is called to a `code` by the calendar", pointer="/priority")
    if not reminder.text.strip():
        raise Refused(Code.TEXT_BLANK, "it says nothing", pointer="/text")
    if len(reminder.text) > MAX_TEXT or len(reminder.subject) > MAX_SUBJECT:
        raise Refused(Code.TEXT_TOO_LONG, "longer than a message may be", pointer="/text")
    if len(reminder.to) > MAX_TARGETS or not (reminder.to or reminder.policy or reminder.place):
        raise Refused(Code.INVALID, "recipients, a policy or a place are needed", pointer="/to")
