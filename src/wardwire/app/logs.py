"""
Sets the logs up: an event name and fields, one line each, on stderr. Never a local variable, never a payload.

Of an error its type and its places are told, and what it says only if the words are ours: the text of anybody else's
may quote a value, and a value may be what a message says (ADR 0010).
"""

from __future__ import annotations

import contextlib
import errno
import logging
import sys
import threading
import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import Any, TextIO, cast

import structlog
from structlog.typing import EventDict, WrappedLogger

# A chain or a group of more errors than this says nothing more by being longer.
MOST_ERRORS = 16


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


class _Library(logging.Handler):
    """What a library logs: who, and where in it. The text may quote anything; whoever wants it reads that place."""

    def emit(self, record: logging.LogRecord) -> None:
        """Say that a library has said something."""
        log = structlog.get_logger()
        say = log.error if record.levelno >= logging.ERROR else log.warning
        error = record.exc_info[1] if record.exc_info else None
        say("library_said", library=record.name, at=f"{record.module}:{record.lineno}", exc_info=error)


def set_up_logs(level: str, form: str) -> None:
    """Write JSON lines for machines, or coloured ones for people; also of what nobody has caught."""
    console = form == "console"
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            tell_errors,
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
            if console
            else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _Unfailing(sys.stderr))),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, handlers=[_Library()], force=True)
    sys.excepthook = _ended
    threading.excepthook = lambda end: _ended(end.exc_type, end.exc_value, end.exc_traceback)


def tell_errors(_logger: WrappedLogger, _method: str, fields: EventDict) -> EventDict:
    """Put places and types where a traceback is asked for, and a name where an error stands in a field."""
    error = fields.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    elif isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        fields["exception"] = places(error)
    for name, value in fields.items():
        if isinstance(value, BaseException):
            fields[name] = told(value)
    return fields


def told(error: BaseException) -> str:
    """
    Name an error in one line: its type, and what is known to hold no value.

    That is the SQLSTATE of a database's, the name of the number of an operating system's (`ECONNREFUSED`), and the
    sentence of one of our own.
    """
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    if kind.__module__.partition(".")[0] == "wardwire":
        return ": ".join([name, *map(str, error.args)])
    state = getattr(error, "sqlstate", None)
    if isinstance(state, str):
        return f"{name} {state}"
    if isinstance(error, OSError) and error.errno is not None:
        return f"{name} {errno.errorcode.get(error.errno, error.errno)}"
    return name


def places(error: BaseException) -> str:
    """Render an error with what caused it, the cause first, as Python does: files, lines, functions, and `told`."""
    return "".join(_chain(error, set())).rstrip("\n")


def _chain(error: BaseException, seen: set[int]) -> Iterator[str]:
    if id(error) in seen or len(seen) == MOST_ERRORS:
        return
    seen.add(id(error))
    if error.__cause__ is not None:
        yield from _chain(error.__cause__, seen)
        yield "\nwhich was the cause of:\n\n"
    elif error.__context__ is not None and not error.__suppress_context__:
        yield from _chain(error.__context__, seen)
        yield "\nand while that was handled:\n\n"
    yield from traceback.format_tb(error.__traceback__)
    yield f"{told(error)}\n"
    if isinstance(error, BaseExceptionGroup):
        for nth, inner in enumerate(error.exceptions, start=1):
            yield f"\n{nth} of {len(error.exceptions)}:\n"
            yield from _chain(inner, seen)


def _ended(_kind: type[BaseException], error: BaseException | None, _trace: TracebackType | None, *_: Any) -> None:
    if error is not None:
        structlog.get_logger().critical("ended_by_error", exc_info=error)
