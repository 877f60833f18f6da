"""`wardwire demo`: how long it is told to run."""

from __future__ import annotations

import pytest

from wardwire.cli.demo import read_span
from wardwire.ops.failure import StartFailed


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("", None), ("60s", 60.0), ("90", 90.0), ("1.5 m", 90.0), ("2min", 120.0), ("1h", 3600.0), (" 8S ", 8.0)],
)
def test_a_span_of_time_is_read(written: str, seconds: float | None) -> None:
    """Seconds, minutes, hours; nothing means until told to stop."""
    assert read_span(written) == seconds


@pytest.mark.parametrize("written", ["soon", "-3s", "0", "5 days", "s"])
def test_what_is_no_span_of_time_is_refused(written: str) -> None:
    """It says how to write one."""
    with pytest.raises(StartFailed, match="60s"):
        read_span(written)
