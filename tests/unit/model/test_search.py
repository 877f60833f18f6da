"""What is found as somebody types, and in which order; and that the index stays true under every change."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wardwire.model import ids
from wardwire.model.search import Entry, Index, entry_of, read_query


def who(nth: int, name: str, *others: str, preferred: str = "", phone: str = "", kind: str = ids.PERSON) -> Entry:
    """Somebody."""
    return entry_of(kind, UUID(int=nth), [name, preferred], others, [phone])


HOUSE = [
    who(1, "Anna Berg", "day nurse", "4 West", phone="4711"),
    who(2, "Annabel Stone", "surgeon"),
    who(3, "Dr. Jianhong Chen", "cardiologist", "Cardiology", preferred="Jim", phone="+49 30 555-12345"),
    who(4, "Joanna Smith-Jones", "Cardiology"),
    who(5, "Anna Zimmer", "night nurse"),
    who(6, "Uwe Schmidt"),
    who(7, "Cardiology 1st", kind=ids.ROLE),
    who(8, "4 West", kind=ids.PLACE),
    who(9, "Seán O'Brien"),
]


def made(on_call: tuple[int, ...] = ()) -> Index:
    """The house, with some on call."""
    index = Index()
    for entry in HOUSE:
        index.put(entry)
    index.call(frozenset(UUID(int=nth) for nth in on_call))
    return index


def found(query: str, on_call: tuple[int, ...] = (), limit: int = 20) -> list[int]:
    """Who is found, by number."""
    return [entry.id.int for entry in made(on_call).search(query, limit)]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("anna", [1, 5, 2]),  # who bears it whole before who begins so; Joanna has it in the middle alone
        ("AN", [1, 5, 2]),
        ("chen", [3, 9]),  # Sean sounds like it
        ("jim", [3]),
        ("stone anna", [2]),
        ("berg a", [1]),
        ("4711", [1]),
        ("2345", [3]),
        ("+49 30 555 12345", [3]),
        ("4930", [3]),
        ("tschen", [3, 9]),  # by sound
        ("smitt", [6, 4]),
        ("jianhogn", [3]),  # two letters swapped
        ("annabell", [2]),
        ("jiahong chen", [3]),
        ("sean obrien", [9]),
        ("brien", [9]),
        ("smithjones", [4]),
        ("cardiology", [7, 3, 4]),  # the role bears it in its name
        ("night nurse", [5]),
        ("4 west", [8, 1]),
        ("xq", []),
        ("--", []),
        ("", []),
    ],
)
def test_what_is_typed_finds_whom_it_means(query: str, numbers: list[int]) -> None:
    """In this order."""
    assert found(query) == numbers


def test_who_is_on_call_comes_first_among_equals() -> None:
    """But not before somebody who bears the very word; and when the shift is over, no more."""
    assert found("anna", on_call=(5,)) == [5, 1, 2]
    assert found("anna", on_call=(2, 5)) == [5, 1, 2]
    assert found("ann", on_call=(2,))[0] == 2
    assert found("cardio", on_call=(4,)) == [7, 4, 3]
    index = made((5,))
    index.call(frozenset())
    assert [entry.id.int for entry in index.search("anna")] == [1, 5, 2]


def test_only_so_many_and_only_of_a_kind() -> None:
    """What is left out is the least likely."""
    assert found("anna", limit=2) == [1, 5]
    assert [entry.id.int for entry in made().search("cardiology", kinds=frozenset({ids.PERSON}))] == [3, 4]


def test_what_is_typed_is_read_whatever_it_is() -> None:
    """Folded, cut, and of a number its digits alone."""
    assert read_query("  Müller-Weiß  anna ANNA ") == ["mullerweiss", "anna"]
    assert read_query("0170/12 34") == ["01701234"]
    assert len(read_query("a b c d e f g h i")) == 6
    assert read_query("x" * 5_000) == ["x" * 100]


NAMES = st.sampled_from(["Anna Berg", "Annabel Berg", "Ben", "Berta Anna", "Chen", "Chen Ben", "Bern Ann"])


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 5), st.none() | NAMES, st.booleans()), max_size=25))
def test_an_index_that_was_changed_is_the_one_that_is_made_anew(
    changes: list[tuple[int, str | None, bool]],
) -> None:
    """After people came, were renamed, went, and took and left their shifts in any order."""
    index, names, called = Index(), dict[int, str](), set[UUID]()
    for nth, name, shift in changes:
        if name is None:
            index.drop(UUID(int=nth))
            names.pop(nth, None)
        else:
            index.put(who(nth, name))
            names[nth] = name
        called = called | {UUID(int=nth)} if shift else called - {UUID(int=nth)}
        index.call(frozenset(called))
    anew = Index()
    anew.call(frozenset(called))
    for nth, name in names.items():
        anew.put(who(nth, name))
    for query in ("a", "ann", "anna", "b", "ber", "berg anna", "chen", "anan", "bne", "c b", "behn"):
        assert index.search(query) == anew.search(query), query


@settings(deadline=None)
@given(st.text(max_size=120))
def test_no_query_is_too_strange(query: str) -> None:
    """Whatever is typed is answered."""
    made().search(query)
