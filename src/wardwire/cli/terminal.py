"""What a terminal says of itself as a device: its system, and its battery where the kernel tells it."""

from __future__ import annotations

import contextlib
import platform
from pathlib import Path

from wardwire import __version__
from wardwire.devices.frames import AboutFrame

POWER = Path("/sys/class/power_supply")


def about_terminal(power: Path = POWER) -> AboutFrame:
    """Say what this machine is; of several batteries the first."""
    battery: int | None = None
    charging: bool | None = None
    for supply in sorted(power.glob("BAT*")):
        with contextlib.suppress(OSError, ValueError):
            battery = min(max(int((supply / "capacity").read_text()), 0), 100)
            charging = (supply / "status").read_text().strip() != "Discharging"
            break
    system = platform.system().lower()
    return AboutFrame(
        kind="terminal",
        platform=system[:20],
        os=f"{system} {platform.release()}"[:64],
        app=f"wardwire/{__version__}"[:64],
        battery=battery,
        charging=charging,
    )
