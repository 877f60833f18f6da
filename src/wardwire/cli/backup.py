"""`wardwire backup`: everything of this site into one folder, proven, and back again."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from wardwire.cli.exits import Exit
from wardwire.cli.options import AsJson, ConfigFile, DataFolder, Sets, home_of, read_settings, say
from wardwire.ops import backup
from wardwire.ops.account import ensure_service_account
from wardwire.ops.binaries import find_postgres
from wardwire.ops.engines import SOCKET_PORT
from wardwire.ops.failure import StartFailed
from wardwire.ops.lock import FolderLock
from wardwire.ops.postgres import PostgresPlan, data_major
from wardwire.settings_sources import Loaded

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Create, verify and restore backups.")

Folder = Annotated[Path, typer.Argument(help="The backup's folder.")]


@app.command("create")
def create(
    folder: Folder,
    config: ConfigFile = None,
    data: DataFolder = None,
    set_: Sets = None,
    json_: AsJson = False,
) -> None:
    """
    Back up the running site into a new folder: database, keys, certificates, settings.

    Example: wardwire backup create /srv/backup/monday
    """
    loaded = read_settings(config, data, set_)
    plan = _plan(loaded)
    before = time.monotonic()
    with _progress("Copying") as progress:
        made = backup.create(plan, folder.absolute(), config=loaded.files, progress=progress)
    size = _size(folder)
    seconds = time.monotonic() - before
    if json_:
        told = {"folder": str(folder.absolute()), "bytes": size, "seconds": round(seconds, 2)}
        print(json.dumps({"schema_version": 1, **told, "created_at": made.created_at, "postgres": made.postgres}))
        return
    print(f"{folder}: {size / 2**20:.1f} MiB in {seconds:.1f} s")
    say(f"It holds keys and passwords: keep it as safe as the site. Prove it: wardwire backup verify {folder}")


@app.command("verify")
def verify(folder: Folder, config: ConfigFile = None, set_: Sets = None, json_: AsJson = False) -> None:
    """
    Check every file of a backup; exit 1 when something is wrong.

    Example: wardwire backup verify /srv/backup/monday
    """
    backup.read_description(folder)
    binaries = find_postgres(
        configured=read_settings(config, None, set_).settings.database.binaries,
        major=data_major(folder / "postgres"),
    )
    with _progress("Checking") as progress:
        problems = backup.verify(folder, binaries, progress=progress)
    if json_:
        print(json.dumps({"schema_version": 1, "folder": str(folder), "problems": problems}))
    for problem in problems:
        say(problem)
    if problems:
        raise typer.Exit(Exit.FAILED)
    if not json_:
        print(f"{folder}: whole")


@app.command("restore")
def restore(
    folder: Folder,
    config: ConfigFile = None,
    data: DataFolder = None,
    set_: Sets = None,
    json_: AsJson = False,
) -> None:
    """
    Restore a backup into an empty data folder; nothing is overwritten.

    Example: wardwire backup restore /srv/backup/monday --data /var/lib/wardwire
    """
    loaded = read_settings(config, data, set_)
    home = home_of(loaded)
    refuse_running(home)
    backup.require_empty(home)
    backup.read_description(folder)
    account = ensure_service_account(say, name=loaded.settings.data.user)
    configured = loaded.settings.database.binaries
    binaries = find_postgres(configured=configured, major=data_major(folder / "postgres"))
    with _progress("Restoring") as progress:
        found = backup.restore(folder, home, binaries, account, progress=progress)
    if json_:
        told = {"data": str(home), "created_at": found.created_at, "postgres": found.postgres}
        print(json.dumps({"schema_version": 1, **told}))
        return
    print(f"{home}: as it was at {found.created_at}")
    say(f"Start it with: wardwire serve --data {home}")


def refuse_running(home: Path) -> None:
    """
    Make sure that no `serve` works on a folder.

    Raises:
        StartFailed: `already_running`.
    """
    path = home / "run" / "serve.lock"
    if path.exists():
        lock = FolderLock(path)
        lock.take(None)
        lock.release()


def _plan(loaded: Loaded) -> PostgresPlan:
    """Find the embedded database of a data folder, as `serve` started it."""
    own, home = loaded.settings.database, home_of(loaded)
    if own.dsn:
        raise StartFailed("usage", "The database is not ours: database.dsn is set.", "Back it up by its own tools.")
    found = data_major(home / "postgres")
    if found is None:
        raise StartFailed("not_running", f"There is no database in {home}.", "Give its folder with --data.")
    binaries = find_postgres(configured=own.binaries, major=found)
    return PostgresPlan(home=home, binaries=binaries, port=own.port or SOCKET_PORT, tcp=own.port != 0)


@contextlib.contextmanager
def _progress(what: str) -> Iterator[backup.Progress]:
    """Show a bar while a person watches; nothing otherwise."""
    if not sys.stderr.isatty():
        yield lambda _done, _all: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(what), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total or None)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
