"""The demo's own data folder: where it is, that it is one, and how it is begun anew. Never the service's."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from wardwire.ops.account import THROWAWAY_USER, Account, drop_account, private_folder
from wardwire.ops.failure import StartFailed
from wardwire.ops.home import default_home
from wardwire.ops.ports import LOOPBACK
from wardwire.ops.secrets import write_private
from wardwire.testing.hospital.plan import DESK, MONITORS, SITE

_MARK = "demo"
PLAYED = "simulation"
MAPPING = """\
# Which alarms and results call whom; see docs/howto/hl7.md. Written by `wardwire demo` at every start.
[[rules]]
name = "critical results"
when = { type = "ORU^R01" }
policy = "{service} on call"
subject = "Critical result"
text = "{text}, {bed}"

[otherwise]
name = "monitors"
text = "{text}, {bed}"
"""


def default_folder() -> Path:
    """Give the demo's folder: beside the service's, and never the same."""
    return default_home().with_name("wardwire-demo")


@dataclass(frozen=True, slots=True)
class Folder:
    """A demo's folder, or that of a site which is played on.

    Attributes:
        old: It was there before, so people and messages may be in it.
        mark: The name of what belongs to us in it; only a demo's own folder has the mark of one.
    """

    home: Path
    account: Account | None
    old: bool
    mark: str = _MARK

    @property
    def own(self) -> Path:
        """What belongs to the demo, and not to the site that it runs: keys, phones, settings."""
        return self.home / self.mark

    @property
    def settings(self) -> Path:
        """The settings of its site; other commands can use them by --config."""
        return self.own / "wardwire.toml"

    def write(self, name: str, content: object) -> None:
        """Keep something as JSON, for its owner alone."""
        write_private(self.own / name, json.dumps(content).encode(), self.account)

    def read(self, name: str) -> dict[str, str]:
        """Read what `write` kept; nothing when it is not there or broken."""
        try:
            found = json.loads((self.own / name).read_bytes())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


def open_folder(home: Path, *, fresh: bool = False) -> Folder:
    """Make the folder ready.

    Args:
        fresh: Remove what is there before; only ever a folder that a demo has made.

    Raises:
        StartFailed: `not_a_demo`, `already_running`, or the folder cannot be used.
    """
    account = drop_account(THROWAWAY_USER)
    if home.exists() and not _is_demo(home):
        raise StartFailed(
            "not_a_demo",
            f"The folder {home} holds something, and no demo has made it.",
            "Choose an empty folder with --data.",
        )
    _refuse_running(home)
    if fresh and home.exists():
        try:
            shutil.rmtree(home)
        except OSError as error:
            raise StartFailed(
                "folder_denied", f"The folder {home} could not be removed: {error}.", "Remove it by hand."
            ) from error
    old = (home / _MARK / "keys.json").exists()
    private_folder(home, account)
    folder = Folder(home, account, old)
    for path in (folder.own, folder.own / "phones", home / "log"):
        private_folder(path, account)
    return folder


def open_played(home: Path, account: Account | None) -> Folder:
    """Make a folder for our phones and keys in that of a running site."""
    folder = Folder(home, account, (home / PLAYED / "keys.json").exists(), PLAYED)
    for path in (folder.own, folder.own / "phones"):
        private_folder(path, account)
    return folder


def _is_demo(home: Path) -> bool:
    try:
        return home.is_dir() and ((home / _MARK).is_dir() or not any(home.iterdir()))
    except PermissionError as error:
        raise StartFailed(
            "folder_denied", f"The folder {home} belongs to another user.", "Choose another one with --data."
        ) from error


def _refuse_running(home: Path) -> None:
    """Refuse while somebody holds the lock of `wardwire serve`: nobody's running folder is removed."""
    lock = home / "run" / "serve.lock"
    if not lock.exists():
        return
    descriptor = os.open(lock, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 32).decode(errors="replace").strip()
        raise StartFailed(
            "already_running",
            f"A demo runs on {home} (pid {holder}).",
            f"End it with q in its terminal, or with: kill {holder}.",
        ) from None
    finally:
        os.close(descriptor)


def write_settings(
    folder: Folder, front_host: str = LOOPBACK, /, *, edge: int, api: int, front: int, ops: int, smtp: int, hl7: int
) -> None:
    """Write the settings of the demo's site: ports of its own, short waits, a small ballast."""
    sections: dict[str, dict[str, str | int | float]] = {
        "site": {"name": SITE, "desk": f"role:{DESK}"},
        "data": {"dir": str(folder.home), "user": THROWAWAY_USER},
        "nats": {"edge_listen": f"127.0.0.1:{edge}"},
        "api": {"listen": f"127.0.0.1:{api}"},
        "front": {"listen": f"{front_host}:{front}"},
        "ops": {"listen": f"127.0.0.1:{ops}"},
        # Short, so that somebody who looks on sees what happens when nobody confirms.
        "waits": {"code_s": 3.0, "high_s": 5.0, "medium_s": 4.0, "low_s": 15.0},
        "hl7": {"listen": f"127.0.0.1:{hl7}", "source": MONITORS, "table": str(folder.own / "mapping.toml")},
        "smtp": {
            "host": "127.0.0.1",
            "port": smtp,
            "tls": "none",
            "sender": "wardwire@hospital.example",
            "link_base": f"http://127.0.0.1:{api}",
        },
        "disk": {"ballast_mb": 1},
    }
    text = "# Written by `wardwire demo` at every start.\n"
    for section, values in sections.items():
        # A JSON string is a TOML basic string, and numbers are alike.
        text += f"\n[{section}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())
    write_private(folder.settings, text.encode(), folder.account)
    write_private(folder.own / "mapping.toml", MAPPING.encode(), folder.account)
