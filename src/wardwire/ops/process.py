"""
Child processes that cannot outlive us unseen.

A child drops to its account, gets a signal when its parent dies (Linux), and is written down as pid *and*
start time, so that a later start never mistakes a stranger with a reused pid for its own orphan.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from wardwire.ops.account import Account, drop_account, hand_over

PR_SET_PDEATHSIG = 1
LOG_LIMIT = 16 * 1024 * 1024
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def spawn(
    argv: Sequence[str],
    *,
    account: Account | None,
    log: Path | IO[bytes] | None,
    death_signal: int,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    keep: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """
    Start a child in a process group of its own, so that a Ctrl-C at the terminal reaches only us.

    The death signal follows the *thread* that calls this: call it from one which lives as long as the child
    may (the main thread). The log is appended to and created 0600.

    Args:
        account: Dropped to before the program starts, with its own HOME, where libraries look; None keeps the user.
        death_signal: What the child gets when we die. Linux only; elsewhere its record finds the orphan.
        environment: The whole environment of the child; None hands on ours.
    """
    parent = os.getpid()

    def prepare() -> None:
        if account is not None:
            _change_user(account)
        _die_with_parent(death_signal, parent)

    mine = open_log(log, account) if isinstance(log, Path) else None
    given = None if isinstance(log, Path) else log
    try:
        return subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=mine or given or subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            env={**(os.environ if environment is None else environment), **_home_of(account)},
            cwd=folder or "/",
            umask=0o077,
            process_group=0,
            pass_fds=tuple(keep),
            preexec_fn=prepare,
        )
    finally:
        if mine is not None:
            mine.close()


def become(name: str, *, death_signal: int) -> None:
    """
    Change the running process from root to a user, for good.

    Raises:
        StartFailed: `no_account`.
    """
    parent = os.getppid()
    account = drop_account(name)
    if account is not None:
        _change_user(account)
        os.environ.update(_home_of(account))
        _die_with_parent(death_signal, parent)


def _home_of(account: Account | None) -> dict[str, str]:
    return {} if account is None else {"HOME": account.home, "USER": account.name, "LOGNAME": account.name}


def _change_user(account: Account) -> None:
    os.setgroups([])
    os.setgid(account.gid)
    os.setuid(account.uid)


def _die_with_parent(death_signal: int, parent: int) -> None:
    """Ask for a signal when the parent dies; a change of user clears this, so it comes after one."""
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)


def open_log(path: Path, account: Account | None) -> IO[bytes]:
    """Open a log for appending, 0600 and the account's own; a long one is put aside as `.1` first."""
    with contextlib.suppress(FileNotFoundError):
        if path.stat().st_size > LOG_LIMIT:
            path.replace(path.with_name(path.name + ".1"))
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    hand_over(path, account)
    return os.fdopen(descriptor, "ab")


def started_at(pid: int) -> str | None:
    """Name the life of a process: equal answers for one pid mean one and the same process. None when gone."""
    if sys.platform == "linux":
        try:
            text = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return None
        fields = text.rpartition(")")[2].split()
        if fields[0] in "ZX":
            return None
        return f"{_boot()}:{fields[19]}"
    seen = subprocess.run(["ps", "-p", str(pid), "-o", "lstart="], capture_output=True, text=True)
    return seen.stdout.strip() or None


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def write_record(path: Path, pid: int, account: Account | None) -> None:
    """Write down a child, so that the next start can find it should we die."""
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps({"pid": pid, "started": started_at(pid)}))
    draft.chmod(0o600)
    hand_over(draft, account)
    draft.replace(path)


def read_record(path: Path) -> int | None:
    """Give the pid written down, only when that very process still lives."""
    try:
        record = json.loads(path.read_text())
        pid = int(record["pid"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    life = started_at(pid)
    return pid if life is not None and life == record.get("started") else None


def end(pid: int, *, signals: Sequence[tuple[int, float]], wait: Callable[[], object] | None = None) -> bool:
    """
    End a process by signals in turn, each with its patience in seconds; True when it is gone.

    Works for children (pass their `poll` as `wait`, so that no zombie stays) and for strangers. A frozen
    process is thawed first: a stopped one would never hear a polite signal.
    """
    life = started_at(pid)
    for number, patience_s in signals:
        if not _signal(pid, number):
            return True
        _signal(pid, signal.SIGCONT)
        for _ in polls(patience_s):
            if wait is not None:
                wait()
            if started_at(pid) != life or life is None:
                return True
    return False


def _signal(pid: int, number: int) -> bool:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def polls(patience_s: float, *, pause_s: float = 0.01) -> Iterator[float]:
    """Yield the seconds left, again and again, until the patience is over; at least once."""
    ends = time.monotonic() + patience_s
    while True:
        left = ends - time.monotonic()
        yield max(left, 0.0)
        if left <= 0:
            return
        time.sleep(min(pause_s, left))
