"""`wardwire place`: sites, buildings, units, rooms and beds, and who has which bed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

import typer

from wardwire.cli.database import Desk, at_desk, find_place
from wardwire.cli.names import find_one, read_instant
from wardwire.cli.options import AsJson, ConfigFile, DataFolder
from wardwire.cli.tables import print_json, print_table
from wardwire.directory import places
from wardwire.directory.unit_roles import set_unit_role
from wardwire.model import ids
from wardwire.model.people import Directory
from wardwire.model.places import Assignment, Place, PlaceKind, Rank, above, assigned, zone_of
from wardwire.model.places import find_place as find_one_place
from wardwire.model.policy import find_policy

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Sites, buildings, units, rooms, beds, and who has them."
)

Which = Annotated[str, typer.Argument(help="unit:NAME, bed:NAME, site:NAME …, or an id plc_…", metavar="PLACE")]


@app.command("add")
def add(
    kind: Annotated[PlaceKind, typer.Argument(help="What it is.")],
    name: Annotated[str, typer.Argument(help="Its name, unlike that of any other living one of its kind.")],
    within: Annotated[str, typer.Option("--in", help="What it stands in, e.g. unit:NAME.")] = "",
    policy: Annotated[str, typer.Option(help="Of a unit: the policy of its alerts that name none.")] = "",
    zone: Annotated[str, typer.Option(help="Of a site: its time zone, e.g. Europe/Berlin.")] = "",
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Add a site, a building, a unit, a room or a bed.

    Example: wardwire place add bed 4W-12 --in "unit:4 West"
    """

    async def work(at: Desk) -> Place:
        return await places.add_place(
            at.desk,
            at.caller,
            kind=kind,
            name=name,
            parent=find_one_place(within, at.directory, "").id if within else None,
            policy=find_policy(policy, at.directory, "").id if policy else None,
            zone=zone,
        )

    _done(at_desk(find_place(config, data), work), json_)


