"""
Whose name an engine runs under.

PostgreSQL refuses to run as root, and nothing of ours needs to. As root everything drops to a system user;
as an ordinary user everything stays who we are. Files are handed over here too; no other place chowns.
"""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from wardwire.ops.failure import StartFailed

SERVICE_USER = "wardwire"
THROWAWAY_USER = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user with an entry in passwd (initdb asks for one)."""

    name: str
    uid: int
    gid: int
    home: str


def find_account(name: str) -> Account | None:
    """Find a user by name; None when this machine has none."""
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid, home=entry.pw_dir)


def drop_account(name: str | None = None) -> Account | None:
    """
    Tell to whom engines drop: None for an ordinary user (who stays), a user when we are root.

    Raises:
        StartFailed: `no_account` when root asks for a user that is not there.
    """
    if os.geteuid() != 0:
        return None
    found = find_account(name or THROWAWAY_USER)
    if found is None:
        raise StartFailed(
            "no_account",
            f"There is no user {name!r} on this machine.",
            f"Make it with: useradd --system {name}",
        )
    return found


def ensure_service_account(say: Callable[[str], None], *, name: str = SERVICE_USER) -> Account | None:
    """
    Give the user that the service runs as; as root it is made when missing, after saying so.

    Raises:
        StartFailed: `no_account` when useradd is missing or refuses.
    """
    if os.geteuid() != 0 or find_account(name) is not None:
        return drop_account(name)
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", name]
    say(f"Making the system user {name}: {' '.join(command)}")
    tool = shutil.which("useradd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    made = subprocess.run([tool, *command[1:]], capture_output=True, text=True) if tool else None
    if made is None or made.returncode != 0:
        why = made.stderr.strip() if made else "useradd is not installed"
        raise StartFailed(
            "no_account",
            f"The system user {name} could not be made: {why}.",
            f"Make a user {name} by hand and start again.",
        )
    return drop_account(name)


def reachable(path: Path, account: Account | None) -> bool:
    """Tell whether the account may pass every folder above `path` and read and run `path` itself."""
    if account is None:
        return os.access(path, os.R_OK | os.X_OK)
    real = path.resolve()
    if not all(_may(folder, account, stat.S_IXOTH) for folder in real.parents):
        return False
    return _may(real, account, stat.S_IROTH | stat.S_IXOTH)


def _may(path: Path, account: Account, bits: int) -> bool:
    status = path.stat()
    if status.st_uid == account.uid:
        bits <<= 6
    elif status.st_gid == account.gid or status.st_gid in _groups(account):
        bits <<= 3
    return status.st_mode & bits == bits


def _groups(account: Account) -> set[int]:
    return {group.gr_gid for group in grp.getgrall() if account.name in group.gr_mem}


def hand_over(path: Path, account: Account | None) -> None:
    """Make one file or folder the account's own; nothing happens for an ordinary user."""
    if account is not None:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)


def private_folder(path: Path, account: Account | None) -> Path:
    """
    Make a folder that only the account may enter (0700), with its parents.

    An existing folder keeps what is in it and is made private. The parents that are made on the way
    (never existing ones) can be passed by everybody, so that the account reaches its own.

    Raises:
        StartFailed: `folder_read_only`, `folder_denied` or `disk_full`.
    """
    try:
        if not path.exists():
            for parent in reversed(path.parents):
                if not parent.exists():
                    parent.mkdir(mode=0o755 if account else 0o700)
            path.mkdir(mode=0o700)
        if path.stat().st_mode & 0o777 != 0o700:
            path.chmod(0o700)
        if account is not None and path.stat().st_uid != account.uid:
            hand_over(path, account)
        _try_to_write(path)
    except OSError as error:
        raise folder_failure(path, error) from error
    return path


def _try_to_write(path: Path) -> None:
    probe = path / f".write-test-{os.getpid()}"
    try:
        probe.write_bytes(b"1" * 4096)
    finally:
        probe.unlink(missing_ok=True)


def folder_failure(path: Path, error: OSError) -> StartFailed:
    """Turn what the system said about a folder into a sentence with its remedy."""
    import errno

    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return StartFailed(
                "disk_full",
                f"There is no room left for {path}.",
                "Free some space there, or choose another folder with --data.",
            )
        case errno.EROFS:
            return StartFailed(
                "folder_read_only",
                f"The folder {path} is on a file system that is mounted read-only.",
                "Mount it for writing, or choose another folder with --data.",
            )
        case errno.EACCES | errno.EPERM:
            return StartFailed(
                "folder_denied",
                f"The folder {path} may not be written by this user.",
                "Give the user the right to write there, or choose another folder with --data.",
            )
        case _:
            return StartFailed(
                "folder_unusable",
                f"The folder {path} cannot be used: {error.strerror or error}.",
                "Choose another folder with --data.",
            )
