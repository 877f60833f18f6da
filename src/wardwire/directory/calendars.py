"""Calendars of roles: the secret address of one, what stands in it, and shifts that are taken in from another."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from wardwire.directory.desk import Change, DirectoryDesk
from wardwire.directory.oncall import lock_role, settle, zone_of
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.oncall import final
from wardwire.model.oncall_ical import Event, read_calendar, write_calendar
from wardwire.model.oncall_rights import require_owner
from wardwire.model.people import Directory, Role, Shift
from wardwire.model.rights import Caller
from wardwire.model.targets import find_target
from wardwire.store import oncall as store

# What stands in a calendar: from so long ago to so far ahead.
PAST, AHEAD = timedelta(days=14), timedelta(days=366)


def digest_of(secret: str) -> bytes:
    """Return what is kept of a calendar's secret."""
    return hashlib.sha256(secret.encode()).digest()


async def make_calendar(desk: DirectoryDesk, caller: Caller, role_id: UUID) -> str:
    """Make a secret for the address of a role's calendar, and return it, this once; a former one ends.

    Raises:
        Refused: `NOT_FOUND`, `NOT_PERMITTED`.
    """
    secret = secrets.token_urlsafe(32)

    async def work(change: Change) -> str:
        require_owner(caller, await lock_role(change, role_id))
        await store.write_calendar(change.connection, role_id, digest_of(secret), change.version)
        change.record("calendar_made", {"role": ids.write_id(ids.ROLE, role_id)})
        return secret

    return await desk.change(caller, work, scope=None)


def calendar_of(role: Role, directory: Directory, now: datetime) -> str:
    """Write a role's calendar: who holds it when, by which rule."""
    events = (
        Event(
            uid=f"{role.id.hex}-{one.starts_at:%Y%m%dT%H%M%SZ}@wardwire",
            starts_at=one.starts_at,
            ends_at=one.ends_at,
            summary=f"{role.name}: {directory.person_name(one.holding.person_id)} ({one.holding.rule})",
        )
        for one in final(role, now - PAST, now + AHEAD, directory)
        if one.holding is not None
    )
    return write_calendar(role.name, events, now)


def foresee(role: Role, directory: Directory, text: str, now: datetime) -> list[tuple[Shift, str]]:
    """Return the shifts that a calendar would make, each with its event's uid; what is over is left out.

    Raises:
        Refused: `CALENDAR_INVALID`: no calendar, or an event whose summary names nobody, or several.
    """
    made = []
    for event in read_calendar(text, zone_of(role)):
        if event.ends_at <= now:
            continue
        try:
            kind, person_id = find_target(event.summary, directory, "")
        except Refused as refused:
            raise Refused(Code.CALENDAR_INVALID, f"event {event.uid}: {refused.detail}") from None
        if kind != ids.PERSON or directory.people[person_id].disabled:
            raise Refused(Code.CALENDAR_INVALID, f"event {event.uid}: its summary must name a person, not disabled")
        shift = Shift(
            id=ids.new_id(now), role_id=role.id, person_id=person_id, starts_at=event.starts_at,
            ends_at=event.ends_at, version=0,
        )  # fmt: skip
        made.append((shift, event.uid))
    return made


async def import_calendar(
    desk: DirectoryDesk, caller: Caller, role_id: UUID, text: str, directory: Directory
) -> list[Shift]:
    """Take the events of a calendar in as shifts by hand; returns those that are new. The same again changes nothing.

    Raises:
        Refused: As `foresee`; `NOT_FOUND`, `NOT_PERMITTED`. Nothing was taken in.
    """

    async def work(change: Change) -> list[Shift]:
        before = await lock_role(change, role_id)
        require_owner(caller, before)
        shifts = foresee(before, directory, text, change.now)
        added = await store.import_shifts(change.connection, role_id, shifts, change.version)
        change.record("calendar_imported", {"role": ids.write_id(ids.ROLE, role_id), "shifts": len(added)})
        await settle(change, before, replace(before, shifts=(*before.shifts, *added)))
        return added

    return await desk.change(caller, work, scope=None)
