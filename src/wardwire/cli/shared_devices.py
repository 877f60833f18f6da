"""`wardwire devices share|check-out|check-in`: devices that belong to a unit, and who has them.

Through the database: cores see it within a second; the session has ended before. The device itself notices when it
says something next, 15 s later at most; over HTTP its connection is closed at once.
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer

from wardwire.api.device_register import DeviceOut, show_registered
from wardwire.cli.database import Desk, at_desk, find_place
from wardwire.cli.names import find_device, find_one, find_unit, read_instant
from wardwire.cli.options import AsJson, ConfigFile, DataFolder
from wardwire.cli.tables import print_json
from wardwire.devices.hand_over import HandOver
from wardwire.model import ids
from wardwire.store.device_register import find_registered

app = typer.Typer()

Which = Annotated[str, typer.Argument(help="dev_…", metavar="DEVICE")]


@app.command("share")
def share(
    device: Which,
    unit: Annotated[str, typer.Option("--unit", help="The unit that it belongs to: a name, or plc_….")],
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Make a device one of a unit: nobody has it, until somebody holds a badge to it or is given it.

    Example: wardwire devices share dev_0193… --unit "4 West"
    """

    async def work(at: Desk) -> DeviceOut:
        found = find_device(at.directory, device).id
        await _hand_over(at).share(found, find_unit(at.directory, unit), by=at.caller.source)
        return await _shown(at, found)

    shown = at_desk(find_place(config, data), work)
    print_json({"device": shown}) if json_ else print(f"{shown.name} belongs to {shown.unit_name}; nobody has it.")


@app.command("check-out")
def check_out(
    device: Which,
    to: Annotated[str, typer.Option("--to", help="Who gets it: a name, or an id per_….")],
    until: Annotated[str, typer.Option(help="When it is taken back; else after a shift.")] = "",
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Give a shared device to somebody. Whoever had it is signed out first.

    Example: wardwire devices check-out dev_0193… --to Ben --until 2026-11-29T07:00
    """

    async def work(at: Desk) -> DeviceOut:
        found, person = find_device(at.directory, device).id, find_one(at.directory, ids.PERSON, to)
        end = read_instant(until) if until else None
        await _hand_over(at).check_out(found, person, end, by=at.caller.source)
        return await _shown(at, found)

    shown = at_desk(find_place(config, data), work)
    if json_:
        print_json({"device": shown})
        return
    assert shown.held_until is not None
    print(f"{shown.name} is {shown.person_name}'s until {shown.held_until.astimezone():%Y-%m-%d %H:%M}.")


@app.command("check-in")
def check_in(device: Which, config: ConfigFile = None, data: DataFolder = None, json_: AsJson = False) -> None:
    """
    Take a shared device back. Safe to repeat.

    Example: wardwire devices check-in dev_0193…
    """

    async def work(at: Desk) -> DeviceOut:
        found = find_device(at.directory, device).id
        await _hand_over(at).check_in(found, by=at.caller.source)
        return await _shown(at, found)

    shown = at_desk(find_place(config, data), work)
    print_json({"device": shown}) if json_ else print(f"Nobody has {shown.name}.")


def _hand_over(at: Desk) -> HandOver:
    async def kick(server: str, client: int) -> bool:
        return False

    return HandOver(ledger=at.ledger, clock=at.clock, kick=kick, announce=lambda device_id: None)


async def _shown(at: Desk, device_id: UUID) -> DeviceOut:
    found = await find_registered(at.connection, device_id)
    assert found is not None
    return show_registered(found)
