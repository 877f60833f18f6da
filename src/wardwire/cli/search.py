"""`wardwire search`: whom and what somebody means who types, in the order of every other door."""

from __future__ import annotations

from typing import Annotated

import typer

from wardwire.cli.database import Desk, at_desk, find_place
from wardwire.cli.options import AsJson, ConfigFile, DataFolder
from wardwire.cli.tables import print_json, print_table
from wardwire.directory.finder import KINDS, MOST, Finder, Found
from wardwire.model.errors import Code, Refused
from wardwire.model.search import read_query
from wardwire.store.directory import read_changes

app = typer.Typer(add_completion=False, help="Find people, roles, groups and places as they are typed.")


@app.command()
def search(
    words: Annotated[list[str], typer.Argument(help="Part of a name, a number, a role, a unit.", metavar="WORDS…")],
    limit: Annotated[int, typer.Option(help="So many at most.", min=1, max=MOST)] = 20,
    kind: Annotated[str, typer.Option(help=f"Only {', '.join(KINDS)}.")] = "",
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Find people, roles, groups and places: by part of a name, by sound, with small slips, by number or unit.

    Example: wardwire search cardio
    """
    query = " ".join(words)

    async def work(at: Desk) -> list[Found]:
        if not read_query(query):
            raise Refused(Code.INVALID, "a letter or a digit at least")
        if kind and kind not in KINDS:
            raise Refused(Code.INVALID, f"--kind is one of {', '.join(KINDS)}")
        finder = Finder(lambda: at.directory, at.clock.now)
        finder.changed(await read_changes(at.connection, -1))
        finder.catch_up_at_once()
        return finder.find(query, limit, kind)

    found = at_desk(find_place(config, data), work)
    if json_:
        print_json({"data": found})
        return
    rows = [
        (one.id, one.kind, one.name, one.title, one.where, one.status, one.reach, ", ".join(_now(one)))
        for one in found
    ]
    print_table(("id", "kind", "name", "title", "where", "status", "reach", "now"), rows, empty="Nothing is like it.")


def _now(one: Found) -> list[str]:
    """Say who answers, for what somebody is on call, how many there are."""
    told = [f"{each.name} ({each.reach})" for each in one.answers]
    told += [f"on call: {role}" for role in one.on_call]
    return [*told, f"{one.people} people"] if one.people else told
