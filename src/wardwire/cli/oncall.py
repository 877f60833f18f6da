"""`wardwire oncall`: who is on call, now and in the weeks to come; rotations, overrides."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from wardwire.cli.database import Desk, at_desk, find_place, look
from wardwire.cli.exits import Exit
from wardwire.cli.names import find_one
from wardwire.cli.options import AsJson, ConfigFile, DataFolder, say
from wardwire.cli.tables import print_json, print_table
from wardwire.directory import calendars, oncall, swaps
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.oncall import Segment, final
from wardwire.model.oncall_plan import Swap
from wardwire.model.oncall_quality import MOST_HOURS, WEEKS, judge
from wardwire.model.oncall_time import in_reach, instant_of
from wardwire.model.people import Directory, Role, Shift
from wardwire.ops.failure import StartFailed
from wardwire.store.oncall import LayerText

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="On call: show, set, people, override, swap, quality, ical."
)

Which = Annotated[str, typer.Argument(help="A role's name, or an id rol_…", metavar="ROLE")]
From = Annotated[str, typer.Option("--from", help="E.g. 2026-11-24T07:00, by the clock on the role's wall.")]
To = Annotated[str, typer.Option("--to", help="When it ends.")]


class ScheduleFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What stands in a schedule's file; docs/howto/on-call.md shows one. Participants may be names."""

    zone: str
    layers: tuple[LayerText, ...]


