"""
The pair of NATS servers, `edge` and `core`: their keys, their configuration, start, readiness and stop.

What they are told stands in `nats_conf.py`. They keep nothing: a killed one is simply started again.
"""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from wardwire.carrier.nkeys import KeyPair, Kind
from wardwire.ops import process
from wardwire.ops.account import Account, private_folder
from wardwire.ops.failure import StartFailed
from wardwire.ops.nats_conf import LEAVES, EdgeLimits, NatsKeys, Tls, render_core, render_edge
from wardwire.ops.ports import LOOPBACK, is_loopback, require_free
from wardwire.ops.probe import count_leaves, probe_nats
from wardwire.ops.secrets import keep, keep_password, write_private

SEEDS = ("core", "callout", "kick", "bulk", "issuer")  # what a core process logs in and signs with
STOP = ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class NatsPorts:
    """Ports of the pair. Only `edge` may stand on another address than the loopback."""

    edge: int
    leaf: int
    core: int
    monitor: int
    websocket: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NatsLogins:
    """
    How a core process reaches NATS. The seeds are secrets: never logged.

    Attributes:
        url: The core server, for all four.
        core, callout, kick, bulk: User seeds (`S...`) for the accounts CORE, AUTH, DSYS and BULK.
        issuer: Seed of the account key that signs what the callout answers.
        edge_url: Where devices connect.
        edge_websocket: "host:port" where the edge server speaks WebSocket without TLS, for the front; "" = nowhere.
    """

    url: str
    edge_url: str
    edge_websocket: str = ""
    core: str = field(repr=False)
    callout: str = field(repr=False)
    kick: str = field(repr=False)
    bulk: str = field(repr=False)
    issuer: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NatsPlan:
    """
    Where the pair lives and listens.

    Attributes:
        home: Our folder; configuration, keys, logs and pid records lie in it.
        edge_host: The address for devices; TLS is needed when it is not loopback.
    """

    home: Path
    program: Path
    ports: NatsPorts
    account: Account | None = None
    edge_host: str = LOOPBACK
    tls: Tls | None = None
    limits: EdgeLimits = field(default_factory=EdgeLimits)

    @property
    def secrets(self) -> Path:
        return self.home / "secrets"

    def conf(self, name: str) -> Path:
        return self.home / "nats" / f"{name}.conf"

    def log(self, name: str) -> Path:
        return self.home / "log" / f"{name}.log"

    def record(self, name: str) -> Path:
        return self.home / "run" / f"{name}.pid"


class NatsServer:
    """One server of the pair. Start it from a thread that lives as long as the server may."""

    def __init__(self, plan: NatsPlan, name: str, host: str, ports: dict[str, int]) -> None:
        self.plan = plan
        self.name = f"nats-{name}"
        self._host = host
        self._ports = ports  # setting -> port; the first is where clients connect
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Raises RuntimeError before the first start."""
        if self._child is None:
            raise RuntimeError(f"{self.name} was not started")
        return self._child.pid

    @property
    def port(self) -> int:
        return next(iter(self._ports.values()))

    def start(self, say: Callable[[str], None] = lambda _: None) -> None:
        """
        Start the server, after ending one that outlived us.

        Raises:
            StartFailed: `port_busy` and the like.
        """
        plan = self.plan
        old = process.read_record(plan.record(self.name))
        if old is not None:
            say(f"An earlier server {self.name} (pid {old}) is still here: stopping it first.")
            process.end(old, signals=STOP)
        for key, port in self._ports.items():
            host = self._host if port == self.port else LOOPBACK
            require_free(host, port, what=f"The server {self.name}", key=f"[nats] {key}")
        self._child = process.spawn(
            [str(plan.program), "--config", str(plan.conf(self.name))],
            account=plan.account,
            log=plan.log(self.name),
            death_signal=signal.SIGTERM,
        )
        process.write_record(plan.record(self.name), self._child.pid, plan.account)

    def ready(self) -> bool:
        """Tell whether the server greets; half a second at most."""
        host = LOOPBACK if self._host in ("0.0.0.0", "::") else self._host
        return probe_nats(host, self.port, patience_s=0.5)

    def wait_ready(self, *, patience_s: float = 20.0, stopping: Callable[[], bool] = lambda: False) -> None:
        """
        Wait until the server greets.

        Raises:
            StartFailed: It ended (with its own last words), or stayed silent beyond the patience.
        """
        for _ in process.polls(patience_s):
            if stopping() or self.ready():
                return
            if self.poll() is not None:
                raise self._ended()
        raise StartFailed(
            "nats_silent",
            f"The server {self.name} did not answer within {patience_s:.0f} s.",
            f"Read {self.plan.log(self.name)}.",
        )

    def poll(self) -> int | None:
        """Give the exit status when the server has ended, None while it runs."""
        return None if self._child is None else self._child.poll()

    def stop(self) -> bool:
        """Stop the server; True when it is gone."""
        child = self._child
        gone = child is None or process.end(child.pid, signals=STOP, wait=child.poll)
        if gone:
            if child is not None:
                child.wait()
            self.plan.record(self.name).unlink(missing_ok=True)
        return gone

    def kill(self) -> None:
        """Kill the server as a crash would, and wait for that."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()

    def _ended(self) -> StartFailed:
        log = self.plan.log(self.name)
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        last = lines[-1].strip() if lines else "it said nothing"
        return StartFailed(
            "nats_ended", f"The server {self.name} ended while it was starting: {last}", f"Read {log}."
        )


