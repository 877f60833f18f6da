"""
A backup of everything of ours on this machine, made and proven by PostgreSQL's own tools.

A backup is one folder: `postgres/` (pg_basebackup, with the log that makes it consistent), `secrets/`, `tls/`
and `config/`, and `backup.json` with a SHA-256 for each file outside `postgres/` (which has a manifest of its
own). It holds keys and passwords: 0700, and it belongs on another disk, encrypted there.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from wardwire.ops import process
from wardwire.ops.account import Account, folder_failure, hand_over, private_folder
from wardwire.ops.binaries import PostgresBinaries
from wardwire.ops.failure import StartFailed
from wardwire.ops.postgres import SUPERUSER, PostgresPlan, data_major
from wardwire.ops.probe import Readiness, probe_postgres

FORMAT = 1
DESCRIPTION = "backup.json"
BESIDE = ("secrets", "tls")
NOT_KEPT = {"engines.json"}  # written anew at every start

Progress = Callable[[int, int], None]
"""Called with bytes done and bytes in all; the latter may grow, and is 0 while it is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """
    What `backup.json` says.

    Attributes:
        created_at: ISO 8601, UTC, by this machine's clock.
        postgres: Version that made it; the same major restores it.
        files: Path below the backup to SHA-256, for everything outside `postgres/`.
    """

    format: int
    created_at: str
    postgres: str
    files: dict[str, str] = field(repr=False)


def create(
    plan: PostgresPlan, target: Path, *, config: Sequence[Path] = (), progress: Progress = lambda _d, _a: None
) -> Backup:
    """
    Back up a running site into a new folder, which appears whole or not at all.

    Raises:
        StartFailed: `exists` (nothing is ever overwritten), `not_running`, `backup_failed`, `disk_full`.
    """
    _refuse_existing(target)
    if probe_postgres(plan.sockets, plan.port) is not Readiness.READY:
        raise StartFailed(
            "not_running",
            f"The database in {plan.data} does not answer.",
            "Start Wardwire first: wardwire serve",
        )
    draft = target.with_name(f".{target.name}.partial")
    shutil.rmtree(draft, ignore_errors=True)
    private_folder(draft, None)
    try:
        _base_backup(plan, draft / "postgres", progress)
        files = dict(_copy_beside(plan.home, config, draft))
        backup = Backup(
            format=FORMAT,
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
            postgres=plan.binaries.version,
            files=files,
        )
        text = json.dumps(asdict(backup), indent=1)
        _write_synced(draft / DESCRIPTION, text.encode())
        draft.rename(target)
    except OSError as error:
        raise folder_failure(target, error) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return backup


def read_description(source: Path) -> Backup:
    """
    Read what a backup says of itself.

    Raises:
        StartFailed: `no_backup` when it is none of ours, or of a format that we do not know.
    """
    try:
        told = json.loads((source / DESCRIPTION).read_text())
        backup = Backup(**told)
        if backup.format != FORMAT:
            raise ValueError(f"format {backup.format}")
    except (OSError, ValueError, TypeError) as error:
        if isinstance(error, PermissionError):
            raise
        raise StartFailed(
            "no_backup",
            f"{source} is no backup that we can read: {error}.",
            "Name the folder that holds backup.json.",
        ) from error
    return backup


def verify(source: Path, binaries: PostgresBinaries, *, progress: Progress = lambda _d, _a: None) -> list[str]:
    """
    Check every file of a backup against its sums, and that its log can be read; what is wrong, in sentences.

    Raises:
        StartFailed: `no_backup`, or `no_postgres_tool`.
    """
    backup = read_description(source)
    problems: list[str] = []
    for done, (name, wanted) in enumerate(backup.files.items(), 1):
        path = source / name
        if not path.is_file():
            problems.append(f"{name} is missing")
        elif _sum(path) != wanted:
            problems.append(f"{name} has changed")
        progress(done, len(backup.files) + 1)
    checked = subprocess.run(
        [binaries.tool("pg_verifybackup"), "--quiet", str(source / "postgres")],
        capture_output=True,
        text=True,
    )
    if checked.returncode != 0:
        lines = [line.partition("error: ")[2] or line for line in checked.stderr.splitlines()]
        problems += lines or [f"pg_verifybackup ended with {checked.returncode}"]
    progress(len(backup.files) + 1, len(backup.files) + 1)
    return problems