@app.command("change")
def change(
    place: Which,
    name: Annotated[str | None, typer.Option(help="A new name.")] = None,
    policy: Annotated[str, typer.Option(help="Of a unit: the policy of its alerts that name none.")] = "",
    no_policy: Annotated[bool, typer.Option("--no-policy", help="Take the policy away.")] = False,
    zone: Annotated[str | None, typer.Option(help="Of a site: its time zone.")] = None,
    within: Annotated[str, typer.Option("--in", help="Of a unit: the building or site that it moves to.")] = "",
    disabled: Annotated[bool | None, typer.Option("--disable/--enable", help="Whether it can be named.")] = None,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """Change a place; what is not named stays."""

    async def work(at: Desk) -> Place:
        return await places.change_place(
            at.desk,
            at.caller,
            find_one_place(place, at.directory, "").id,
            name=name,
            policy=find_policy(policy, at.directory, "").id if policy else None,
            no_policy=no_policy,
            zone=zone,
            parent=find_one_place(within, at.directory, "").id if within else None,
            disabled=disabled,
        )

    _done(at_desk(find_place(config, data), work), json_)


@app.command("assign")
def assign(
    bed: Which,
    person: Annotated[str, typer.Argument(help="Who has it: a name, or an id per_…")],
    rank: Annotated[Rank, typer.Option(help="In which order they are asked.")] = Rank.PRIMARY,
    start: Annotated[str, typer.Option("--from", help="E.g. 2026-11-24T07:00; by default now.")] = "",
    end: Annotated[str, typer.Option("--to", help="When it ends; by default when it is changed.")] = "",
    hours: Annotated[float | None, typer.Option(help="Or for so many hours.", min=0.01, max=8_784)] = None,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Give a bed to somebody. Of overlapping assignments of a rank the latest written holds.

    Example: wardwire place assign bed:4W-12 Anna --hours 12
    """

    async def work(at: Desk) -> Assignment:
        starts_at = read_instant(start) if start else at.clock.now()
        ends_at = read_instant(end) if end else starts_at + timedelta(hours=hours) if hours else None
        who = find_one(at.directory, ids.PERSON, person)
        where = find_one_place(bed, at.directory, "").id
        (made,) = await places.assign(at.desk, at.caller, [places.Turn(where, who, rank, starts_at, ends_at)])
        return made

    made = at_desk(find_place(config, data), work)
    written = ids.write_id(ids.ASSIGNMENT, made.id)
    if json_:
        print_json({"id": written, "rank": made.rank, "starts_at": made.starts_at, "ends_at": made.ends_at})
    else:
        until = f"{made.ends_at.astimezone():%a %d %b %H:%M}" if made.ends_at else "until changed"
        print(f"{written} {made.rank}, {made.starts_at.astimezone():%a %d %b %H:%M} to {until}")


@app.command("role")
def role(
    unit: Which,
    function: Annotated[str, typer.Argument(help="What it does, e.g. charge nurse.")],
    role: Annotated[str, typer.Argument(help="The role that the unit has for it; without one it has none.")] = "",
    config: ConfigFile = None,
    data: DataFolder = None,
) -> None:
    """
    Say which role a unit has for a function, so that a policy may ask for unit:charge nurse.

    Example: wardwire place role "unit:4 West" "charge nurse" "4 West charge"
    """

    async def work(at: Desk) -> None:
        which = find_one(at.directory, ids.ROLE, role) if role else None
        where = find_one_place(unit, at.directory, "").id
        await set_unit_role(at.desk, at.caller, where, function, which)

    at_desk(find_place(config, data), work)
    print(f"{unit}, {function}: {role or 'no role'}")


@app.command("unassign")
def unassign(
    assignment: Annotated[str, typer.Argument(help="An id asg_…")],
    config: ConfigFile = None,
    data: DataFolder = None,
) -> None:
    """Take an assignment away."""

    async def work(at: Desk) -> Assignment:
        return await places.cancel_assignment(at.desk, at.caller, ids.read_id(ids.ASSIGNMENT, assignment))

    at_desk(find_place(config, data), work)
    print(f"{assignment} is taken away")


@app.command("list")
def list_(
    unit: Annotated[str, typer.Option("--unit", "--in", help="Only what lies in this one: unit:NAME.")] = "",
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """List places with who has them now."""

    async def work(at: Desk) -> tuple[Directory, datetime, UUID | None]:
        return at.directory, at.clock.now(), find_one_place(unit, at.directory, "").id if unit else None

    directory, now, only = at_desk(find_place(config, data), work)
    found = [
        place
        for place in _in_order(directory)
        if only is None or only in [one.id for one in above(directory, place.id)]
    ]
    if json_:
        print_json({"places": [_show(place, directory, now) for place in found]})
        return
    rows = []
    for place in found:
        has = [_who(directory, place, rank, now) or "" for rank in Rank]
        policy = directory.policies[place.policy].name if place.policy else ""
        state = "disabled" if place.disabled else policy or place.zone
        rows.append((ids.write_id(ids.PLACE, place.id), place.kind, place.name, *has, state))
    print_table(("id", "kind", "name", "primary", "secondary", "tertiary", ""), rows, empty="There is no place yet.")


def _in_order(directory: Directory) -> list[Place]:
    """By name, each followed by what stands in it."""
    kinds = list(PlaceKind)

    def path(place: Place) -> list[tuple[int, str]]:
        return [(kinds.index(one.kind), one.name.casefold()) for one in above(directory, place.id)][::-1]

    return sorted(directory.places.values(), key=path)


def _who(directory: Directory, place: Place, rank: Rank, now: datetime) -> str | None:
    person = assigned(directory, place.id, rank, now)
    return directory.people[person].name if person else None


def _show(place: Place, directory: Directory, now: datetime) -> dict[str, object]:
    return {
        "id": ids.write_id(ids.PLACE, place.id),
        "kind": place.kind,
        "name": place.name,
        "parent": ids.write_id(ids.PLACE, place.parent) if place.parent else None,
        "policy": directory.policies[place.policy].name if place.policy else None,
        "zone": zone_of(directory, place.id),
        "disabled": place.disabled,
        **{rank.value: _who(directory, place, rank, now) for rank in Rank if place.kind is PlaceKind.BED},
    }


def _done(place: Place, json_: bool) -> None:
    written = ids.write_id(ids.PLACE, place.id)
    if json_:
        print_json({"id": written, "kind": place.kind, "name": place.name, "disabled": place.disabled})
    else:
        print(f"{written} {place.kind} {place.name}{': disabled' if place.disabled else ''}")
