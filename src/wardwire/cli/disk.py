"""`wardwire disk`: the room that is left, and the ballast."""

from __future__ import annotations

import json

import typer

from wardwire.cli.options import AsJson, ConfigFile, DataFolder, home_of, read_settings, say
from wardwire.ops.disk import BALLAST_NAME, decide_room, measure, release_ballast
from wardwire.ops.failure import StartFailed

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Show the room that is left; give up the ballast in need.",
)


@app.command("show")
def show(config: ConfigFile = None, data: DataFolder = None, json_: AsJson = False) -> None:
    """Tell how much room the data folder's disk has left, and what that allows."""
    loaded = read_settings(config, data, None)
    home, disk = home_of(loaded), loaded.settings.disk
    if not home.exists():
        raise StartFailed("not_running", f"There is no data folder {home}.", "Start Wardwire, or give --data.")
    space = measure(home)
    room = decide_room(space.share, warn=disk.warn_percent / 100, urgent_only=disk.urgent_percent / 100)
    ballast = (home / BALLAST_NAME).exists()
    if json_:
        told = {"free": space.free, "total": space.total, "room": room.value, "ballast": ballast}
        print(json.dumps({"schema_version": 1, "folder": str(home), **told}))
        return
    print(f"{home}: {space.share:.1%} free ({space.free / 2**30:.1f} GiB), {room.value.replace('_', ' ')}")
    print(f"ballast: {'in place' if ballast else 'none'}")


@app.command("release")
def release(config: ConfigFile = None, data: DataFolder = None, json_: AsJson = False) -> None:
    """Give the ballast up, to get a full disk moving again; a later start makes it anew."""
    home = home_of(read_settings(config, data, None))
    freed = release_ballast(home)
    if json_:
        print(json.dumps({"schema_version": 1, "freed": freed}))
        return
    print(f"{freed / 2**20:.0f} MiB came free." if freed else "There is no ballast.")
    say("Now make lasting room: old backups and logs first.")
