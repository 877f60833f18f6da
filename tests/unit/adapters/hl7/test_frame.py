"""Frames are cut out of any stream, however its bytes arrive."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardwire.adapters.hl7.frame import FRAME_MAX, Deframer, FrameTooLarge, render_frame

MESSAGES = st.lists(st.binary(max_size=60).map(lambda b: b.replace(b"\x0b", b"?").replace(b"\x1c", b"!")), max_size=5)


@given(MESSAGES, st.data())
def test_how_the_bytes_are_cut_changes_nothing(messages: list[bytes], data: st.DataObject) -> None:
    """One byte at a time, or all at once."""
    stream = b"".join(map(render_frame, messages))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    deframer, found = Deframer(), []
    for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += deframer.feed(stream[begin:end])
    assert found == messages
    assert (deframer.junk, deframer.inside) == (0, False)


def test_what_stands_outside_is_dropped_and_counted() -> None:
    """A message without its first byte is none; the next one is read all the same."""
    deframer = Deframer()
    assert deframer.feed(b"MSH|no start\x1c\r" + render_frame(b"MSH|1") + b"\r\n") == [b"MSH|1"]
    assert deframer.junk == 16


def test_a_frame_that_begins_anew_forgets_what_came_before() -> None:
    """A sender that gave up in the middle and begins again."""
    deframer = Deframer()
    assert deframer.feed(b"\x0bMSH|ha") == []
    assert deframer.feed(b"lf" + render_frame(b"MSH|whole")) == [b"MSH|whole"]
    assert (deframer.restarted, deframer.junk) == (1, 8)


def test_only_both_bytes_end_a_frame() -> None:
    """A file separator alone belongs to the message; the end may be cut in two."""
    deframer = Deframer()
    assert deframer.feed(b"\x0bA\x1cB\x1c") == []
    assert deframer.feed(b"\rrest") == [b"A\x1cB"]


def test_a_frame_has_a_largest_size() -> None:
    """1 MB passes, more does not, whatever is still to come."""
    deframer = Deframer()
    assert deframer.feed(render_frame(b"x" * FRAME_MAX)) == [b"x" * FRAME_MAX]
    with pytest.raises(FrameTooLarge):
        deframer.feed(b"\x0b" + b"x" * (FRAME_MAX + 1))
