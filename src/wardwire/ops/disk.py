"""
Room on the disk: how much is left, what that allows, and the ballast that is given up in need.

The ballast is a file of real blocks, made while there is room. On a full disk an operator (or the database's
own need) gets it back at once: `wardwire disk release`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from wardwire.ops.account import Account, folder_failure, hand_over

BALLAST_NAME = "ballast"
_PIECE = bytes(1024 * 1024)


class Room(Enum):
    """What the free space allows."""

    AMPLE = "ample"
    WARN = "warn"  # everything goes on, and a technical alarm is raised
    URGENT_ONLY = "urgent_only"  # `code` and `high` only


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """Sizes of one file system, in bytes; `free` is what an ordinary user may still use."""

    total: int
    free: int

    @property
    def share(self) -> float:
        """Free part, 0 to 1."""
        return self.free / self.total if self.total else 0.0


def decide_room(share: float, *, warn: float = 0.15, urgent_only: float = 0.05) -> Room:
    """Say what a free share allows. Pure; a share that equals a threshold is still above it."""
    if share < urgent_only:
        return Room.URGENT_ONLY
    return Room.WARN if share < warn else Room.AMPLE


def measure(folder: Path) -> Space:
    """Ask the file system of a folder; inodes count too, the scarcer of both decides."""
    status = os.statvfs(folder)
    total, free = status.f_blocks * status.f_frsize, status.f_bavail * status.f_frsize
    if status.f_files and status.f_favail / status.f_files < (free / total if total else 0):
        free = int(total * status.f_favail / status.f_files)
    return Space(total=total, free=free)


def keep_ballast(folder: Path, size: int, account: Account | None = None) -> bool:
    """
    Make the ballast of `size` bytes unless it is there; True when it stands afterwards.

    It is written, not only declared, so that its blocks really are taken; it is made only while it leaves
    twice its size free, so that it never makes the trouble that it is for.

    Raises:
        StartFailed: The folder cannot be written for another reason than lack of room.
    """
    path = folder / BALLAST_NAME
    if size == 0:
        release_ballast(folder)
        return False
    if path.exists() and path.stat().st_size == size:
        return True
    if measure(folder).free < 3 * size:
        return False
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, size)
            else:
                for _ in range(0, size, len(_PIECE)):
                    file.write(_PIECE[: size - file.tell()])
        hand_over(path, account)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise folder_failure(folder, error) from error
    return True


def release_ballast(folder: Path) -> int:
    """Give the ballast up; the bytes that came free, 0 when there was none."""
    path = folder / BALLAST_NAME
    try:
        size = path.stat().st_size
        path.unlink()
    except FileNotFoundError:
        return 0
    return size
