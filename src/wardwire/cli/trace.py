"""`wardwire trace ID`: the story of one message, from its facts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import asyncpg
import typer

from wardwire.app.waits import waits_of
from wardwire.cli.database import find_place, reading
from wardwire.cli.options import AsJson, ConfigFile, DataFolder, read_settings
from wardwire.cli.tables import print_json
from wardwire.directory.live import LiveDirectory
from wardwire.flow.as_test import read_incident, write_test
from wardwire.flow.trace import Hop, Promise, Story, read_story
from wardwire.model import ids
from wardwire.model.errors import Code, Refused

if TYPE_CHECKING:
    from rich.text import Text

app = typer.Typer(add_completion=False, help="Retell one message: each hop with its time, node and reason.")

_COLOURS = {
    "Stored": "cyan",
    "Delivered": "green",
    "Read": "green",
    "Answered": "bold green",
    "NotConfirmed": "yellow",
    "SendFailed": "yellow",
    "Unreachable": "red",
    "Expired": "red",
    "Cancelled": "magenta",
    "AlarmRaised": "bold red",
    "AlarmTaken": "green",
    "AlarmCleared": "green",
    "ProofFailed": "bold red",
}


@app.command()
def trace(
    message: Annotated[str, typer.Argument(help="The message, an id msg_…")],
    as_test: Annotated[
        bool, typer.Option("--as-test", help="Print a story test of it instead: nothing that was said, no name.")
    ] = False,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Retell one message.

    With --as-test an incident becomes a test: a Python module in the manner of tests/stories, in which the people of
    the sample hospital live through it again. No text, patient, name, date or id is in it. `make fmt` sets it.

    Examples:
      wardwire trace msg_0193a1b2c3d47e5f8a9b0c1d2e3f4a5b
      wardwire trace msg_0193… --as-test > tests/stories/test_incident_7.py
    """
    if as_test:
        print(_as_test(ids.read_id(ids.MESSAGE, message), config, data), end="")
        return

    async def work(connection: asyncpg.Connection) -> Story:
        live = LiveDirectory()
        await live.refresh(connection)
        story = await read_story(connection, ids.read_id(ids.MESSAGE, message), live.directory)
        if story is None:
            raise Refused(Code.NOT_FOUND, "there is no such message")
        return story

    story = reading(find_place(config, data).logins.app, work)
    if json_:
        print_json(story)
    else:
        render(story)


def _as_test(message_id: UUID, config: Path | None, data: Path | None) -> str:
    settings = read_settings(config, data, None).settings

    async def work(connection: asyncpg.Connection) -> str:
        live = LiveDirectory()
        await live.refresh(connection)
        incident = await read_incident(connection, message_id)
        if incident is None:
            raise Refused(Code.NOT_FOUND, "there is no such message")
        return write_test(incident, live.directory, desk=settings.site.desk, waits=waits_of(settings))

    return reading(find_place(config, data).logins.app, work)


def render(story: Story) -> None:
    """Print a story as a timeline."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False, width=None if sys.stdout.isatty() else 200)
    sender = story.sender.name or story.sender.source
    head = f"{story.kind} {story.priority} from {sender}, {story.stored_at.astimezone():%a %d %b %Y}"
    console.print(Text(story.message, style="bold"), Text(head, style="dim"))
    timeline = Table.grid(padding=(0, 2))
    for hop in story.hops:
        timeline.add_row(*_row(hop))
    console.print(timeline)
    console.print()
    for promise in story.people:
        console.print(Text(_promised(promise), style="green" if promise.kept else "yellow"))
    for line in story.promise:
        happened = f"{line.happened_s:.1f} s" if line.happened_s is not None else "not so far"
        if line.late_s:
            happened += f", late by {line.late_s:g} s"
        console.print(Text(f"promised: {line.who}, {line.how}, after {line.in_s:g} s; happened: {happened}", "dim"))
    if not story.told_all:
        console.print(Text("There is more than is told here; --json has no more either.", style="dim"))


def _row(hop: Hop) -> tuple[str, str, Text, str]:
    from rich.text import Text

    colour = _COLOURS.get(hop.what, "")
    at = hop.at.astimezone()
    return f"{at:%H:%M:%S}.{at.microsecond // 1000:03d}", f"+{hop.after_s:.3f} s", Text(hop.text, colour), hop.node


def _promised(promise: Promise) -> str:
    happened = "not delivered yet" if promise.delivered_s is None else f"delivered after {promise.delivered_s:.3f} s"
    return f"{promise.name} ({promise.why}): {promise.tries}; {happened}; now {promise.state}"
