"""SCIM 2.0 (RFC 7643, RFC 7644): a provisioning system keeps people and groups here as it has them itself.

Spoken as Entra ID and Okta speak it. What is changed, and when somebody is disabled and never erased:
directory/scim_users.py, directory/scim_groups.py.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from wardwire.api.operation import Answer, Call, Operation, Query
from wardwire.api.scim_words import (
    MOST,
    RESOURCE_TYPES,
    ROOT,
    SCHEMAS,
    SPEECH,
    USUAL,
    choose,
    is_under,
    provider_config,
    refuse,
    say,
    say_list,
)
from wardwire.directory import scim_groups, scim_users
from wardwire.directory.scim_groups import Said, write_members
from wardwire.model import ids
from wardwire.model.canary import ROBOTS
from wardwire.model.errors import Code, Refused
from wardwire.model.matrix import Action
from wardwire.model.people import Directory, Group, Person
from wardwire.model.scim.filter import Filter, equals, read_filter
from wardwire.model.scim.members import Members, kind_of, read_members
from wardwire.model.scim.patch import change, read_operations
from wardwire.model.scim.reading import read_resource
from wardwire.model.scim.refusals import INVALID_VALUE
from wardwire.model.scim.refusals import refuse as refuse_as
from wardwire.model.scim.schema import GROUPS, USERS, Kind, Resource
from wardwire.model.scim.user import show_user
from wardwire.store import scim as store
from wardwire.store.scim import Kept

__all__ = ["OPERATIONS", "is_under", "refuse"]

# So many are shown and compared between two looks at what else there is to do.
_AT_ONCE = 100
_TAG = re.compile(r'(?:W/)?"(\d{1,18})"')


# Users -----------------------------------------------------------------------------------------------------------


def _show_user(person: Person, kept: Kept | None, call: Call) -> Resource:
    written = ids.write_id(ids.PERSON, person.id)
    directory = call.deps.rules().directory
    endpoints = directory.endpoints_of.get(person.id, ())
    shown = show_user(
        person, kept.said if kept else None, kept.user_name if kept else written, endpoints, call.caller.source
    )
    urns = [urn for urn in USERS.extensions if urn in shown]
    return {"schemas": [USERS.urn, *urns], "id": written, **shown, "meta": _meta(USERS, person.id, person.version)}


def _meta(kind: Kind, thing_id: UUID, version: int | None = None) -> Resource:
    prefix = ids.PERSON if kind is USERS else ids.GROUP
    meta = {"resourceType": kind.name, "location": f"{ROOT}{kind.endpoint}/{ids.write_id(prefix, thing_id)}"}
    if thing_id.version == 7:
        meta["created"] = ids.instant_of(thing_id).isoformat().replace("+00:00", "Z")
    return meta if version is None else {**meta, "version": f'W/"{version}"'}


async def _answer_user(call: Call, person: Person, status: int = 200) -> Answer:
    kept = (await call.read(lambda connection: store.find_users(connection, [person.id]))).get(person.id)
    if kept is not None and kept.deleted:
        raise Refused(Code.NOT_FOUND, "there is no such user")
    shown = _show_user(person, kept, call)
    return _answer(call, shown, USERS, status, ETag=shown["meta"]["version"])


def _answer(call: Call, shown: Resource, kind: Kind, status: int = 200, **headers: str) -> Answer:
    chosen = choose(shown, kind, call.query.get("attributes"), call.query.get("excludedAttributes"))
    return say(chosen, status, Location=shown["meta"]["location"], **headers)


async def list_users(call: Call) -> Answer:
    """List users."""
    directory, written = call.deps.rules().directory, call.query["filter"]
    wanted = read_filter(written, USERS) if written else None
    if wanted is None:
        deleted = await call.read(store.find_deleted)
        found = sorted(one for one in directory.people if one not in deleted and one not in ROBOTS)
        page, start = _page(call, found)
        kept = await call.read(lambda connection: store.find_users(connection, page))
        shown = [_show_user(directory.people[one], kept.get(one), call) for one in page]
        return _list(call, shown, len(found), start, USERS)
    people, said = await _candidates(call, wanted, directory)
    shown = []
    for nth, one in enumerate(sorted(people)):
        if nth % _AT_ONCE == _AT_ONCE - 1:
            await asyncio.sleep(0)
        user = _show_user(directory.people[one], said.get(one), call)
        if wanted.holds(user):
            shown.append(user)
    page_of, start = _page(call, shown)
    return _list(call, page_of, len(shown), start, USERS)


async def _candidates(call: Call, wanted: Filter, directory: Directory) -> tuple[Iterable[UUID], Mapping[UUID, Kept]]:
    """Return whom a filter may mean: by the name or an id that it asks for, at once; else everybody."""
    source = call.caller.source
    one: UUID | None
    if any("\0" in (equals(wanted, name) or "") for name in ("userName", "externalId")):
        return [], {}  # the database knows no such text, and so nobody has it
    if (name := equals(wanted, "userName")) is not None:
        one = await call.read(lambda connection: store.find_named(connection, name))
        one = one or _read_id(ids.PERSON, name)
    elif (known := equals(wanted, "externalId")) is not None:
        one = await call.read(lambda connection: store.find_known_as(connection, source, known))
    elif (written := equals(wanted, "id")) is not None:
        one = _read_id(ids.PERSON, written)
    else:
        kept = await call.read(store.find_every_user)
        deleted = await call.read(store.find_deleted)
        return [each for each in directory.people if each not in deleted and each not in ROBOTS], kept
    if one is None or one not in directory.people or one in ROBOTS:
        return [], {}
    found = await call.read(lambda connection: store.find_users(connection, [one]))
    return [] if one in found and found[one].deleted else [one], found


def _read_id(prefix: str, written: str) -> UUID | None:
    try:
        return ids.read_id(prefix, written)
    except Refused:
        return None


async def get_user(call: Call) -> Answer:
    """Show a user."""
    person = call.deps.rules().directory.people.get(call.id(ids.PERSON, "user_id"))
    if person is None or person.id in ROBOTS:
        raise Refused(Code.NOT_FOUND, "there is no such user")
    return await _answer_user(call, person)


async def add_user(call: Call) -> Answer:
    """Add a user."""
    person = await scim_users.add_user(call.deps.desk, call.caller, read_resource(call.body, USERS))
    return await _done(call, person, 201)


async def replace_user(call: Call) -> Answer:
    """Let a user be what is given."""
    person_id = call.id(ids.PERSON, "user_id")
    user = read_resource(call.body, USERS)
    return await _done(
        call, await scim_users.replace_user(call.deps.desk, call.caller, person_id, user, _expected(call))
    )


async def change_user(call: Call) -> Answer:
    """Change a user."""
    operations = read_operations(call.body)
    person = await scim_users.change_user(
        call.deps.desk,
        call.caller,
        call.id(ids.PERSON, "user_id"),
        lambda user: change(user, operations, USERS),
        _expected(call),
    )
    return await _done(call, person)


async def remove_user(call: Call) -> Answer:
    """Take a user back."""
    await scim_users.remove_user(call.deps.desk, call.caller, call.id(ids.PERSON, "user_id"), _expected(call))
    await call.deps.refresh()
    return Answer(status=204)


async def _done(call: Call, person: Person, status: int = 200) -> Answer:
    await call.deps.refresh()
    return await _answer_user(call, call.deps.rules().directory.people.get(person.id, person), status)


def _expected(call: Call) -> int | None:
    text = call.headers.get("if-match", "*").strip()
    if text == "*":
        return None
    found = _TAG.fullmatch(text)
    if found is None:
        raise refuse_as(INVALID_VALUE, 'If-Match is an ETag as it was given, such as W/"17", or *')
    return int(found[1])


# Groups ----------------------------------------------------------------------------------------------------------


def _show_group(group: Group, external_id: str, *, members: bool) -> Resource:
    shown: Resource = {
        "schemas": [GROUPS.urn],
        "id": ids.write_id(ids.GROUP, group.id),
        "displayName": group.name,
        "meta": _meta(GROUPS, group.id),
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
            if nth % _AT_ONCE == _AT_ONCE - 1 or len(group.members) > _AT_ONCE:
                await asyncio.sleep(0)
            if wanted.holds(_show_group(group, known.get(group.id, ""), members=about_members)):
                found.append(group)
        living = found
    page, start = _page(call, living)
    with_members = _members_wanted(call)
    shown = [_show_group(group, known.get(group.id, ""), members=with_members) for group in page]
    return _list(call, shown, len(living), start, GROUPS)


async def _ids_of(call: Call, groups: Sequence[UUID]) -> dict[UUID, str]:
    source = call.caller.source
    return await call.read(lambda connection: store.find_group_ids(connection, source, groups))


async def _answer_group(call: Call, group: Group, status: int = 200) -> Answer:
    known = await _ids_of(call, [group.id])
    shown = _show_group(group, known.get(group.id, ""), members=_members_wanted(call))
    return _answer(call, shown, GROUPS, status)


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


# Searches --------------------------------------------------------------------------------------------------------


def _search(listed: Callable[[Call], Awaitable[Answer]]) -> Callable[[Call], Awaitable[Answer]]:
    """Make of a list one that is asked for in a body, so that no name stands in a log of addresses (§3.4.3)."""

    async def search(call: Call) -> Answer:
        said = {name.lower(): value for name, value in call.body.items()}
        query = {one.name: _field(said.get(one.name.lower()), one) for one in _LIST}
        return await listed(replace(call, query=query))

    return search


def _field(value: Any, query: Query) -> str | None:
    parts = value if isinstance(value, list) else [] if value is None else [value]
    text = ",".join(str(part) for part in parts)
    if len(text) > query.longest:
        raise refuse_as(INVALID_VALUE, f"longer than {query.longest} characters", pointer=f"/{query.name}")
    return text or None


# What this server can --------------------------------------------------------------------------------------------


async def show_config(call: Call) -> Answer:
    """Say what this server can."""
    return say(provider_config())


def _described(known: Mapping[str, Resource], name: str) -> tuple[Callable[[Call], Awaitable[Answer]], ...]:
    async def show_all(call: Call) -> Answer:
        if call.query["filter"]:
            # RFC 7644 §4: descriptions are not filtered.
            raise Refused(Code.NOT_PERMITTED, "descriptions are not filtered")
        return say_list(list(known.values()), len(known), 1)

    async def show_one(call: Call) -> Answer:
        found = known.get(call.path[name])
        if found is None:
            raise Refused(Code.NOT_FOUND, "nothing of this name is described")
        return say(found)

    return show_all, show_one


async def lack(call: Call) -> Answer:
    """Say that this server has it not, as its configuration says (RFC 7644 §3.12: 501)."""
    raise Refused(Code.NOT_IMPLEMENTED, f"{call.operation} is not there; see {ROOT}/ServiceProviderConfig")


# Lists -----------------------------------------------------------------------------------------------------------


def _page(call: Call, found: Sequence[Any]) -> tuple[Any, int]:
    """Return a page of what was found, and where it starts, from 1 (RFC 7644 §3.4.2.4)."""
    if call.query["sortBy"] or call.query["sortOrder"]:
        raise Refused(Code.NOT_IMPLEMENTED, f"lists are not sorted; see {ROOT}/ServiceProviderConfig")
    start = max(1, _number(call, "startIndex", 1))
    count = min(MOST, max(0, _number(call, "count", USUAL)))
    return list(found[start - 1 : start - 1 + count]), start


def _number(call: Call, name: str, default: int) -> int:
    text = (call.query[name] or "").strip()
    if not text:
        return default
    if not re.fullmatch(r"-?[0-9]{1,9}", text):
        raise refuse_as(INVALID_VALUE, f"{name} is a whole number")
    return int(text)


def _list(call: Call, shown: list[Resource], total: int, start: int, kind: Kind) -> Answer:
    only, without = call.query["attributes"], call.query["excludedAttributes"]
    return say_list([choose(one, kind, only, without) for one in shown], total, start)


_FILTER = Query(name="filter", kind="string", about='E.g. `userName eq "anna@ward.example"`.', longest=8_000)
_CHOICE = (
    Query(name="attributes", kind="string", about="Only these, with a comma between.", longest=2_000),
    Query(name="excludedAttributes", kind="string", about="All but these.", longest=2_000),
)
_LIST = (
    _FILTER,
    *_CHOICE,
    Query(name="sortBy", kind="string", about="Not there: answered with 501."),
    Query(name="sortOrder", kind="string", about="Not there: answered with 501."),
    Query(name="startIndex", kind="string", about="Where the page starts; the first is 1."),
    Query(name="count", kind="string", about=f"So many at most; {USUAL} unless said, never more than {MOST}."),
)


def _operation(
    id: str,
    method: str,
    path: str,
    about: str,
    handler: Callable[[Call], Awaitable[Answer]],
    *query: Query,
    example: Resource | None = None,
    status: int = 200,
    refuses: tuple[Code, ...] = (),
    more: tuple[int, ...] = (),
    takes: str = "",
    gives: str = "",
) -> Operation:
    return Operation(
        id=id, method=method, path=f"{ROOT}{path}", tag="scim", about=about, handler=handler,
        body=None if example is None else dict[str, Any], query=query, refuses=refuses,
        answers={status: None if status == 204 else dict[str, Any], **dict.fromkeys(more)},
        action=Action.DIRECTORY_SYNC, speech=SPEECH, example=example, takes=takes,
        gives=gives,
    )  # fmt: skip


_USER: Resource = {"schemas": [USERS.urn], "userName": "anna@ward.example", "displayName": "Anna"}
_GROUP: Resource = {"schemas": [GROUPS.urn], "displayName": "Ward 3"}
_PATCH: Resource = {
    "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
    "Operations": [{"op": "replace", "path": "active", "value": False}],
}
_SEARCH: Resource = {
    "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
    "filter": 'userName eq "anna@ward.example"',
}
_list_types, _show_type = _described(RESOURCE_TYPES, "name")
_list_schemas, _show_schema = _described(SCHEMAS, "urn")

_FINDS = (Code.NOT_FOUND,)
_LISTS = (Code.NOT_IMPLEMENTED, Code.TOO_MANY)
_WRITES = (
    Code.NOT_FOUND, Code.NAME_TAKEN, Code.EXTERNAL_ID_TAKEN, Code.CHANGED_SINCE, Code.LAST_ADMINISTRATOR,
    Code.GROUP_CYCLE, Code.TOO_MANY, Code.COMMIT_UNKNOWN,
)  # fmt: skip
_LACKS = (Code.NOT_IMPLEMENTED,)

OPERATIONS = (
    _operation("scimConfig", "GET", "/ServiceProviderConfig", "Say what this server can.", show_config,
        gives="ScimDescription"),
    _operation("scimTypes", "GET", "/ResourceTypes", "List kinds of resources.", _list_types, _FILTER,
        gives="ScimList"),
    _operation("scimType", "GET", "/ResourceTypes/{name}", "Describe a kind of resource.", _show_type,
        refuses=_FINDS, gives="ScimDescription"),
    _operation("scimSchemas", "GET", "/Schemas", "List schemas.", _list_schemas, _FILTER, gives="ScimList"),
    _operation("scimSchema", "GET", "/Schemas/{urn}", "Describe a schema.", _show_schema, refuses=_FINDS,
        gives="ScimDescription"),
    _operation("scimListUsers", "GET", "/Users", "List or find users.", list_users, *_LIST, refuses=_LISTS,
        gives="ScimList"),
    _operation("scimSearchUsers", "POST", "/Users/.search", "List or find users by a body.", _search(list_users),
        example=_SEARCH, refuses=_LISTS, takes="ScimSearch", gives="ScimList"),
    _operation("scimAddUser", "POST", "/Users", "Add a user.", add_user, *_CHOICE, example=_USER, status=201,
        refuses=_WRITES, takes="ScimUserIn", gives="ScimUser"),
    _operation("scimGetUser", "GET", "/Users/{user_id}", "Show a user.", get_user, *_CHOICE, refuses=_FINDS,
        gives="ScimUser"),
    _operation("scimReplaceUser", "PUT", "/Users/{user_id}", "Let a user be what is given.", replace_user, *_CHOICE,
        example=_USER, refuses=_WRITES, takes="ScimUserIn", gives="ScimUser"),
    _operation("scimChangeUser", "PATCH", "/Users/{user_id}", "Change a user.", change_user, *_CHOICE,
        example=_PATCH, refuses=_WRITES, takes="ScimPatch", gives="ScimUser"),
    _operation("scimRemoveUser", "DELETE", "/Users/{user_id}", "Take a user back: the person is disabled.",
        remove_user, status=204, refuses=_WRITES),
    _operation("scimListGroups", "GET", "/Groups", "List or find groups.", list_groups, *_LIST, refuses=_LISTS,
        gives="ScimList"),
    _operation("scimSearchGroups", "POST", "/Groups/.search", "List or find groups by a body.",
        _search(list_groups), example=_SEARCH, refuses=_LISTS, takes="ScimSearch", gives="ScimList"),
    _operation("scimAddGroup", "POST", "/Groups", "Add a group.", add_group, *_CHOICE, example=_GROUP, status=201,
        refuses=_WRITES, takes="ScimGroupIn", gives="ScimGroup"),
    _operation("scimGetGroup", "GET", "/Groups/{group_id}", "Show a group.", get_group, *_CHOICE, refuses=_FINDS,
        gives="ScimGroup"),
    _operation("scimReplaceGroup", "PUT", "/Groups/{group_id}", "Let a group be what is given.", replace_group,
        *_CHOICE, example=_GROUP, refuses=_WRITES, takes="ScimGroupIn", gives="ScimGroup"),
    _operation("scimChangeGroup", "PATCH", "/Groups/{group_id}", "Change a group.", change_group, *_CHOICE,
        example=_PATCH, refuses=_WRITES, more=(204,), takes="ScimPatch", gives="ScimGroup"),
    _operation("scimRemoveGroup", "DELETE", "/Groups/{group_id}", "Take a group back: it is disabled.",
        remove_group, status=204, refuses=_WRITES),
    _operation("scimBulk", "POST", "/Bulk", "Not there (`bulk` of the configuration).", lack, refuses=_LACKS,
        example={}),
    _operation("scimMe", "GET", "/Me", "Not there: who provisions is no person.", lack, refuses=_LACKS),
)  # fmt: skip
