"""
One PostgreSQL server of ours: made, started, watched, stopped, and found again after a crash.

The supervisor keeps one for the site; tests start throw-away ones (`postgres_throwaway.py`). What it is told
stands in `postgres_conf.py`, its login roles in `roles.py`, where its programs come from in `binaries.py`.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from wardwire.ops import process
from wardwire.ops.account import Account, folder_failure, hand_over, private_folder
from wardwire.ops.binaries import PostgresBinaries
from wardwire.ops.failure import StartFailed
from wardwire.ops.ports import LOOPBACK, require_free
from wardwire.ops.postgres_conf import HBA, is_small, render, settings_for, short_socket_folder
from wardwire.ops.probe import Readiness, postgres_socket, probe_postgres
from wardwire.ops.secrets import keep_password, write_private

SUPERUSER = "postgres"

# Patience in seconds for each way of stopping: fast (roll back, checkpoint), immediate, and the last resort.
FAST_STOP = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))
HARD_STOP = ((signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresPlan:
    """
    Where one server lives and how it is reached.

    Attributes:
        home: Our folder; data, secrets, log and pid record lie in it.
        port: Of the socket's name, and of 127.0.0.1 when `tcp`.
        tcp: Listen on 127.0.0.1 besides the socket.
        settings: PostgreSQL settings that win over ours.
        environment: Added to the server's environment (libfaketime in tests).
        data_name: Folder of the data below home; a pair of servers in tests uses two homes.
    """

    home: Path
    binaries: PostgresBinaries
    account: Account | None = None
    port: int = 5432
    tcp: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    data_name: str = "postgres"

    @property
    def data(self) -> Path:
        return self.home / self.data_name

    @property
    def secrets(self) -> Path:
        return self.home / "secrets"

    @property
    def log(self) -> Path:
        return self.home / "log" / "postgres.log"

    @property
    def record(self) -> Path:
        return self.home / "run" / "postgres.pid"

    @property
    def sockets(self) -> Path:
        return short_socket_folder(self.home / "run", port=self.port, fallback=short_place())

    def password(self, user: str) -> str:
        """Read the password of a login role; it must have been made before."""
        return (self.secrets / f"database-{user}.password").read_text().strip()

    def dsn(self, dbname: str = "postgres", user: str = SUPERUSER, *, tcp: bool = False) -> str:
        """Give the address for a user: by the socket, or by 127.0.0.1 (where a proxy can stand between)."""
        login = f"{quote(user)}:{quote(self.password(user), safe='')}"
        if tcp:
            return f"postgresql://{login}@{LOOPBACK}:{self.port}/{quote(dbname)}"
        place = quote(str(self.sockets), safe="/")
        return f"postgresql://{login}@/{quote(dbname)}?host={place}&port={self.port}"


def short_place() -> Path:
    """Give a folder of this machine with a short path, for sockets whose own would be too long."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and os.geteuid() != 0 and len(runtime) < 40 and Path(runtime).is_dir():
        return Path(runtime)
    return Path("/run") if os.geteuid() == 0 and Path("/run").is_dir() else Path(tempfile.gettempdir())


