"""NATS servers for tests and benches: one bare server, or the pair of edge and core joined by leaves.

Every server listens on loopback at a free port and writes into a folder that the caller gave. The pair here
is a minimal one of the same accounts and imports as an embedded installation; TLS is tried separately.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sysconfig
import time
from dataclasses import dataclass, field
from pathlib import Path

from wardwire.carrier.nkeys import KeyPair, Kind


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


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


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


@dataclass
class Pair:
    """The edge, where devices connect, and the core server, which has dialled it.

    Attributes:
        issuer: The account key that signs user JWTs.
        password: Of the users `core`, `auth` and `sys` of the core server.
    """

    edge: NatsServer
    core: NatsServer
    issuer: KeyPair
    password: str

    def start(self) -> None:
        """Start both, and return when all three leaves are up."""
        self.edge.start()
        self.core.start()
        self.core.wait_for_log("Leafnode connection created", times=3)
        self.edge.wait_for_log("Leafnode connection created", times=3)

    def kill(self) -> None:
        """End both without warning."""
        self.core.kill()
        self.edge.kill()


def pair(folder: Path, *, edge_extra: str = "") -> Pair:
    """Make the pair; not yet started."""
    issuer, nobody = KeyPair.generate(Kind.ACCOUNT), KeyPair.generate(Kind.USER)
    password, leaf_port = secrets.token_hex(16), free_port()
    leaf_users = ", ".join(
        f"{{user: lan-{account.lower()}, password: {password}, account: {account}}}"
        for account in ("EDGE", "AUTH", "SYS")
    )
    edge = f"""
max_payload: 65536
max_pending: 1048576
accounts {{
  EDGE {{ limits {{ max_subs: 40 }} }}
  AUTH {{ users: [{{nkey: {nobody.public}}}] }}
  SYS {{}}
}}
system_account: SYS
authorization {{
  timeout: 20
  auth_callout {{ issuer: {issuer.public}, account: AUTH, auth_users: [{nobody.public}] }}
}}
leafnodes {{
  listen: "127.0.0.1:{leaf_port}"
  no_advertise: true
  authorization {{ users: [{leaf_users}] }}
}}
{edge_extra}
"""
    remotes = ", ".join(
        f'{{url: "nats://lan-{there.lower()}:{password}@127.0.0.1:{leaf_port}", account: {here},'
        " ignore_discovered_servers: true}"
        for here, there in (("EDGE", "EDGE"), ("AUTH", "AUTH"), ("DSYS", "SYS"))
    )
    core = f"""
max_payload: 65536
accounts {{
  CORE {{
    users: [{{user: core, password: {password}}}]
    imports: [
      {{stream: {{account: EDGE, subject: "d.*.up"}}}}
      {{service: {{account: EDGE, subject: "d.*.down.>"}}}}
    ]
  }}
  EDGE {{
    exports: [
      {{stream: "d.*.up", accounts: [CORE]}}
      {{service: "d.*.down.>", accounts: [CORE]}}
    ]
  }}
  AUTH {{ users: [{{user: auth, password: {password}}}] }}
  DSYS {{ users: [{{user: sys, password: {password}}}] }}
  SYS {{}}
}}
system_account: SYS
leafnodes {{ reconnect: "1s", remotes: [{remotes}] }}
"""
    return Pair(
        NatsServer("edge", folder, free_port(), edge),
        NatsServer("core", folder, free_port(), core),
        issuer,
        password,
    )
