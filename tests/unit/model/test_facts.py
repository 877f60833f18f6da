"""The hash of a fact hangs on everything in it and on all before it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from tests.unit.model.samples import ANNA, BEN, T0
from wardwire.model.facts import GENESIS, FactKind, link

WRITER = UUID(int=77)
FACT = (WRITER, 1, T0, "Delivered", UUID(int=1), ANNA, UUID(int=3), '{"state":"delivered"}')


def test_the_form_that_is_hashed_never_changes() -> None:
    """Chains of years ago must still verify: a changed form would call every old fact forged."""
    assert link(GENESIS, *FACT).hex() == "4835ee9c3450b678c8861d5c8845ab1bcc251e8b7f9cf83688d44f53aa910865"


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (0, UUID(int=78)),
        (1, 2),
        (2, T0 + timedelta(microseconds=1)),
        (3, "Read"),
        (4, None),
        (4, UUID(int=2)),
        (5, BEN),
        (6, None),
        (7, '{"state": "delivered"}'),
    ],
)
def test_whatever_is_changed_changes_the_hash(place: int, value: object) -> None:
    """To the microsecond, and to the space in its body."""
    other = list(FACT)
    other[place] = value

    assert link(GENESIS, *other) != link(GENESIS, *FACT)  # type: ignore[arg-type]


def test_the_hash_hangs_on_the_one_before() -> None:
    """A fact that is taken out or put in between is found."""
    assert link(link(GENESIS, *FACT), *FACT) != link(GENESIS, *FACT)


def test_an_id_cannot_move_from_one_column_to_the_next() -> None:
    """A person is no device, though both are written as 32 digits."""
    moved = (*FACT[:5], None, ANNA, FACT[7])

    assert link(GENESIS, *moved) != link(GENESIS, *FACT[:6], None, FACT[7])


def test_facts_are_told_in_the_past_tense_and_once_each() -> None:
    """The vocabulary holds no two names of one thing."""
    assert len({str(kind) for kind in FactKind}) == len(FactKind)
    assert [kind for kind in FactKind if not str(kind).isalpha()] == []
