"""One real PostgreSQL server that tests may kill, freeze, fill and wind back.

Its data lives in a folder of its own; nobody else's server, port or folder is touched. Commits are flushed as
in production (`fsync` is on). Each family of nodes has a password of its own, and scram on the loopback.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from wardwire.ops.account import Account, drop_account, hand_over, private_folder
from wardwire.ops.binaries import PostgresBinaries, bring_postgres, find_postgres
from wardwire.ops.ports import LOOPBACK, free_port
from wardwire.ops.process import spawn
from wardwire.testing import processes

_START_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What the nodes of one test share: programs, the user they run under, a folder, a password."""

    binaries: PostgresBinaries
    account: Account | None
    folder: Path
    password: str = field(default_factory=lambda: secrets.token_hex(12))

    @classmethod
    def find(cls, folder: Path, *, major: int | None = None) -> Origin:
        """Prepare `folder`, which must not be below a home that the service user cannot enter.

        Raises:
            StartFailed: There is no PostgreSQL (of this major), or no user to run it.
        """
        account = drop_account()
        place = private_folder(folder, account)
        binaries = bring_postgres(find_postgres(major=major), _engines(), account)
        return cls(binaries=binaries, account=account, folder=place)

    def run(self, tool: str, *args: str, prefix: Sequence[str] = ()) -> str:
        """Run one of PostgreSQL's programs to its end as the account, and give what it printed.

        Raises:
            RuntimeError: It failed; the text holds its output.
        """
        account = self.account
        done = subprocess.run(
            [*prefix, self.binaries.tool(tool), *args],
            capture_output=True,
            text=True,
            cwd="/",
            env={**os.environ, "PGPASSWORD": self.password, "LC_ALL": "C.UTF-8"},
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{tool} failed ({done.returncode}): {done.stdout}{done.stderr}")
        return done.stdout


class PostgresNode:
    """One server. `start` and `stop` may follow each other; `kill` at any time."""

    def __init__(self, origin: Origin, name: str, *, data: Path | None = None, prefix: Sequence[str] = ()) -> None:
        self.origin = origin
        self.name = name
        self.data = data or origin.folder / name
        self.port = free_port()
        self.settings: dict[str, str] = {}
        self.environment: dict[str, str] = {}
        self._prefix = list(prefix)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The postmaster's pid. RuntimeError when it was not started."""
        if self._process is None:
            raise RuntimeError(f"{self.name} does not run")
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def log(self) -> Path:
        return self.origin.folder / f"{self.name}.log"

    def dsn(self, *, user: str = "postgres", password: str | None = None, database: str = "postgres") -> str:
        """Give the address of this node alone."""
        return f"postgresql://{user}:{password or self.origin.password}@{LOOPBACK}:{self.port}/{database}"

    def initdb(self) -> None:
        """Make an empty cluster with checksums."""
        secret = self.origin.folder / f"{self.name}.pw"
        secret.write_text(self.origin.password)
        secret.chmod(0o600)
        hand_over(secret, self.origin.account)
        self.origin.run(
            "initdb", "-D", str(self.data), "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8",
            "--auth-local=peer", "--auth-host=scram-sha-256", f"--pwfile={secret}", "--data-checksums",
            prefix=self._prefix,
        )  # fmt: skip
        secret.unlink()

    def configure(self, **settings: str) -> None:
        """Set server settings for the next start. None of them can be changed by ALTER SYSTEM then."""
        self.settings.update(settings)

    async def start(self, *, ready: bool = True) -> None:
        """Start the server; with `ready`, wait until it answers."""
        options = {
            "port": str(self.port),
            "listen_addresses": LOOPBACK,
            "unix_socket_directories": "",
            "shared_buffers": "32MB",
            "max_connections": "200",
            "lc_messages": "C",
            **self.settings,
        }
        argv = [*self._prefix, self.origin.binaries.tool("postgres"), "-D", str(self.data)]
        argv += [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        self._process = spawn(
            argv,
            account=self.origin.account,
            log=self.log,
            death_signal=signal.SIGKILL if self._prefix else signal.SIGQUIT,
            environment=clean_environment(self.environment),
        )
        if ready:
            await self.wait_ready()

    async def wait_ready(self, *, within_s: float = _START_S) -> None:
        """Wait until queries are answered.

        Raises:
            TimeoutError: Not in time.
            RuntimeError: The server has ended. Both texts hold the end of its log.
        """
        try:
            await processes.wait_until(self._answers, within_s=within_s, what=f"{self.name} answers")
        except TimeoutError as error:
            raise TimeoutError(f"{error}\n{self.log_end()}") from None

    async def _answers(self) -> bool:
        if not self.running:
            raise RuntimeError(f"{self.name} has ended:\n{self.log_end()}")
        try:
            return bool(await self.query("SELECT 1", timeout_s=2) == 1)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
            return False

    async def connect(self, **options: Any) -> asyncpg.Connection:
        """Connect to this node as its superuser."""
        return await asyncpg.connect(self.dsn(), timeout=options.pop("timeout", 5), **options)

    async def query(self, sql: str, *args: Any, timeout_s: float = 10) -> Any:
        """Ask this node one value as its superuser, on a connection of its own."""
        async with asyncio.timeout(timeout_s):
            connection = await self.connect()
            try:
                return await connection.fetchval(sql, *args)
            finally:
                connection.terminate()

    async def stop(self) -> None:
        """Stop in order (fast shutdown); frozen ones are thawed first, those that resist are killed."""
        if self._process is None:
            return
        processes.thaw(self._process.pid)
        if self.running:
            self._process.send_signal(signal.SIGINT)
        try:
            await processes.wait_until(lambda: not self.running, within_s=10, what=f"{self.name} ends")
        except TimeoutError:
            self.kill()

    def kill(self) -> None:
        """End all of it at once, as a lost machine would."""
        if self._process is not None:
            processes.kill(self._process.pid)
            self._process.wait()

    def freeze(self) -> None:
        """Stop all its processes where they stand; sockets stay open."""
        processes.freeze(self.pid)

    def thaw(self) -> None:
        processes.thaw(self.pid)

    def children(self, title: str) -> list[int]:
        """Find its processes by their title, e.g. `walreceiver`, `walsender`."""
        return [pid for pid in processes.tree(self.pid)[1:] if title in processes.command_line(pid)]

    def log_end(self, lines: int = 15) -> str:
        """Give the last lines of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""


def clean_environment(more: Mapping[str, str]) -> dict[str, str]:
    """Give an environment for engines: ours without PostgreSQL's own variables, and with `more`."""
    return {k: v for k, v in os.environ.items() if not k.startswith("PG")} | {"LC_ALL": "C.UTF-8"} | dict(more)


def _engines() -> Path:
    """Where copies of programs go that the account cannot reach where they are: shared by all runs."""
    return Path("/var/lib/wardwire/engines") if os.geteuid() == 0 else Path.home() / ".cache/wardwire/engines"
