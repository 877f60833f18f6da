"""Former code of this repository, taken from its history: it writes what it wrote then.

A frozen copy would be one more thing to keep; the history keeps itself. Each migration that is added makes the
commit before it a former one, and the tests go on from there.
"""

from __future__ import annotations

import io
import subprocess
import tarfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from wardwire.store.migrations import find_migrations

ROOT = Path(__file__).parents[2]
MIGRATIONS = "src/wardwire/store/migrations"


@dataclass(frozen=True, slots=True)
class Former:
    """A commit whose schema is older than ours."""

    commit: str
    migrations: frozenset[str]

    def unpack(self, folder: Path) -> Path:
        """Write its `src` into a folder; returns what PYTHONPATH must be for its code to run."""
        packed = _git("archive", "--format=tar", self.commit, "src")
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            if not hasattr(tarfile, "data_filter"):  # before Python 3.11.4; what git has packed is ours
                archive.extractall(folder)
            else:
                archive.extractall(folder, filter="data")
        return folder / "src"


def ours() -> list[str]:
    """All migrations of this tree, in the order in which they were made."""
    return sorted(name for phase in ("pre", "post") for name, _ in find_migrations(phase))


@cache
def has_history() -> bool:
    """Whether this is a clone in which all migrations can be traced to their commits."""
    try:
        return _git("rev-parse", "--is-shallow-repository").strip() == b"false" and bool(_git("log", "-1"))
    except (OSError, subprocess.CalledProcessError):
        return False


def last_former() -> Former:
    """The newest commit with fewer migrations than this tree: what a hospital that upgrades runs now."""
    head = _former("HEAD")
    if head.migrations < set(ours()):
        return head  # the newest migration is not even committed
    added = _git("log", "--format=%H", "--diff-filter=A", "--", MIGRATIONS + "/*.sql").decode().split()
    return _former(f"{added[0]}^")


def first_former() -> Former:
    """The newest commit that had only the first migration."""
    second = f"{MIGRATIONS}/{ours()[1]}"
    added = _git("log", "--format=%H", "--diff-filter=A", "--", second).decode().split()
    return _former(f"{added[-1]}^" if added else "HEAD")


def _former(revision: str) -> Former:
    commit = _git("rev-parse", revision).decode().strip()
    names = _git("ls-tree", "--name-only", commit, f"{MIGRATIONS}/").decode().split()
    return Former(commit, frozenset(Path(name).name for name in names if name.endswith(".sql")))


def _git(*words: str) -> bytes:
    # Whoever runs the tests may not own the clone, as root in a container does not.
    command = ["git", "-c", "safe.directory=*", "-C", str(ROOT), *words]
    return subprocess.run(command, check=True, capture_output=True).stdout
