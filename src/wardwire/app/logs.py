"""Sets the logs up: an event name and fields, one line each, on stderr. Never a local variable, never a payload."""

from __future__ import annotations

import contextlib
import logging
import sys
from typing import TextIO, cast

import structlog


class _Unfailing:
    """A stream whose trouble is its own: a full disk under the log, or a reader that has gone, stops no message.

    Attributes:
        lost: How many pieces could not be written.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.lost = 0

    def write(self, text: str) -> int:
        """Write what can be written."""
        try:
            return self._stream.write(text)
        except (OSError, ValueError):
            self.lost += 1
            return len(text)

    def flush(self) -> None:
        """Flush what can be flushed; what stays in the buffer is tried again with the next line."""
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()


def set_up_logs(level: str, form: str) -> None:
    """Write JSON lines for machines, or coloured ones for people."""
    console = form == "console"
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            # A traceback names places, never values: a value might be what a message says.
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
            if console
            else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _Unfailing(sys.stderr))),
        cache_logger_on_first_use=True,
    )
