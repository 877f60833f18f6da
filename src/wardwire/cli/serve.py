"""`wardwire serve`: everything on one machine, kept running until it is told to stop."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Annotated

import typer

from wardwire.cli.options import ConfigFile, DataFolder, Sets, flags_of, read_settings
from wardwire.cli.site import run_site
from wardwire.ops.child import ChildPlan
from wardwire.settings_sources import CONFIG_VARIABLE, ENVIRONMENT_PREFIX

app = typer.Typer(add_completion=False, help="Run everything on this machine.")

FRONT = ChildPlan(name="front", argv=(sys.executable, "-m", "wardwire", "front"))
CORE = (sys.executable, "-m", "wardwire", "core", "--serve")
MOST_CORES = 16

Cores = Annotated[
    int, typer.Option("--cores", help="So many processes share the message path.", min=1, max=MOST_CORES)
]


def children(cores: int) -> list[ChildPlan]:
    """Plan the processes of our own, in the order of their start; HTTP and the audit never share the hot loop."""
    names = ["path", *(f"path-{nth}" for nth in range(2, cores + 1))]
    paths = [ChildPlan(name=name, argv=(*CORE, "path,engine", "--name", name)) for name in names]
    return [*paths, ChildPlan(name="api", argv=(*CORE, "api,audit,adapters", "--name", "api"))]


@app.command()
def serve(cores: Cores = 1, config: ConfigFile = None, data: DataFolder = None, set_: Sets = None) -> None:
    """
    Run PostgreSQL, NATS and Wardwire on this machine, until Ctrl-C or SIGTERM.

    Engines that the settings name (database.dsn, nats.url) are used instead of own ones.

    Example: wardwire serve --cores 2 --data ./ward --set api.listen=127.0.0.1:8081
    """
    loaded = read_settings(config, data, set_)
    # The processes read the settings by themselves: what was said to us is said to them.
    said = {
        ENVIRONMENT_PREFIX + key.upper().replace(".", "__", 1): value for key, value in flags_of(data, set_).items()
    }
    if config is not None:
        said[CONFIG_VARIABLE] = str(config.absolute())
    run_site(
        loaded,
        children=[replace(child, environment=said) for child in children(cores)],
        front=replace(FRONT, environment=said),
    )
