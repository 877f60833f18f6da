"""`wardwire alarms`: what the system says of itself, who sees to it, and what is over."""

from __future__ import annotations

from typing import Annotated

import typer

from wardwire.cli.database import Desk, at_desk, find_place
from wardwire.cli.options import AsJson, ConfigFile, DataFolder
from wardwire.cli.tables import print_json, print_table
from wardwire.flow.see_to import clear_alarm, take_alarm
from wardwire.model import ids
from wardwire.store.alarms import Alarm, list_alarms

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Technical alarms: list, take, clear.")

Which = Annotated[str, typer.Argument(help="An id alm_…", metavar="ALARM")]


@app.command("list")
def list_(
    cleared: Annotated[bool, typer.Option("--cleared", help="Also those that are cleared.")] = False,
    limit: Annotated[int, typer.Option(help="So many at most.", min=1, max=10_000)] = 100,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """List alarms that are open, the newest first."""

    async def work(at: Desk) -> list[Alarm]:
        return await list_alarms(at.connection, also_cleared=cleared, limit=limit)

    found = at_desk(find_place(config, data), work)
    if json_:
        print_json({"alarms": [_shown(alarm) for alarm in found]})
        return
    rows = [
        (
            ids.write_id(ids.ALARM, alarm.id),
            f"{alarm.raised_at.astimezone():%d %b %H:%M:%S}",
            alarm.state,
            alarm.kind,
            alarm.times,
            alarm.detail,
            alarm.cleared_why or alarm.taken_by or "",
        )
        for alarm in found
    ]
    print_table(("id", "raised", "state", "kind", "times", "what", "by"), rows, empty="No technical alarm is open.")


@app.command("take")
def take(alarm: Which, config: ConfigFile = None, data: DataFolder = None, json_: AsJson = False) -> None:
    """
    Say that you see to an alarm.

    Example: wardwire alarms take alm_0193…
    """

    async def work(at: Desk) -> Alarm:
        return await take_alarm(at.ledger, at.clock.now(), at.caller, ids.read_id(ids.ALARM, alarm))

    _done(at_desk(find_place(config, data), work), json_)


@app.command("clear")
def clear(
    alarm: Which,
    why: Annotated[str, typer.Argument(help="Why it is over, in a few words.")],
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Say that an alarm is over, and why.

    Example: wardwire alarms clear alm_0193… "The relay was restarted"
    """

    async def work(at: Desk) -> Alarm:
        return await clear_alarm(at.ledger, at.clock.now(), at.caller, ids.read_id(ids.ALARM, alarm), why)

    _done(at_desk(find_place(config, data), work), json_)


def _shown(alarm: Alarm) -> dict[str, object]:
    return {
        "id": ids.write_id(ids.ALARM, alarm.id),
        "state": alarm.state,
        "kind": alarm.kind,
        "subject": alarm.subject,
        "detail": alarm.detail,
        "message": ids.write_id(ids.MESSAGE, alarm.message_id) if alarm.message_id else None,
        "raised_at": alarm.raised_at,
        "times": alarm.times,
        "last_raised_at": alarm.last_raised_at,
        "taken_at": alarm.taken_at,
        "taken_by": alarm.taken_by,
        "cleared_at": alarm.cleared_at,
        "cleared_by": alarm.cleared_by,
        "cleared_why": alarm.cleared_why,
    }


def _done(alarm: Alarm, json_: bool) -> None:
    if json_:
        print_json(_shown(alarm))
    else:
        by = alarm.cleared_by or alarm.taken_by
        print(f"{ids.write_id(ids.ALARM, alarm.id)} {alarm.state} by {by}: {alarm.detail}")
