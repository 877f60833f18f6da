"""The chain of a writer moves only when its facts are committed."""

from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.model.samples import ANNA, T0
from wardwire.model.facts import GENESIS, link
from wardwire.store.chain import Chain, Draft

WRITER = UUID(int=77)


def drafts(count: int) -> list[Draft]:
    """Some facts."""
    return [Draft("Delivered", UUID(int=nth), ANNA, None, f'{{"n":{nth}}}') for nth in range(count)]


def test_facts_are_numbered_from_one_and_hang_on_each_other() -> None:
    """The first hangs on nothing but the beginning."""
    chain = Chain(WRITER)
    linked = chain.link(T0, drafts(2))
    first = link(GENESIS, WRITER, 1, T0, "Delivered", UUID(int=0), ANNA, None, '{"n":0}')
    second = link(first, WRITER, 2, T0, "Delivered", UUID(int=1), ANNA, None, '{"n":1}')

    assert (linked.seq, linked.head) == (2, second)
    assert list(linked.columns[5]) == [first, second]


def test_a_batch_that_is_undone_leaves_the_chain_as_it_was() -> None:
    """What was linked and not committed is forgotten, and its numbers are used again."""
    chain = Chain(WRITER)
    chain.advance(chain.link(T0, drafts(3)))
    chain.link(T0, drafts(5))

    assert chain.seq == 3
    assert chain.link(T0, drafts(1)) == chain.link(T0, drafts(1))
    assert chain.link(T0, drafts(1)).seq == 4


def test_no_facts_move_nothing() -> None:
    """An empty batch has no columns."""
    chain = Chain(WRITER)
    linked = chain.link(T0, [])
    chain.advance(linked)

    assert (chain.seq, linked.head, linked.columns) == (0, GENESIS, [])


@given(st.lists(st.integers(0, 4), max_size=6))
def test_batches_of_any_size_make_the_same_chain(sizes: list[int]) -> None:
    """The chain knows nothing of batches."""
    apart, together = Chain(WRITER), Chain(WRITER)
    every = drafts(sum(sizes))
    done = 0
    for size in sizes:
        apart.advance(apart.link(T0, every[done : done + size]))
        done += size
    together.advance(together.link(T0, every))

    assert apart.link(T0, drafts(1)) == together.link(T0, drafts(1))
