"""Groups of SCIM: a provisioning system adds, changes and disables groups, and says who is in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple
from uuid import UUID

from wardwire.directory.desk import Change, DirectoryDesk
from wardwire.directory.groups import MAX_MEMBERS, enter_group, rewrite_group
from wardwire.model import ids
from wardwire.model.details import MAX_ID
from wardwire.model.errors import Code, Refused
from wardwire.model.groups import MAX_WITHIN
from wardwire.model.names import clean_line, clean_name
from wardwire.model.people import Group
from wardwire.model.rights import Caller
from wardwire.model.scim.members import Members
from wardwire.store import groups as store
from wardwire.store import scim


class Said(NamedTuple):
    """A group as a system says it."""

    name: str
    external_id: str
    members: Members


async def add_group(desk: DirectoryDesk, caller: Caller, said: Said) -> Group:
    """Add a group.

    Raises:
        Refused: `NAME_TAKEN`, `EXTERNAL_ID_TAKEN`, `NOT_FOUND` (a member), `TOO_MANY`, and what a name may not be.
    """
    people, within = _split(said)
    name = clean_name(said.name, "/displayName")

    async def work(change: Change) -> Group:
        group = await enter_group(change, name=name, members=people, groups=within)
        await scim.keep_group_id(change.connection, caller.source, group.id, _clean_id(said))
        return group

    return await desk.change(caller, work)


async def change_group(desk: DirectoryDesk, caller: Caller, group_id: UUID, step: Callable[[Said], Said]) -> Group:
    """Change a group as it is now: `step` returns what it is to be.

    Raises:
        Refused: As `add_group` and `step`; `NOT_FOUND`, `GROUP_CYCLE`.
    """

    async def work(change: Change) -> Group:
        before = await _lock(change, group_id)
        known = (await scim.find_group_ids(change.connection, caller.source, [group_id])).get(group_id, "")
        said = step(Said(before.name, known, Members(write_members(before))))
        people, within = _split(said)
        after = replace(
            before, name=clean_name(said.name, "/displayName"), members=tuple(people), groups=tuple(within)
        )
        external_id = _clean_id(said)
        if external_id != known:
            await scim.keep_group_id(change.connection, caller.source, group_id, external_id)
        if after != before or external_id != known:
            await rewrite_group(change, before, after, external_id=external_id or None)
        return after

    return await desk.change(caller, work)


async def remove_group(desk: DirectoryDesk, caller: Caller, group_id: UUID) -> None:
    """Take a group back: it is disabled, and its name and its id there are free.

    Raises:
        Refused: `NOT_FOUND`.
    """

    async def work(change: Change) -> None:
        before = await _lock(change, group_id)
        await rewrite_group(change, before, replace(before, disabled=True))
        await scim.keep_group_id(change.connection, caller.source, group_id, "")

    await desk.change(caller, work)


def write_members(group: Group) -> list[str]:
    """Return the written ids of whom a group names: people, then groups."""
    people = [ids.write_id(ids.PERSON, one) for one in group.members]
    return people + [ids.write_id(ids.GROUP, one) for one in group.groups]


async def _lock(change: Change, group_id: UUID) -> Group:
    group = await store.lock_group(change.connection, group_id)
    if group is None or group.disabled:
        raise Refused(Code.NOT_FOUND, "there is no such group")
    return group


def _split(said: Said) -> tuple[list[UUID], list[UUID]]:
    people, within = said.members.split()
    if len(people) > MAX_MEMBERS or len(within) > MAX_WITHIN:
        detail = f"a group has at most {MAX_MEMBERS} members and {MAX_WITHIN} groups"
        raise Refused(Code.TOO_MANY, detail, pointer="/members")
    return people, within


def _clean_id(said: Said) -> str:
    return clean_line(said.external_id, "/externalId", MAX_ID)
