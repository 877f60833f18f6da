"""Where our folder is, when nobody says."""

from __future__ import annotations

import os
from pathlib import Path


def default_home() -> Path:
    """Give the data folder where none is set: the service's as root, else below the XDG data folder."""
    if os.geteuid() == 0:
        return Path("/var/lib/wardwire")
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "wardwire"
