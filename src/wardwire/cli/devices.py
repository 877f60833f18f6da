"""`wardwire devices`: in which group they are, and how they are to behave; the register: device_register.py."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer

from wardwire.cli import device_register, shared_devices
from wardwire.cli.database import Desk, at_desk, find_place
from wardwire.cli.names import find_device, find_device_group, get_device_group
from wardwire.cli.options import AsJson, ConfigFile, DataFolder
from wardwire.cli.tables import print_json, print_table
from wardwire.directory import device_settings as changes
from wardwire.model import ids
from wardwire.model.device_settings import NOTHING, SETTINGS, SITE, Layer, Scope, Value
from wardwire.model.directory import settings_of
from wardwire.model.errors import Code, Refused
from wardwire.model.people import Device, Directory

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Devices: list, change, share, group, set.")

Which = Annotated[str, typer.Argument(help="dev_…", metavar="DEVICE")]
Whose = Annotated[str, typer.Argument(help="site, a group's name, or dev_…", metavar="WHOSE")]

app.add_typer(device_register.app)
app.add_typer(shared_devices.app)


@app.command("group")
def group(
    name: Annotated[str, typer.Argument(help="The group; it is made if there is none of this name.")],
    devices: Annotated[list[str], typer.Argument(help="dev_… that come into it.")] = [],  # noqa: B006 - Typer's form
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Make a group of devices, or put devices into one.

    Example: wardwire devices group "Ward phones" dev_0193… dev_0194…
    """

    async def work(at: Desk) -> dict[str, object]:
        group_id = find_device_group(at.directory, name)
        if group_id is None:
            group_id = (await changes.add_device_group(at.desk, at.caller, name)).id
        wanted = [ids.read_id(ids.DEVICE, one) for one in dict.fromkeys(devices)]
        moved = await changes.move_devices(at.desk, at.caller, wanted, group_id) if wanted else 0
        return {"group": ids.write_id(ids.DEVICE_GROUP, group_id), "moved": moved}

    done = at_desk(find_place(config, data), work)
    print_json(done) if json_ else print(f"{name}: {done['group']}, {done['moved']} devices moved.")


@app.command("show")
def show(device: Which, config: ConfigFile = None, data: DataFolder = None, json_: AsJson = False) -> None:
    """
    Show how a device is to behave, and which layer says so.

    Example: wardwire devices show dev_0193…
    """

    async def work(at: Desk) -> dict[str, object]:
        found = find_device(at.directory, device)
        settings = {key: one._asdict() for key, one in settings_of(at.directory, found).items()}
        return {"device": _told(at.directory, found), "settings": settings}

    shown = at_desk(find_place(config, data), work)
    if json_:
        print_json(shown)
        return
    told: dict[str, str] = shown["device"]  # type: ignore[assignment]
    print(f"{told['id']}  {told['name']}, {told['person']}, {told['group'] or 'no group'}, {told['state']}")
    settings: dict[str, dict[str, Value]] = shown["settings"]  # type: ignore[assignment]
    rows = [
        (key, one["value"], one["source"], one["locked_by"], SETTINGS[key].about) for key, one in settings.items()
    ]
    print_table(("setting", "value", "from", "locked by", "about"), rows, empty="")


@app.command("set")
def set_(
    whose: Whose,
    values: Annotated[list[str], typer.Argument(help="SETTING= takes it away.", metavar="SETTING=VALUE …")],
    lock: Annotated[list[str], typer.Option("--lock", help="Those below may not change it.")] = [],  # noqa: B006
    unlock: Annotated[list[str], typer.Option("--unlock", help="They may again.")] = [],  # noqa: B006
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Set how devices behave; what is not named stays. Connected devices are told at once.

    Example: wardwire devices set "Ward phones" tone.high=alarm lock_after_s=60 --lock tone.high
    """

    async def work(at: Desk) -> Layer:
        scope, ref = _scope(at.directory, whose)
        before = at.directory.device_layers.get((scope, ref), NOTHING)
        asked = dict(_read_value(one) for one in values)
        after = {key: value for key, value in {**before.values, **asked}.items() if value != ""}
        locked = (before.locked | set(lock)) - set(unlock)
        return await changes.set_layer(at.desk, at.caller, scope, ref, after, locked)

    layer = at_desk(find_place(config, data), work)
    if json_:
        print_json({"values": dict(layer.values), "locked": sorted(layer.locked)})
        return
    rows = [(key, value, "locked" if key in layer.locked else "") for key, value in layer.values.items()]
    print_table(("setting", "value", ""), rows, empty="Nothing is set here.")


def _read_value(text: str) -> tuple[str, Value]:
    key, sign, value = text.partition("=")
    if not sign:
        raise Refused(Code.INVALID, f"{text}: write SETTING=VALUE", known=sorted(SETTINGS))
    return key, int(value) if value.lstrip("-").isdigit() else value


def _scope(directory: Directory, whose: str) -> tuple[Scope, UUID]:
    if whose == "site":
        return Scope.SITE, SITE
    if whose.startswith("dev_"):
        return Scope.DEVICE, find_device(directory, whose).id
    return Scope.GROUP, get_device_group(directory, whose)


def _told(directory: Directory, device: Device) -> dict[str, str]:
    group = directory.device_groups.get(device.group_id) if device.group_id else None
    return {
        "id": ids.write_id(ids.DEVICE, device.id),
        "name": device.name,
        "person": directory.person_name(device.person_id),
        "app": device.app_version,
        "group": group.name if group else "",
        "state": device.state,
    }
