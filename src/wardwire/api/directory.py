"""The directory over HTTP: people, endpoints, groups, roles, shifts, keys. Who may change what: model/matrix.py."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Protocol, TypeVar
from uuid import UUID

from msgspec import UNSET, UnsetType

from wardwire.access.door import decide
from wardwire.api import wire
from wardwire.api.making import make
from wardwire.api.operation import Answer, Call, Found, Identity, Operation, Query
from wardwire.api.paging import AFTER, LIMIT, cut, read_cursor
from wardwire.api.versions import etag, expected_version
from wardwire.directory import endpoints, groups, keys, oncall, people, roles
from wardwire.model import ids
from wardwire.model.details import FIELDS, Details
from wardwire.model.errors import Code, Refused
from wardwire.model.groups import members_of
from wardwire.model.matrix import Action, Owner, reaches, unit_of
from wardwire.model.names import fold_name
from wardwire.model.oncall import on_call
from wardwire.model.oncall_rights import may_view
from wardwire.model.people import ApiKey, Directory, Endpoint, Group, Person, Role, Shift, Status
from wardwire.model.quiet import write_quiet
from wardwire.store.roles import find_shift as find_shift_row

T = TypeVar("T")


class _Named(Protocol):
    @property
    def id(self) -> UUID: ...

    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=_Named)


def given(value: T | UnsetType) -> T | None:
    """Return what was given, or None where nothing was."""
    return None if value is UNSET else value


async def changed(call: Call, answer: Answer) -> Answer:
    """Answer a change once this core has seen it too."""
    await call.deps.refresh()
    return answer


def cut_page(call: Call, prefix: str, path: str, things: Iterable[N]) -> tuple[list[N], str | None, dict[str, str]]:
    """Cut a page out of all: in the order of ids, which is that in which they were made."""
    limit, after, name = call.query["limit"], call.query["after"], call.query.get("name")
    behind = read_cursor(prefix, after or None, UUID(int=0))
    wanted = fold_name(name) if name else None
    found = sorted(
        (t for t in things if t.id > behind and (wanted is None or fold_name(t.name) == wanted)), key=lambda t: t.id
    )
    return cut(found, limit, lambda thing: ids.write_id(prefix, thing.id), path, name=name)


def find(table: dict[UUID, T], key: UUID) -> T:
    """Return what has this id. Raises `NOT_FOUND`."""
    found = table.get(key)
    if found is None:
        raise Refused(Code.NOT_FOUND, "there is nothing of this id")
    return found


async def find_person(call: Call) -> Found:
    """Find whose matters those of the person are: their own, and of the units where they have beds now."""
    directory, now = call.deps.rules().directory, call.deps.clock.now()
    person_id = call.id(ids.PERSON, "person_id")
    beds = (
        bed
        for bed, held in directory.assignments.items()
        if any(one.person_id == person_id and one.holds(now) for one in held)
    )
    units = frozenset(unit for bed in beds if (unit := unit_of(directory, bed)) is not None)
    return Found([Owner(people=frozenset({person_id}), units=units)])


async def find_role(call: Call) -> Found:
    """Find whose a role's schedule is: its owners'."""
    role = call.deps.rules().directory.roles.get(call.id(ids.ROLE, "role_id"))
    if role is None:
        raise Refused(Code.NOT_FOUND, "there is nothing of this id")
    return Found([Owner(people=role.owners)])


async def find_shift(call: Call) -> Found:
    """Find whose a shift by hand is: its role's owners'."""
    shift = await call.read(lambda connection: find_shift_row(connection, call.id(ids.SHIFT, "shift_id")))
    role = call.deps.rules().directory.roles.get(shift.role_id) if shift else None
    if role is None:
        raise Refused(Code.NOT_FOUND, "there is nothing of this id")
    return Found([Owner(people=role.owners)])


# People ----------------------------------------------------------------------------------------------------------


def show_person(person: Person, call: Call) -> wire.PersonOut:
    """Say who somebody is. Addresses are for those who may change them."""
    directory = call.deps.rules().directory
    all_of_it = reaches(call.caller, Action.CONTACT_READ, [Owner(people=frozenset({person.id}))])
    devices = [directory.devices[device] for device in directory.active_devices(person.id)]
    there = directory.endpoints_of.get(person.id, ()) if all_of_it else ()
    return wire.PersonOut(
        id=ids.write_id(ids.PERSON, person.id),
        name=person.name,
        title=person.title,
        status=person.status_at(call.deps.clock.now()),
        status_until=person.status_until,
        cover=person.cover_at(call.deps.clock.now()),
        scopes=sorted(person.scopes),
        disabled=person.disabled,
        devices=[wire.DeviceOut(ids.write_id(ids.DEVICE, d.id), d.name, d.app_version) for d in devices],
        endpoints=[_show_endpoint(endpoint, directory) for endpoint in there],
        **_show_details(person.details, all_of_it),
        version=person.version,
    )


def _show_details(details: Details, all_of_it: bool) -> dict[str, Any]:
    told = {field: getattr(details, field) for field in FIELDS}
    return told | {"external_ids": details.ids_by_source if all_of_it else {}}


def _show_endpoint(endpoint: Endpoint, directory: Directory) -> wire.EndpointOut:
    return wire.EndpointOut(
        id=ids.write_id(ids.ENDPOINT, endpoint.id),
        kind=endpoint.kind,
        address=endpoint.address,
        verified_at=endpoint.verified_at,
        emergency_only=endpoint.emergency_only,
        until=endpoint.until,
        quiet=[write_quiet(one) for one in endpoint.quiet],
        served=endpoint.kind in directory.served,
        disabled=endpoint.disabled,
    )


async def list_people(call: Call) -> Answer:
    """List people."""
    everybody = call.deps.rules().directory.everybody()
    external_id = call.query["external_id"]
    if external_id is not None:
        decide(call.caller, Action.CONTACT_READ, ())
        source, _, known = external_id.partition(":")
        everybody = [person for person in everybody if (source, known) in person.details.external_ids]
    page, following, headers = cut_page(call, ids.PERSON, "/v1/people", everybody)
    return Answer(body=wire.People([show_person(person, call) for person in page], following), headers=headers)


async def add_person(call: Call) -> Answer:
    """Add a person."""
    body: wire.NewPerson = call.body
    return await make(
        call,
        lambda desk: people.add_person(
            desk, call.caller, name=body.name, title=body.title, scopes=body.scopes, details=body.details()
        ),
        lambda made: show_person(made, call),
        at="/v1/people",
    )


async def get_person(call: Call) -> Answer:
    """Show a person."""
    person = find(call.deps.rules().directory.people, call.id(ids.PERSON, "person_id"))
    return Answer(body=show_person(person, call), headers=etag(person.version))


async def change_person(call: Call) -> Answer:
    """Change a person."""
    body: wire.PersonChange = call.body
    after = await people.change_person(
        call.deps.desk,
        call.caller,
        call.id(ids.PERSON, "person_id"),
        name=given(body.name),
        title=given(body.title),
        scopes=given(body.scopes),
        disabled=given(body.disabled),
        details=body.details(),
        expected=expected_version(call),
    )
    return await changed(call, Answer(body=show_person(after, call), headers=etag(after.version)))


async def set_status(call: Call) -> Answer:
    """Set a person's status."""
    body: wire.StatusIn = call.body
    after = await people.set_status(
        call.deps.desk,
        call.caller,
        call.id(ids.PERSON, "person_id"),
        Status(body.status),
        body.until,
        cover=body.cover,
        directory=call.deps.rules().directory,
    )
    return await changed(call, Answer(body=show_person(after, call)))


