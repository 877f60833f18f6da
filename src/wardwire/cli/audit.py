"""`wardwire audit`: verify that no fact was changed, removed or reordered; read the auditor's signed books."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from time import perf_counter
from typing import Annotated

import asyncpg
import typer
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from wardwire.cli.database import find_place, reading
from wardwire.cli.exits import Exit
from wardwire.cli.names import read_instant
from wardwire.cli.options import AsJson, ConfigFile, DataFolder, say
from wardwire.cli.tables import print_json, print_table
from wardwire.engine.auditor import Report, decode_report
from wardwire.flow.audit import Verdict, verify
from wardwire.model.anchor import Anchored, read_lines
from wardwire.ops.engines import REPORT_KEY
from wardwire.ops.failure import StartFailed
from wardwire.store.conservation import SignedReport, list_reports

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


@app.command("report")
def report(
    day: Annotated[str, typer.Option(help="Of this day (UTC), e.g. 2026-11-24; otherwise the latest ones.")] = "",
    check: Annotated[bool, typer.Option("--verify", help="Check the signatures.")] = False,
    key: Annotated[
        Path | None, typer.Option(help="With --verify: the site's public key (reports-key.pem) as you keep it.")
    ] = None,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Show the auditor's books of a day: stored = delivered + ended + armed, by unit; tests and drills apart.

    Ends with 0 when the law held and signatures are good, 1 when something was amiss, 2 when there is no such report.

    Example: wardwire audit report --day 2026-11-24 --verify --key /mnt/worm/reports-key.pem
    """
    place = find_place(config, data)
    wanted = _read_day(day)
    kept = reading(place.logins.readonly, lambda connection: list_reports(connection, wanted))
    if not kept:
        raise StartFailed(
            "usage", f"There is no report{f' of {day}' if day else ''}.", "The auditor writes one each hour."
        )
    public = _read_key(key, place.home) if check or key else None
    signed = [public is None or _is_signed(each, public) for each in kept]
    told = [decode_report(each.content) for each in kept]
    if json_:
        print_json(
            {
                "reports": [
                    {"report": one, **({} if public is None else {"signed": good})}
                    for one, good in zip(told, signed, strict=True)
                ]
            }
        )
    else:
        _print_reports(told, signed, checked=public is not None)
    raise typer.Exit(Exit.OK if all(signed) and all(one.holds for one in told) else Exit.FAILED)


def _read_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise StartFailed("usage", f"{text!r} is no day.", "Write it as 2026-11-24.") from None


def _read_key(path: Path | None, home: Path) -> Ed25519PublicKey:
    try:
        if path is None:
            seed = (home / "secrets" / REPORT_KEY).read_bytes()
            return Ed25519PrivateKey.from_private_bytes(seed).public_key()
        key = load_pem_public_key(path.read_bytes())
    except PermissionError:
        raise
    except (OSError, ValueError) as error:
        raise StartFailed(
            "usage", f"The key cannot be read: {error}.", "Give --key the file reports-key.pem."
        ) from error
    if not isinstance(key, Ed25519PublicKey):
        raise StartFailed("usage", f"{path} is no Ed25519 key.", "Give --key the file reports-key.pem.")
    return key


def _is_signed(report: SignedReport, key: Ed25519PublicKey) -> bool:
    try:
        key.verify(report.signature, report.content)
    except InvalidSignature:
        return False
    return True


def _print_reports(told: list[Report], signed: list[bool], *, checked: bool) -> None:
    columns = ("day", "until", "node", "unit", "stored", "delivered", "ended", "armed", "lost", "signature")
    rows = []
    for one, good in zip(told, signed, strict=True):
        word = ("good" if good else "WRONG") if checked else "not checked"
        units = [(unit or "(no unit)", terms) for unit, terms in one.units.items()] + [("(tests)", one.tests)]
        rows += [
            (one.day, f"{one.upto:%H:%M:%S}", one.node, unit, *(terms[name] for name in columns[4:9]), word)
            for unit, terms in units
        ]
    print_table(columns, rows, empty="")
    for one in told:
        if not one.holds:
            print(f"{one.day} {one.node}: the law did NOT hold. Look at: {', '.join(one.difference)}")
    if not all(signed):
        print("NOT as it was signed: somebody has changed a report, or it was signed with another key.")


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
