"""`wardwire hl7`: try a sample message against the mapping table, send one to a door and see its answer; see to what
was refused (hl7_letters.py).
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from wardwire.adapters.contract import NotUsable
from wardwire.adapters.hl7.frame import FrameTooLarge
from wardwire.adapters.hl7.mapping import Mapped
from wardwire.adapters.hl7.registration import load_table, read_edited
from wardwire.app.hl7_trial import Reached, Tried, show
from wardwire.cli import hl7_letters, hl7_table
from wardwire.cli.exits import Exit
from wardwire.cli.hl7_table import find_edited, find_listener
from wardwire.cli.hl7_trial import find_reached, read_frames, try_file
from wardwire.cli.options import AsJson, ConfigFile, DataFolder, read_settings
from wardwire.cli.tables import print_json, print_table
from wardwire.flow.submit import Foreseen
from wardwire.model.report import Report
from wardwire.model.stays import Movement
from wardwire.ops.failure import StartFailed

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="HL7: try a sample message, send one; what was refused."
)
app.registered_commands += hl7_letters.app.registered_commands
app.add_typer(hl7_table.app, name="table")

Sample = Annotated[Path, typer.Argument(help="A file with one message, framed or not.", exists=True, dir_okay=False)]
Samples = Annotated[
    list[Path], typer.Argument(help="Files with messages, framed or not, also batches.", exists=True, dir_okay=False)
]


@app.command("try")
def try_(
    files: Samples,
    table: Annotated[Path | None, typer.Option("--table", help="Another mapping table than that in force.")] = None,
    listener: Annotated[
        str, typer.Option("--listener", help="Of which listener: `adapters list` names them.")
    ] = "hl7",
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Say what becomes of sample messages: which rule fits, what is handed in, and who would get it now.

    Nothing is sent or kept. Who would get it is asked of the running site; without one the rest is told. The status
    is 1 when one of them would not be taken.

    Example: wardwire hl7 try sample.hl7 batch.hl7 --table mapping.toml
    """
    settings = read_settings(config, data, None).settings
    own = find_listener(settings, listener)
    edited = None if table else find_edited(config, data, listener)
    try:
        rules = load_table(table or own.table) if edited is None else read_edited(edited)
    except NotUsable as error:
        raise StartFailed(error.code, error.sentence, "See docs/howto/hl7.md.") from error
    tried = [one for file in files for one in try_file(file, rules, charset=own.charset, source=own.source)]
    reports = [handed for one in tried if (handed := _handed(one))]
    found = find_reached(settings, config, data, reports) if reports else []
    unknown = found if isinstance(found, str) else ""
    reached = iter([None] * len(reports) if isinstance(found, str) else found)
    told = [(one, next(reached) if _handed(one) else None) for one in tried]
    if json_:
        print_json({"messages": [show(*pair) for pair in told], "reached_unknown": unknown})
    else:
        for pair in told:
            _tell(*pair, unknown)
    if any(one.no or (to and to.refused) for one, to in told):
        raise typer.Exit(Exit.FAILED)


def _handed(tried: Tried) -> Report | Movement | None:
    return (tried.mapped.report or tried.mapped.movement) if tried.mapped else None


def _tell(tried: Tried, reached: Reached | None, unknown: str) -> None:
    """Say it to a person."""
    which = f" ({tried.number} of {tried.of})" if tried.of > 1 else ""
    print(f"{tried.file}{which}: {tried.control_id or 'no control id'}")
    if tried.mapped is None:
        print(f"It is not taken: {tried.no}.\n")
        return
    print_table(("what", "is"), [(name, value) for name, value in _words(tried.mapped) if value], empty="")
    report = tried.mapped.report
    if tried.mapped.movement is not None:
        if reached is None:
            print(f"It says where a patient is; where that is here cannot be said: {unknown}\n")
        elif reached.refused:
            print(f"It would be refused, and be a technical alarm: {reached.refused}.\n")
        else:
            print(f"It rings nobody. It would be taken, {reached.moved}\n")
        return
    if report is None:
        print(f"It is answered as taken, and rings nobody: {tried.mapped.why}.\n")
        return
    print(f"Rule {tried.mapped.rule!r}: {report.phase} of the alert {report.source_key or 'of its own'}.")
    if reached is None:
        print(f"Who would get it cannot be said: {unknown}\n")
    elif reached.refused:
        print(f"It would be refused, and be a technical alarm: {reached.refused}.\n")
    elif reached.open_alert:
        print(f"It is about {reached.open_alert}, which is open: wardwire trace {reached.open_alert}\n")
    elif reached.foreseen is None:
        print("No such alert is open, and it begins none: it rings nobody.\n")
    else:
        _tell_foreseen(reached.foreseen)


def _tell_foreseen(foreseen: Foreseen) -> None:
    rows = [(one.name, one.why, one.reach, one.tries, one.status) for one in foreseen.recipients]
    print_table(("to", "why", "reached by", "tries", "status"), rows, empty="Nobody would get it at once.")
    promised = [(f"{line.in_s:g} s", line.who, line.how) for line in foreseen.promise]
    print_table(("after", "if nobody answers", "by"), promised, empty="Nothing is promised.")


@app.command("send")
def send(
    file: Sample,
    to: Annotated[str, typer.Option("--to", help="host:port of an MLLP door.")],
    wait: Annotated[float, typer.Option(help="Seconds to wait for the answer.", min=0.1, max=600)] = 10,
) -> None:
    """
    Send one message to an MLLP door and print its acknowledgement.

    Example: wardwire hl7 send sample.hl7 --to 127.0.0.1:2575
    """
    host, _, port = to.rpartition(":")
    if not port.isdigit():
        raise StartFailed("usage", f"{to} is no address.", "Write it as host:port.")
    try:
        print(
            asyncio.run(hl7_letters.ask(read_frames(file)[0], host, int(port), wait))
            .decode("utf-8", "replace")
            .replace("\r", "\n")
        )
    except (OSError, TimeoutError, FrameTooLarge) as error:
        raise StartFailed(
            "no_answer", f"{to} did not answer ({type(error).__name__}).", "Does somebody listen there?"
        ) from error


def _words(mapped: Mapped) -> list[tuple[str, str]]:
    heard, report = mapped.heard, mapped.report
    told = [(name, str(value)) for name, value in heard._asdict().items() if isinstance(value, str) and name != "why"]
    if report is not None:
        told += [
            ("→ phase", report.phase),
            ("→ priority", report.priority),
            ("→ key", report.source_key),
            ("→ place", report.bed or report.unit),
            ("→ to", ", ".join(report.to)),
            ("→ policy", report.policy),
            ("→ subject", report.subject),
            ("→ text", report.text),
            ("→ at", report.at.astimezone(UTC).isoformat() if isinstance(report.at, datetime) else ""),
            ("→ test", "yes" if report.test else ""),
        ]
    return told
