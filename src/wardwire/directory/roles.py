"""Changes to roles: what somebody is on call for, and who answers when nobody is. Who is: directory/oncall.py."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from wardwire.directory.desk import Change, DirectoryDesk
from wardwire.directory.oncall import enter_shift, take_shift_away
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.names import clean_name
from wardwire.model.people import Role, Shift
from wardwire.model.policy import DESK
from wardwire.model.rights import Caller
from wardwire.store import groups
from wardwire.store import roles as store

Fallback = UUID | str
"""Who answers when nobody holds a role: a person's id, `grp_…`, or `desk`."""


async def add_role(desk: DirectoryDesk, caller: Caller, *, name: str, fallback: Fallback | None = None) -> Role:
    """Add a role. It must say who answers when nobody holds it.

    Raises:
        Refused: `FALLBACK_REQUIRED`, `NAME_TAKEN`, `NOT_FOUND` (the fallback), `NOT_PERMITTED`, and what a name may
            not be.
    """
    name = clean_name(name)
    if fallback is None:
        raise _no_fallback()

    async def work(change: Change) -> Role:
        person, other = await _find_fallback(change, fallback)
        role = Role(id=ids.new_id(change.now), name=name, fallback=person, fallback_to=other)
        await store.insert_role(change.connection, role, change.version)
        written = ids.write_id(ids.ROLE, role.id)
        change.record("role_added", {"role": written, "name": name, "fallback": write_fallback(role)})
        return role

    return await desk.change(caller, work)


async def change_role(
    desk: DirectoryDesk,
    caller: Caller,
    role_id: UUID,
    *,
    name: str | None = None,
    fallback: Fallback | None = None,
    no_fallback: bool = False,
    disabled: bool | None = None,
) -> Role:
    """Change what is not None. A fallback is changed, and never taken away. The answer has no shifts in it.

    Raises:
        Refused: As `add_role`, and `NOT_FOUND`.
    """
    name = None if name is None else clean_name(name)
    if no_fallback:
        raise _no_fallback()

    async def work(change: Change) -> Role:
        role = await store.update_role(
            change.connection,
            role_id,
            change.version,
            change.now,
            name=name,
            fallback=None if fallback is None else await _find_fallback(change, fallback),
            disabled=disabled,
        )
        if role is None:
            raise Refused(Code.NOT_FOUND, "there is no such role")
        written = ids.write_id(ids.ROLE, role_id)
        told = {"role": written, "name": role.name, "fallback": write_fallback(role), "disabled": role.disabled}
        change.record("role_changed", told)
        return role

    return await desk.change(caller, work)


async def add_shift(
    desk: DirectoryDesk, caller: Caller, role_id: UUID, *, person_id: UUID, starts_at: datetime, ends_at: datetime
) -> Shift:
    """Let a person hold a role in [starts_at, ends_at): `enter_shift` without its notes."""
    entered = await enter_shift(desk, caller, role_id, person_id=person_id, starts=starts_at, ends=ends_at)
    return entered.shift


async def cancel_shift(desk: DirectoryDesk, caller: Caller, shift_id: UUID) -> Shift:
    """Take a shift away; twice is no fault."""
    return await take_shift_away(desk, caller, shift_id)


def write_fallback(role: Role) -> str:
    """Write who answers when nobody holds a role: `per_…`, `grp_…` or `desk`."""
    if role.fallback is not None:
        return ids.write_id(ids.PERSON, role.fallback)
    return role.fallback_to or DESK


async def _find_fallback(change: Change, fallback: Fallback) -> tuple[UUID | None, str]:
    if isinstance(fallback, UUID):
        return fallback, ""
    if fallback == DESK:
        return None, ""
    group_id = ids.read_id(ids.GROUP, fallback)
    if await groups.lock_group(change.connection, group_id) is None:
        raise Refused(Code.NOT_FOUND, "there is no such group", pointer="/fallback")
    return None, fallback


def _no_fallback() -> Refused:
    return Refused(
        Code.FALLBACK_REQUIRED, "say who answers when nobody holds the role: a person, a group, or desk",
        pointer="/fallback",
    )  # fmt: skip
