"""Look for what must never be in the tree: addresses in lock files, and paths of one machine.

    python -m tools.tracked

A lock file with an address binds every hospital to somebody's index; a path of one machine works on no other.
Reads what git tracks or would track; without git, the files that lie there.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
ADDRESS = re.compile(r"\b(?:https?|git\+\w+|ssh|file)://|^\s*-{1,2}(?:i|index-url|extra-index-url|find-links)\b")
INDEX = re.compile(r"https?://(?:[\w.-]*\bpypi\b|pypi|files\.pythonhosted|registry\.npmjs)[\w./-]*")
# Where people keep their trees. A program's own places (/var/lib, /usr, /tmp) are not among them.
HOME = re.compile(r"(?<![\w.~$}-])/(?:root|home/\w+|Users/\w+|work|workspace|builds)/[\w.-]+")
LEFT_OUT = {".git", ".venv", ".data", "build", "dist", "node_modules"}


def tracked_files(root: Path) -> list[Path]:
    """List the files of the tree: also those not yet added, none that is ignored."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "-co", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=root, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        found = (path for path in root.rglob("*") if not LEFT_OUT & set(path.relative_to(root).parts))
        return sorted(path for path in found if path.is_file())
    names = sorted({name for name in listed.decode().split("\0") if name})
    return [root / name for name in names if (root / name).is_file()]


def find_faults(root: Path, files: Iterable[Path]) -> Iterator[str]:
    """Give a line for each fault: file, line, and what is wrong with it."""
    for path in files:
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        name = path.relative_to(root)
        locked = path.suffix == ".lock" or path.name == "package-lock.json"
        for number, line in enumerate(lines, 1):
            if locked and (found := ADDRESS.search(line)):
                yield f"{name}:{number}: an address in a lock file: {found.group()}"
            elif found := INDEX.search(line):
                yield f"{name}:{number}: the address of a package index: {found.group()}"
            elif found := HOME.search(line):
                yield f"{name}:{number}: a path of one machine: {found.group()}"


def main() -> int:
    """Print every fault; 1 when there is one."""
    faults = list(find_faults(ROOT, tracked_files(ROOT)))
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