@app.command("show")
def show(
    role: Which,
    days: Annotated[int, typer.Option(help="So many days from now.", min=1, max=366)] = 14,
    at: Annotated[str, typer.Option(help="Only who it is at an instant, e.g. 2026-11-01T01:30.")] = "",
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Show who holds a role when, and by which rule.

    Example: wardwire oncall show "Cardiology 1st" --days 7
    """
    directory, now = at_desk(find_place(config, data), look)
    found = directory.roles[find_one(directory, ids.ROLE, role)]
    begin = _read(at, found) if at else now
    length = timedelta(seconds=1) if at else timedelta(days=days)
    _print(found, directory, list(final(found, begin, begin + length, directory)), json_)


@app.command("set")
def set_(
    role: Which,
    file: Annotated[Path, typer.Argument(help="A TOML or JSON file with its layers.", exists=True, dir_okay=False)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would come of it.")] = False,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Set the rotations of a role from a file; whose turns change is told.

    Example: wardwire oncall set "Cardiology 1st" cardiology.toml --dry-run
    """
    wanted = _read_file(file)

    async def work(at: Desk) -> tuple[Role, Directory, datetime]:
        role_id = find_one(at.directory, ids.ROLE, role)
        layers = [_with_ids(layer, at.directory) for layer in wanted.layers]
        if dry_run:
            after = replace(at.directory.roles[role_id], rota=oncall.read_rota(wanted.zone, layers))
        else:
            after = await oncall.set_schedule(at.desk, at.caller, role_id, zone=wanted.zone, layers=layers)
        return after, at.directory, at.clock.now()

    after, directory, now = at_desk(find_place(config, data), work)
    _print(after, directory, list(final(after, now, now + timedelta(days=14), directory)), json_)
    if dry_run:
        say("Nothing was changed.")


def _option(name: str, about: str) -> Any:
    return typer.Option(name, help=f"{about} A name or per_…; again for more, '' for nobody.")


@app.command("people")
def people(
    role: Which,
    owner: Annotated[list[str] | None, _option("--owner", "Changes its schedule.")] = None,
    swapper: Annotated[list[str] | None, _option("--swapper", "Takes its shifts.")] = None,
    viewer: Annotated[list[str] | None, _option("--viewer", "Sees its schedule; nobody named: everybody.")] = None,
    monitor: Annotated[list[str] | None, _option("--monitor", "Gets silent copies; counted nowhere.")] = None,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Say who may do what with a role's schedule, and who gets silent copies; what is not named stays.

    Example: wardwire oncall people "Cardiology 1st" --owner Eva --monitor "Dr. Okafor"
    """
    asked = {"owners": owner, "swappers": swapper, "viewers": viewer, "monitors": monitor}

    async def work(at: Desk) -> tuple[Role, Directory]:
        wanted = {
            name: [find_one(at.directory, ids.PERSON, one) for one in found if one]
            for name, found in asked.items()
            if found is not None
        }
        role_id = find_one(at.directory, ids.ROLE, role)
        return await oncall.set_people(at.desk, at.caller, role_id, **wanted), at.directory

    after, directory = at_desk(find_place(config, data), work)
    shown = {name: sorted(getattr(after, name)) for name in asked}
    if json_:
        print_json({name: [ids.write_id(ids.PERSON, one) for one in found] for name, found in shown.items()})
        return
    rows = [(name, ", ".join(directory.person_name(one) for one in found)) for name, found in shown.items() if found]
    print_table(("may", "who"), rows, empty="Nobody is named.")


@app.command("override")
def override(
    role: Which,
    person: Annotated[str, typer.Argument(help="Who holds it: a name, or an id per_…")],
    start: From = "",
    end: To = "",
    hours: Annotated[float, typer.Option(help="Or for so many hours.", min=0.01, max=8784)] = 12,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would come of it.")] = False,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Let somebody hold a role before everybody else, for a time to come.

    Example: wardwire oncall override "Cardiology 1st" "Dr. Okafor" --hours 2
    """

    async def work(at: Desk) -> tuple[Role, Directory, datetime, tuple[str, ...]]:
        found = at.directory.roles[find_one(at.directory, ids.ROLE, role)]
        starts = _wall(start) if start else at.clock.now()
        ends = _wall(end) if end else _instant(starts, found) + timedelta(hours=hours)
        holder = find_one(at.directory, ids.PERSON, person)
        if dry_run:
            made = oncall.foresee_override(found, holder, starts, ends, at.clock.now())
        else:
            made = await oncall.enter_shift(
                at.desk, at.caller, found.id, person_id=holder, starts=starts, ends=ends, override=True
            )
        after = replace(found, shifts=(*found.shifts, made.shift))
        return after, at.directory, made.shift.starts_at, made.notes

    after, directory, begin, notes = at_desk(find_place(config, data), work)
    _print(after, directory, list(final(after, begin, begin + timedelta(days=2), directory)), json_)
    for note in notes:
        say(f"Note: {note}.")
    if dry_run:
        say("Nothing was changed.")


@app.command("swap")
def swap(
    role: Which,
    shift: Annotated[
        str, typer.Argument(help="Which: shf_…, or a layer's name with a number, as `show` has it.")
    ] = "",
    taker: Annotated[str, typer.Option("--to", help="Who is asked to take it.")] = "",
    start: Annotated[str, typer.Option("--from-time", help="Only from then on.")] = "",
    end: Annotated[str, typer.Option("--to-time", help="Only until then.")] = "",
    accept: Annotated[str, typer.Option(help="Accept a swap swp_… for --by.")] = "",
    decline: Annotated[str, typer.Option(help="Decline a swap swp_… for --by.")] = "",
    by: Annotated[str, typer.Option(help="Who accepts or declines.")] = "",
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Offer a shift to somebody, or answer such an offer; without either, list those that are open or agreed on.

    Example: wardwire oncall swap "Cardiology 1st" weeks/12 --to "Dr. Okafor" --from-time 2026-11-01T01:00
    """

    async def work(at: Desk) -> tuple[list[Swap], tuple[str, ...], Role, Directory]:
        found = at.directory.roles[find_one(at.directory, ids.ROLE, role)]
        answered = accept or decline
        if answered:
            who = find_one(at.directory, ids.PERSON, by)
            swap_id = ids.read_id(ids.SWAP, answered)
            one = await swaps.answer_swap(at.desk, at.caller, swap_id, accept=bool(accept), person_id=who)
            return [one], (), found, at.directory
        if shift:
            made, notes = await swaps.offer_swap(
                at.desk, at.caller, found.id, shift=shift, taker=find_one(at.directory, ids.PERSON, taker),
                starts=_wall(start) if start else None, ends=_wall(end) if end else None,
            )  # fmt: skip
            return [made], notes, found, at.directory
        return list(found.swaps), (), found, at.directory

    shown, notes, found, directory = at_desk(find_place(config, data), work)
    rows = [
        (
            ids.write_id(ids.SWAP, one.id),
            f"{directory.person_name(one.giver)} to {directory.person_name(one.taker)}",
            oncall.say_time(one.starts_at, found),
            oncall.say_time(one.ends_at, found),
            str(one.state),
        )
        for one in shown
    ]
    if json_:
        names = ("id", "who", "from", "until", "state")
        print_json({"swaps": [dict(zip(names, row, strict=True)) for row in rows], "notes": notes})
        return
    print_table(("id", "who", "from", "until", "state"), rows, empty="No swap is open or agreed on.")
    for note in notes:
        say(f"Note: {note}.")


@app.command("quality")
def quality(
    role: Which,
    weeks: Annotated[int, typer.Option(help="So many weeks from now.", min=1, max=104)] = WEEKS,
    most_hours: Annotated[
        float, typer.Option(help="More in one week is too much for one.", min=1, max=168)
    ] = MOST_HOURS,
    apart: Annotated[list[str] | None, typer.Option(help="A role that nobody is to hold beside this one.")] = None,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Judge a schedule: hours of nobody, too much for one, two roles at once, who is disabled. Exit status 1 if any.

    Example: wardwire oncall quality "Cardiology 1st" --apart "Cardiology 2nd"
    """
    directory, now = at_desk(find_place(config, data), look)
    found_role = directory.roles[find_one(directory, ids.ROLE, role)]
    others = [find_one(directory, ids.ROLE, one) for one in apart or ()]
    found = judge(found_role, directory, now, weeks=weeks, most_hours=most_hours, apart=others)
    name = directory.person_name
    if json_:
        print_json(
            {
                "uncovered_hours": found.uncovered_hours,
                "uncovered": [{"starts_at": one.starts_at, "ends_at": one.ends_at} for one in found.uncovered],
                "hours": [
                    {"person": name(one.person_id), "hours": one.hours, "most_in_a_week": one.most_in_a_week}
                    for one in found.loads
                ],
                "overloaded": [name(one.person_id) for one in found.overloaded],
                "conflicts": [
                    {"person": name(one.person_id), "role": directory.roles[one.other_role].name,
                     "starts_at": one.starts_at, "ends_at": one.ends_at}
                    for one in found.conflicts
                ],
                "disabled": [name(one) for one in found.disabled],
            }
        )  # fmt: skip
    else:
        over = {one.person_id for one in found.overloaded}
        rows = [
            (
                name(one.person_id),
                f"{one.hours:.0f}",
                f"{one.most_in_a_week:.0f}",
                "too much" * (one.person_id in over),
            )
            for one in found.loads
        ]
        print_table(("who", "hours", "most in a week", ""), rows, empty="Nobody is on call.")
        print(f"Only the fallback: {found.uncovered_hours:.1f} hours in {weeks} weeks.")
        for one in found.uncovered[:20]:
            print(f"  {oncall.say_time(one.starts_at, found_role)} to {oncall.say_time(one.ends_at, found_role)}")
        for clash in found.conflicts[:20]:
            begin, end = (oncall.say_time(at, found_role) for at in (clash.starts_at, clash.ends_at))
            print(f"{name(clash.person_id)} also holds {directory.roles[clash.other_role].name}, {begin} to {end}.")
        for person_id in found.disabled:
            print(f"{name(person_id)} stands on the schedule, and is disabled.")
    if found.uncovered or found.overloaded or found.conflicts or found.disabled:
        raise typer.Exit(Exit.FAILED)


@app.command("ical")
def ical(
    role: Which,
    take: Annotated[
        Path | None,
        typer.Option("--import", help="Take the events of this calendar in.", exists=True, dir_okay=False),
    ] = None,
    address: Annotated[bool, typer.Option("--address", help="Make a secret address for the calendar.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show which shifts an import makes.")] = False,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Print a role's calendar (iCalendar), make a secret address for it, or take another one in as shifts by hand.

    Example: wardwire oncall ical "Cardiology 1st" --import cardiology.ics --dry-run
    """

    async def work(at: Desk) -> tuple[str, list[Shift], Role, Directory]:
        found = at.directory.roles[find_one(at.directory, ids.ROLE, role)]
        if take is not None:
            text = _read_text(take)
            if dry_run:
                return (
                    "",
                    [one for one, _ in calendars.foresee(found, at.directory, text, at.clock.now())],
                    found,
                    at.directory,
                )
            added = await calendars.import_calendar(at.desk, at.caller, found.id, text, at.directory)
            return "", added, found, at.directory
        if address:
            secret = await calendars.make_calendar(at.desk, at.caller, found.id)
            return f"/v1/calendars/{secret}.ics", [], found, at.directory
        return calendars.calendar_of(found, at.directory, at.clock.now()), [], found, at.directory

    text, shifts, found, directory = at_desk(find_place(config, data), work)
    if take is None:
        print(text, end="" if text.endswith("\n") else "\n")
        return
    rows = [
        (
            directory.person_name(one.person_id),
            oncall.say_time(one.starts_at, found),
            oncall.say_time(one.ends_at, found),
        )
        for one in shifts
    ]
    if json_:
        print_json({"shifts": [dict(zip(("person", "from", "until"), row, strict=True)) for row in rows]})
        return
    print_table(("who", "from", "until"), rows, empty="No shift is new.")
    if dry_run:
        say("Nothing was changed.")


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StartFailed(
            "calendar_unreadable", f"{path} is no text in UTF-8: {error}.", "Export it again, as iCalendar (.ics)."
        ) from error


def _print(role: Role, directory: Directory, segments: list[Segment], json_: bool) -> None:
    zone = oncall.zone_of(role)
    shown = []
    for one in segments:
        held = one.holding
        shown.append(
            {
                "starts_at": one.starts_at,
                "ends_at": one.ends_at,
                "person": directory.person_name(held.person_id) if held else None,
                "rule": held.rule if held else "fallback",
                "source": held.source if held else "",
            }
        )
    if json_:
        print_json(
            {"role": ids.write_id(ids.ROLE, role.id), "zone": role.rota.zone if role.rota else "", "final": shown}
        )
        return
    rows = [
        (
            f"{one.starts_at.astimezone(zone):%a %d %b %H:%M %Z}",
            f"{one.ends_at.astimezone(zone):%a %d %b %H:%M %Z}",
            str(line["person"] or "nobody"),
            str(line["rule"]),
            str(line["source"]),
        )
        for one, line in zip(segments, shown, strict=True)
    ]
    print_table(("from", "until", "who", "by", ""), rows, empty="Nothing is planned.")


def _read_file(path: Path) -> ScheduleFile:
    try:
        text = path.read_text(encoding="utf-8")
        raw: Any = msgspec.json.decode(text) if path.suffix == ".json" else tomllib.loads(text)
        return msgspec.convert(raw, ScheduleFile)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.MsgspecError) as error:
        raise StartFailed(
            "schedule_unreadable", f"{path} is no schedule: {error}.", "See docs/howto/on-call.md for an example."
        ) from error


def _with_ids(layer: LayerText, directory: Directory) -> LayerText:
    people = [ids.write_id(ids.PERSON, find_one(directory, ids.PERSON, name)) for name in layer.participants]
    return msgspec.structs.replace(layer, participants=tuple(people))


def _wall(text: str) -> datetime:
    try:
        wall = datetime.fromisoformat(text)
    except ValueError:
        wall = datetime.max
    if not in_reach(wall):
        raise Refused(Code.INVALID, f"{text!r} is no instant such as 2026-11-24T07:00")
    return wall


def _instant(wall: datetime, role: Role) -> datetime:
    zone = oncall.zone_of(role)
    if wall.tzinfo is not None:
        return wall
    return instant_of(wall, zone).at if zone else wall.astimezone()


def _read(text: str, role: Role) -> datetime:
    return _instant(_wall(text), role).astimezone(UTC)
