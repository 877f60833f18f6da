"""Changes to groups: static lists of people, at most 10,000."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from wardwire.directory.desk import Change, DirectoryDesk
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.names import clean_name
from wardwire.model.people import Group
from wardwire.model.rights import Caller
from wardwire.store import groups as store

MAX_MEMBERS = 10_000


async def add_group(desk: DirectoryDesk, caller: Caller, *, name: str, members: Sequence[UUID] = ()) -> Group:
    """Add a group; somebody named twice is a member once.

    Raises:
        Refused: `NAME_TAKEN`, `NOT_FOUND` (a member), `TOO_MANY`, `NOT_PERMITTED`, and what a name may not be.
    """
    name = clean_name(name)

    async def work(change: Change) -> Group:
        group = Group(id=ids.new_id(change.now), name=name, members=await _checked(change, members))
        await store.insert_group(change.connection, group, change.version)
        written = [ids.write_id(ids.PERSON, member) for member in group.members]
        told = {"group": ids.write_id(ids.GROUP, group.id), "name": name, "members": written}
        change.record("group_added", told)
        return group

    return await desk.change(caller, work)


async def change_group(
    desk: DirectoryDesk,
    caller: Caller,
    group_id: UUID,
    *,
    name: str | None = None,
    members: Sequence[UUID] | None = None,
    add: Sequence[UUID] = (),
    remove: Sequence[UUID] = (),
    disabled: bool | None = None,
) -> Group:
    """Change a group: `members` replaces all of them, then `add` and `remove` are done.

    Raises:
        Refused: As `add_group`, and `NOT_FOUND`.
    """
    name = None if name is None else clean_name(name)

    async def work(change: Change) -> Group:
        before = await store.lock_group(change.connection, group_id)
        if before is None:
            raise Refused(Code.NOT_FOUND, "there is no such group")
        gone = frozenset(remove)
        wanted = [m for m in (*(before.members if members is None else members), *add) if m not in gone]
        known = frozenset(before.members)
        await _checked(change, [m for m in wanted if m not in known])
        after = replace(
            before,
            name=name or before.name,
            members=_once(wanted),
            disabled=before.disabled if disabled is None else disabled,
        )
        await store.update_group(change.connection, after, change.version, change.now)
        change.record("group_changed", {"group": ids.write_id(ids.GROUP, group_id), **_difference(before, after)})
        return after

    return await desk.change(caller, work)


def _difference(before: Group, after: Group) -> dict[str, object]:
    told: dict[str, object] = {}
    if after.name != before.name:
        told["name"] = after.name
    if after.disabled != before.disabled:
        told["disabled"] = after.disabled
    old, new = frozenset(before.members), frozenset(after.members)
    if old != new:
        told["added"] = [ids.write_id(ids.PERSON, member) for member in sorted(new - old)]
        told["removed"] = [ids.write_id(ids.PERSON, member) for member in sorted(old - new)]
    return told


async def _checked(change: Change, members: Sequence[UUID]) -> tuple[UUID, ...]:
    once = _once(members)
    missing = await store.find_missing(change.connection, once) if once else []
    if missing:
        named = [ids.write_id(ids.PERSON, member) for member in missing[:10]]
        raise Refused(Code.NOT_FOUND, "there is no such person", pointer="/members", missing=named)
    return once


def _once(members: Sequence[UUID]) -> tuple[UUID, ...]:
    once = tuple(dict.fromkeys(members))
    if len(once) > MAX_MEMBERS:
        raise Refused(Code.TOO_MANY, f"a group has at most {MAX_MEMBERS} members", pointer="/members")
    return once
