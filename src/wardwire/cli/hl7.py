"""`wardwire hl7`: try a sample message against the mapping table, or send one to a door and see its answer."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from wardwire.adapters.contract import NotUsable
from wardwire.adapters.hl7.frame import Deframer, FrameTooLarge, render_frame
from wardwire.adapters.hl7.mapping import Mapped, map_message
from wardwire.adapters.hl7.registration import load_table
from wardwire.adapters.hl7.tokens import NotHl7, parse
from wardwire.cli.options import AsJson, ConfigFile, DataFolder, read_settings
from wardwire.cli.tables import print_json, print_table
from wardwire.ops.failure import StartFailed

app = typer.Typer(add_completion=False, no_args_is_help=True, help="HL7: try a sample message, send one.")

Sample = Annotated[Path, typer.Argument(help="A file with one message, framed or not.", exists=True, dir_okay=False)]


@app.command("try")
def try_(
    file: Sample,
    table: Annotated[Path | None, typer.Option("--table", help="Another mapping table than the site's.")] = None,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Say what becomes of a sample message: which rule fits, and what is handed in. Nothing is sent.

    Example: wardwire hl7 try sample.hl7 --table mapping.toml
    """
    settings = read_settings(config, data, None).settings.hl7
    content = read_sample(file)
    try:
        message = parse(content, charset=settings.charset)
    except NotHl7:
        raise StartFailed(
            "not_hl7", f"{file} is no HL7 message.", "It begins with MSH and its five marks, such as MSH|^~\\&|."
        ) from None
    try:
        rules = load_table(table or settings.table)
    except NotUsable as error:
        raise StartFailed(error.code, error.sentence, "See docs/howto/hl7.md.") from error
    mapped = map_message(message, content, rules, source=settings.source)
    if json_:
        print_json(_shown(mapped))
        return
    rows = [(name, value) for name, value in _words(mapped) if value]
    print_table(("what", "is"), rows, empty="")
    if mapped.report is None:
        print(f"It is answered as taken, and rings nobody: {mapped.why}.")
    else:
        report = mapped.report
        place = report.unit or report.bed
        policy = report.policy or (f"the policy of {place}" if place else "")
        by = (
            f"escalated by {policy}"
            if policy
            else f"for {', '.join(report.to) or 'nobody: give it `to` or a policy'}"
        )
        print(f"Rule {mapped.rule!r}: {report.phase} of the alert, {by}.")


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
            asyncio.run(_send(read_sample(file), host, int(port), wait))
            .decode("utf-8", "replace")
            .replace("\r", "\n")
        )
    except (OSError, TimeoutError, FrameTooLarge) as error:
        raise StartFailed(
            "no_answer", f"{to} did not answer ({type(error).__name__}).", "Does somebody listen there?"
        ) from error


async def _send(content: bytes, host: str, port: int, wait_s: float) -> bytes:
    async with asyncio.timeout(wait_s):
        reader, writer = await asyncio.open_connection(host, port)
        try:
            writer.write(render_frame(content))
            deframer = Deframer()
            while data := await reader.read(65_536):
                for answer in deframer.feed(data):
                    return answer
            raise ConnectionError("the other side closed without an answer")
        finally:
            writer.close()


def read_sample(file: Path) -> bytes:
    """Read a message from a file: as MLLP frames it, or as people save it, with line ends of any kind."""
    content = file.read_bytes()
    try:
        framed = Deframer().feed(content)
    except FrameTooLarge:
        raise StartFailed("too_large", f"{file} holds more than a frame may.", "1 MB is the most.") from None
    if framed:
        return framed[0]
    return content.strip().replace(b"\r\n", b"\r").replace(b"\n", b"\r") + b"\r"


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


def _shown(mapped: Mapped) -> dict[str, object]:
    report = mapped.report
    told = {name: value for name, value in mapped.heard._asdict().items() if value}
    handed = None
    if report is not None:
        handed = {name: value for name, value in report._asdict().items() if name != "content"}
    return {"rule": mapped.rule, "why": mapped.why, "heard": told, "report": handed}
