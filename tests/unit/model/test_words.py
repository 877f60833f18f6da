"""How words are compared when people type."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wardwire.model.words import fold, slips, sound_of, words_of


def test_words_are_without_capitals_and_accents_and_both_parts_and_whole() -> None:
    """Whichever way somebody types them."""
    assert words_of("Søren Müller-Weiß") == ["soren", "muller", "weiss", "mullerweiss"]
    assert words_of("Seán O'Brien") == ["sean", "o", "brien", "obrien"]
    assert fold("ŁUKASZ") == "lukasz"


@pytest.mark.parametrize(
    ("one", "other"),
    [("Meyer", "Maier"), ("Mayr", "Meier"), ("Schmidt", "Smith"), ("Okafor", "Okaphor"), ("Chen", "Tschen"),
     ("Jonson", "Johnson"), ("Christian", "Kristian"), ("Petersen", "Pedersen")],
)  # fmt: skip
def test_what_sounds_alike_sounds_alike(one: str, other: str) -> None:
    """Whatever the language in which it is written."""
    assert sound_of(fold(one)) == sound_of(fold(other)) != ""


@pytest.mark.parametrize(("one", "other"), [("Meyer", "Miller"), ("Anna", "Hannes"), ("Chen", "Cohn-Levi")])
def test_what_does_not_sound_alike_does_not(one: str, other: str) -> None:
    """Else everybody would be found."""
    assert sound_of(fold(one)) != sound_of(fold(other))


def plain(one: str, other: str) -> int:
    """The slips between two words, by the book (optimal string alignment)."""
    table = {(i, 0): i for i in range(len(one) + 1)} | {(0, j): j for j in range(len(other) + 1)}
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            same = one[i - 1] == other[j - 1]
            table[i, j] = min(table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + (not same))
            if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
                table[i, j] = min(table[i, j], table[i - 2, j - 2] + 1)
    return table[len(one), len(other)]


@settings(deadline=None)
@given(st.text("abc", max_size=8), st.text("abc", max_size=8), st.sampled_from([1, 2]))
def test_slips_are_counted_as_by_the_book(one: str, other: str, most: int) -> None:
    """The short way and the long way agree."""
    far = plain(one, other)
    assert slips(one, other, most) == (far if far <= most else None)
