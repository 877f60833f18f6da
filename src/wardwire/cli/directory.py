"""`wardwire directory`: take in people from another directory, and see how those directories stand."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated

import msgspec
import typer

from wardwire.api.sources import show_report
from wardwire.app.sources import Made, make_sources
from wardwire.cli.database import Desk, Place, at_desk, find_place, reading
from wardwire.cli.options import AsJson, ConfigFile, DataFolder, read_settings, say
from wardwire.cli.roster import MOST_SHOWN, show_changes, tell_changes
from wardwire.cli.tables import print_json, print_table
from wardwire.directory.syncing import Held, Synced, Way, sync_source
from wardwire.model.sync_report import SyncReport
from wardwire.model.synced_groups import GroupChanges
from wardwire.ops.failure import StartFailed
from wardwire.sources.contract import SourceFailed
from wardwire.store.sources import list_sources, read_report

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
    synced = _read(made, way, find_place(config, data), dry_run=dry_run, whole=whole, who=who)
    _show(way.name, synced, dry_run=dry_run, json_=json_)


@app.command("report")
def report(
    source: Annotated[str, typer.Option(help="Which, where there are several.", metavar="NAME")] = "",
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Show how the last reading went, whoever began it: whom it has changed, or would, and what must be confirmed.

    Example: wardwire directory report
    """
    name = _choose(make_sources(read_settings(config, data, None).settings), source).way.name
    told = _last(name, find_place(config, data))
    if json_:
        print_json(msgspec.to_builtins(show_report(told)))
        return
    counts = f"{told.added} add, {told.changed} change, {told.disabled} disable, {told.same} stay"
    print(f"{name}: {told.state}, {_local(told.ended_at)}, by {told.by}: {told.said}")
    print(f"{counts}; {told.fault_count} entries could not be taken")
    rows = [
        (what, one.name, one.id or one.external_id, ", ".join(one.fields) or ("open messages" if one.open else ""))
        for what, people in (("add", told.add), ("change", told.change), ("disable", told.disable))
        for one in people[:MOST_SHOWN]
    ]
    print_table(("what", "name", "id", "of it"), rows, empty="")
    for fault in told.first_faults[:20]:
        say(fault)
    if told.pending is not None:
        say(f"{told.pending.removals} of {told.pending.known} would be disabled. If they have left: {_confirm(told)}")


@app.command("confirm")
def confirm(
    report: Annotated[str, typer.Argument(help="The report whose removals are right.", metavar="REPORT")],
    source: Annotated[str, typer.Option(help="Which, where there are several.", metavar="NAME")] = "",
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Confirm that those have left whom the last report names: it is read again, and so many may leave, nobody more.

    Example: wardwire directory confirm syn_0190163d8694739bb2e34f0b5e3d9a4e
    """
    made = _choose(make_sources(read_settings(config, data, None).settings), source)
    place = find_place(config, data)
    told = _last(made.way.name, place)
    if told.id != report or told.pending is None:
        raise StartFailed(
            "nothing_pending", f"Nothing of the report {report} waits to be confirmed.",
            "See the last one: wardwire directory report.",
        )  # fmt: skip
    synced = _read(made, replace(made.way, removals=told.pending.share), place, whole=told.whole)
    _show(made.way.name, synced, dry_run=False, json_=json_)


def _last(name: str, place: Place) -> SyncReport:
    told = reading(place.logins.app, lambda connection: read_report(connection, name))
    if told is None:
        raise StartFailed("not_found", f"{name} was not read yet.", "Look first: wardwire directory sync --dry-run.")
    return told


def _confirm(told: SyncReport) -> str:
    return f"wardwire directory confirm {told.id} --source {told.source}"


def _read(made: Made, way: Way, place: Place, *, dry_run: bool = False, whole: bool = False, who: str = "") -> Synced:
    """Read a source and take in what it says; what goes wrong becomes a sentence."""

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
        return at_desk(place, work)
    except SourceFailed as failed:
        raise StartFailed("source_failed", f"{way.name}: {failed}. Nothing was changed.", failed.remedy) from None
    except Held:
        raise StartFailed(
            "source_held", f"{way.name} is being read by another.", "Wait until it has ended."
        ) from None


def _show(name: str, synced: Synced, *, dry_run: bool, json_: bool) -> None:
    """Print what was changed, or would be; what was refused is an error."""
    faults = [*synced.taken.faults, *synced.groups.faults]
    for fault in faults[:20]:
        say(str(fault))
    if len(faults) > 20:
        say(f"and {len(faults) - 20} more faults; --json lists all")
    if synced.refused and not dry_run:
        remedy = "Look with --dry-run; if so many have left, say --allow-removals PERCENT."
        if synced.report.pending is not None:
            remedy = f"Look who: wardwire directory report. If they have left: {_confirm(synced.report)}"
        raise StartFailed("sync_refused", f"{name}: {synced.refused}; nothing was changed.", remedy)
    if json_:
        told = {**msgspec.to_builtins(show_report(synced.report)), **tell_changes(synced.changes, synced.busy)}
        groups = {
            "change": [wanted.name for _, wanted in synced.groups.change],
            "disable": [group.name for group in synced.groups.disable],
            "same": synced.groups.same,
        }
        told |= {"faults": [fault._asdict() for fault in faults], "groups": groups}
        print_json({**told, "refused": synced.refused})
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
