"""Roles and their shifts by hand over HTTP. Who may change what: model/matrix.py."""

from __future__ import annotations

from wardwire.api import directory_wire as wire
from wardwire.api.directory import (
    NAMED,
    PAGE,
    changed,
    cut_page,
    find,
    find_role,
    find_shift,
    given,
    read_operation,
    read_person,
    show_shift,
    write_operation,
)
from wardwire.api.making import make
from wardwire.api.operation import Answer, Call
from wardwire.directory import oncall, roles
from wardwire.model import ids
from wardwire.model.errors import Code
from wardwire.model.matrix import Action
from wardwire.model.oncall import on_call
from wardwire.model.oncall_rights import may_view
from wardwire.model.people import Role


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


OPERATIONS = (
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
)  # fmt: skip
