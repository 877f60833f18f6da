"""`wardwire demo`: a living hospital, in this terminal."""

from __future__ import annotations

import asyncio
import re
import sys
import time
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer

from wardwire.cli.exits import Exit
from wardwire.cli.options import say
from wardwire.ops.failure import StartFailed

app = typer.Typer(add_completion=False, help="Show a living hospital, in this terminal.")

_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}

For = Annotated[str, typer.Option("--for", envvar="DEMO_FOR", help="End by itself after this time, e.g. 60s or 5m.")]
Data = Annotated[Path | None, typer.Option("--data", help="The demo's own folder.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Remove the folder of an earlier demo, and begin anew.")]
Lan = Annotated[bool, typer.Option("--lan", envvar="DEMO_LAN", help="Let phones in this network open it, too.")]
Seed = Annotated[int, typer.Option("--seed", help="Another number plays another day.")]
Plain = Annotated[bool, typer.Option("--plain", help="One line a story, as without a terminal.")]


@app.command()
def demo(
    for_: For = "",
    data: Data = None,
    fresh: Fresh = False,
    lan: Lan = False,
    seed: Seed = 4,
    plain: Plain = False,
) -> None:
    """
    Start everything on this machine, let a hospital live, show it, and stop everything at the end.

    The last line of stdout is one JSON object, counted from the database. Exit status 1: something was lost.

    Example: wardwire demo --for 60s
    """
    from rich.console import Console

    from wardwire.testing.demo.folder import default_folder, open_folder
    from wardwire.testing.demo.show import Interrupted, Options, run_demo

    for_s = read_span(for_)
    console = Console()
    live = not plain and console.is_terminal and not console.is_dumb_terminal
    if isinstance(sys.stdout, TextIOWrapper):  # a letter that the terminal lacks is no reason to end
        sys.stdout.reconfigure(errors="replace", line_buffering=True)
    began = time.monotonic()
    folder = open_folder((data or default_folder()).absolute(), fresh=fresh)
    options = Options(seed=seed, for_s=for_s, lan=lan, console=console if live else None, say=say, tell=print)
    try:
        outcome = asyncio.run(run_demo(folder, options))
    except Interrupted:
        raise KeyboardInterrupt from None
    counts = outcome.counts
    say(
        f"In {outcome.took_s:.0f} s {counts.stored} messages were stored, {counts.delivered} times delivered and"
        f" {counts.answered} times answered; {'nothing was' if not counts.lost else f'{counts.lost} were'} lost."
    )
    say(f"The data stays in {folder.home}; --fresh begins anew. All took {time.monotonic() - began:.0f} s.")
    print(outcome.line(), flush=True)
    if counts.lost:
        raise typer.Exit(Exit.FAILED)


def read_span(text: str) -> float | None:
    """Read a span of time such as `60s`, `5m`, `90`; None of nothing.

    Raises:
        StartFailed: `usage`.
    """
    if not text.strip():
        return None
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", text.lower())
    if found is None or found[2] not in _UNITS or float(found[1]) <= 0:
        raise StartFailed("usage", f"{text!r} is no span of time.", "Write it as 60s, 5m or 1h.")
    return float(found[1]) * _UNITS[found[2]]
