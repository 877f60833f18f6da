"""`wardwire cores`: the core processes of the site, and when each was last heard."""

from __future__ import annotations

from datetime import datetime

import typer

from wardwire.cli.database import Desk, at_desk, find_place
from wardwire.cli.options import AsJson, ConfigFile, DataFolder
from wardwire.cli.tables import print_json, print_table
from wardwire.store.cores import CoreRow, list_cores

app = typer.Typer(add_completion=False, help="List the core processes, and when each was last heard.")


@app.command()
def cores(config: ConfigFile = None, data: DataFolder = None, json_: AsJson = False) -> None:
    """
    List the core processes. One that is silent is noticed by the others within ten seconds.

    Example: wardwire cores --json
    """

    async def work(at: Desk) -> tuple[list[CoreRow], datetime]:
        return await list_cores(at.connection), at.clock.now()

    found, now = at_desk(find_place(config, data), work)
    if json_:
        print_json({"cores": [{**core._asdict(), "state": _state(core)} for core in found]})
        return
    rows = [
        (
            core.name,
            _state(core),
            core.serves,
            core.version,
            f"{core.since.astimezone():%d %b %H:%M:%S}",
            f"{max(0.0, (now - core.beat_at).total_seconds()):.0f} s ago",
        )
        for core in found
    ]
    print_table(("core", "state", "serves", "version", "since", "heard"), rows, empty="No core was ever started.")


def _state(core: CoreRow) -> str:
    return "stopped" if core.ended_at else "silent" if core.silent_at else "running"
