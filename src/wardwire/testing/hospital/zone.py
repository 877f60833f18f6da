"""Which zone this machine is in, by name: rotations are agreed on in one, and an offset alone knows no summer."""

from __future__ import annotations

import os
from datetime import datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo


def local_zone(now: datetime) -> tzinfo | None:
    """Return this machine's zone, named where that can be found out; otherwise the offset that `now` has.

    Args:
        now: With this machine's offset.
    """
    for name in (os.environ.get("TZ", ""), str(Path("/etc/localtime").resolve()).partition("zoneinfo/")[2]):
        try:
            zone = ZoneInfo(name)
        except (KeyError, OSError, ValueError):
            continue
        if now.astimezone(zone).utcoffset() == now.utcoffset():
            return zone
    return now.tzinfo