class NatsPair:
    """Both servers of a plan: `prepare`, start `edge`, then `core`; `wait_joined` when all leaves stand."""

    def __init__(self, plan: NatsPlan) -> None:
        self.plan = plan
        ports = plan.ports
        at_edge = {"edge_listen": ports.edge, "leaf_port": ports.leaf, "websocket_port": ports.websocket}
        at_core = {"core_port": ports.core, "monitor_port": ports.monitor}
        self.edge = NatsServer(plan, "edge", plan.edge_host, at_edge)
        self.core = NatsServer(plan, "core", LOOPBACK, at_core)

    def prepare(self) -> None:
        """
        Make folders, keys and both configurations.

        Raises:
            StartFailed: `tls_required` for devices from outside without TLS; the folder is unusable.
        """
        plan = self.plan
        if not is_loopback(plan.edge_host) and plan.tls is None:
            raise StartFailed(
                "tls_required",
                f"Devices would reach {plan.edge_host} without TLS.",
                "Leave [nats] tls_certificate unset to have a certificate made by our own authority, "
                "or listen on 127.0.0.1.",
            )
        for folder in ("nats", "secrets", "log", "run"):
            private_folder(plan.home / folder, plan.account)
        keys = make_keys(plan.secrets, plan.account)
        ports = plan.ports
        leaf = f"{LOOPBACK}:{ports.leaf}"
        listen = f"[{plan.edge_host}]" if ":" in plan.edge_host else plan.edge_host
        edge = render_edge(
            listen=f"{listen}:{ports.edge}",
            leaf_listen=leaf,
            websocket_listen=f"{LOOPBACK}:{ports.websocket}",
            keys=keys,
            limits=plan.limits,
            tls=plan.tls,
        )
        core = render_core(
            listen=f"{LOOPBACK}:{ports.core}",
            monitor=f"{LOOPBACK}:{ports.monitor}",
            leaf_url=leaf,
            keys=keys,
            limits=plan.limits,
        )
        write_private(plan.conf("nats-edge"), edge.encode(), plan.account)
        write_private(plan.conf("nats-core"), core.encode(), plan.account)

    def wait_joined(self, *, patience_s: float = 20.0, stopping: Callable[[], bool] = lambda: False) -> None:
        """
        Wait until every leaf of the core server stands.

        Raises:
            StartFailed: `leaves_missing`.
        """
        for _ in process.polls(patience_s):
            if stopping() or self.joined():
                return
        raise StartFailed(
            "leaves_missing",
            f"The two NATS servers did not find each other within {patience_s:.0f} s.",
            f"Read {self.plan.log('nats-core')} and {self.plan.log('nats-edge')}.",
        )

    def joined(self) -> bool:
        """Tell whether all leaves stand now."""
        return count_leaves(LOOPBACK, self.plan.ports.monitor) >= len(LEAVES)

    def logins(self) -> NatsLogins:
        """Give what a core process needs to connect; `prepare` must have run."""
        plan, ports = self.plan, self.plan.ports
        seeds = {name: _seed(plan.secrets, name, plan.account).seed() for name in SEEDS}
        return NatsLogins(
            url=f"nats://{LOOPBACK}:{ports.core}",
            edge_url=f"{'tls' if plan.tls else 'nats'}://{plan.edge_host}:{ports.edge}",
            edge_websocket=f"{LOOPBACK}:{ports.websocket}",
            **seeds,
        )


def make_keys(secrets: Path, account: Account | None) -> NatsKeys:
    """Give the public halves of a pair's keys, and the leaves' passwords; made once, and kept in a folder."""
    users = {"CORE": "core", "AUTH": "callout", "DSYS": "kick", "BULK": "bulk"}
    return NatsKeys(
        issuer=_seed(secrets, "issuer", account).public,
        boot=_seed(secrets, "boot", account).public,
        leaf_passwords={
            leaf: keep_password(secrets / f"nats-leaf-{leaf.lower()}.password", account) for leaf in LEAVES
        },
        core_users={at_core: _seed(secrets, name, account).public for at_core, name in users.items()},
    )


def seed_file(secrets: Path, name: str) -> Path:
    """Name the file with one of the seeds: SEEDS, and `boot`."""
    return secrets / f"nats-{name}.seed"


def _seed(secrets: Path, name: str, account: Account | None) -> KeyPair:
    kind = Kind.ACCOUNT if name == "issuer" else Kind.USER
    seed = keep(seed_file(secrets, name), lambda: KeyPair.generate(kind).seed().encode(), account)
    return KeyPair.from_seed(seed.decode().strip())
