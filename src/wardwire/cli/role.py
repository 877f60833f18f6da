"""`wardwire role`: what somebody is on call for, who holds it when, and who answers when nobody does."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

import typer

from wardwire.cli.database import Desk, at_desk, find_place, look
from wardwire.cli.names import find_one, read_instant
from wardwire.cli.options import AsJson, ConfigFile, DataFolder
from wardwire.cli.tables import print_json, print_table
from wardwire.directory import roles
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.oncall import on_call
from wardwire.model.people import Directory, Role, Shift
from wardwire.model.policy import DESK
from wardwire.model.targets import find_target

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Roles: add, change, shifts, list.")

Which = Annotated[str, typer.Argument(help="A name, or an id rol_…", metavar="ROLE")]


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="Its name, unlike that of any living role.")],
    fallback: Annotated[str, typer.Option(help="Who answers when nobody holds it: a name, or desk.")] = "",
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Add a role. It must say who answers when nobody holds it: a person, a group, or the operators' desk.

    Example: wardwire role add "Cardiology 1st" --fallback "Dr. Okafor"
    """

    async def work(at: Desk) -> Role:
        return await roles.add_role(at.desk, at.caller, name=name, fallback=_find_fallback(at.directory, fallback))

    _done(at_desk(find_place(config, data), work), json_)


@app.command("change")
def change(
    role: Which,
    name: Annotated[str | None, typer.Option(help="A new name.")] = None,
    fallback: Annotated[str, typer.Option(help="Who answers when nobody holds it: a name, or desk.")] = "",
    disabled: Annotated[bool | None, typer.Option("--disable/--enable", help="Whether it can be paged.")] = None,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """Change a role; what is not named stays."""

    async def work(at: Desk) -> Role:
        return await roles.change_role(
            at.desk,
            at.caller,
            find_one(at.directory, ids.ROLE, role),
            name=name,
            fallback=_find_fallback(at.directory, fallback),
            disabled=disabled,
        )

    _done(at_desk(find_place(config, data), work), json_)


@app.command("shift")
def shift(
    role: Which,
    person: Annotated[str, typer.Argument(help="Who holds it: a name, or an id per_…")],
    start: Annotated[str, typer.Option("--from", help="E.g. 2026-11-24T07:00; by default now.")] = "",
    end: Annotated[str, typer.Option("--to", help="When it ends.")] = "",
    hours: Annotated[float, typer.Option(help="Or for so many hours.", min=0.01, max=87_600)] = 12,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Let somebody hold a role for a time. Of overlapping shifts the latest written holds.

    Example: wardwire role shift "Cardiology 1st" "Dr. Chen" --hours 8
    """

    async def work(at: Desk) -> Shift:
        starts_at = read_instant(start) if start else at.clock.now()
        ends_at = read_instant(end) if end else starts_at + timedelta(hours=hours)
        return await roles.add_shift(
            at.desk,
            at.caller,
            find_one(at.directory, ids.ROLE, role),
            person_id=find_one(at.directory, ids.PERSON, person),
            starts_at=starts_at,
            ends_at=ends_at,
        )

    made = at_desk(find_place(config, data), work)
    written = ids.write_id(ids.SHIFT, made.id)
    if json_:
        print_json({"id": written, "starts_at": made.starts_at, "ends_at": made.ends_at})
    else:
        print(f"{written} {made.starts_at.astimezone():%a %d %b %H:%M} to {made.ends_at.astimezone():%a %d %b %H:%M}")


@app.command("unshift")
def unshift(
    shift: Annotated[str, typer.Argument(help="An id shf_…")], config: ConfigFile = None, data: DataFolder = None
) -> None:
    """Take a shift away."""

    async def work(at: Desk) -> Shift:
        return await roles.cancel_shift(at.desk, at.caller, ids.read_id(ids.SHIFT, shift))

    at_desk(find_place(config, data), work)
    print(f"{shift} is taken away")


@app.command("list")
def list_(config: ConfigFile = None, data: DataFolder = None, json_: AsJson = False) -> None:
    """List roles with who holds them now and the shifts to come."""
    directory, now = at_desk(find_place(config, data), look)
    found = sorted(directory.roles.values(), key=lambda role: role.name.casefold())
    if json_:
        print_json({"roles": [_show(role, directory, now) for role in found]})
        return
    rows = []
    for role in found:
        holding = on_call(role, directory, now).holder
        holder = directory.people[holding.person_id].name if holding else "nobody"
        until = f"until {holding.ends_at.astimezone():%a %H:%M}" if holding and holding.ends_at else ""
        fallback = name_fallback(role, directory)
        state = "disabled" if role.disabled else ""
        rows.append((ids.write_id(ids.ROLE, role.id), role.name, f"{holder} {until}".strip(), fallback, state))
    print_table(("id", "name", "holder now", "fallback", ""), rows, empty="There is no role yet.")


def _show(role: Role, directory: Directory, now: datetime) -> dict[str, object]:
    holding = on_call(role, directory, now).holder
    return {
        "id": ids.write_id(ids.ROLE, role.id),
        "name": role.name,
        "holder": directory.people[holding.person_id].name if holding else None,
        "fallback": name_fallback(role, directory),
        "disabled": role.disabled,
        "shifts": [
            {
                "id": ids.write_id(ids.SHIFT, one.id),
                "person": directory.people[one.person_id].name,
                "starts_at": one.starts_at,
                "ends_at": one.ends_at,
            }
            for one in sorted(role.shifts, key=lambda one: one.starts_at)
            if one.ends_at > now
        ],
    }


def _find_fallback(directory: Directory, text: str) -> roles.Fallback | None:
    if not text or text == DESK:
        return text or None
    kind, found = find_target(text, directory, "/fallback")
    if kind == ids.ROLE:
        raise Refused(Code.INVALID, "a fallback is a person, a group, or desk", pointer="/fallback")
    return found if kind == ids.PERSON else ids.write_id(kind, found)


def name_fallback(role: Role, directory: Directory) -> str:
    """Name who answers when nobody holds a role."""
    written = roles.write_fallback(role)
    if written == DESK:
        return "the desk"
    kind, found = find_target(written, directory, "")
    return directory.person_name(found) if kind == ids.PERSON else directory.groups[found].name


def _done(role: Role, json_: bool) -> None:
    written = ids.write_id(ids.ROLE, role.id)
    if json_:
        print_json({"id": written, "name": role.name, "disabled": role.disabled})
    else:
        print(f"{written} {role.name}{': disabled' if role.disabled else ''}")
