"""`wardwire audit`: verify that no fact was changed, removed or reordered."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import Annotated

import asyncpg
import typer

from wardwire.cli.database import find_place, reading
from wardwire.cli.exits import Exit
from wardwire.cli.names import read_instant
from wardwire.cli.options import AsJson, ConfigFile, DataFolder, say
from wardwire.cli.tables import print_json, print_table
from wardwire.flow.audit import Verdict, verify
from wardwire.model.anchor import Anchored, read_lines
from wardwire.ops.failure import StartFailed

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Verify the record of what happened.")


@app.callback()
def _group() -> None:
    """Verify the record of what happened."""


@app.command("verify")
def verify_(
    anchor: Annotated[
        list[Path] | None, typer.Option(help="File of heads kept outside the database, or a folder of such.")
    ] = None,
    since: Annotated[str, typer.Option(help="Only what happened since, e.g. 2026-11-24T00:00.")] = "",
    proofs: Annotated[bool, typer.Option("--proofs/--no-proofs", help="Also check devices' signatures.")] = True,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Verify all chains of facts, their sealed heads, and what devices have signed.

    Ends with 0 when all is as it was written, 1 when something is not, 2 when the question cannot be answered so.

    Example: wardwire audit verify --anchor /mnt/worm/heads-20261124.txt
    """
    place = find_place(config, data)
    begin = read_instant(since) if since else None
    anchored = list(_read_anchors(anchor or []))
    started = perf_counter()
    verdict = _run(place.logins.readonly, anchored, begin, proofs, quiet=json_)
    seconds = perf_counter() - started
    if json_:
        told = {"good": verdict.good, "facts": verdict.facts, "chains": verdict.chains, "heads": verdict.heads}
        findings = [
            {"kind": f.kind, "writer": f.writer.hex, "seq": f.seq, "at": f.at, "text": f.text}
            for f in verdict.findings
        ]
        print_json({**told, "proofs": verdict.proofs, "found": verdict.found, "findings": findings})
    else:
        _print(verdict, seconds)
    raise typer.Exit(Exit.OK if verdict.good else Exit.FAILED)


def _run(dsn: str, anchored: list[Anchored], since: datetime | None, proofs: bool, *, quiet: bool) -> Verdict:
    if quiet or not sys.stderr.isatty():

        async def plain(connection: asyncpg.Connection) -> Verdict:
            return await verify(connection, anchored=anchored, since=since, proofs=proofs)

        return reading(dsn, plain)
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("verifying"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("verifying", total=None)

        async def shown(connection: asyncpg.Connection) -> Verdict:
            return await verify(
                connection,
                anchored=anchored,
                since=since,
                proofs=proofs,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )

        return reading(dsn, shown)


def _read_anchors(paths: list[Path]) -> Iterator[Anchored]:
    for path in paths:
        files = sorted(path.glob("heads-*.txt")) if path.is_dir() else [path]
        if not files:
            raise StartFailed("usage", f"There is no heads-*.txt in {path}.", "Give the file itself.")
        for file in files:
            try:
                with file.open(encoding="ascii") as lines:
                    yield from read_lines(lines)
            except (OSError, ValueError) as error:
                raise StartFailed(
                    "usage", f"{file} cannot be read as anchors: {error}.", "Check --anchor."
                ) from error


def _print(verdict: Verdict, seconds: float) -> None:
    rate = verdict.facts / seconds if seconds > 0 else 0.0
    say(f"{seconds:.1f} s, {rate:,.0f} facts/s")
    told = f"{verdict.facts:,} facts in {verdict.chains} chains, {verdict.heads:,} heads, {verdict.proofs:,} proofs"
    if verdict.good:
        print(f"All is as it was written: {told}.")
        return
    print(f"NOT as it was written: {verdict.found} findings among {told}.")
    rows = [
        (f.kind, f.writer.hex[:8], f.seq, f"{f.at.astimezone():%Y-%m-%d %H:%M:%S}" if f.at else "", f.text)
        for f in verdict.findings
    ]
    print_table(("kind", "chain", "number", "at", "what"), rows, empty="")
