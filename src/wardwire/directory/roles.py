"""Changes to roles: what somebody is on call for, who holds it when, and who answers when nobody does."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from wardwire.directory.desk import Change, DirectoryDesk
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.names import clean_name
from wardwire.model.people import Role, Shift
from wardwire.model.rights import Caller
from wardwire.store import roles as store

LONGEST_SHIFT = timedelta(days=3660)


async def add_role(desk: DirectoryDesk, caller: Caller, *, name: str, fallback: UUID | None = None) -> Role:
    """Add a role.

    Raises:
        Refused: `NAME_TAKEN`, `NOT_FOUND` (the fallback), `NOT_PERMITTED`, and what a name may not be.
    """
    name = clean_name(name)

    async def work(change: Change) -> Role:
        role = Role(id=ids.new_id(change.now), name=name, fallback=fallback)
        await store.insert_role(change.connection, role, change.version)
        written = ids.write_id(ids.ROLE, role.id)
        change.record("role_added", {"role": written, "name": name, "fallback": _person(fallback)})
        return role

    return await desk.change(caller, work)


async def change_role(
    desk: DirectoryDesk,
    caller: Caller,
    role_id: UUID,
    *,
    name: str | None = None,
    fallback: UUID | None = None,
    no_fallback: bool = False,
    disabled: bool | None = None,
) -> Role:
    """Change what is not None; `no_fallback` takes the fallback away. The answer has no shifts in it.

    Raises:
        Refused: As `add_role`, and `NOT_FOUND`.
    """
    name = None if name is None else clean_name(name)

    async def work(change: Change) -> Role:
        role = await store.update_role(
            change.connection,
            role_id,
            change.version,
            change.now,
            name=name,
            fallback=None if no_fallback else fallback,
            change_fallback=no_fallback or fallback is not None,
            disabled=disabled,
        )
        if role is None:
            raise Refused(Code.NOT_FOUND, "there is no such role")
        written = ids.write_id(ids.ROLE, role_id)
        told = {"role": written, "name": role.name, "fallback": _person(role.fallback), "disabled": role.disabled}
        change.record("role_changed", told)
        return role

    return await desk.change(caller, work)


async def add_shift(
    desk: DirectoryDesk, caller: Caller, role_id: UUID, *, person_id: UUID, starts_at: datetime, ends_at: datetime
) -> Shift:
    """Let a person hold a role in [starts_at, ends_at). Of overlapping shifts the latest written holds.

    Raises:
        Refused: `INVALID` times, `NOT_FOUND`, `NOT_PERMITTED`.
    """
    for pointer, instant in (("/starts_at", starts_at), ("/ends_at", ends_at)):
        if instant.tzinfo is None:
            raise Refused(Code.INVALID, "an instant needs its offset, e.g. Z", pointer=pointer)
    if ends_at <= starts_at:
        raise Refused(Code.INVALID, "a shift ends after it starts", pointer="/ends_at")
    if ends_at - starts_at > LONGEST_SHIFT:
        raise Refused(Code.INVALID, f"a shift lasts at most {LONGEST_SHIFT.days} days", pointer="/ends_at")

    async def work(change: Change) -> Shift:
        if ends_at <= change.now:
            raise Refused(Code.INVALID, "this shift is over already", pointer="/ends_at")
        shift = Shift(
            id=ids.new_id(change.now),
            role_id=role_id,
            person_id=person_id,
            starts_at=starts_at,
            ends_at=ends_at,
            version=change.version,
        )
        await store.insert_shift(change.connection, shift)
        told = {
            "role": ids.write_id(ids.ROLE, role_id),
            "shift": ids.write_id(ids.SHIFT, shift.id),
            "starts_at": starts_at.isoformat(),
            "ends_at": ends_at.isoformat(),
        }
        change.record("shift_added", told, person_id=person_id)
        return shift

    return await desk.change(caller, work)


async def cancel_shift(desk: DirectoryDesk, caller: Caller, shift_id: UUID) -> Shift:
    """Take a shift away; twice is no fault.

    Raises:
        Refused: `NOT_FOUND`, `NOT_PERMITTED`.
    """

    async def work(change: Change) -> Shift:
        shift = await store.cancel_shift(change.connection, shift_id, change.version, change.now)
        if shift is None:
            raise Refused(Code.NOT_FOUND, "there is no such shift")
        told = {"role": ids.write_id(ids.ROLE, shift.role_id), "shift": ids.write_id(ids.SHIFT, shift_id)}
        change.record("shift_cancelled", told, person_id=shift.person_id)
        return shift

    return await desk.change(caller, work)


def _person(person_id: UUID | None) -> str | None:
    return ids.write_id(ids.PERSON, person_id) if person_id else None
