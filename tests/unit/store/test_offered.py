"""Offered responses are read back as they were written."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wardwire.model.message import Offered
from wardwire.store.offered import read_offered, write_offered

OFFERED = st.builds(
    Offered,
    accept_decline=st.booleans(),
    choices=st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=12).map(tuple),
    free_text=st.booleans(),
)


@given(OFFERED)
def test_what_is_offered_is_read_back_the_same(offered: Offered) -> None:
    """Whatever stands in a choice."""
    assert read_offered(write_offered(offered)) == offered


def test_nothing_offered_takes_no_room() -> None:
    """Most messages offer nothing."""
    assert write_offered(Offered()) == ""
