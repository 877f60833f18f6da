"""An error says what is true: refused, unknown, or not kept."""

from __future__ import annotations

import pytest

from wardwire.model.errors import MEANING, Code, Refused, Unavailable, Unknown, WardwireError


def test_every_code_is_written_as_a_program_would() -> None:
    """Codes are lower case words joined by underscores, and no two are alike."""
    assert len({str(code) for code in Code}) == len(Code)
    assert [code for code in Code if not str(code).replace("_", "").isalpha() or str(code) != code.lower()] == []


def test_every_code_has_a_meaning_of_its_own() -> None:
    """Nobody meets a code that nothing explains."""
    assert set(MEANING) == set(Code)
    assert len(set(MEANING.values())) == len(MEANING)


@pytest.mark.parametrize("kind", [Refused, Unavailable, Unknown])
def test_there_are_three_ways_not_to_be_stored(kind: type[Exception]) -> None:
    """Whoever handles WardwireError has handled them all; none is another."""
    assert issubclass(kind, WardwireError)
    assert [other for other in (Refused, Unavailable, Unknown) if other is not kind and issubclass(kind, other)] == []


def test_a_refusal_carries_where_and_what_else() -> None:
    """The pointer says where the fault lies, the fields what helps to mend it."""
    refused = Refused(Code.RECIPIENT_AMBIGUOUS, "several bear this name", pointer="/to/0", candidates=["per_1"])

    assert (refused.pointer, refused.fields) == ("/to/0", {"candidates": ["per_1"]})
    assert refused.args == (Code.RECIPIENT_AMBIGUOUS, "several bear this name")
