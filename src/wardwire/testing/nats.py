"""A bare NATS server for tests of a client: no accounts but those in the test's own configuration.

It listens on loopback at a free port and writes into a folder that the caller gave. The pair of edge and core
servers, as an installation has it, is in `wardwire.ops.nats_throwaway`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sysconfig
import time
from dataclasses import dataclass, field
from pathlib import Path

from wardwire.ops.ports import free_port


def find_server() -> str:
    """Return the path of `nats-server`: the wheel's (beside the interpreter), else the one on PATH.

    Raises:
        FileNotFoundError: There is none.
    """
    beside = Path(sysconfig.get_path("scripts")) / "nats-server"
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    if found is None:
        raise FileNotFoundError("no nats-server beside the interpreter nor on PATH")
    return found


def connect_with_patience(port: int, *, patience_s: float = 10.0) -> None:
    """Return as soon as the port takes a connection.

    Raises:
        TimeoutError: It did not within this time.
    """
    until = time.monotonic() + patience_s
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise TimeoutError(f"nothing listens on port {port}") from None
            time.sleep(0.01)


@dataclass
class NatsServer:
    """One server process with its configuration and log in `folder`."""

    name: str
    folder: Path
    port: int
    config: str
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """The address for clients, plain."""
        return f"nats://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        assert self.process is not None
        return self.process.pid

    def start(self) -> None:
        """Start it, and return when it takes connections."""
        path = self.folder / f"{self.name}.conf"
        path.write_text(f"server_name: {self.name}\nlisten: 127.0.0.1:{self.port}\n{self.config}")
        with (self.folder / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen([find_server(), "-c", str(path)], stdout=log, stderr=log)
        connect_with_patience(self.port)

    def wait_for_log(self, text: str, *, times: int = 1, patience_s: float = 10.0) -> None:
        """Return when the log holds the text so many times."""
        until = time.monotonic() + patience_s
        while self.log().count(text) < times:
            if time.monotonic() > until:
                raise TimeoutError(f"{self.name} never logged {text!r}:\n{self.log()[-2000:]}")
            time.sleep(0.01)

    def log(self) -> str:
        """Return all that it has logged."""
        return (self.folder / f"{self.name}.log").read_text()

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """End it without warning (`kill -9`); repeating does nothing."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            self.process.wait()
            self.process = None


def bare_server(folder: Path, extra: str = "") -> NatsServer:
    """Make a server without accounts or passwords; not yet started."""
    return NatsServer("bare", folder, free_port(), extra)