async def add_endpoint(call: Call) -> Answer:
    """Add an endpoint."""
    body: wire.NewEndpoint = call.body
    person_id = call.id(ids.PERSON, "person_id")
    return await make(
        call,
        lambda desk: endpoints.add_endpoint(
            desk,
            call.caller,
            person_id,
            kind=body.kind,
            address=body.address,
            verified=body.verified,
            emergency_only=body.emergency_only,
            until=body.until,
            quiet=body.quiet,
        ),
        lambda made: _show_endpoint(made, call.deps.rules().directory),
    )


async def change_endpoint(call: Call) -> Answer:
    """Change an endpoint."""
    body: wire.EndpointChange = call.body
    after = await endpoints.change_endpoint(
        call.deps.desk,
        call.caller,
        call.id(ids.ENDPOINT, "endpoint_id"),
        address=given(body.address),
        verified=given(body.verified),
        emergency_only=given(body.emergency_only),
        until=given(body.until),
        no_until=body.until is None,
        quiet=given(body.quiet),
        disabled=given(body.disabled),
    )
    return await changed(call, Answer(body=_show_endpoint(after, call.deps.rules().directory)))


# Groups ----------------------------------------------------------------------------------------------------------


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


def _people(written: Sequence[str], pointer: str) -> list[UUID]:
    return read_ids(ids.PERSON, written, pointer)


