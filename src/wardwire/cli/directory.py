"""`wardwire directory`: take in people from another directory, and see how those directories stand."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated

import typer

from wardwire.app.sources import Made, make_sources
from wardwire.cli.database import Desk, at_desk, find_place, reading
from wardwire.cli.options import AsJson, ConfigFile, DataFolder, read_settings, say
from wardwire.cli.roster import show_changes, tell_changes
from wardwire.cli.tables import print_json, print_table
from wardwire.directory.syncing import Held, Synced, sync_source
from wardwire.model.synced_groups import GroupChanges
from wardwire.ops.failure import StartFailed
from wardwire.sources.contract import SourceFailed
from wardwire.store.sources import list_sources

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="People of other directories: take them in, see how it went."
)


@app.command("sync")
def sync(
    source: Annotated[str, typer.Option(help="Which, where there are several.", metavar="NAME")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")] = False,
    whole: Annotated[bool, typer.Option("--whole", help="Read all of it, not only what has changed.")] = False,
    who: Annotated[str, typer.Option(help="Only those who bear this very name there.", metavar="NAME")] = "",
    allow_removals: Annotated[
        float | None,
        typer.Option(min=0, max=100, help="So many of a hundred may leave this time.", metavar="PERCENT"),
    ] = None,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Take in people of another directory: new ones are added, others changed, who has left is disabled, not erased.

    Example: wardwire directory sync --dry-run
    """
    made = _choose(make_sources(read_settings(config, data, None).settings), source)
    way = made.way if allow_removals is None else replace(made.way, removals=allow_removals / 100)

    async def work(at: Desk) -> Synced:
        with _progress(way.name) as (read, done):
            return await sync_source(
                at.connection,
                at.desk,
                at.caller,
                lambda: at.directory,
                at.clock,
                way,
                lambda mark: made.source.read(mark, read, who=who),
                by=f"{socket.gethostname()}:{os.getpid()}",
                dry_run=dry_run,
                whole=whole,
                progress=done,
            )

    try:
        synced = at_desk(find_place(config, data), work)
    except SourceFailed as failed:
        raise StartFailed("source_failed", f"{way.name}: {failed}. Nothing was changed.", failed.remedy) from None
    except Held:
        raise StartFailed(
            "source_held", f"{way.name} is being read by another.", "Wait until it has ended."
        ) from None
    faults = [*synced.taken.faults, *synced.groups.faults]
    for fault in faults[:20]:
        say(str(fault))
    if len(faults) > 20:
        say(f"and {len(faults) - 20} more faults; --json lists all")
    if synced.refused and not dry_run:
        raise StartFailed(
            "sync_refused",
            f"{way.name}: {synced.refused}; nothing was changed.",
            "Look with --dry-run; if so many have left, say --allow-removals PERCENT.",
        )
    if json_:
        told = tell_changes(synced.changes, synced.busy)
        groups = {
            "change": [wanted.name for _, wanted in synced.groups.change],
            "disable": [group.name for group in synced.groups.disable],
            "same": synced.groups.same,
        }
        told |= {"faults": [fault._asdict() for fault in faults], "groups": groups}
        print_json({**told, "whole": synced.whole, "refused": synced.refused, "dry_run": dry_run})
        return
    show_changes(synced.changes, synced.busy, dry_run=dry_run)
    if synced.groups != GroupChanges():
        print(str(synced.groups))
    if synced.refused:
        say(f"It would be refused: {synced.refused}")


@app.command("sources")
def sources(config: ConfigFile = None, data: DataFolder = None, json_: AsJson = False) -> None:
    """List the other directories that were read, and how it went."""
    standing = reading(find_place(config, data).logins.app, list_sources)
    if json_:
        print_json({"sources": [one._asdict() for one in standing]})
        return
    rows = [(one.name, _local(one.done_at), _local(one.whole_at), _local(one.tried_at), one.said) for one in standing]
    print_table(("name", "taken in", "whole", "tried", "how it went"), rows, empty="None was read yet.")


def _choose(made: dict[str, Made], source: str) -> Made:
    if not made:
        raise StartFailed(
            "usage",
            "The settings name no other directory.",
            "Set ldap.servers and ldap.base, or sql.url and sql.query.",
        )
    if source and source not in made:
        raise StartFailed("usage", f"There is no source {source}.", f"There are {', '.join(made)}.")
    if not source and len(made) > 1:
        raise StartFailed("usage", "There are several sources.", f"Say --source {' or '.join(made)}.")
    return made[source] if source else next(iter(made.values()))


def _local(at: object) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M}" if hasattr(at, "astimezone") else ""


@contextmanager
def _progress(name: str) -> Iterator[tuple[Callable[[int], None], Callable[[int, int], None]]]:
    """Show on stderr how far it is; nothing where nobody looks."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"{name}: read", total=None)

        def done(count: int, of: int) -> None:
            bar.update(task, description=f"{name}: taken in", completed=count, total=of)

        yield lambda count: bar.update(task, completed=count), done
