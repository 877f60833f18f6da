"""Move the wall clock of one program, while it runs, by libfaketime.

Only the wall clock: the monotonic clock is left alone, else timers of the program would fire at once and the
test would be of nothing real. Statically linked programs (nats-server) are not reached.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

_SYSTEM = ("/usr/lib/*/faketime/libfaketime.so.1", "/usr/lib*/faketime/libfaketime.so.1")


def find_libfaketime() -> Path | None:
    """Find the library: of the package `libfaketime`, else of the system. None when there is none."""
    spec = importlib.util.find_spec("libfaketime")
    places = [Path(place) for place in (spec.submodule_search_locations or [])] if spec else []
    found = [path for place in places for path in place.rglob("libfaketime.so.1")]
    found += [path for pattern in _SYSTEM for path in Path("/").glob(pattern[1:])]
    return found[0] if found else None


class WallClock:
    """A wall clock that children share, and that `step` moves. Takes hold in them within a second.

    Args:
        file: Where the offset is kept; children must be able to read it.
        library: As `find_libfaketime` gave it.
    """

    def __init__(self, file: Path, library: Path) -> None:
        self._file = file
        self._library = library
        self.offset_s = 0.0
        self.step(0.0)

    def environment(self) -> dict[str, str]:
        """Give what is to be added to the environment of a child."""
        return {
            "LD_PRELOAD": str(self._library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",  # its name in older versions
            "FAKETIME_DONT_RESET": "1",
        }

    def step(self, seconds: float) -> None:
        """Set the wall clock this far from the true one (negative: behind)."""
        self.offset_s = seconds
        draft = self._file.with_suffix(".draft")
        draft.write_text(f"{seconds:+.3f}\n")
        os.chmod(draft, 0o644)
        draft.replace(self._file)
