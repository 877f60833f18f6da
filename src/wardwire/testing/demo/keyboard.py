"""Single keys from the terminal, without waiting for Enter; the terminal is put back as it was."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import termios
import tty
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def keys(pressed: Callable[[str], None]) -> Iterator[bool]:
    """Call `pressed` with each key, inside a running event loop; gives whether there is a keyboard at all."""
    if not _ours():
        yield False
        return
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    loop = asyncio.get_running_loop()

    def read() -> None:
        text = os.read(descriptor, 64)
        if not text:
            loop.remove_reader(descriptor)
        # An arrow or a function key is a sequence, and none of ours.
        elif not text.startswith(b"\x1b"):
            for key in text.decode(errors="ignore"):
                pressed(key)

    tty.setcbreak(descriptor, termios.TCSANOW)
    loop.add_reader(descriptor, read)
    try:
        yield True
    finally:
        loop.remove_reader(descriptor)
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def _ours() -> bool:
    """Whether stdin is a terminal in whose foreground we are: another one's may not be touched."""
    try:
        return sys.stdin.isatty() and os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError):
        return False
