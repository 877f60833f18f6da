"""`wardwire preferences`: how people, groups and roles want to be tried, from files that a person can read."""

from __future__ import annotations

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import msgspec
import typer

from wardwire.app.waits import waits_of
from wardwire.cli.database import Desk, at_desk, find_place
from wardwire.cli.names import find_one, read_instant
from wardwire.cli.options import AsJson, ConfigFile, DataFolder, read_settings
from wardwire.cli.tables import print_json, print_table
from wardwire.directory.preferences import set_preferences
from wardwire.model import ids
from wardwire.model.people import Directory, Status
from wardwire.model.preferences import Preferences, Profile, check_preferences, choose, imagined
from wardwire.model.priority import Priority
from wardwire.model.routing import rings_for
from wardwire.model.targets import find_target
from wardwire.ops.failure import StartFailed
from wardwire.store.preferences import ProfileText, read_profiles, text_of

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="How somebody wants to be tried: show, set, try what would ring."
)

Who = Annotated[str, typer.Argument(help="A person, or group:…, role:…; a name or an id.")]
File = Annotated[Path, typer.Argument(help="A TOML or JSON file with profiles.", exists=True, dir_okay=False)]


class PreferencesFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What stands in a file of preferences; docs/howto/preferences.md shows one."""

    profiles: tuple[ProfileText, ...] = ()
    zone: str = ""


def read_file(path: Path) -> tuple[tuple[Profile, ...], str]:
    """Read the profiles of a file, and their zone.

    Raises:
        StartFailed: `preferences_unreadable`, with the place of the fault.
    """
    try:
        text = path.read_text(encoding="utf-8")
        raw = msgspec.json.decode(text) if path.suffix == ".json" else tomllib.loads(text)
        found = msgspec.convert(raw, PreferencesFile)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.MsgspecError) as error:
        raise StartFailed(
            "preferences_unreadable",
            f"{path} says nothing: {error}.",
            "See docs/howto/preferences.md for an example.",
        ) from error
    return read_profiles(found.profiles), found.zone


@app.command("show")
def show(who: Who, config: ConfigFile = None, data: DataFolder = None, json_: AsJson = False) -> None:
    """Show the profiles of a person, a group or a role: the first that fits holds."""

    async def work(at: Desk) -> Preferences:
        kind, owner = find_target(who, at.directory, "")
        return at.directory.preferences.get(owner) or Preferences(kind, owner)

    _print(at_desk(find_place(config, data), work), json_)


@app.command("set")
def set_(
    who: Who,
    file: Annotated[Path | None, typer.Argument(help="The profiles.", exists=True, dir_okay=False)] = None,
    none: Annotated[bool, typer.Option("--none", help="Nothing is preferred any more.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and show; change nothing.")] = False,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Set all profiles of a person, a group or a role, from a file.

    Example: wardwire preferences set "Dr. Chen" chen.toml
    """
    if (file is None) != none:
        raise StartFailed("usage", "What is preferred?", "Give a file, or --none.")
    profiles, zone = read_file(file) if file else ((), "")
    ceilings = waits_of(read_settings(config, data, None).settings).ceilings

    async def work(at: Desk) -> Preferences:
        owner = find_target(who, at.directory, "")
        if dry_run:
            wanted = Preferences(*owner, profiles, zone)
            check_preferences(wanted, ceilings)
            return wanted
        return await set_preferences(at.desk, at.caller, at.directory, owner, profiles, zone=zone, ceilings=ceilings)

    _print(at_desk(find_place(config, data), work), json_)


@app.command("try")
def try_(
    person: Annotated[str, typer.Argument(help="A name, or an id per_…")],
    at: Annotated[str, typer.Option("--at", help="E.g. 2026-12-13T03:00; by default now.")] = "",
    priority: Annotated[Priority, typer.Option(help="Of the message.")] = Priority.HIGH,
    status: Annotated[Status | None, typer.Option(help="As if this were their status.")] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="As if these were their profiles.", exists=True, dir_okay=False)
    ] = None,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Show what would ring for somebody, when, and whose preference says so. Nothing is changed, nobody is called.

    Example: wardwire preferences try "Dr. Chen" --at 2026-12-13T03:00 --priority medium
    """
    wanted = read_file(file) if file else None
    waits = waits_of(read_settings(config, data, None).settings)

    async def work(here: Desk) -> tuple[Directory, UUID, datetime]:
        who = find_one(here.directory, ids.PERSON, person)
        own = Preferences(ids.PERSON, who, *wanted) if wanted else None
        if own is not None:
            check_preferences(own, waits.ceilings)
        when = read_instant(at) if at else here.clock.now()
        return imagined(here.directory, who, status, own), who, when

    directory, who, when = at_desk(find_place(config, data), work)
    chosen, rings = choose(who, priority, directory, waits, when), rings_for(who, priority, directory, when)
    rows, passed = [], 0.0
    for stage in chosen.stages:
        rows.append((f"{passed:g} s", ", ".join(stage.kinds), f"{stage.wait.total_seconds():g} s"))
        passed += stage.wait.total_seconds()
    if json_:
        tries = [{"endpoints": stage.kinds, "wait_s": stage.wait.total_seconds()} for stage in chosen.stages]
        print_json({"at": when, "priority": priority, "by": chosen.by, "rings": rings, "tries": tries})
        return
    print_table(("after", "tries", "waits"), rows, empty="Nothing reaches them.")
    print(f"By {chosen.by or 'the site'}. {'Devices ring.' if rings else 'Devices show it, and do not ring.'}")


def _print(found: Preferences, json_: bool) -> None:
    texts = [text_of(profile) for profile in found.profiles]
    if json_:
        owner = ids.write_id(found.kind, found.owner)
        print_json({"owner": owner, "profiles": texts, "zone": found.zone, "version": found.version})
        return
    rows = [
        (
            text.name,
            ", ".join(text.statuses) or "any",
            ", ".join(text.priorities) or "all but code",
            " ".join((*text.days, text.hours)).strip() or "always",
            " then ".join(f"{'+'.join(one.endpoints)} {one.wait_s:g} s" for one in text.tries),
            "quiet" if text.quiet else "",
        )
        for text in texts
    ]
    columns = ("profile", "status", "priority", "when", "tries", "")
    print_table(columns, rows, empty="Nothing is preferred: roles, groups and the site decide.")
    if found.zone:
        print(f"Hours are those of {found.zone}.")