def read_ids(prefix: str, written: Sequence[str], pointer: str) -> list[UUID]:
    """Read ids in a body. Raises `INVALID`, with the place of what is none."""
    found = []
    for nth, text in enumerate(written):
        try:
            found.append(ids.read_id(prefix, text))
        except Refused as error:
            raise Refused(Code.INVALID, error.detail, pointer=f"{pointer}/{nth}") from None
    return found


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
    members, within = _people(body.members, "/members"), read_ids(ids.GROUP, body.groups, "/groups")
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
        add=_people(body.add, "/add"),
        remove=_people(body.remove, "/remove"),
        groups=None if body.groups is UNSET else read_ids(ids.GROUP, body.groups, "/groups"),
        rule=given(body.rule),
        disabled=given(body.disabled),
    )
    await call.deps.refresh()
    return Answer(body=_show_group(after, call.deps.rules().directory))


# Roles -----------------------------------------------------------------------------------------------------------


def show_shift(shift: Shift, directory: Directory, notes: Sequence[str] = ()) -> wire.ShiftOut:
    """Say who holds a role when."""
    holder = directory.people.get(shift.person_id)
    return wire.ShiftOut(
        id=ids.write_id(ids.SHIFT, shift.id),
        person=ids.write_id(ids.PERSON, shift.person_id),
        name=holder.name if holder else "",
        starts_at=shift.starts_at,
        ends_at=shift.ends_at,
        override=shift.override,
        notes=list(notes),
    )


def _show_role(role: Role, call: Call) -> wire.RoleOut:
    now, directory = call.deps.clock.now(), call.deps.rules().directory
    holding = on_call(role, directory, now).holder
    shifts = sorted((s for s in role.shifts if s.ends_at > now), key=lambda s: (s.starts_at, s.version))
    return wire.RoleOut(
        id=ids.write_id(ids.ROLE, role.id),
        name=role.name,
        fallback=roles.write_fallback(role),
        holder=ids.write_id(ids.PERSON, holding.person_id) if holding else None,
        disabled=role.disabled,
        shifts=[show_shift(shift, directory) for shift in shifts[:100]] if may_view(call.caller, role) else [],
        rule=holding.rule if holding else None,
    )


def read_person(written: str, pointer: str) -> UUID:
    """Read the id of a person in a body. Raises `INVALID`."""
    (found,) = _people([written], pointer)
    return found


def _fallback(written: str) -> roles.Fallback:
    return read_person(written, "/fallback") if written.startswith(ids.PERSON) else written


async def list_roles(call: Call) -> Answer:
    """List roles."""
    page, following, headers = cut_page(call, ids.ROLE, "/v1/roles", call.deps.rules().directory.roles.values())
    return Answer(body=wire.Roles([_show_role(role, call) for role in page], following), headers=headers)


async def add_role(call: Call) -> Answer:
    """Add a role."""
    body: wire.NewRole = call.body
    fallback = _fallback(body.fallback) if body.fallback else None
    return await make(
        call,
        lambda desk: roles.add_role(desk, call.caller, name=body.name, fallback=fallback),
        lambda made: _show_role(made, call),
        at="/v1/roles",
    )


async def get_role(call: Call) -> Answer:
    """Show a role."""
    return Answer(body=_show_role(find(call.deps.rules().directory.roles, call.id(ids.ROLE, "role_id")), call))


async def change_role(call: Call) -> Answer:
    """Change a role."""
    body: wire.RoleChange = call.body
    role_id = call.id(ids.ROLE, "role_id")
    fallback = given(body.fallback)
    after = await roles.change_role(
        call.deps.desk,
        call.caller,
        role_id,
        name=given(body.name),
        fallback=_fallback(fallback) if fallback else None,
        no_fallback=body.fallback is None,
        disabled=given(body.disabled),
    )
    await call.deps.refresh()
    return Answer(body=_show_role(call.deps.rules().directory.roles.get(role_id, after), call))


