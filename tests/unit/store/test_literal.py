"""Columns are written as PostgreSQL reads arrays."""

from __future__ import annotations

from uuid import UUID

import pytest

from wardwire.store.literal import Places, digests, numbers, words

ONE, TWO = UUID(int=1), UUID(int=2)


def test_an_id_is_named_by_its_place_wherever_it_stands() -> None:
    """Each id is there once; nothing is NULL but None."""
    places: Places[UUID] = Places()
    assert places.write([TWO, None, ONE]) == "{1,NULL,2}"
    assert places.write([ONE, ONE, TWO]) == "{2,2,1}"
    assert places.all == [TWO, ONE]


def test_numbers_and_words_need_no_quotes() -> None:
    """The empty word is one too; what would need quotes is a fault of ours."""
    assert numbers([1, -2]) == "{1,-2}"
    assert words(["pending", ""]) == '{pending,""}'
    with pytest.raises(AssertionError):
        words(["{"])


def test_digests_stand_one_behind_the_other() -> None:
    """One of another length would move all that follow."""
    assert digests([b"a" * 32, b"b" * 32]) == b"a" * 32 + b"b" * 32
    with pytest.raises(AssertionError):
        digests([b"a" * 32, b"b"])
