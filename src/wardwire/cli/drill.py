"""`wardwire drill report`: how drills went."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer

from wardwire.cli.database import Desk, at_desk, find_place
from wardwire.cli.options import AsJson, ConfigFile, DataFolder
from wardwire.cli.tables import print_json, print_table
from wardwire.flow.drills import DrillReport, read_drill, read_drills
from wardwire.model import ids
from wardwire.model.errors import Code, Refused

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Drills: how they went.")


@app.callback()
def drill() -> None:
    """Drills: how they went."""


@app.command("report")
def report(
    message: Annotated[str, typer.Argument(help="One drill, an id msg_…; without it all of the last week.")] = "",
    limit: Annotated[int, typer.Option(help="So many at most.", min=1, max=1_000)] = 50,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Report who was called, confirmed and accepted, when the team was there, and what of it was missing.

    A drill is a call with --drill: DRILL stands in every text, and it is never counted as real.

    Example: wardwire drill report msg_0193…
    """

    async def work(at: Desk) -> list[DrillReport]:
        if not message:
            last = UUID(int=(1 << 128) - 1)
            return await read_drills(at.connection, at.directory, before=last, source=None, limit=limit)
        found = await read_drill(at.connection, at.directory, ids.read_id(ids.MESSAGE, message))
        if found is None:
            raise Refused(Code.NOT_FOUND, "this message is no drill of a policy, or was closed more than a week ago")
        return [found]

    found = at_desk(find_place(config, data), work)
    if json_:
        print_json({"drills": found})
    elif not found:
        print("There was no drill within the last week.")
    for one in [] if json_ else found:
        _print(one)


def _print(one: DrillReport) -> None:
    where = f" at {one.bed or one.unit}" if one.bed or one.unit else ""
    began = f"{one.began_at.astimezone():%a %d %b %Y %H:%M:%S}"
    print(f"DRILL {one.message}: {one.policy}{where}, {began}, {one.ended_why or one.state}")
    print(f"  {one.called} called, {one.confirmed} confirmed, {one.accepted} accepted")
    print(f"  first device after {_seconds(one.first_confirmed_s)}, all after {_seconds(one.all_confirmed_s)}")
    print(f"  {'the team was there' if one.team else 'answered'} after {_seconds(one.answered_s)}")
    for part in one.missing:
        print(f"  MISSING {part.role} ({part.needed} needed): the desk was told after {_seconds(part.missing_s)}")
    if one.desk_s is not None:
        print(f"  every step passed: the desk was asked after {_seconds(one.desk_s)}")
    rows = [
        (who.name, who.why, _seconds(who.called_s), _seconds(who.confirmed_s), _seconds(who.accepted_s), who.state)
        for who in one.people
    ]
    print_table(("who", "why", "called", "confirmed", "accepted", "state"), rows, empty="  Nobody was called.")


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:g} s"
