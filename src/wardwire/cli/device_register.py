"""`wardwire devices list|change`: the register of devices, for those who look after them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec
import typer

from wardwire.api.device_register import DeviceOut, show_registered
from wardwire.cli.database import Desk, at_desk, find_place
from wardwire.cli.names import find_device, find_one, find_unit, get_device_group, read_instant
from wardwire.cli.options import AsJson, ConfigFile, DataFolder
from wardwire.cli.tables import print_csv, print_json, print_table
from wardwire.directory.device_register import change_device
from wardwire.model import ids
from wardwire.model.people import Directory
from wardwire.store.device_register import Choice, find_registered, list_registered

app = typer.Typer()

PAGE = 1_000
_COLUMNS = (
    "id", "name", "person_name", "type", "platform", "app", "group_name", "unit_name", "ownership", "cost_centre",
    "state", "battery", "last_heard_at",
)  # fmt: skip

Ownership = Annotated[str | None, typer.Option("--ownership", help="hospital, own, or empty: nobody has said.")]
CostCentre = Annotated[str | None, typer.Option("--cost-centre", help="Who pays for it.")]


@dataclass(frozen=True)
class _Asked:
    """What was asked for, as it was typed."""

    person: str
    group: str
    ownership: str | None
    cost_centre: str | None
    platform: str | None
    state: str | None
    silent_since: str
    unit: str

    def choice(self, directory: Directory) -> Choice:
        """Read it. Raises `Refused` for what there is not."""
        return Choice(
            person_id=find_one(directory, ids.PERSON, self.person) if self.person else None,
            group_id=get_device_group(directory, self.group) if self.group else None,
            ownership=self.ownership,
            cost_centre=self.cost_centre,
            platform=self.platform,
            state=self.state,
            silent_since=read_instant(self.silent_since) if self.silent_since else None,
            unit_id=find_unit(directory, self.unit) if self.unit else None,
        )


@app.command("list")
def list_(
    person: Annotated[str, typer.Option(help="Of this person alone: a name, or an id per_….")] = "",
    group: Annotated[str, typer.Option(help="Of this group of devices alone.")] = "",
    unit: Annotated[str, typer.Option(help="Shared devices of this unit alone.")] = "",
    ownership: Ownership = None,
    cost_centre: CostCentre = None,
    platform: Annotated[str | None, typer.Option(help="android, ios, web, linux …")] = None,
    state: Annotated[str | None, typer.Option(help="active, revoked or lost.")] = None,
    not_heard_since: Annotated[str, typer.Option(help="Silent since then, e.g. 2026-11-01.")] = "",
    csv: Annotated[bool, typer.Option("--csv", help="All fields, as a spreadsheet reads them.")] = False,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    List devices: whose each is, what it is, how it stands.

    Example: wardwire devices list --ownership own --not-heard-since 2026-11-01 --csv > silent.csv
    """
    asked = _Asked(person, group, ownership, cost_centre, platform, state, not_heard_since, unit)

    async def work(at: Desk) -> list[DeviceOut]:
        choice, found = asked.choice(at.directory), []
        page = await list_registered(at.connection, choice, limit=PAGE)
        while page:
            found += [show_registered(one) for one in page]
            page = await list_registered(at.connection, choice, limit=PAGE, after=page[-1].id)
        return found

    devices = at_desk(find_place(config, data), work)
    fields = DeviceOut.__struct_fields__
    if json_:
        print_json({"devices": devices})
    elif csv:
        print_csv(fields, [[getattr(one, name) for name in fields] for one in devices])
    else:
        told = [[_short(getattr(one, name)) for name in _COLUMNS] for one in devices]
        columns = [name.removesuffix("_name").removesuffix("_at").replace("_", " ") for name in _COLUMNS]
        print_table(columns, told, empty="No such device is registered.")


@app.command("change")
def change(
    device: Annotated[str, typer.Argument(help="dev_…", metavar="DEVICE")],
    name: Annotated[str | None, typer.Option(help="How it is called.")] = None,
    ownership: Ownership = None,
    cost_centre: CostCentre = None,
    group: Annotated[str | None, typer.Option(help="The group that it is set alike with; empty: none.")] = None,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Change what the register says of a device; what is not named stays.

    Example: wardwire devices change dev_0193… --ownership hospital --cost-centre 4711
    """

    async def work(at: Desk) -> DeviceOut:
        found = find_device(at.directory, device)
        into = None if group is None else (get_device_group(at.directory, group) if group else None,)
        await change_device(
            at.desk, at.caller, found.id, name=name, ownership=ownership, cost_centre=cost_centre, group=into
        )
        after = await find_registered(at.connection, found.id)
        assert after is not None
        return show_registered(after)

    after = at_desk(find_place(config, data), work)
    if json_:
        print_json({"device": after})
    else:
        fields = msgspec.to_builtins(after)
        print_table(("field", "value"), [(key, value) for key, value in fields.items() if value], empty="")


def _short(value: object) -> object:
    return f"{value:%Y-%m-%d %H:%M}" if hasattr(value, "strftime") else value
