"""A log that cannot be written stops nothing; and no log repeats the words of errors that are not ours."""

from __future__ import annotations

import asyncio
import errno
import io
import json
import logging
import re
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import asyncpg
import pytest
import structlog

from wardwire.app.logs import _Unfailing, set_up_logs
from wardwire.model.errors import Code, Refused

Lines = Callable[[], list[dict[str, Any]]]


class Full(io.StringIO):
    """A stream on a disk without room."""

    full = True

    def write(self, text: str) -> int:
        """Fail while full."""
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(text)

    def flush(self) -> None:
        """Fail while full."""
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_under_the_log_raises_nothing_and_is_counted() -> None:
    """A writer of lanes logs while it gives up a connection: an error from there would end it for good."""
    disk = Full()
    stream = _Unfailing(disk)
    print("lost", file=stream, flush=True)
    disk.full = False
    print("kept", file=stream, flush=True)

    assert stream.lost > 0
    assert disk.getvalue() == "kept\n"


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    """What was logged since, as objects; all is as it was afterwards."""
    stderr = io.StringIO()
    root = logging.getLogger()
    before, level, hooks = root.handlers[:], root.level, (sys.excepthook, threading.excepthook)
    monkeypatch.setattr(sys, "stderr", stderr)
    set_up_logs("info", "json")
    try:
        yield lambda: [json.loads(line) for line in stderr.getvalue().splitlines()]
    finally:
        structlog.reset_defaults()
        root.handlers[:] = before
        root.setLevel(level)
        sys.excepthook, threading.excepthook = hooks


WORDS = "K+ 6.8 of Mrs. Miller"


def test_what_the_errors_of_others_say_is_not_logged_but_where_they_were(lines: Lines) -> None:
    """The text of an exception that is not ours may quote what a message says."""
    try:
        try:
            raise KeyError(WORDS)
        except KeyError:
            raise ValueError(WORDS) from OSError(errno.ECONNREFUSED, WORDS)
    except ValueError:
        structlog.get_logger().exception("act_broke", lane="high")

    (line,) = lines()
    assert WORDS not in json.dumps(line)
    assert (line["event"], line["lane"]) == ("act_broke", "high")
    assert "ConnectionRefusedError ECONNREFUSED\n\nwhich was the cause of:\n" in line["exception"]
    assert f'File "{__file__}", line ' in line["exception"]
    assert line["exception"].endswith("\nValueError")


def test_errors_in_a_group_and_of_their_contexts_are_named_without_their_words(lines: Lines) -> None:
    """A task group's errors are told one by one; what was being handled is told too."""
    try:
        try:
            raise KeyError(WORDS)
        except KeyError:
            raise ExceptionGroup(WORDS, [ValueError(WORDS), TypeError(WORDS)])  # noqa: B904
    except ExceptionGroup:
        structlog.get_logger().exception("batch_failed")

    (line,) = lines()
    assert WORDS not in json.dumps(line)
    assert re.findall(r"^(\w+)$", line["exception"], re.MULTILINE) == [
        "KeyError", "ExceptionGroup", "ValueError", "TypeError",
    ]  # fmt: skip


def test_our_own_errors_keep_their_sentence(lines: Lines) -> None:
    """Details of refusals are sentences of ours."""
    structlog.get_logger().error("not_kept", reason=Refused(Code.TEXT_BLANK, "a message needs a text"))

    assert lines()[0]["reason"] == "wardwire.model.errors.Refused: text_blank: a message needs a text"


def test_an_error_of_the_database_is_named_by_its_state(lines: Lines) -> None:
    """The words of the server may quote a row."""
    error = asyncpg.PostgresError.new({"C": "23505", "M": f"duplicate key {WORDS}", "D": WORDS})
    structlog.get_logger().warning("connection_lost", reason=error)

    assert lines()[0]["reason"] == "asyncpg.exceptions.UniqueViolationError 23505"


def test_an_error_with_a_circle_of_causes_is_told_once(lines: Lines) -> None:
    """A log line ends."""
    error = ValueError(WORDS)
    error.__cause__ = error
    structlog.get_logger().error("odd", exc_info=error)

    assert lines()[0]["exception"].count("ValueError") == 1


async def test_what_a_library_logs_is_named_by_its_place(lines: Lines) -> None:
    """asyncio tells of a task whose error nobody has asked for, with the error's own words."""
    loop = asyncio.get_running_loop()
    loop.call_exception_handler({"message": WORDS, "exception": ValueError(WORDS)})
    logging.getLogger("uvicorn.error").warning("Invalid request: %s", WORDS)

    first, second = lines()
    assert WORDS not in json.dumps([first, second])
    assert (first["library"], first["exception"]) == ("asyncio", "ValueError")
    assert second["library"] == "uvicorn.error"
    assert second["at"].startswith("test_logs:")


def test_what_nobody_has_caught_is_logged_in_the_same_way(lines: Lines) -> None:
    """Python's own last words would be the error's."""
    sys.excepthook(ValueError, ValueError(WORDS), None)

    (line,) = lines()
    assert (line["event"], line["level"], line["exception"]) == ("ended_by_error", "critical", "ValueError")
