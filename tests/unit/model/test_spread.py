"""Large tables in many parts say what one dict and one sorted list would say."""

from __future__ import annotations

from bisect import bisect_left

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardwire.model import spread
from wardwire.model.spread import InOrder, Spread

words = st.text("abc", max_size=3)
acts = st.lists(st.tuples(words, st.booleans()), max_size=60)


@pytest.fixture(autouse=True)
def short_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts that split and fall empty with few words already."""
    monkeypatch.setattr(spread, "_LONGEST", 3)


@given(acts, words, words)
def test_words_stay_in_order_through_every_change(acts: list[tuple[str, bool]], one: str, other: str) -> None:
    """What is between two words, and how many, is what one sorted list says."""
    first, end = sorted((one, other))
    parts, all_there = InOrder(), set[str]()
    for word, comes in acts:
        if comes and word not in all_there:
            parts.add(word)
            all_there.add(word)
        elif not comes and word in all_there:
            parts.remove(word)
            all_there.remove(word)
    listed = sorted(all_there)
    between = listed[bisect_left(listed, first) : bisect_left(listed, end)]

    assert list(parts.between(first, end)) == between
    assert parts.count(first, end) == len(between)
    assert all(len(part) <= 3 and part for part in parts._parts)


@given(st.lists(st.tuples(words, st.none() | st.integers()), max_size=60), words)
def test_a_spread_table_is_a_dict(changes: list[tuple[str, int | None]], asked: str) -> None:
    """Put, taken away and asked for as in one dict."""
    parts, whole = Spread[str, int](), dict[str, int]()
    for key, value in changes:
        if value is None:
            assert parts.pop(key) == whole.pop(key, None)
        else:
            parts.put(key, value)
            whole[key] = value

    assert parts.get(asked) == whole.get(asked)
    assert len(parts) == len(whole)
