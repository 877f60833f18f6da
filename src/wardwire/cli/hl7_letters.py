"""`wardwire hl7 letters` and `replay`: what was refused or is to be seen to, and sending it once more.

Never what a message says: it is a patient's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from wardwire.adapters.dead_letters import DeadLetters
from wardwire.adapters.hl7.frame import Deframer, FrameTooLarge, render_frame
from wardwire.cli.exits import Exit
from wardwire.cli.options import AsJson, ConfigFile, DataFolder, home_of, read_settings
from wardwire.cli.tables import print_json, print_table
from wardwire.ops.failure import StartFailed
from wardwire.settings import Settings, listeners
from wardwire.settings_sources import Loaded

# Where in its source's folder a letter lies, by why it is kept; "" = the folder itself.
KINDS = {"refused": "", "unplaced": "unplaced", "unsupported": "unsupported", "unreadable": "unreadable"}
TAKEN = frozenset({"AA", "CA"})

app = typer.Typer(add_completion=False)


class Letter(NamedTuple):
    """A message that is kept.

    Attributes:
        kind: Why: one of KINDS.
        kept: Since when.
    """

    source: str
    kind: str
    path: Path
    kept: datetime
    size: int


@app.command("letters")
def letters(config: ConfigFile = None, data: DataFolder = None, json_: AsJson = False) -> None:
    """
    List the messages that are kept because they were refused, or are to be seen to; not what they say.

    Example: wardwire hl7 letters
    """
    found = list(_letters(read_settings(config, data, None)))
    if json_:
        told = [one._asdict() | {"path": str(one.path), "kept": one.kept.isoformat()} for one in found]
        print_json({"letters": told})
        return
    rows = [(one.source, one.kind, one.path.stem[:16], f"{one.kept:%Y-%m-%d %H:%M:%S}Z", one.size) for one in found]
    print_table(("source", "why", "begins", "kept", "bytes"), rows, empty="Nothing is kept.")


@app.command("replay")
def replay(
    source: Annotated[str, typer.Argument(help="Of which source; `hl7 letters` names them.")],
    kind: Annotated[str, typer.Option("--kind", help=f"Why they are kept: {', '.join(KINDS)}.")] = "refused",
    to: Annotated[
        str, typer.Option("--to", help="host:port of an MLLP door; without it the source's own listener.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be sent.")] = False,
    wait: Annotated[float, typer.Option(help="Seconds to wait for each answer.", min=0.1, max=600)] = 10,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Send kept messages once more, the oldest first; what is taken now is kept no longer.

    What was taken before is not taken twice: each message carries its own id. The status is 1 when one of them was
    not taken; without an answer it ends at once.

    Example: wardwire hl7 replay GW7 --kind unplaced --dry-run
    """
    if kind not in KINDS:
        raise StartFailed("usage", f"There is no kind {kind}.", f"Name one of {', '.join(KINDS)}.")
    loaded = read_settings(config, data, None)
    found = [one for one in _letters(loaded) if (one.source, one.kind) == (source, kind)]
    host, port = _address(to, source, loaded.settings)
    sent: list[tuple[Letter, str]] = [(one, "") for one in found]
    if not dry_run:
        sent = [(one, _send(one, host, port, wait)) for one in found]
    if json_:
        print_json({"sent": [{"letter": one.path.stem, "answer": answer} for one, answer in sent]})
    else:
        rows = [(one.path.stem[:16], answer or "would be sent") for one, answer in sent]
        print_table(("begins", "answer"), rows, empty="Nothing of this kind is kept.")
    if any(answer and answer not in TAKEN for _, answer in sent):
        raise typer.Exit(Exit.FAILED)


def _letters(loaded: Loaded) -> Iterator[Letter]:
    folder = home_of(loaded) / "dead-letters"
    for inside in sorted(folder.iterdir()) if folder.is_dir() else ():
        for kind, name in KINDS.items():
            for path in DeadLetters(inside / name).all():
                stat = path.stat()
                yield Letter(inside.name, kind, path, datetime.fromtimestamp(stat.st_mtime, UTC), stat.st_size)


def _address(to: str, source: str, settings: Settings) -> tuple[str, int]:
    own = [one for one in listeners("hl7", settings.hl7).values() if one.source == source and one.listen]
    written = to or (own[0].listen if own else "")
    host, _, port = written.rpartition(":")
    if not port.isdigit():
        raise StartFailed("usage", f"{written or source} is no address of a door.", "Name one by --to host:port.")
    return host.strip("[]"), int(port)


def _send(letter: Letter, host: str, port: int, wait_s: float) -> str:
    """Send a letter; returns the code that it is answered by. What is taken is removed."""
    try:
        code = code_of(asyncio.run(ask(letter.path.read_bytes(), host, port, wait_s)))
    except (OSError, TimeoutError, FrameTooLarge) as error:
        raise StartFailed(
            "no_answer", f"{host}:{port} did not answer ({type(error).__name__}).", "Does somebody listen there?"
        ) from error
    if code in TAKEN:
        letter.path.unlink(missing_ok=True)
    return code


def code_of(answer: bytes) -> str:
    """Return MSA-1 of an acknowledgement; `?` when it has none."""
    for segment in answer.replace(b"\n", b"\r").split(b"\r"):
        if segment.startswith(b"MSA") and len(segment) > 4:
            return segment[4:].split(segment[3:4])[0].decode("ascii", "replace")
    return "?"


async def ask(content: bytes, host: str, port: int, wait_s: float) -> bytes:
    """Send one message to a door and return what it answers first."""
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
