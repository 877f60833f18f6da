"""`wardwire lost`: report a device, and see how far its order has come."""

from __future__ import annotations

import json
import ssl
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from wardwire.api.lost import LostDevice, show_lost
from wardwire.cli.cards import run
from wardwire.cli.database import Desk, at_desk, find_place
from wardwire.cli.options import AsJson, ConfigFile, DataFolder
from wardwire.cli.tables import print_json, print_table
from wardwire.client.enrol import report_lost
from wardwire.model.lost import Order
from wardwire.store.lost import list_lost

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Lost devices: report one, and see whether it has wiped itself."
)


@app.command("report")
def report(
    device: Annotated[str, typer.Argument(help="dev_…")],
    why: Annotated[str, typer.Option("--why", help="Kept with the fact.")],
    key_file: Annotated[Path, typer.Option("--key-file", help="File with an API key that may change the directory.")],
    order: Annotated[Order, typer.Option("--order", help="A lock can be made a wipe later, never the other way.")] = (
        Order.WIPE
    ),
    url: Annotated[str, typer.Option("--url", help="The site's HTTP address.")] = "http://127.0.0.1:8080",
    ca: Annotated[Path | None, typer.Option("--ca", help="Certificate of the site's own authority (PEM).")] = None,
    json_: AsJson = False,
) -> None:
    """
    Put a device out at once, and let it wipe itself whenever it comes back.

    Example: wardwire lost report dev_0193… --why "left in a taxi" --key-file ~/ward.key
    """
    tls = ssl.create_default_context(cafile=str(ca)) if ca else None
    answer = json.loads(run(report_lost(url, device, order, why, key=key_file.read_text().strip(), tls=tls)))
    if json_:
        print_json(answer)
    else:
        print(f"{device} is out. {answer['order'].capitalize()}: {answer['state']}. See: wardwire lost list")


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(help="So many at most.", min=1, max=10_000)] = 100,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    List lost devices: what was ordered, and what the device itself has confirmed.

    Example: wardwire lost list
    """

    async def work(at: Desk) -> list[tuple[LostDevice, str]]:
        now = at.clock.now()
        found = await list_lost(at.connection, after=None, limit=limit)
        return [(show_lost(one, now), at.directory.person_name(one.person_id)) for one in found]

    found = at_desk(find_place(config, data), work)
    if json_:
        print_json({"devices": [lost for lost, _ in found]})
        return
    rows = [
        (
            lost.device,
            lost.name,
            person,
            lost.order,
            lost.state,
            _at(lost.requested_at),
            _at(lost.confirmed_at),
            lost.why,
        )
        for lost, person in found
    ]
    columns = ("device", "name", "person", "order", "state", "requested", "confirmed", "why")
    print_table(columns, rows, empty="No device is reported lost.")


def _at(instant: datetime | None) -> str:
    return f"{instant.astimezone():%d %b %H:%M:%S}" if instant else ""
