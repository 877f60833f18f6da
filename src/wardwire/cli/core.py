"""`wardwire core`: one core process. `wardwire serve` starts these; a site with its own engines may by itself."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from pathlib import Path
from typing import Annotated

import typer

from wardwire.cli.options import ConfigFile, DataFolder, Sets, home_of, read_settings
from wardwire.ops.child import drop_if_told
from wardwire.ops.engines import ENGINES_VARIABLE, logins_file, read_logins
from wardwire.ops.failure import StartFailed
from wardwire.ops.heartbeat import Heartbeat

app = typer.Typer(add_completion=False, help="Run one core process.")

Serve = Annotated[str, typer.Option("--serve", help="Of path, engine, api, audit and adapters, by commas.")]

Name = Annotated[str, typer.Option("--name", help="Of its place among the cores; by default what it serves.")]


@app.command()
def core(
    serve: Serve = "path,engine,api,audit,adapters",
    name: Name = "",
    config: ConfigFile = None,
    data: DataFolder = None,
    set_: Sets = None,
) -> None:
    """
    Run one core process until SIGTERM; the engines must run already.

    Example: wardwire core --serve path,engine
    """
    # Whatever is imported late must be imported before the drop to a user who may not read our interpreter.
    import encodings.idna  # noqa: F401

    import uvloop

    from wardwire.app.core import API, SERVES, load_rooms, run_core
    from wardwire.app.logs import set_up_logs

    serves = frozenset(serve.split(","))
    if not serves <= set(SERVES):
        raise StartFailed("usage", f"--serve {serve} names what there is not.", f"Name of {', '.join(SERVES)}.")
    load_rooms(serves)
    if API in serves:
        import uvicorn.lifespan.off
        import uvicorn.protocols.http.httptools_impl
        import uvicorn.protocols.websockets.auto  # noqa: F401
    loaded = read_settings(config, data, set_)
    set_up_logs(loaded.settings.log.level, loaded.settings.log.format)
    path = Path(os.environ.get(ENGINES_VARIABLE) or logins_file(home_of(loaded)))
    try:
        logins = read_logins(path)
    except (OSError, ValueError) as error:
        raise StartFailed("engines_unknown", f"{path} cannot be read.", "Start `wardwire serve` first.") from error
    heartbeat = Heartbeat.from_environment()
    host = socket.gethostname().split(".")[0]
    node, place = f"{host}-{os.getpid()}", f"{host}/{name or serve}"
    drop_if_told()

    async def run() -> None:
        work = run_core(loaded.settings, logins, serves, name=place, node=node, beat=heartbeat.beat)
        task = asyncio.ensure_future(work)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await task

    uvloop.run(run())
