"""SCIM 2.0 (RFC 7643, RFC 7644): a provisioning system keeps people and groups here as it has them itself.

Spoken as Entra ID and Okta speak it. What is changed, and when somebody is disabled and never erased:
directory/scim_users.py, directory/scim_groups.py.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from wardwire.api.operation import Answer, Call, Operation, Query
from wardwire.api.scim_groups import add_group, change_group, get_group, list_groups, remove_group, replace_group
from wardwire.api.scim_users import add_user, change_user, get_user, list_users, remove_user, replace_user
from wardwire.api.scim_words import (
    MOST,
    RESOURCE_TYPES,
    ROOT,
    SCHEMAS,
    SPEECH,
    USUAL,
    is_under,
    provider_config,
    refuse,
    say,
    say_list,
)
from wardwire.model.errors import Code, Refused
from wardwire.model.matrix import Action
from wardwire.model.scim.refusals import INVALID_VALUE
from wardwire.model.scim.refusals import refuse as refuse_as
from wardwire.model.scim.schema import GROUPS, USERS, Resource

__all__ = ["OPERATIONS", "is_under", "refuse"]

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
