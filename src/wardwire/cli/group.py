"""`wardwire group`: people by name, by groups within, and by a rule."""

from __future__ import annotations

from typing import Annotated

import typer

from wardwire.cli.database import Desk, at_desk, find_place, look
from wardwire.cli.names import find_one
from wardwire.cli.options import AsJson, ConfigFile, DataFolder, say
from wardwire.cli.tables import print_json, print_table
from wardwire.directory import groups
from wardwire.model import ids
from wardwire.model.groups import members_of
from wardwire.model.people import Directory, Group

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Groups of people: add, change, show, list.")

Which = Annotated[str, typer.Argument(help="A name, or an id grp_…", metavar="GROUP")]
Within = Annotated[
    list[str] | None, typer.Option("--group", help="A group that stands in it; again for more, '' for none.")
]
RuleText = Annotated[
    str | None,
    typer.Option("--rule", help="""Who is in it, e.g. 'department = "Cardiology" and title contains "RN"'."""),
]
Members = Annotated[list[str] | None, typer.Option("--member", help="A person, by name or id; again for more.")]


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="Its name, unlike that of any living group.")],
    member: Members = None,
    group: Within = None,
    rule: RuleText = None,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Add a group.

    Example: wardwire group add "Ward 3" --member Anna --group Floats --rule 'location = "Ward 3"'
    """

    async def work(at: Desk) -> Group:
        members = [find_one(at.directory, ids.PERSON, who) for who in member or ()]
        within = [find_one(at.directory, ids.GROUP, one) for one in group or () if one]
        return await groups.add_group(at.desk, at.caller, name=name, members=members, groups=within, rule=rule or "")

    _done(at_desk(find_place(config, data), work), json_)


@app.command("change")
def change(
    group: Which,
    name: Annotated[str | None, typer.Option(help="A new name.")] = None,
    add: Annotated[list[str] | None, typer.Option("--add", help="Somebody who comes in.")] = None,
    remove: Annotated[list[str] | None, typer.Option("--remove", help="Somebody who goes.")] = None,
    within: Within = None,
    rule: RuleText = None,
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
            groups=None if within is None else [find_one(at.directory, ids.GROUP, one) for one in within if one],
            rule=rule,
            disabled=disabled,
        )

    _done(at_desk(find_place(config, data), work), json_)


@app.command("show")
def show(group: Which, config: ConfigFile = None, data: DataFolder = None, json_: AsJson = False) -> None:
    """Show everybody who is in a group, each once."""

    async def work(at: Desk) -> tuple[Group, Directory]:
        return at.directory.groups[find_one(at.directory, ids.GROUP, group)], at.directory

    found, directory = at_desk(find_place(config, data), work)
    everybody = [directory.people[one] for one in members_of(directory, found.id)]
    if json_:
        named = [{"id": ids.write_id(ids.PERSON, person.id), "name": person.name} for person in everybody]
        print_json({**_show(found), "groups": _within(found, directory), "rule": found.rule_text, "members": named})
        return
    rows = [(ids.write_id(ids.PERSON, p.id), p.name, p.title, "disabled" if p.disabled else "") for p in everybody]
    print_table(("id", "name", "title", ""), rows, empty=f"{found.name} has no members.")
    for name in _within(found, directory):
        say(f"In it: group {name}")
    if found.rule_text:
        say(f"In it: whoever has {found.rule_text}")


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


def _within(group: Group, directory: Directory) -> list[str]:
    return [directory.groups[one].name for one in group.groups if one in directory.groups]


def _show(group: Group) -> dict[str, object]:
    written = ids.write_id(ids.GROUP, group.id)
    return {"id": written, "name": group.name, "member_count": len(group.members), "disabled": group.disabled}


def _done(group: Group, json_: bool) -> None:
    if json_:
        print_json(_show(group))
    else:
        state = ", disabled" if group.disabled else ""
        print(f"{ids.write_id(ids.GROUP, group.id)} {group.name}: {len(group.members)} members{state}")
