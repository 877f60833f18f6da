"""`wardwire archive`: the days that are kept, and taking old ones away."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Annotated

import asyncpg
import typer

from wardwire.cli.database import find_place, reading
from wardwire.cli.options import AsJson, ConfigFile, DataFolder
from wardwire.ops.failure import StartFailed
from wardwire.store.partitions import drop_day, list_days

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Days of messages and facts.")

Day = Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="The day, UTC.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@app.command("days")
def days(config: ConfigFile = None, data: DataFolder = None, as_json: AsJson = False) -> None:
    """
    List the days that have tables of their own.

    Example: wardwire archive days
    """
    found = sorted(reading(find_place(config, data).logins.app, list_days))
    if as_json:
        print(json.dumps({"schema_version": 1, "days": [day.isoformat() for day in found]}))
        return
    print(f"{len(found)} days, {found[0]} to {found[-1]}." if found else "There are no tables yet.")


@app.command()
def drop(
    day: Day, config: ConfigFile = None, data: DataFolder = None, yes: Yes = False, as_json: AsJson = False
) -> None:
    """
    Take one day's messages, deliveries and facts away for good. Make a backup first.

    Refused while a message of that day still waits for something.

    Example: wardwire archive drop 2026-01-31
    """
    place = find_place(config, data)
    if not place.logins.owner:
        raise StartFailed("not_allowed", "The owner's address is not known here.", "Set database.owner_dsn.")
    which: date = day.date()
    if not yes:
        typer.confirm(f"Take away all messages and facts of {which} for good?", abort=True, err=True)

    async def work(connection: asyncpg.Connection) -> list[str]:
        return await drop_day(connection, which)

    names = reading(place.logins.owner, work)
    if as_json:
        print(json.dumps({"schema_version": 1, "dropped": names}))
    else:
        print(f"{which}: {len(names)} tables taken away." if names else f"There are no tables of {which}.")
