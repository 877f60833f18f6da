"""Groups over HTTP. Who may change what: model/matrix.py."""

from __future__ import annotations

from msgspec import UNSET

from wardwire.api import directory_wire as wire
from wardwire.api.directory import (
    NAMED,
    PAGE,
    cut_page,
    find,
    given,
    read_ids,
    read_operation,
    read_people,
    write_operation,
)
from wardwire.api.making import make
from wardwire.api.operation import Answer, Call
from wardwire.api.people import show_person
from wardwire.directory import groups
from wardwire.model import ids
from wardwire.model.errors import Code
from wardwire.model.groups import members_of
from wardwire.model.people import Directory, Group


def _show_group(group: Group, directory: Directory) -> wire.GroupOut:
    return wire.GroupOut(
        id=ids.write_id(ids.GROUP, group.id),
        name=group.name,
        member_count=len(group.members),
        members=[ids.write_id(ids.PERSON, member) for member in group.members],
        groups=[ids.write_id(ids.GROUP, each) for each in group.groups],
        rule=group.rule_text,
        people_count=_count(group, directory),
        disabled=group.disabled,
    )


def _count(group: Group, directory: Directory) -> int:
    return len(members_of(directory, group.id)) if group.id in directory.groups else len(group.members)


async def list_groups(call: Call) -> Answer:
    """List groups."""
    page, following, headers = cut_page(call, ids.GROUP, "/v1/groups", call.deps.rules().directory.groups.values())
    lines = [
        wire.GroupLine(
            ids.write_id(ids.GROUP, group.id),
            group.name,
            len(group.members),
            _count(group, call.deps.rules().directory),
            group.disabled,
        )
        for group in page
    ]
    return Answer(body=wire.Groups(lines, following), headers=headers)


async def add_group(call: Call) -> Answer:
    """Add a group."""
    body: wire.NewGroup = call.body
    members, within = read_people(body.members, "/members"), read_ids(ids.GROUP, body.groups, "/groups")
    return await make(
        call,
        lambda desk: groups.add_group(
            desk, call.caller, name=body.name, members=members, groups=within, rule=body.rule
        ),
        lambda made: _show_group(made, call.deps.rules().directory),
        at="/v1/groups",
    )


async def get_group(call: Call) -> Answer:
    """Show a group."""
    directory = call.deps.rules().directory
    return Answer(body=_show_group(find(directory.groups, call.id(ids.GROUP, "group_id")), directory))


async def list_group_people(call: Call) -> Answer:
    """List everybody who is in a group."""
    directory = call.deps.rules().directory
    group = find(directory.groups, call.id(ids.GROUP, "group_id"))
    within = [directory.people[one] for one in members_of(directory, group.id) if one in directory.people]
    path = f"/v1/groups/{ids.write_id(ids.GROUP, group.id)}/people"
    page, following, headers = cut_page(call, ids.PERSON, path, within)
    return Answer(body=wire.People([show_person(person, call) for person in page], following), headers=headers)


async def change_group(call: Call) -> Answer:
    """Change a group."""
    body: wire.GroupChange = call.body
    after = await groups.change_group(
        call.deps.desk,
        call.caller,
        call.id(ids.GROUP, "group_id"),
        name=given(body.name),
        add=read_people(body.add, "/add"),
        remove=read_people(body.remove, "/remove"),
        groups=None if body.groups is UNSET else read_ids(ids.GROUP, body.groups, "/groups"),
        rule=given(body.rule),
        disabled=given(body.disabled),
    )
    await call.deps.refresh()
    return Answer(body=_show_group(after, call.deps.rules().directory))


_GROUP = (*NAMED, Code.GROUP_CYCLE)

OPERATIONS = (
    read_operation("listGroups", "/v1/groups", "List groups.", list_groups, wire.Groups, *PAGE),
    write_operation(
        "addGroup", "POST", "/v1/groups", "Add a group.", add_group, wire.NewGroup, 201, wire.GroupOut, *_GROUP,
        example={"name": "Ward 3"},
    ),
    read_operation("getGroup", "/v1/groups/{group_id}", "Show a group with its members.", get_group, wire.GroupOut),
    read_operation(
        "listGroupPeople", "/v1/groups/{group_id}/people",
        "List everybody who is in a group: by name, by the groups within it, by its rule; each once.",
        list_group_people, wire.People, *PAGE,
    ),
    write_operation(
        "changeGroup", "PATCH", "/v1/groups/{group_id}", "Change a group; members are added and removed.",
        change_group, wire.GroupChange, 200, wire.GroupOut, *_GROUP, example={"name": "Ward 3 East"},
    ),
)  # fmt: skip
