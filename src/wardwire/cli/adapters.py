"""`wardwire adapters`: the listeners for other systems, whether they are open, and what came in by them."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from typing import Any

import typer

from wardwire.app.listeners import Planned, plan_listeners
from wardwire.cli.options import AsJson, ConfigFile, DataFolder, Sets, read_settings
from wardwire.cli.tables import print_json, print_table
from wardwire.engine.ops_port import PORTS_TRIED
from wardwire.settings import split_address

PATIENCE_S = 1.0

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Listeners for other systems.")


@app.callback()
def group() -> None:
    """Listeners for other systems."""


_COUNTS = ("received", "taken", "refused", "unsupported", "unplaced", "later", "letters")


@app.command("list")
def list_(config: ConfigFile = None, data: DataFolder = None, set_: Sets = None, json_: AsJson = False) -> None:
    """
    List the listeners of this machine: those that the settings name, and how its running processes have them.

    Counters are of the process that runs; the reason why one is shut stands below.

    Example: wardwire adapters list --json
    """
    settings = read_settings(config, data, set_).settings
    doors = {planned.name: _not_running(planned) for planned in plan_listeners(settings)}
    for door in running_doors(settings.ops.listen):
        doors[door["name"]] = door
    if json_:
        print_json({"adapters": list(doors.values())})
        return
    rows = [
        (
            door["name"],
            door["adapter"],
            door["address"],
            door["state"],
            door.get("since", ""),
            *(door.get(name, "") for name in _COUNTS),
        )
        for door in doors.values()
    ]
    columns = (
        *("name", "kind", "address", "state", "since", "in", "accepted", "refused"),
        *("of other types", "to unknown beds", "put off", "dead letters"),
    )
    print_table(columns, rows, empty="No listener is set up. See docs/howto/hl7.md.")
    for door in doors.values():
        if door.get("why"):
            print(f"{door['name']}: {door['why']}")


def running_doors(listen: str) -> Iterator[dict[str, Any]]:
    """Ask every core process of this machine for its listeners, on the ports where they tell how they are.

    Args:
        listen: Of the first one, as `ops.listen` says; the others have the next ones.
    """
    host, first = split_address(listen)
    for port in range(first, first + PORTS_TRIED):
        line = http.client.HTTPConnection(host, port, timeout=PATIENCE_S)
        try:
            line.request("GET", "/readyz")
            told = json.loads(line.getresponse().read())
            yield from told.get("doors", ())
        except (OSError, http.client.HTTPException, ValueError, AttributeError):
            continue  # nobody is there, or somebody else
        finally:
            line.close()


def _not_running(planned: Planned) -> dict[str, Any]:
    return {
        "name": planned.name,
        "adapter": planned.registration.name,
        "address": planned.options.listen,
        "state": "not running",
    }
