"""What of an entry who copies the directory is given."""

from __future__ import annotations

from uuid import uuid4

from wardwire.api.entries import seen_by
from wardwire.directory.entries import Entry
from wardwire.model.rights import AccessRole, Caller

ANNA, BEN = uuid4(), uuid4()
CALLERS = {
    role: Caller(source=f"person:{ANNA}", scopes=frozenset(), person_id=ANNA, roles=frozenset({role}))
    for role in (AccessRole.OPERATOR, AccessRole.CLINICIAN)
}


def test_numbers_are_of_those_alone_whose_addresses_the_caller_may_see() -> None:
    """An operator sees everybody's, a clinician their own; that somebody is there, both."""
    entry = Entry("person", "per_x", name="Ben", numbers=["4412"])
    assert seen_by(CALLERS[AccessRole.OPERATOR], entry, BEN) == entry
    assert seen_by(CALLERS[AccessRole.CLINICIAN], entry, ANNA) == entry
    assert seen_by(CALLERS[AccessRole.CLINICIAN], entry, BEN) == Entry("person", "per_x", name="Ben")
