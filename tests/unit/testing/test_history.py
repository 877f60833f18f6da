"""Histories survive their writers."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from wardwire.testing.history import Attempt, Died, Operation, Outcome, Recorder, longest_gap_s, read_history


def attempt(n: int) -> Attempt:
    return Attempt(client="anna", n=n, source="phone", external_id=f"x{n}", digest="d", t_inv=0.0)


def test_what_was_written_is_read_in_order(tmp_path: Path) -> None:
    """Records come back equal, each file's in its own order."""
    with Recorder(tmp_path / "anna.jsonl") as recorder:
        recorder.write(attempt(2))
        recorder.write(attempt(1))
    assert read_history([tmp_path / "anna.jsonl"]) == [attempt(2), attempt(1)]


def test_a_torn_last_line_is_left_out(tmp_path: Path) -> None:
    """A writer killed within a line leaves all whole lines before it."""
    path = tmp_path / "anna.jsonl"
    with Recorder(path) as recorder:
        recorder.write(attempt(1))
        recorder.write(Died(client="anna"))
    whole = path.read_bytes()
    path.write_bytes(whole[:-4])
    assert read_history([path]) == [attempt(1)]


def test_a_torn_line_in_the_middle_is_an_error(tmp_path: Path) -> None:
    """Evidence that is spoilt otherwise is refused, not passed over."""
    path = tmp_path / "anna.jsonl"
    path.write_bytes(b'{"kind":"died"\n{"kind":"died","client":"anna"}\n')
    with pytest.raises(msgspec.MsgspecError):
        read_history([path])


def test_the_longest_gap_counts_acknowledged_tries_only() -> None:
    """Unknown answers do not end a gap."""
    ends = [
        Operation(
            client="anna",
            source="s",
            external_id="x",
            digest="d",
            t_inv=t,
            t_ret=t,
            outcome=outcome,
            message="m",
        )
        for t, outcome in [(1.0, Outcome.OK), (3.0, Outcome.UNKNOWN), (5.5, Outcome.OK), (6.0, Outcome.OK)]
    ]
    assert longest_gap_s(ends) == 4.5
