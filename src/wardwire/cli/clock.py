"""`wardwire clock`: the site's time beside the database's, and adopting a real step."""

from __future__ import annotations

import json
from datetime import timedelta

import asyncpg
import typer

from wardwire.cli.database import Desk, at_desk, find_place, reading
from wardwire.cli.options import AsJson, ConfigFile, DataFolder
from wardwire.model.facts import FactKind
from wardwire.store.chain import Draft
from wardwire.store.site import Site, read_site, shift_clock

app = typer.Typer(add_completion=False, no_args_is_help=True, help="The site's clock.")


@app.command()
def show(config: ConfigFile = None, data: DataFolder = None, as_json: AsJson = False) -> None:
    """
    Show how far the site's time stands from the database's clock.

    Example: wardwire clock show
    """
    site = reading(find_place(config, data).logins.app, read_site)
    offset_s = site.offset_us / 1e6
    if as_json:
        print(json.dumps({"schema_version": 1, "offset_s": offset_s, "wall": site.wall.isoformat()}))
    elif offset_s:
        print(f"The site's time is {offset_s:+.1f} s from the database's clock, which has stepped.")
        print("If the database's clock is right now, run: wardwire clock accept")
    else:
        print(f"The site goes by the database's clock: {site.wall:%Y-%m-%d %H:%M:%S} UTC.")


@app.command()
def accept(config: ConfigFile = None, data: DataFolder = None, as_json: AsJson = False) -> None:
    """
    Adopt the database's clock after a real step: the site's time goes by it from now on.

    Forwards at once: what is due by then happens. Backwards it is slewed: time slows down by a tenth until it fits.

    Example: wardwire clock accept
    """
    adopted = at_desk(find_place(config, data), _accept)
    if as_json:
        print(json.dumps({"schema_version": 1, "adopted_s": adopted.total_seconds()}))
    elif adopted:
        print(f"The site's time goes by the database's clock again ({adopted.total_seconds():+.1f} s).")
    else:
        print("There was nothing to adopt: the site goes by the database's clock.")


async def _accept(desk: Desk) -> timedelta:
    async def work(connection: asyncpg.Connection) -> tuple[timedelta, list[Draft]]:
        site: Site = await read_site(connection)
        if not site.offset_us or not await shift_clock(connection, 0, step=site.step):
            return timedelta(0), []
        body = json.dumps({"offset_us": site.offset_us, "by": desk.caller.source})
        return timedelta(microseconds=-site.offset_us), [Draft(FactKind.CLOCK_ACCEPTED, None, None, None, body)]

    return await desk.ledger.commit(desk.clock.now(), work)
