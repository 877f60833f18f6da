"""`wardwire reminder`: alerts that begin again and again at set times, until somebody cancels them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer

from wardwire.cli.database import Desk, at_desk, find_place
from wardwire.cli.names import read_instant
from wardwire.cli.options import AsJson, ConfigFile, DataFolder
from wardwire.cli.tables import print_json, print_table
from wardwire.directory import reminders
from wardwire.model import ids
from wardwire.model.priority import Priority
from wardwire.model.reminder import Reminder, check_reminder
from wardwire.store.reminders import list_reminders
from wardwire.store.walls import read_rule, write_days, write_times

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Alerts at set times: add, list, cancel.")

SHOWN = 5


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="What it is called.")],
    text: Annotated[str, typer.Argument(help="What it says.")],
    days: Annotated[list[str], typer.Option("--day", help="A weekday, such as mon; may stand several times.")],
    times: Annotated[list[str], typer.Option("--time", help="A time of the day, such as 07:30.")],
    zone: Annotated[str, typer.Option(help="Whose wall clock, e.g. America/Chicago.")],
    to: Annotated[list[str] | None, typer.Option("--to", help="Who is called, as in a message.")] = None,
    policy: Annotated[str, typer.Option(help="The policy that it escalates by.")] = "",
    place: Annotated[str, typer.Option(help="What it is about, e.g. bed:4W-12.")] = "",
    priority: Annotated[Priority, typer.Option(help="Of its alerts.")] = Priority.MEDIUM,
    subject: Annotated[str, typer.Option(help="Its subject.")] = "",
    until: Annotated[str, typer.Option(help="No more after this; by default until it is cancelled.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check, and show when it would begin.")] = False,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Let an alert begin at set times, until it is cancelled.

    Example: wardwire reminder add "Crash cart" "Check it and sign." --day mon --time 07:30 --zone America/Chicago
    --to "role:4 West charge"
    """

    async def work(at: Desk) -> tuple[Reminder, datetime]:
        rule = read_rule(days, times, zone, read_instant(until) if until else None)
        wanted = Reminder(UUID(int=0), name, rule, tuple(to or ()), priority, text, subject, policy, place)
        if dry_run:
            check_reminder(wanted, at.clock.now())
            reminders.check_names(wanted, at.directory)
            return wanted, at.clock.now()
        return await reminders.add_reminder(at.desk, at.caller, at.directory, wanted), at.clock.now()

    made, now = at_desk(find_place(config, data), work)
    coming = made.rule.next(now, SHOWN)
    if json_:
        written = "" if dry_run else ids.write_id(ids.REMINDER, made.id)
        print_json({"id": written, "name": made.name, "next_at": coming})
        return
    print(f"{'Would be' if dry_run else ids.write_id(ids.REMINDER, made.id)} {made.name}")
    for at in coming:
        print(f"  {at.astimezone():%a %d %b %Y %H:%M %Z}")


@app.command("list")
def list_(config: ConfigFile = None, data: DataFolder = None, json_: AsJson = False) -> None:
    """List the reminders that nobody has cancelled."""

    async def work(at: Desk) -> list[Reminder]:
        return await list_reminders(at.connection, UUID(int=0), 1000)

    found = at_desk(find_place(config, data), work)
    if json_:
        print_json(
            {
                "reminders": [
                    {"id": ids.write_id(ids.REMINDER, one.id), "name": one.name, "days": write_days(one.rule.days),
                     "times": write_times(one.rule.times), "zone": one.rule.zone, "next_at": one.next_at,
                     "to": one.to, "policy": one.policy, "place": one.place, "author": one.author}
                    for one in found
                ]
            }
        )  # fmt: skip
        return
    rows = [
        (
            ids.write_id(ids.REMINDER, one.id),
            one.name,
            f"{' '.join(write_days(one.rule.days))} {' '.join(write_times(one.rule.times))} {one.rule.zone}",
            f"{one.next_at.astimezone():%a %d %b %H:%M}" if one.next_at else "never again",
            ", ".join((*one.to, *filter(None, (one.policy, one.place)))),
            one.author,
        )
        for one in found
    ]
    print_table(("id", "name", "when", "next", "to", "by"), rows, empty="There is no reminder.")


@app.command("cancel")
def cancel(
    reminder: Annotated[str, typer.Argument(help="An id rem_…")],
    config: ConfigFile = None,
    data: DataFolder = None,
) -> None:
    """Cancel a reminder; what has begun already goes on."""

    async def work(at: Desk) -> Reminder:
        return await reminders.cancel_reminder(at.desk, at.caller, ids.read_id(ids.REMINDER, reminder))

    after = at_desk(find_place(config, data), work)
    print(f"{reminder} {after.name}: cancelled by {after.cancelled_by}")
