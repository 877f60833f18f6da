"""A disk that is too small: a tmpfs of fixed size, for root, or in a namespace of one's own for anybody.

As root the folder is mounted here. An ordinary user gets user and mount namespaces, held by a process that
does nothing: programs started behind `prefix` see the disk at `folder`, we see it at `view`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

_HOLD = (
    'mount -t tmpfs -o "size=$1,mode=755" tmpfs "$2" && mkdir -m 700 "$2/data" && echo ready && exec sleep infinity'
)


def can_make_small_disks() -> bool:
    """Tell whether this user may: root with the right to mount, or user namespaces that are allowed."""
    if shutil.which("unshare") is None:
        return False
    probe = ["unshare", "-m" if os.geteuid() == 0 else "-Urm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return subprocess.run(probe, capture_output=True).returncode == 0


class SmallDisk:
    """A disk of `size_mb` megabytes at `folder`, which must exist. Use as a context manager.

    Attributes:
        data: The folder on it to be used by programs, 0700; as root still root's.
        prefix: What to put before the command of a program that shall see it.
        view: `data` as this process sees it.
    """

    def __init__(self, folder: Path, size_mb: int) -> None:
        self.folder = folder
        self.size_mb = size_mb
        self.data = folder / "data"
        self.view = self.data
        self.prefix: list[str] = []
        self._holder: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        if os.geteuid() == 0:
            options = f"size={self.size_mb}m,mode=755"
            subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.folder)], check=True)
            self.data.mkdir(mode=0o700)
            return self
        hold = ["unshare", "-Urm", "sh", "-c", _HOLD, "hold", f"{self.size_mb}m", str(self.folder)]
        self._holder = subprocess.Popen(hold, stdout=subprocess.PIPE, text=True)
        assert self._holder.stdout is not None
        if self._holder.stdout.readline() != "ready\n":
            raise OSError("no small disk: user namespaces are not allowed here")
        pid = str(self._holder.pid)
        # A second user namespace gives the program an ordinary uid again: PostgreSQL refuses to be root.
        self.prefix = ["nsenter", "-t", pid, "-U", "-m", "--preserve-credentials", "--"]
        self.prefix += ["unshare", "-U", f"--map-user={os.geteuid()}", f"--map-group={os.getegid()}", "--"]
        self.view = Path(f"/proc/{pid}/root{self.data}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._holder is not None:
            self._holder.kill()
            self._holder.wait()
        else:
            subprocess.run(["umount", "-l", str(self.folder)], check=False, capture_output=True)

    def free_bytes(self) -> int:
        """Tell how much room is left."""
        status = os.statvfs(self.view)
        return status.f_bavail * status.f_frsize

    def fill(self, *, leave_bytes: int = 0, name: str = "filler") -> int:
        """Write a file until only `leave_bytes` are left. Returns its size in bytes."""
        written = 0
        descriptor = os.open(self.view.parent / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            with contextlib.suppress(OSError):
                while (room := self.free_bytes() - leave_bytes) > 0:
                    written += os.write(descriptor, b"\0" * min(room, 1 << 20))
        finally:
            os.close(descriptor)
        return written

    def release(self, *, name: str = "filler") -> None:
        """Remove the file that `fill` wrote."""
        (self.view.parent / name).unlink(missing_ok=True)
