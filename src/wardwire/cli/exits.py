"""Exit statuses of every command; scripts may rely on them."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What a command's end means."""

    OK = 0
    FAILED = 1  # it did not work; or a check found something
    USAGE = 2  # the command line or a setting is wrong
    UNREACHABLE = 3  # what it must talk to is not there
    NOT_ALLOWED = 4
    TIMED_OUT = 5