async def add_shift(call: Call) -> Answer:
    """Let somebody hold a role."""
    body: wire.NewShift = call.body
    role_id, holder = call.id(ids.ROLE, "role_id"), read_person(body.person, "/person")
    return await make(
        call,
        lambda desk: oncall.enter_shift(
            desk, call.caller, role_id, person_id=holder, starts=body.starts_at, ends=body.ends_at
        ),
        lambda made: show_shift(made.shift, call.deps.rules().directory, made.notes),
    )


async def cancel_shift(call: Call) -> Answer:
    """Take a shift away."""
    await roles.cancel_shift(call.deps.desk, call.caller, call.id(ids.SHIFT, "shift_id"))
    return await changed(call, Answer(status=204))


# Keys ------------------------------------------------------------------------------------------------------------


def _show_key(key: ApiKey) -> wire.KeyOut:
    return wire.KeyOut(ids.write_id(ids.KEY, key.id), key.source, sorted(key.scopes), key.revoked)


async def list_keys(call: Call) -> Answer:
    """List keys, without their secrets."""
    found = sorted(call.deps.rules().directory.keys.values(), key=lambda key: key.id)
    return Answer(body=wire.Keys([_show_key(key) for key in found], None))


async def make_key(call: Call) -> Answer:
    """Make a key."""
    body: wire.NewKey = call.body

    def show(made: tuple[ApiKey, str], *, whole: bool = True) -> wire.MadeKey:
        key, text = made
        return wire.MadeKey(ids.write_id(ids.KEY, key.id), key.source, sorted(key.scopes), text if whole else None)

    return await make(
        call,
        lambda desk: keys.make_key(desk, call.caller, source=body.source, scopes=body.scopes),
        show,
        keep=lambda made: show(made, whole=False),
    )


async def revoke_key(call: Call) -> Answer:
    """Revoke a key."""
    await keys.revoke_key(call.deps.desk, call.caller, call.id(ids.KEY, "key_id"))
    return await changed(call, Answer(status=204))


_EXTERNAL_ID = Query(
    name="external_id", kind="string", about="Only who has this id elsewhere: `source:id`. Needs directory:write."
)
_NAME = Query(name="name", kind="string", about="Only of this name, whatever its case.")
PAGE = (LIMIT, AFTER, _NAME)
_WRITES = (Code.TEXT_BLANK, Code.TEXT_TOO_LONG, Code.COMMIT_UNKNOWN)
_PERSON = (*_WRITES, Code.NOT_FOUND, Code.TOO_MANY, Code.EXTERNAL_ID_TAKEN, Code.LAST_ADMINISTRATOR)
NAMED = (*_WRITES, Code.NAME_TAKEN, Code.NOT_FOUND, Code.TOO_MANY)
_GROUP = (*NAMED, Code.GROUP_CYCLE)


def read_operation(
    id: str,
    path: str,
    about: str,
    handler: Callable[[Call], object],
    answer: object,
    *query: Query,
    action: Action = Action.DIRECTORY_READ,
    find: Callable[[Call], Awaitable[Found]] | None = None,
    narrows: bool = False,
) -> Operation:
    """Describe an operation that reads: what everybody may see, unless `action` says another."""
    refuses = (Code.NOT_FOUND,) if "{" in path else ()
    return Operation(
        id=id, method="GET", path=path, tag="directory", about=about, handler=handler,  # type: ignore[arg-type]
        answers={200: answer}, query=query, refuses=refuses, action=action, find=find, narrows=narrows,
    )  # fmt: skip


def write_operation(
    id: str,
    method: str,
    path: str,
    about: str,
    handler: Callable[[Call], object],
    body: object,
    status: int,
    answer: object,
    *refuses: Code,
    guarded: bool = False,
    example: object = None,
    action: Action = Action.DIRECTORY_WRITE,
    find: Callable[[Call], Awaitable[Found]] | None = None,
) -> Operation:
    """Describe an operation that changes the directory; what makes something takes an Idempotency-Key,
    what is `guarded` an If-Match."""
    refuses = refuses or (*_WRITES, Code.NOT_FOUND)
    makes = status == 201
    if makes:
        refuses = (*refuses, Code.ID_REUSED, Code.CONFLICT)
    return Operation(
        id=id, method=method, path=path, tag="directory", about=about, handler=handler,  # type: ignore[arg-type]
        body=body, answers={status: answer}, refuses=refuses, example=example, guarded=guarded,
        action=action, find=find,
        identity=Identity.OPTIONAL if makes else Identity.NONE,
    )  # fmt: skip


