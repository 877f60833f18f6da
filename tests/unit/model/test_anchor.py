"""Heads of chains in a file, line by line."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from wardwire.model.anchor import Anchored, read_lines, write_line

HEAD = Anchored(datetime(2026, 11, 24, 14, 2, 12, 345000, tzinfo=UTC), UUID(int=7), 42, bytes(range(32)))


def test_a_line_is_read_as_it_was_written() -> None:
    """To the millisecond."""
    assert list(read_lines([write_line(HEAD), "\n", write_line(HEAD)])) == [HEAD, HEAD]


def test_a_last_line_that_was_cut_in_mid_write_is_passed_over() -> None:
    """The power may fail at any byte."""
    line = write_line(HEAD)
    for length in range(1, len(line)):
        assert list(read_lines([line, line[:length]])) == [HEAD]


def test_a_broken_line_among_others_is_named() -> None:
    """Somebody has written in it."""
    with pytest.raises(ValueError, match="line 2"):
        list(read_lines([write_line(HEAD), "x\n", write_line(HEAD)]))