def restore(
    source: Path,
    home: Path,
    binaries: PostgresBinaries,
    account: Account | None,
    *,
    progress: Progress = lambda _d, _a: None,
) -> Backup:
    """
    Restore a backup into an empty data folder, after verifying it. The next `serve` recovers and goes on.

    The database's address and ports are made anew by that start; keys, passwords and certificates are the
    old ones, so that every device finds its way back.

    Raises:
        StartFailed: `not_empty`, `broken_backup`, `other_major`, and what a folder can refuse.
    """
    require_empty(home)
    backup = read_description(source)
    found = data_major(source / "postgres")
    if found != binaries.major:
        raise StartFailed(
            "other_major",
            f"The backup is of PostgreSQL {found}; the programs here are {binaries.version}.",
            f"Set [database] binaries to a PostgreSQL {found} (its bin folder).",
        )
    problems = verify(source, binaries)
    if problems:
        more = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
        raise StartFailed("broken_backup", f"The backup is damaged: {problems[0]}{more}.", "Take another backup.")
    private_folder(home, account)
    draft = home / ".restore"
    try:
        _copy_tree(source, draft, account, progress)
        for entry in (
            "secrets",
            "tls",
            "config",
            "postgres",
        ):  # the data last: with it the folder is complete
            if (draft / entry).exists():
                (draft / entry).rename(home / entry)
    except OSError as error:
        raise folder_failure(home, error) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return backup


def require_empty(home: Path) -> None:
    """
    Refuse a folder that holds anything.

    Raises:
        StartFailed: `not_empty`.
    """
    if home.exists() and any(home.iterdir()):
        raise StartFailed(
            "not_empty",
            f"The folder {home} is not empty; nothing is overwritten.",
            "Choose another with --data.",
        )


def _refuse_existing(target: Path) -> None:
    if target.exists():
        raise StartFailed("exists", f"{target} exists already; nothing is overwritten.", "Name a new folder.")
    if not target.parent.is_dir():
        raise StartFailed("no_folder", f"There is no folder {target.parent}.", "Make it, or mount it, first.")


def _base_backup(plan: PostgresPlan, into: Path, progress: Progress) -> None:
    command = [
        plan.binaries.tool("pg_basebackup"),
        f"--pgdata={into}",
        f"--host={plan.sockets}",
        f"--port={plan.port}",
        f"--username={SUPERUSER}",
        "--no-password",
        "--format=plain",
        "--wal-method=stream",
        "--checkpoint=fast",
        "--manifest-checksums=SHA256",
        "--progress",
    ]
    environment = {"PATH": os.defpath, "LC_ALL": "C", "PGPASSWORD": plan.password(SUPERUSER)}
    running = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    assert running.stderr is not None
    words = b""
    try:
        while piece := os.read(running.stderr.fileno(), 4096):
            words = (words + piece)[-8000:]
            counted = re.findall(rb"(\d+)/(\d+) kB", words)
            if counted:
                progress(int(counted[-1][0]) * 1024, int(counted[-1][1]) * 1024)
        status = running.wait()
    finally:
        if running.poll() is None:
            process.end(running.pid, signals=((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)), wait=running.poll)
    if status != 0:
        lines = [line for line in words.decode(errors="replace").splitlines() if "error" in line]
        why = lines[-1].partition("error: ")[2] if lines else f"status {status}"
        if "No space left" in why:
            raise StartFailed("disk_full", f"There is no room for the backup in {into.parent}.", "Make room there.")
        raise StartFailed("backup_failed", f"pg_basebackup failed: {why}.", "Read the database's log.")


def _copy_beside(home: Path, config: Sequence[Path], into: Path) -> Iterator[tuple[str, str]]:
    """Copy what lies beside the data, and give the sum of each file."""
    pairs = [(path, f"config/{path.name}") for path in config]
    for folder in BESIDE:
        for path in sorted((home / folder).glob("*")):
            if path.is_file() and path.name not in NOT_KEPT and not path.name.startswith("."):
                pairs.append((path, f"{folder}/{path.name}"))
    for path, name in pairs:
        place = into / name
        place.parent.mkdir(mode=0o700, exist_ok=True)
        _write_synced(place, path.read_bytes())
        yield name, _sum(place)


def _copy_tree(source: Path, into: Path, account: Account | None, progress: Progress) -> None:
    private_folder(into, account)
    wanted = [entry for entry in ("secrets", "tls", "config", "postgres") if (source / entry).exists()]
    files = [path for entry in wanted for path in sorted((source / entry).rglob("*"))]
    total = sum(path.stat().st_size for path in files if path.is_file())
    done = 0
    for entry in wanted:
        private_folder(into / entry, account)
    for path in files:
        place = into / path.relative_to(source)
        if path.is_dir():
            place.mkdir(mode=0o700)
        else:
            shutil.copyfile(path, place)
            place.chmod(0o600)
            done += path.stat().st_size
            progress(done, total)
        hand_over(place, account)
    os.sync()


def _write_synced(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
