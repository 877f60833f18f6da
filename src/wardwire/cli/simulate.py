"""`wardwire simulate`: the sample hospital at work on a running site: alarms, results, consults, code calls."""

from __future__ import annotations

import asyncio
import sys
import time
from io import TextIOWrapper
from typing import Annotated

import typer

from wardwire.cli.demo import For, Plain, Seed, read_span
from wardwire.cli.exits import Exit
from wardwire.cli.options import ConfigFile, DataFolder, home_of, read_settings, say
from wardwire.ops.failure import StartFailed

app = typer.Typer(add_completion=False, help="Play a day of the sample hospital on a running site.")

Rate = Annotated[float, typer.Option("--rate", help="Things that happen in the house, a second.", min=0.01, max=200)]
Pace = Annotated[
    float, typer.Option("--pace", help="So much faster than a hospital: people, alarms, policies.", min=0.1, max=100)
]
Hour = Annotated[float, typer.Option("--hour", help="The hour of the day at which it begins.", min=0, max=24)]


@app.command()
def simulate(
    rate: Rate = 0.8,
    pace: Pace = 1.0,
    hour: Hour = 7.0,
    for_: For = "",
    seed: Seed = 4,
    plain: Plain = False,
    config: ConfigFile = None,
    data: DataFolder = None,
) -> None:
    """
    Enter the sample hospital (800 people, 534 beds), connect the phones of those on duty, and let a day happen.

    The site must run on this machine, for trying it only: it gets 800 people who do not exist. Its HL7 door
    (hl7.listen) must be open. The same seed plays the same day. The last line of stdout is one JSON object. It ends
    with 1 when a message was lost, or when a swap of a shift that was made through phones does not hold.

    Example: wardwire simulate --for 5m --rate 2 --pace 10
    """
    from rich.console import Console

    from wardwire.ops.engines import logins_file, read_logins
    from wardwire.settings import split_address
    from wardwire.testing.demo.folder import open_played
    from wardwire.testing.demo.server import Attached
    from wardwire.testing.demo.show import Interrupted, Options, run_simulation

    for_s = read_span(for_)
    loaded = read_settings(config, data, None)
    settings, home = loaded.settings, home_of(loaded)
    if not settings.hl7.listen:
        raise StartFailed("no_hl7", "The site has no HL7 door.", "Set hl7.listen, such as 127.0.0.1:2575.")
    try:
        logins = read_logins(logins_file(home))
    except (OSError, ValueError) as error:
        raise StartFailed("not_running", f"Nothing runs on {home}.", "Start `wardwire serve` first.") from error
    console = Console()
    live = not plain and console.is_terminal and not console.is_dumb_terminal
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace", line_buffering=True)
    host, port = split_address(settings.api.listen)
    site = Attached(api=f"http://{host}:{port}", devices=logins.nats.edge_url)
    options = Options(
        seed=seed,
        per_s=rate,
        pace=pace,
        begins_h=hour,
        for_s=for_s,
        console=console if live else None,
        say=say,
        tell=print,
    )
    began = time.monotonic()
    try:
        hl7_port = split_address(settings.hl7.listen)[1]
        outcome = asyncio.run(run_simulation(open_played(home, None), options, site, hl7_port=hl7_port))
    except Interrupted:
        raise KeyboardInterrupt from None
    say(f"Played for {outcome.took_s:.0f} s of {time.monotonic() - began:.0f} s.")
    for wrong in outcome.wrong:
        say(f"A swap of a shift does not hold: {wrong}.")
    print(outcome.line(), flush=True)
    if outcome.counts.lost or outcome.wrong:
        raise typer.Exit(Exit.FAILED)
