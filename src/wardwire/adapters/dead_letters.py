"""Messages that were refused, kept byte for byte, so that a person can see to them: files in a folder of ours.

They hold what patients' messages hold: the folder is for our user alone, and no name in it says anything of them.
"""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

MOST = 1_000
_NAME = re.compile(r"[0-9a-f]{16,128}")


class DeadLetters:
    """A folder with at most `MOST` messages; the oldest go first. All of it blocks: call it in a thread."""

    def __init__(self, folder: Path, *, most: int = MOST) -> None:
        self._folder = folder
        self._most = most

    def apart(self, name: str, *, most: int) -> DeadLetters:
        """A folder inside of this one, with a bound of its own: what fills it pushes nothing else out."""
        return DeadLetters(self._folder / name, most=most)

    def keep(self, digest: str, message: bytes) -> Path:
        """Keep a message under its digest (hex); on disk when this returns. Keeping it again changes nothing.

        Raises:
            OSError: It is not kept.
            ValueError: The digest is none.
        """
        if not _NAME.fullmatch(digest):
            raise ValueError("a digest is lower-case hex")
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / f"{digest}.hl7"
        if not path.exists():
            self._make_room()
            # Of its own for each call: the same message may come twice at once.
            handle, part = tempfile.mkstemp(dir=self._folder, suffix=".part")
            with os.fdopen(handle, "wb") as file:
                file.write(message)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, path)
            self._sync_folder()
        return path

    def all(self) -> list[Path]:
        """List them, oldest first."""
        return sorted(self._folder.glob("*.hl7"), key=lambda path: (path.stat().st_mtime_ns, path.name))

    def _make_room(self) -> None:
        kept = self.all()
        for path in kept[: max(len(kept) - self._most + 1, 0)]:
            path.unlink(missing_ok=True)

    def _sync_folder(self) -> None:
        """The name is on disk too."""
        handle = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
