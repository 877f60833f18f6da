"""What a source may say of its alert."""

from __future__ import annotations

from typing import Any

import pytest

from wardwire.model.errors import Code, Refused
from wardwire.model.priority import Priority
from wardwire.model.report import Phase, Report, check_report


def report(**fields: Any) -> Report:
    """An alarm of bed 12 begins."""
    begun = Report("monitors", "1", "key-1", Phase.START, Priority.HIGH, "SpO2", "SpO2 79 %", bed="bed:4W-12")
    return begun._replace(**fields)


def test_a_beginning_and_a_single_word_without_a_key_are_taken() -> None:
    """A source without keys can still raise alerts."""
    for fine in (report(), report(source_key=""), report(source_key="", phase=Phase.NOTE), report(bed="", unit="")):
        check_report(fine)


@pytest.mark.parametrize(
    ("bad", "pointer"),
    [
        (report(source_key="x" * 201), "/source_key"),
        (report(source_key="a\nb"), "/source_key"),
        (report(source_key="", phase=Phase.END), "/source_key"),
        (report(source_key="", phase=Phase.ESCALATE), "/source_key"),
        (report(bed="4W-12"), "/bed"),
        (report(unit="4 West"), "/unit"),
    ],
)
def test_what_cannot_be_taken_names_its_fault(bad: Report, pointer: str) -> None:
    """An end without a key could end anything."""
    with pytest.raises(Refused) as refused:
        check_report(bad)
    assert (refused.value.code, refused.value.pointer) == (Code.INVALID, pointer)
