"""Groups of another directory: each that differs is one durable change; one that cannot be is named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

import asyncpg

from wardwire.directory.desk import Change, DirectoryDesk
from wardwire.directory.groups import enter_group, rewrite_group
from wardwire.model.errors import Refused
from wardwire.model.people import Group
from wardwire.model.rights import Caller
from wardwire.model.synced_groups import GroupChanges, Wanted, compare_groups
from wardwire.model.syncing import Fault, Reading
from wardwire.store import groups as store
from wardwire.store import scim


async def sync_groups(
    connection: asyncpg.Connection,
    desk: DirectoryDesk,
    caller: Caller,
    reading: Reading,
    groups: Mapping[UUID, Group],
    *,
    source: str,
    removals: float,
    dry_run: bool,
) -> GroupChanges:
    """Bring our groups to what was read; its people were taken in before.

    Args:
        groups: Ours, as they are now.
        removals: The share of those that are known that may go at once.

    Returns:
        What was changed, or would be; and what could not be.
    """
    ids = await scim.find_groups_of(connection, source)
    changes = compare_groups(
        reading.groups or (),
        reading.found,
        persons=await scim.find_people_of(connection, source),
        known={own: groups[group] for own, group in ids.items() if group in groups},
        removals=removals,
    )
    if dry_run:
        return changes
    ours, faults = dict(ids), list(changes.faults)
    for before, wanted in _inner_first(changes.change):
        try:
            ours[wanted.id] = await desk.change(
                caller,
                lambda change, before=before, wanted=wanted: _write(change, before, wanted, ours, source),  # type: ignore[misc]
            )
        except Refused as refused:
            faults.append(Fault(wanted.where, "group", refused.detail or refused.code))
    for group in changes.disable:
        await desk.change(caller, lambda change, group=group: _disable(change, group))  # type: ignore[misc]
    return replace(changes, faults=tuple(faults))


async def _write(change: Change, before: Group | None, wanted: Wanted, ours: Mapping[str, UUID], source: str) -> UUID:
    within = tuple(ours[own] for own in wanted.groups if own in ours)
    if before is None:
        made = await enter_group(change, name=wanted.name, members=wanted.people, groups=within)
        await scim.keep_group_id(change.connection, source, made.id, wanted.id)
        return made.id
    now = await store.lock_group(change.connection, before.id) or before
    after = replace(now, name=wanted.name, members=wanted.people, groups=within, disabled=False)
    await rewrite_group(change, now, after)
    return before.id


async def _disable(change: Change, group: Group) -> None:
    now = await store.lock_group(change.connection, group.id) or group
    await rewrite_group(change, now, replace(now, disabled=True))


def _inner_first(changes: Sequence[tuple[Group | None, Wanted]]) -> list[tuple[Group | None, Wanted]]:
    """Order them so that what stands in another is there first; of a cycle one is refused."""
    by_id = {wanted.id: (before, wanted) for before, wanted in changes}
    done: dict[str, tuple[Group | None, Wanted]] = {}
    for each in by_id:
        ahead, open_ = [each], set[str]()
        while ahead:
            own = ahead[-1]
            inner = [one for one in by_id[own][1].groups if one in by_id and one not in done and one not in open_]
            open_.add(own)
            if inner:
                ahead += inner
            else:
                done.setdefault(ahead.pop(), by_id[own])
    return list(done.values())
