"""One `serve` for one data folder: a lock that the kernel gives back by itself when its holder dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from wardwire.ops.account import Account, folder_failure, hand_over
from wardwire.ops.failure import StartFailed


class FolderLock:
    """Held from `take` to `release`, or to the end of the process; children do not inherit it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def take(self, account: Account | None) -> None:
        """
        Take the lock and write our pid into it.

        Raises:
            StartFailed: `already_running`, with the pid of the holder.
        """
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise folder_failure(self.path.parent, error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
            os.close(descriptor)
            raise StartFailed(
                "already_running",
                f"Wardwire runs already on {self.path.parent.parent} (pid {holder}).",
                f"Stop it with: kill {holder}; or choose another folder with --data.",
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        hand_over(self.path, account)
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the lock back; the file stays, so that no two holders lock two files of one name."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
