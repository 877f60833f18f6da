"""`wardwire group`: static lists of people."""

from __future__ import annotations

from typing import Annotated

import typer

from wardwire.cli.database import Desk, at_desk, find_place, look
from wardwire.cli.names import find_one
from wardwire.cli.options import AsJson, ConfigFile, DataFolder
from wardwire.cli.tables import print_json, print_table
from wardwire.directory import groups
from wardwire.model import ids
from wardwire.model.people import Directory, Group

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Groups of people: add, change, show, list.")

Which = Annotated[str, typer.Argument(help="A name, or an id grp_…", metavar="GROUP")]
Members = Annotated[list[str] | None, typer.Option("--member", help="A person, by name or id; again for more.")]


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="Its name, unlike that of any living group.")],
    member: Members = None,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Add a group.

    Example: wardwire group add "Ward 3" --member Anna --member Ben
    """

    async def work(at: Desk) -> Group:
        members = [find_one(at.directory, ids.PERSON, who) for who in member or ()]
        return await groups.add_group(at.desk, at.caller, name=name, members=members)

    _done(at_desk(find_place(config, data), work), json_)


@app.command("change")
def change(
    group: Which,
    name: Annotated[str | None, typer.Option(help="A new name.")] = None,
    add: Annotated[list[str] | None, typer.Option("--add", help="Somebody who comes in.")] = None,
    remove: Annotated[list[str] | None, typer.Option("--remove", help="Somebody who goes.")] = None,
    disabled: Annotated[bool | None, typer.Option("--disable/--enable", help="Whether it can be paged.")] = None,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """Change a group; what is not named stays."""

    async def work(at: Desk) -> Group:
        return await groups.change_group(
            at.desk,
            at.caller,
            find_one(at.directory, ids.GROUP, group),
            name=name,
            add=[find_one(at.directory, ids.PERSON, who) for who in add or ()],
            remove=[find_one(at.directory, ids.PERSON, who) for who in remove or ()],
            disabled=disabled,
        )

    _done(at_desk(find_place(config, data), work), json_)


@app.command("show")
def show(group: Which, config: ConfigFile = None, data: DataFolder = None, json_: AsJson = False) -> None:
    """Show the members of a group."""

    async def work(at: Desk) -> tuple[Group, Directory]:
        return at.directory.groups[find_one(at.directory, ids.GROUP, group)], at.directory

    found, directory = at_desk(find_place(config, data), work)
    members = [directory.people[member] for member in found.members]
    if json_:
        listed = [{"id": ids.write_id(ids.PERSON, person.id), "name": person.name} for person in members]
        print_json({"id": ids.write_id(ids.GROUP, found.id), "name": found.name, "members": listed})
        return
    rows = [(ids.write_id(ids.PERSON, p.id), p.name, p.title, "disabled" if p.disabled else "") for p in members]
    print_table(("id", "name", "title", ""), rows, empty=f"{found.name} has no members.")


@app.command("list")
def list_(config: ConfigFile = None, data: DataFolder = None, json_: AsJson = False) -> None:
    """List groups."""
    directory, _ = at_desk(find_place(config, data), look)
    found = sorted(directory.groups.values(), key=lambda group: group.name.casefold())
    if json_:
        print_json({"groups": [_show(group) for group in found]})
        return
    rows = [(ids.write_id(ids.GROUP, g.id), g.name, len(g.members), "disabled" if g.disabled else "") for g in found]
    print_table(("id", "name", "members", ""), rows, empty="There is no group yet.")


def _show(group: Group) -> dict[str, object]:
    written = ids.write_id(ids.GROUP, group.id)
    return {"id": written, "name": group.name, "member_count": len(group.members), "disabled": group.disabled}


def _done(group: Group, json_: bool) -> None:
    if json_:
        print_json(_show(group))
    else:
        state = ", disabled" if group.disabled else ""
        print(f"{ids.write_id(ids.GROUP, group.id)} {group.name}: {len(group.members)} members{state}")
