"""Groups of SCIM: how they are listed, found, added, changed and taken back (directory/scim_groups.py)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID

from wardwire.api.operation import Answer, Call
from wardwire.api.scim_answers import AT_ONCE, answer, answer_list, meta_of, page_of
from wardwire.api.scim_words import (
    ROOT,
)
from wardwire.directory import scim_groups
from wardwire.directory.scim_groups import Said, write_members
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.people import Group
from wardwire.model.scim.filter import read_filter
from wardwire.model.scim.members import Members, kind_of, read_members
from wardwire.model.scim.patch import change, read_operations
from wardwire.model.scim.reading import read_resource
from wardwire.model.scim.refusals import INVALID_VALUE
from wardwire.model.scim.refusals import refuse as refuse_as
from wardwire.model.scim.schema import GROUPS, Resource
from wardwire.store import scim as store


def _show_group(group: Group, external_id: str, *, members: bool) -> Resource:
    shown: Resource = {
        "schemas": [GROUPS.urn],
        "id": ids.write_id(ids.GROUP, group.id),
        "displayName": group.name,
        "meta": meta_of(GROUPS, group.id),
    }
    if external_id:
        shown["externalId"] = external_id
    if members:
        shown["members"] = [_member(written) for written in write_members(group)]
    return shown


def _member(written: str) -> Resource:
    kind = kind_of(written)
    return {"value": written, "type": kind, "$ref": f"{ROOT}/{kind}s/{written}"}


def _members_wanted(call: Call) -> bool:
    """Whether members are asked for: ten thousand are not shown for nobody."""
    only = [name.strip().lower() for name in (call.query.get("attributes") or "").split(",") if name.strip()]
    without = [name.strip().lower() for name in (call.query.get("excludedAttributes") or "").split(",")]
    if only:
        return any(name.rpartition(":")[2].partition(".")[0] == "members" for name in only)
    return not any(name.rpartition(":")[2] == "members" for name in without)


async def list_groups(call: Call) -> Answer:
    """List groups."""
    directory, written = call.deps.rules().directory, call.query["filter"]
    wanted = read_filter(written, GROUPS) if written else None
    living = sorted((group for group in directory.groups.values() if not group.disabled), key=lambda one: one.id)
    known = await _ids_of(call, [group.id for group in living])
    if wanted is not None:
        found = []
        about_members = "members" in (written or "").lower()
        for nth, group in enumerate(living):
            if nth % AT_ONCE == AT_ONCE - 1 or len(group.members) > AT_ONCE:
                await asyncio.sleep(0)
            if wanted.holds(_show_group(group, known.get(group.id, ""), members=about_members)):
                found.append(group)
        living = found
    page, start = page_of(call, living)
    with_members = _members_wanted(call)
    shown = [_show_group(group, known.get(group.id, ""), members=with_members) for group in page]
    return answer_list(call, shown, len(living), start, GROUPS)


async def _ids_of(call: Call, groups: Sequence[UUID]) -> dict[UUID, str]:
    source = call.caller.source
    return await call.read(lambda connection: store.find_group_ids(connection, source, groups))


async def _answer_group(call: Call, group: Group, status: int = 200) -> Answer:
    known = await _ids_of(call, [group.id])
    shown = _show_group(group, known.get(group.id, ""), members=_members_wanted(call))
    return answer(call, shown, GROUPS, status)


async def get_group(call: Call) -> Answer:
    """Show a group."""
    group = call.deps.rules().directory.groups.get(call.id(ids.GROUP, "group_id"))
    if group is None or group.disabled:
        raise Refused(Code.NOT_FOUND, "there is no such group")
    return await _answer_group(call, group)


async def add_group(call: Call) -> Answer:
    """Add a group."""
    group = await scim_groups.add_group(call.deps.desk, call.caller, _read_group(call.body))
    return await _done_group(call, group, 201)


async def replace_group(call: Call) -> Answer:
    """Let a group be what is given."""
    said = _read_group(call.body)
    group_id = call.id(ids.GROUP, "group_id")
    return await _done_group(
        call, await scim_groups.change_group(call.deps.desk, call.caller, group_id, lambda before: said)
    )


async def change_group(call: Call) -> Answer:
    """Change a group."""
    operations, group_id = read_operations(call.body), call.id(ids.GROUP, "group_id")

    def step(before: Said) -> Said:
        there = {"id": ids.write_id(ids.GROUP, group_id), "displayName": before.name}
        if before.external_id:
            there["externalId"] = before.external_id
        after = change(there, operations, GROUPS, {"members": before.members.take})
        return Said(after["displayName"], after.get("externalId", ""), before.members)

    group = await scim_groups.change_group(call.deps.desk, call.caller, group_id, step)
    if call.query["attributes"] or call.query["excludedAttributes"]:
        return await _done_group(call, group)
    # RFC 7644 §3.5.2 leaves the choice: nobody who adds one of ten thousand wants to be told of all the others.
    await call.deps.refresh()
    return Answer(status=204)


async def remove_group(call: Call) -> Answer:
    """Take a group back."""
    await scim_groups.remove_group(call.deps.desk, call.caller, call.id(ids.GROUP, "group_id"))
    await call.deps.refresh()
    return Answer(status=204)


def _read_group(body: Resource) -> Said:
    members = next((value for name, value in body.items() if name.lower() == "members"), None)
    group = read_resource({name: value for name, value in body.items() if name.lower() != "members"}, GROUPS)
    if not group.get("displayName"):
        raise refuse_as(INVALID_VALUE, "displayName must be there", pointer="/displayName")
    named = Members(read_members(members, "/members") if members else ())
    return Said(group["displayName"], group.get("externalId", ""), named)


async def _done_group(call: Call, group: Group, status: int = 200) -> Answer:
    await call.deps.refresh()
    return await _answer_group(call, group, status)
