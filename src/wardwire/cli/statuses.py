"""`wardwire statuses`: what each status means at this site."""

from __future__ import annotations

from typing import Annotated

import typer

from wardwire.api.meanings import show_meaning
from wardwire.cli.database import Desk, at_desk, find_place, look
from wardwire.cli.options import AsJson, ConfigFile, DataFolder
from wardwire.cli.tables import print_json, print_table
from wardwire.directory.meanings import set_meaning
from wardwire.model.coverage import MEANINGS, Meaning
from wardwire.model.directory import merge_meanings
from wardwire.model.people import Directory, Status
from wardwire.model.priority import Priority

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="What each status means: what rings, what goes to the cover."
)

Which = Annotated[Status, typer.Argument(help="busy, in_procedure, do_not_disturb, off or available.")]


@app.command("list")
def list_(config: ConfigFile = None, data: DataFolder = None, json_: AsJson = False) -> None:
    """List what each status means here."""
    directory, _ = at_desk(find_place(config, data), look)
    _show(directory, list(MEANINGS), json_)


@app.command("set")
def set_(
    status: Which,
    rings: Annotated[
        list[Priority] | None, typer.Option("--rings", help="code is always among them; again for more.")
    ] = None,
    covered: Annotated[
        list[Priority] | None, typer.Option("--covered", help="What goes to the cover; again for more.")
    ] = None,
    usual: Annotated[bool, typer.Option("--usual", help="What is usual again.")] = False,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Say what a status means at this site: of which priorities devices ring, and which alerts go to the cover.

    Example: wardwire statuses set busy --rings code --rings high --covered medium --covered low
    """
    meaning = None if usual else Meaning(frozenset((Priority.CODE, *(rings or ()))), frozenset(covered or ()))

    async def work(at: Desk) -> Directory:
        merge_meanings(at.directory, [await set_meaning(at.desk, at.caller, status, meaning)])
        return at.directory

    _show(at_desk(find_place(config, data), work), [status], json_)


def _show(directory: Directory, statuses: list[Status], json_: bool) -> None:
    shown = [show_meaning(status, directory) for status in statuses]
    if json_:
        print_json({"statuses": [{name: getattr(one, name) for name in one.__struct_fields__} for one in shown]})
        return
    rows = [
        (one.status, " ".join(one.rings), " ".join(one.covered) or "none", "usual" if one.usual else "set here")
        for one in shown
    ]
    print_table(("status", "rings", "goes to the cover", ""), rows, empty="")
