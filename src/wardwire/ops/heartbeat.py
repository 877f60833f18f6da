"""
How a core process tells its supervisor that it is ready, and then that its loop still turns.

One end of a pipe is inherited; each byte in it says "I am here". Nothing is listened on, nothing can be asked
from outside. Without a supervisor every call does nothing.
"""

from __future__ import annotations

import contextlib
import os

VARIABLE = "WARDWIRE_HEARTBEAT"


class Heartbeat:
    """The child's side. Call `beat` once when ready, and then every second from the event loop itself."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor

    @classmethod
    def from_environment(cls) -> Heartbeat:
        """Take over the pipe that the supervisor opened, if there is one."""
        text = os.environ.pop(VARIABLE, "")
        if not text.isdecimal():
            return cls(None)
        descriptor = int(text)
        os.set_blocking(descriptor, False)
        os.set_inheritable(descriptor, False)
        return cls(descriptor)

    def beat(self) -> None:
        """Say that we are here; never waits, never fails."""
        if self._descriptor is not None:
            with contextlib.suppress(BlockingIOError, BrokenPipeError):
                os.write(self._descriptor, b".")
