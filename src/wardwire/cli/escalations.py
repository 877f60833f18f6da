"""`wardwire escalations`: which alerts are open, who is asked, and what comes next."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer

from wardwire.cli.database import Desk, at_desk, find_place
from wardwire.cli.options import AsJson, ConfigFile, DataFolder, read_settings, say
from wardwire.cli.tables import print_json, print_table
from wardwire.flow.open_alerts import OpenAlert, read_alert, read_open
from wardwire.flow.ports import Rules
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.routing import Waits

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Alerts that escalate: list, show.")


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(help="So many at most.", min=1, max=1_000)] = 100,
    after: Annotated[str, typer.Option(help="Go on after this message.")] = "",
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    List the alerts that are open, the oldest first: who is asked, who has it, what comes next.

    Example: wardwire escalations list
    """
    desk = read_settings(config, data, None).settings.site.desk
    begin = ids.read_id(ids.MESSAGE, after) if after else UUID(int=0)

    async def work(at: Desk) -> list[OpenAlert]:
        rules = Rules(at.directory, Waits(), desk)
        return await read_open(at.connection, rules, at.clock.now(), after=begin, source=None, limit=limit + 1)

    found = at_desk(find_place(config, data), work)
    page, following = found[:limit], found[limit - 1].message if len(found) > limit else None
    if json_:
        print_json({"escalations": page, "next": following})
        return
    columns = ("id", "since", "priority", "where", "state", "who", "missing", "next")
    print_table(columns, [_row(one) for one in page], empty="No alert is open.")
    if following:
        say(f"More: --after {following}")


@app.command("show")
def show(
    message: Annotated[str, typer.Argument(help="An id msg_…")],
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Show how one alert stands, or how it ended.

    Example: wardwire escalations show msg_0193…
    """
    desk = read_settings(config, data, None).settings.site.desk

    async def work(at: Desk) -> OpenAlert:
        message_id = ids.read_id(ids.MESSAGE, message)
        found = await read_alert(at.connection, Rules(at.directory, Waits(), desk), at.clock.now(), message_id)
        if found is None:
            raise Refused(Code.NOT_FOUND, "this message does not escalate, or was closed more than a week ago")
        return found

    one = at_desk(find_place(config, data), work)
    if json_:
        print_json(one)
        return
    print(f"{one.message}: {one.priority}, policy {one.policy}{_where(one)}{', DRILL' if one.drill else ''}")
    print(f"{one.state}{f', {one.closed_why}' if one.closed_why else ''}; step {one.step} of {one.steps}")
    for asked in one.asked:
        print(f"  asked: {asked.name}, {asked.state}")
    for name in one.holders:
        print(f"  has it: {name}")
    for part in one.parts:
        print(f"  {part.role}: {part.there} of {part.needed} {', '.join(part.who)}".rstrip())
    if one.next:
        print(f"next: {_next(one)}")


def _row(one: OpenAlert) -> tuple[str, ...]:
    who = [f"{name} has it" for name in one.holders] or [asked.name for asked in one.asked]
    drill = "DRILL " if one.drill else ""
    return (
        one.message, _local(one.started_at), f"{drill}{one.priority}", one.bed or one.unit,
        f"{one.state} {one.step}/{one.steps}", ", ".join(who), ", ".join(one.missing), _next(one),
    )  # fmt: skip


def _next(one: OpenAlert) -> str:
    if one.next is None:
        return ""
    who = f": {', '.join(one.next.who)}" if one.next.who else ""
    return f"{_local(one.next.at)} {one.next.what}{who}"


def _where(one: OpenAlert) -> str:
    return f" at {one.bed or one.unit}" if one.bed or one.unit else ""


def _local(instant: datetime) -> str:
    return f"{instant.astimezone():%d %b %H:%M:%S}"
