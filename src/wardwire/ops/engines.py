"""
All engines of one machine: PostgreSQL and the NATS pair in one folder, or the hospital's own instead.

From what is wanted to a row of steps for the supervisor, and to the file that tells core processes where
everything is (`EngineLogins`, 0600).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from wardwire.ops import process
from wardwire.ops.account import Account, private_folder
from wardwire.ops.authority import ensure_authority, server_certificate
from wardwire.ops.binaries import bring_nats, bring_postgres, find_nats, find_postgres
from wardwire.ops.disk import keep_ballast
from wardwire.ops.nats import STOP, NatsLogins, NatsPair, NatsPlan, NatsPorts
from wardwire.ops.nats_conf import Tls
from wardwire.ops.ports import LOOPBACK, free_port, is_free, is_loopback
from wardwire.ops.postgres import Postgres, PostgresPlan, private_sockets, require_own_major, short_place
from wardwire.ops.postgres_conf import short_socket_folder
from wardwire.ops.roles import DatabaseLogins, ensure_roles, logins
from wardwire.ops.secrets import keep, write_private
from wardwire.ops.supervisor import Say, Step

ENGINES_VARIABLE = "WARDWIRE_ENGINES"
REPORT_KEY = "reports.ed25519"  # signs the auditor's daily reports
PUSH_KEY = "push.p256"  # by which push services know this site (VAPID); PKCS 8, DER
SITE_KEY = "site.x25519"  # devices agree their session keys with it; any 32 random bytes are such a key
SOCKET_PORT = 5432  # names the socket file only, unless the database listens on the loopback too


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedDatabase:
    """An own PostgreSQL; `port` 0 means: on its socket alone."""

    binaries: Path | None = None
    port: int = 0
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedNats:
    """An own pair of NATS servers; a port of 0 means: a free one, kept for the next start."""

    program: Path | None = None
    edge_host: str = LOOPBACK
    edge_port: int = 4222
    edge_names: tuple[str, ...] = ()
    tls: Tls | None = None
    leaf_port: int = 0
    core_port: int = 0
    monitor_port: int = 0
    websocket_port: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """
    What is to run on this machine.

    Attributes:
        home: The data folder.
        site: Its name, for certificates.
        database, nats: Embedded ones, or the logins of the hospital's own, which are then neither started nor
            stopped.
        ballast: Bytes of the file that is given up when the disk is full; 0 for none.
    """

    home: Path
    site: str
    database: EmbeddedDatabase | DatabaseLogins
    nats: EmbeddedNats | NatsLogins
    ballast: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineLogins:
    """Where a core process finds everything. Holds passwords and seeds: never logged."""

    home: Path
    database: DatabaseLogins = field(repr=False)
    nats: NatsLogins


class Engines:
    """
    The engines of one folder. `prepare` first; then `steps` go to a supervisor, `logins` to whoever connects.

    The caller holds the folder's lock.
    """

    def __init__(self, wanted: Wanted, *, account: Account | None, say: Say) -> None:
        self.wanted = wanted
        self.account = account
        self._say = say
        self.postgres: Postgres | None = None
        self.nats: NatsPair | None = None

    def prepare(self) -> None:
        """
        Make everything that lies in the folder: programs, data, keys, configuration, ballast, logins.

        Raises:
            StartFailed: Whatever keeps it from being made, with its remedy.
        """
        home = self.wanted.home
        for folder in ("log", "run", "secrets"):
            private_folder(home / folder, self.account)
        keep(home / "secrets" / SITE_KEY, lambda: os.urandom(32), self.account)
        keep(home / "secrets" / PUSH_KEY, make_push_key, self.account)
        keep(home / "secrets" / REPORT_KEY, lambda: os.urandom(32), self.account)
        if isinstance(self.wanted.database, EmbeddedDatabase):
            self.postgres = self._postgres(self.wanted.database)
        if isinstance(self.wanted.nats, EmbeddedNats):
            self.nats = self._nats(self.wanted.nats)
        private_sockets(api_socket(home).parent, self.account)
        keep_ballast(home, self.wanted.ballast, self.account)

    def steps(self, *, migrate: Callable[[DatabaseLogins], None] | None = None) -> list[Step]:
        """
        Give the engines in the order of their start: they know nothing of each other, and start together.

        Args:
            migrate: Brings the schema up, once the embedded database answers.
        """
        row: list[Step] = []
        postgres, nats = self.postgres, self.nats
        if postgres is not None:

            def settle() -> None:
                ensure_roles(postgres.plan, self.account)
                found = self.write_logins()
                if migrate is not None:
                    migrate(found.database)

            row.append(Step(part=postgres, then=settle))
        if nats is not None:
            row.append(Step(part=nats.edge, beside=True))
            row.append(Step(part=nats.core, then=nats.wait_joined, beside=True))
        return row

    def logins(self) -> EngineLogins:
        """Say where everything is; an embedded database must have been started once."""
        database, nats = self.wanted.database, self.wanted.nats
        if isinstance(database, EmbeddedDatabase):
            assert self.postgres is not None
            database = logins(self.postgres.plan)
        if isinstance(nats, EmbeddedNats):
            assert self.nats is not None
            nats = self.nats.logins()
        return EngineLogins(home=self.wanted.home, database=database, nats=nats)

    def write_logins(self) -> EngineLogins:
        """Write the logins for core processes and for commands on this machine, and give them."""
        found = self.logins()
        content = asdict(found) | {"home": str(self.wanted.home)}
        # Apart: a core of former code that starts beside us takes nothing in `nats` that it does not know.
        content["edge_websocket"] = content["nats"].pop("edge_websocket")
        write_private(logins_file(self.wanted.home), json.dumps(content).encode(), self.account)
        return found

    def _postgres(self, wanted: EmbeddedDatabase) -> Postgres:
        home = self.wanted.home
        binaries = find_postgres(configured=wanted.binaries)
        require_own_major(home / "postgres", binaries)
        plan = PostgresPlan(
            home=home,
            binaries=bring_postgres(binaries, home / "engines", self.account, self._say),
            account=self.account,
            port=wanted.port or SOCKET_PORT,
            tcp=wanted.port != 0,
            settings=wanted.settings,
        )
        if not (plan.data / "PG_VERSION").exists():
            self._say(f"Making the database (PostgreSQL {binaries.version}) in {plan.data}.")
        postgres = Postgres(plan)
        postgres.prepare()
        return postgres

    def _nats(self, wanted: EmbeddedNats) -> NatsPair:
        home = self.wanted.home
        tls = wanted.tls
        if tls is None and not is_loopback(wanted.edge_host):
            names = {*wanted.edge_names, *({wanted.edge_host} - {"0.0.0.0", "::"})}
            authority = ensure_authority(home, self.wanted.site, self.account)
            tls = server_certificate(authority, "edge", sorted(names))
        plan = NatsPlan(
            home=home,
            program=bring_nats(find_nats(configured=wanted.program), home / "engines", self.account),
            ports=NatsPorts(edge=wanted.edge_port, leaf=0, core=0, monitor=0, websocket=0),
            account=self.account,
            edge_host=wanted.edge_host,
            tls=tls,
        )
        for name in ("nats-core", "nats-edge"):  # an orphan would hold the ports that we kept
            old = process.read_record(plan.record(name))
            if old is not None:
                self._say(f"An earlier server {name} (pid {old}) is still here: stopping it first.")
                process.end(old, signals=STOP)
        pair = NatsPair(replace(plan, ports=self._ports(wanted)))
        pair.prepare()
        return pair

    def _ports(self, wanted: EmbeddedNats) -> NatsPorts:
        """Keep the ports that were chosen before, so that a restarted core finds its server."""
        path = self.wanted.home / "run" / "ports.json"
        try:
            kept = json.loads(path.read_text())
        except (OSError, ValueError):
            kept = {}
        ports: dict[str, int] = {}
        asked = {
            "leaf": wanted.leaf_port,
            "core": wanted.core_port,
            "monitor": wanted.monitor_port,
            "websocket": wanted.websocket_port,
        }
        for name, port in asked.items():
            before = int(kept.get(name, 0))
            ports[name] = port or (before if before and is_free(LOOPBACK, before) else free_port())
        write_private(path, json.dumps(ports).encode(), self.account)
        return NatsPorts(edge=wanted.edge_port, **ports)


def api_socket(home: Path) -> Path:
    """Name the socket by which the front reaches the API; nobody else can open it."""
    return short_socket_folder(home / "run", port=SOCKET_PORT, fallback=short_place()) / "api.sock"


def logins_file(home: Path) -> Path:
    """Name the file with the logins below a data folder."""
    return home / "secrets" / "engines.json"


def read_logins(path: Path) -> EngineLogins:
    """
    Read what `write_logins` wrote.

    Raises:
        OSError, ValueError: It is not there (nothing runs on this folder yet), not ours, or broken.
    """
    content = json.loads(path.read_text())
    return EngineLogins(
        home=Path(content["home"]),
        database=DatabaseLogins(**content["database"]),
        nats=NatsLogins(**({"edge_websocket": content.get("edge_websocket", "")} | content["nats"])),
    )


def make_push_key() -> bytes:
    """Make a key pair of P-256 (VAPID, RFC 8292)."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