class Postgres:
    """
    The server of one plan. Not thread-safe; start it from a thread that lives as long as the server may.

    Order: `prepare` once, then `start` and `wait_ready`; `stop` may be called at any time, twice too.
    """

    name = "postgres"

    def __init__(self, plan: PostgresPlan) -> None:
        self.plan = plan
        self._child: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    @property
    def pid(self) -> int:
        """The postmaster's pid. Raises RuntimeError before the first start."""
        if self._child is None:
            raise RuntimeError("PostgreSQL was not started")
        return self._child.pid

    @property
    def data(self) -> Path:
        return self.plan.data

    @property
    def major(self) -> int:
        return self.plan.binaries.major

    def dsn(self, dbname: str = "postgres", user: str = SUPERUSER, *, tcp: bool = False) -> str:
        return self.plan.dsn(dbname, user, tcp=tcp)

    # Making it

    def prepare(self) -> bool:
        """
        Make folders, password and data unless they are there; True when the data was made now.

        The data appears whole or not at all: a crash leaves a draft, thrown away by the next call.

        Raises:
            StartFailed: `other_major`, `disk_full`, `folder_read_only`, `folder_denied`, `initdb_failed`.
        """
        plan = self.plan
        for folder in (plan.home, plan.secrets, plan.log.parent, plan.record.parent):
            private_folder(folder, plan.account)
        private_sockets(plan.sockets, plan.account)
        require_own_major(plan.data, plan.binaries)
        keep_password(plan.secrets / f"database-{SUPERUSER}.password", plan.account)
        if (plan.data / "PG_VERSION").exists():
            return False
        if plan.data.exists() and any(plan.data.iterdir()):
            raise StartFailed(
                "foreign_data",
                f"The folder {plan.data} holds something, but no PostgreSQL data.",
                "Move it away, or choose another folder with --data.",
            )
        self._make_data()
        return True

    def _make_data(self) -> None:
        plan = self.plan
        draft = plan.data.with_name(f".{plan.data.name}.draft")
        shutil.rmtree(draft, ignore_errors=True)
        private_folder(draft, plan.account)
        command = [
            plan.binaries.tool("initdb"),
            f"--pgdata={draft}",
            f"--username={SUPERUSER}",
            f"--pwfile={plan.secrets / f'database-{SUPERUSER}.password'}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            f"--locale={'C' if sys.platform == 'darwin' else 'C.UTF-8'}",
            "--lc-messages=C",
            "--data-checksums",
        ]
        if plan.binaries.major >= 16 and is_small(shared_memory()):
            command += ["-c", "dynamic_shared_memory_type=mmap"]
        if plan.settings.get("fsync") == "off":
            command.append("--no-sync")
        with tempfile.TemporaryFile() as told:
            child = process.spawn(
                command,
                account=plan.account,
                log=told,
                death_signal=signal.SIGKILL,
                environment=self._environment(),
            )
            status = child.wait()
            told.seek(0)
            output = told.read().decode(errors="replace")
        if status != 0:
            shutil.rmtree(draft, ignore_errors=True)
            raise _initdb_failure(plan, output)
        if plan.data.exists():
            plan.data.rmdir()
        draft.rename(plan.data)

    def _environment(self) -> dict[str, str]:
        """Only what a server needs: nothing of ours (PG*, LC_*) can change what it does."""
        base = {"PATH": os.defpath, "TZ": "UTC", "LANG": "C"}
        return base | dict(self.plan.environment)

    # Running it

    def start(self, say: Callable[[str], None] = lambda _: None) -> None:
        """
        Start the server, after ending whatever an earlier life of ours left behind on this data.

        Returns at once; `wait_ready` tells when it takes logins.

        Raises:
            StartFailed: `port_busy` and the like, `leftovers` when old processes cannot be ended.
        """
        plan = self.plan
        end_leftovers(plan.data, plan.record, say)
        drop_locks(plan)
        if plan.tcp:
            require_free(LOOPBACK, plan.port, what="PostgreSQL", key="[database] port")
        told = settings_for(
            sockets=plan.sockets,
            port=plan.port,
            tcp=plan.tcp,
            shared_memory=shared_memory(),
            system=os.uname().sysname,
            release=os.uname().release,
            more=plan.settings,
        )
        if told["dynamic_shared_memory_type"] == "mmap" and sys.platform == "linux":
            say("/dev/shm is small or missing: PostgreSQL shares memory through its data folder instead.")
        write_private(plan.data / "wardwire.conf", render(told).encode(), plan.account)
        write_private(plan.data / "pg_hba.conf", HBA.encode(), plan.account)
        _include(plan.data / "postgresql.conf", plan.account)
        self._log_start = plan.log.stat().st_size if plan.log.exists() else 0
        self._child = process.spawn(
            [plan.binaries.tool("postgres"), "-D", str(plan.data)],
            account=plan.account,
            log=plan.log,
            death_signal=signal.SIGINT,  # fast stop: rolls back, checkpoints, leaves clean data
            environment=self._environment(),
        )
        process.write_record(plan.record, self._child.pid, plan.account)

    def ready(self) -> bool:
        """Ask the server whether it takes logins now; half a second at most."""
        return probe_postgres(self.plan.sockets, self.plan.port, patience_s=0.5) is Readiness.READY

    def wait_ready(self, *, patience_s: float = 60.0, stopping: Callable[[], bool] = lambda: False) -> None:
        """
        Wait until the server takes logins. A server that recovers from a crash is waited for without end.

        Raises:
            StartFailed: It ended (with its own last words), or stayed silent beyond the patience.
        """
        while not stopping():
            recovering = False
            for _ in process.polls(patience_s, pause_s=0.03):  # each look costs a recovering server a fork
                match probe_postgres(self.plan.sockets, self.plan.port):
                    case Readiness.READY:
                        return
                    case Readiness.STARTING:
                        recovering = True
                if self.poll() is not None:
                    raise self._ended()
                if stopping():
                    return
            if not recovering:
                raise StartFailed(
                    "postgres_silent",
                    f"PostgreSQL did not answer within {patience_s:.0f} s.",
                    f"Read {self.plan.log}.",
                )

    def poll(self) -> int | None:
        """Give the exit status when the server has ended, None while it runs."""
        return None if self._child is None else self._child.poll()

    def stop(self) -> bool:
        """Stop fast and clean (SIGINT: open transactions roll back); True when it is gone."""
        return self._stop(FAST_STOP)

    def kill(self) -> None:
        """Kill the postmaster as a crash would (SIGKILL) and wait for that; the data stays good."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()

    def _stop(self, signals: tuple[tuple[signal.Signals, float], ...]) -> bool:
        child = self._child
        if child is None or child.poll() is not None:
            self.plan.record.unlink(missing_ok=True)
            return True
        gone = process.end(child.pid, signals=signals, wait=child.poll)
        if gone:
            child.wait()
            self.plan.record.unlink(missing_ok=True)
        return gone

    def _ended(self) -> StartFailed:
        with self.plan.log.open("rb") as log:
            log.seek(self._log_start)
            words = log.read()[-8000:].decode(errors="replace")
        return explain(words, data=self.plan.data, log=self.plan.log)


def shared_memory() -> int | None:
    """Size of /dev/shm in bytes; None when it is missing or not ours to write."""
    place = "/dev/shm"
    if not os.path.isdir(place) or not os.access(place, os.W_OK):
        return None
    status = os.statvfs(place)
    return status.f_blocks * status.f_frsize


def data_major(data: Path) -> int | None:
    """Tell the major of the PostgreSQL that made this data; None when there is none."""
    try:
        return int((data / "PG_VERSION").read_text().strip())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise folder_failure(data, error) from error


def require_own_major(data: Path, binaries: PostgresBinaries) -> None:
    """
    Refuse data of another major before the server does so in its log.

    Raises:
        StartFailed: `other_major`.
    """
    found = data_major(data)
    if found is None or found == binaries.major:
        return
    raise StartFailed(
        "other_major",
        f"The data in {data} was made by PostgreSQL {found}; the programs here are {binaries.version}.",
        f"Set [database] binaries to a PostgreSQL {found} (its bin folder), or move the data with "
        "pg_upgrade, or choose another folder with --data.",
    )


def leftovers(data: Path) -> list[int]:
    """Find PostgreSQL processes that work on this data: their current folder is the data folder (Linux)."""
    found: list[int] = []
    real = str(data.resolve())
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(entry / "cwd") == real and (entry / "comm").read_text().startswith("postgres"):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def end_leftovers(data: Path, record: Path, say: Callable[[str], None] = lambda _: None) -> None:
    """
    End a server that outlived us, and the children of a killed one: known by start time and folder.

    Raises:
        StartFailed: `leftovers` when something cannot be ended.
    """
    old = process.read_record(record)
    if old is not None:
        say(f"An earlier PostgreSQL (pid {old}) is still here: stopping it first.")
        process.end(old, signals=FAST_STOP)
    for pid in leftovers(data):
        process.end(pid, signals=HARD_STOP)
    still = leftovers(data)
    if still:
        raise StartFailed(
            "leftovers",
            f"Processes of an earlier PostgreSQL on {data} cannot be ended: {', '.join(map(str, still))}.",
            "End them by hand (kill -9), or restart the machine.",
        )
    record.unlink(missing_ok=True)


def drop_locks(plan: PostgresPlan) -> None:
    """
    Remove the lock files of a server that is known to be gone; `end_leftovers` must have run.

    A killed server leaves them, and the next one refuses to start as soon as their pid belongs to anybody: to
    another process after a reboot, or to the dead one itself while nobody has collected it.
    """
    if sys.platform == "linux":
        name = postgres_socket(plan.sockets, plan.port)
        for path in (plan.data / "postmaster.pid", name, name.with_name(name.name + ".lock")):
            path.unlink(missing_ok=True)


def _include(conf: Path, account: Account | None) -> None:
    line = "include 'wardwire.conf'"
    text = conf.read_text()
    if line not in text:
        write_private(conf, f"{text}\n# Ours, said last so that it wins:\n{line}\n".encode(), account)


def private_sockets(folder: Path, account: Account | None) -> None:
    """
    Make a folder for sockets that only the account may enter.

    Raises:
        StartFailed: `socket_folder`: it is somebody else's.
    """
    private_folder(folder, account)
    owner = folder.stat().st_uid
    if owner != (account.uid if account else os.geteuid()) or folder.is_symlink():
        raise StartFailed("socket_folder", f"The folder {folder} for sockets is not ours.", "Remove it.")
    hand_over(folder, account)


def _initdb_failure(plan: PostgresPlan, output: str) -> StartFailed:
    known = explain(output, data=plan.data, log=None)
    if known.code != "postgres_ended":
        return known
    troubles = [line for line in output.splitlines() if "error" in line or "FATAL" in line]
    last = troubles[-1] if troubles else output[-300:]
    return StartFailed(
        "initdb_failed",
        f"PostgreSQL's data could not be made in {plan.data}: {last.strip()}",
        "Mend what it names and start again.",
    )


def explain(words: str, *, data: Path, log: Path | None) -> StartFailed:
    """Turn the last words of a server into a sentence with its remedy. Pure."""
    marks = ("FATAL", "PANIC", "ERROR", "error:", "could not")
    lines = [line.strip() for line in words.splitlines() if any(mark in line for mark in marks)]
    if any("shared memory" in line for line in lines):
        return StartFailed(
            "shared_memory",
            "PostgreSQL did not get its shared memory.",
            "Give the machine or container more of it (docker: --shm-size=256m), "
            "or lower shared_buffers in [database.settings].",
        )
    if any("No space left on device" in line for line in lines):
        return StartFailed(
            "disk_full",
            f"There is no room left for {data}.",
            "Free some space there, or choose another folder with --data.",
        )
    if "database files are incompatible" in words:
        return StartFailed(
            "other_major",
            f"The data in {data} was made by another PostgreSQL.",
            "Set [database] binaries to that PostgreSQL, or choose another folder with --data.",
        )
    if "could not bind" in words or "Address already in use" in words:
        return StartFailed(
            "port_busy",
            "PostgreSQL could not listen: its port is in use by another program.",
            "End that program (ss -ltnp shows it), or choose another port in [database] port.",
        )
    if "Read-only file system" in words:
        return StartFailed(
            "folder_read_only",
            f"The data folder {data} is on a file system that is mounted read-only.",
            "Mount it for writing, or choose another folder with --data.",
        )
    last = (lines or words.splitlines() or ["it said nothing"])[-1].strip()
    return StartFailed(
        "postgres_ended",
        f"PostgreSQL ended while it was starting: {last}",
        f"Read {log}." if log else "Mend what it names and start again.",
    )
