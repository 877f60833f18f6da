"""What a test may need of the machine, and whether this one has it.

A test names its need by a marker (`@pytest.mark.needs_root`). Where the machine lacks it, the test is not
collected, and one line at the end says so; with REQUIRE=all any lack fails the run before it begins.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SLAPD = Path("/usr/sbin/slapd")
"""Debian's, outside most people's PATH."""

POSTGRES_MAJORS = (18, 15)
"""All majors that the store and the stories run on; the first is the one that every other test uses."""

DEBIAN_POSTGRES_15 = Path("/usr/lib/postgresql/15/bin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Something that a machine has or lacks.

    Attributes:
        marker: The marker of the tests that need it.
        name: In words, for the closing line.
        remedy: What to do to have it.
        is_met: Asks the machine; called at most once a run.
    """

    marker: str
    name: str
    remedy: str
    is_met: Callable[[], bool]


def _postgres_15() -> bool:
    return (DEBIAN_POSTGRES_15 / "initdb").is_file()


def _root() -> bool:
    return os.geteuid() == 0


def faketime_library() -> Path | None:
    """Find libfaketime: the wheel's, or the distribution's. None when there is none."""
    import libfaketime

    vendored = Path(libfaketime.__file__).parent / "vendor" / "libfaketime" / "src"
    places = [vendored, *Path("/usr/lib").glob("*/faketime")]
    for place in places:
        for name in ("libfaketimeMT.so.1", "libfaketime.so.1"):
            if (place / name).is_file():
                return place / name
    return None


def _faketime() -> bool:
    library = faketime_library()
    if library is None:
        return False
    environment = {**os.environ, "LD_PRELOAD": str(library), "FAKETIME": "@2001-02-03 04:05:06", "TZ": "UTC"}
    told = subprocess.run(["date", "+%Y"], env=environment, capture_output=True, text=True, check=False)
    return told.stdout.strip() == "2001"


def mount_prefix() -> list[str] | None:
    """Give the command before which a process has mounts of its own; None where the machine forbids it."""
    unshare = shutil.which("unshare")
    if unshare is None:
        return None
    prefix = [unshare, "--mount"] if _root() else [unshare, "--user", "--map-root-user", "--mount"]
    tried = subprocess.run(
        [*prefix, "mount", "-t", "tmpfs", "-o", "size=1m", "none", "/tmp"], capture_output=True, check=False
    )
    return prefix if tried.returncode == 0 else None


def _chromium() -> bool:
    return shutil.which("chromium") is not None


def _firefox() -> bool:
    return (shutil.which("firefox-esr") or shutil.which("firefox")) is not None


def _webkit() -> bool:
    return shutil.which("WebKitWebDriver") is not None and shutil.which("xvfb-run") is not None


def _webapp() -> bool:
    return (Path(__file__).parents[1] / "src" / "wardwire" / "webapp" / "index.html").is_file()


def _history() -> bool:
    from tests.upgrade.former import has_history

    return has_history()


NEEDS = (
    Need(
        marker="needs_pg15",
        name="Debian's PostgreSQL 15",
        remedy="apt-get install postgresql-15",
        is_met=_postgres_15,
    ),
    Need(marker="needs_slapd", name="OpenLDAP's slapd", remedy="apt-get install slapd", is_met=SLAPD.is_file),
    Need(marker="needs_root", name="root", remedy="run as root", is_met=_root),
    Need(
        marker="needs_faketime",
        name="libfaketime",
        remedy="apt-get install libfaketime",
        is_met=_faketime,
    ),
    Need(
        marker="needs_mounts",
        name="mounts of one's own",
        remedy="run as root, or allow user namespaces",
        is_met=lambda: mount_prefix() is not None,
    ),
    Need(
        marker="needs_chromium",
        name="Debian's Chromium",
        remedy="apt-get install chromium",
        is_met=_chromium,
    ),
    Need(marker="needs_firefox", name="Firefox", remedy="apt-get install firefox-esr", is_met=_firefox),
    Need(
        marker="needs_webkit",
        name="WebKitGTK",
        remedy="apt-get install webkit2gtk-driver xvfb xauth",
        is_met=_webkit,
    ),
    Need(
        marker="needs_webapp",
        name="what browsers run",
        remedy="make web",
        is_met=_webapp,
    ),
    Need(
        marker="needs_history",
        name="the history of this repository",
        remedy="clone it whole, with git",
        is_met=_history,
    ),
)


@cache
def lacks(marker: str) -> Need | None:
    """Tell what this machine lacks for a marker; None when it has it, or when the marker is no need."""
    for need in NEEDS:
        if need.marker == marker:
            return None if need.is_met() else need
    return None