OPERATIONS = (
    read_operation("listPeople", "/v1/people", "List people.", list_people, wire.People, *PAGE,
        _EXTERNAL_ID,
    ),
    write_operation(
        "addPerson", "POST", "/v1/people", "Add a person.",
        add_person, wire.NewPerson, 201, wire.PersonOut, *_PERSON,
        example={"name": "Anna", "title": "day nurse", "departments": ["Cardiology"], "phones": ["4711"]},
    ),
    read_operation("getPerson", "/v1/people/{person_id}", "Show a person.", get_person, wire.PersonOut),
    write_operation(
        "changePerson", "PATCH", "/v1/people/{person_id}", "Change a person; what is left out stays.",
        change_person, wire.PersonChange, 200, wire.PersonOut, *_PERSON, guarded=True,
        example={"title": "charge nurse"},
    ),
    write_operation(
        "setStatus", "PUT", "/v1/people/{person_id}/status", "Set a person's status.",
        set_status, wire.StatusIn, 200, wire.PersonOut, example={"status": "busy"},
        action=Action.STATUS_SET, find=find_person,
    ),
    write_operation(
        "addEndpoint", "POST", "/v1/people/{person_id}/endpoints",
        "Add a way to reach a person: e-mail, pager, phone, SMS or voice. What no channel serves yet is passed over.",
        add_endpoint, wire.NewEndpoint, 201, wire.EndpointOut, *_PERSON,
        example={"kind": "email", "address": "a@example.org"},
    ),
    write_operation(
        "changeEndpoint", "PATCH", "/v1/endpoints/{endpoint_id}", "Change an endpoint.",
        change_endpoint, wire.EndpointChange, 200, wire.EndpointOut, example={"disabled": True},
    ),
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
    read_operation("listRoles", "/v1/roles", "List roles with who holds them.", list_roles, wire.Roles, *PAGE),
    write_operation(
        "addRole", "POST", "/v1/roles", "Add a role.", add_role, wire.NewRole, 201, wire.RoleOut, *NAMED,
        Code.FALLBACK_REQUIRED,
        example={"name": "Cardiology 1st", "fallback": "desk"},
    ),
    read_operation("getRole", "/v1/roles/{role_id}", "Show a role with its shifts.", get_role, wire.RoleOut),
    write_operation(
        "changeRole", "PATCH", "/v1/roles/{role_id}", "Change a role.",
        change_role, wire.RoleChange, 200, wire.RoleOut, *NAMED, Code.FALLBACK_REQUIRED, example={"fallback": "desk"},
    ),
    write_operation(
        "addShift", "POST", "/v1/roles/{role_id}/shifts",
        "Let somebody hold a role. Of overlapping shifts the latest written holds.",
        add_shift, wire.NewShift, 201, wire.ShiftOut, action=Action.SHIFT_WRITE, find=find_role,
    ),
    write_operation(
        "cancelShift", "DELETE", "/v1/shifts/{shift_id}", "Take a shift away.",
        cancel_shift, None, 204, None, Code.NOT_FOUND, Code.COMMIT_UNKNOWN, action=Action.SHIFT_WRITE,
        find=find_shift,
    ),
    read_operation(
        "listKeys", "/v1/keys", "List the keys of integrations.", list_keys, wire.Keys, action=Action.KEY_MANAGE
    ),
    write_operation(
        "makeKey", "POST", "/v1/keys", "Make a key. Its text is shown this once.",
        make_key, wire.NewKey, 201, wire.MadeKey, Code.COMMIT_UNKNOWN,
        example={"source": "lab", "scopes": ["messages:send"]}, action=Action.KEY_MANAGE,
    ),
    write_operation(
        "revokeKey", "DELETE", "/v1/keys/{key_id}", "Revoke a key.",
        revoke_key, None, 204, None, Code.NOT_FOUND, Code.COMMIT_UNKNOWN, action=Action.KEY_MANAGE,
    ),
)  # fmt: skip
