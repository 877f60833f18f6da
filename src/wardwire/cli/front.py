"""`wardwire front`: the one HTTPS port. `wardwire serve` starts it where the settings want it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket

import typer

from wardwire.cli.options import ConfigFile, DataFolder, Sets, home_of, read_settings
from wardwire.ops.child import drop_if_told
from wardwire.ops.engines import api_socket
from wardwire.ops.failure import StartFailed
from wardwire.ops.front import EDGE_VARIABLE, LISTENING_VARIABLE, SOCKET_VARIABLE
from wardwire.ops.heartbeat import Heartbeat
from wardwire.ops.ports import bind
from wardwire.settings import split_address

app = typer.Typer(add_completion=False, help="Run the one HTTPS port.")


@app.command()
def front(config: ConfigFile = None, data: DataFolder = None, set_: Sets = None) -> None:
    """
    Let browsers and phones in, until SIGTERM: pages and the API, and devices at /nats.

    Example: wardwire front --set front.listen=0.0.0.0:443
    """
    import encodings.idna  # noqa: F401 - imported late otherwise, after the drop to a user who may not read it

    import uvloop

    from wardwire.app.front import run_front
    from wardwire.app.logs import set_up_logs
    from wardwire.gateway.front import Behind

    loaded = read_settings(config, data, set_)
    own = loaded.settings.front
    set_up_logs(loaded.settings.log.level, loaded.settings.log.format)
    inherited = os.environ.pop(LISTENING_VARIABLE, "")
    if inherited.isdecimal():
        listening = socket.socket(fileno=int(inherited))
    elif own.listen:
        listening = bind(*split_address(own.listen), what="The front", key="front.listen")
        listening.listen(4096)
    else:
        raise StartFailed("usage", "front.listen is not set.", "Set it, e.g. to 0.0.0.0:443.")
    edge = os.environ.get(EDGE_VARIABLE, "") or loaded.settings.nats.edge_websocket
    behind = Behind(
        http=os.environ.get(SOCKET_VARIABLE, "") or str(api_socket(home_of(loaded))),
        nats=split_address(edge) if edge else None,
    )
    heartbeat = Heartbeat.from_environment()
    drop_if_told()

    async def run() -> None:
        task = asyncio.ensure_future(run_front(loaded.settings, listening, behind, beat=heartbeat.beat))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await task

    uvloop.run(run())
