"""Events in order: whatever radio does, each is applied once and nothing is passed over unseen."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wardwire.client.order import Order
from wardwire.devices.frames import Condensed, Cursor, Event


def event(seq: int, epoch: int = 1) -> Event:
    """Some event."""
    return Event(epoch=epoch, seq=seq, event="new", id=f"msg_{seq}")


def seqs(events: list[Event]) -> list[int]:
    """The numbers."""
    return [one.seq for one in events]


def test_what_comes_in_order_is_applied_at_once() -> None:
    """And a repeat of it is not."""
    order = Order(Cursor(epoch=1, seq=4))
    assert seqs(order.take(event(5))) == [5]
    assert seqs(order.take(event(5))) == []
    assert seqs(order.take(event(6))) == [6]
    assert order.cursor == Cursor(epoch=1, seq=6)
    assert not order.behind


def test_what_comes_too_early_waits() -> None:
    """Until the one before it is there."""
    order = Order(Cursor(epoch=1, seq=0))
    assert seqs(order.take(event(3))) == []
    assert order.behind
    assert seqs(order.take(event(1))) == [1]
    assert seqs(order.take(event(2))) == [2, 3]
    assert not order.behind


def test_an_event_of_another_epoch_is_not_applied_and_must_be_asked_about() -> None:
    """The numbers of another history say nothing about ours."""
    order = Order(Cursor(epoch=1, seq=4))
    assert order.take(event(5, epoch=2)) == []
    assert order.behind
    assert order.cursor == Cursor(epoch=1, seq=4)


def test_a_condensed_page_has_holes_that_are_no_gaps() -> None:
    """Only what it names is waited for; then the cursor stands at its end."""
    order = Order(Cursor(epoch=1, seq=0))
    assert order.condensed(Condensed(epoch=1, first=1, last=9, seqs=[3, 7]))
    assert seqs(order.take(event(7))) == []
    assert seqs(order.take(event(10))) == []
    assert seqs(order.take(event(3))) == [3, 7, 10]
    assert order.cursor == Cursor(epoch=1, seq=10)


def test_a_hole_in_what_a_condensed_page_names_is_noticed() -> None:
    """A frame of it was lost: the device stays behind until it has asked again."""
    order = Order(Cursor(epoch=1, seq=0))
    order.condensed(Condensed(epoch=1, first=1, last=9, seqs=[3, 7, 9]))
    order.take(event(3))
    order.take(event(9))
    assert order.behind
    assert order.cursor == Cursor(epoch=1, seq=3)
    assert order.condensed(Condensed(epoch=1, first=4, last=9, seqs=[7, 9]))
    assert seqs(order.take(event(7))) == [7, 9]


def test_a_page_that_does_not_continue_here_is_passed_over() -> None:
    """It begins behind our next event: something before it is missing."""
    order = Order(Cursor(epoch=1, seq=2))
    assert not order.condensed(Condensed(epoch=1, first=5, last=9, seqs=[9]))
    assert order.cursor == Cursor(epoch=1, seq=2)


def test_an_empty_page_moves_the_cursor() -> None:
    """Nothing of what lies there is for this device."""
    order = Order(Cursor(epoch=1, seq=2))
    assert order.condensed(Condensed(epoch=1, first=3, last=9, seqs=[]))
    assert order.cursor == Cursor(epoch=1, seq=9)


def test_a_reset_counts_only_for_the_cursor_that_asked() -> None:
    """One that comes late or twice does not throw a device back."""
    order = Order(Cursor(epoch=7, seq=99))
    reset = Condensed(epoch=1, first=1, last=2, seqs=[2], reset=True, asked=Cursor(epoch=7, seq=99))
    assert order.condensed(reset)
    assert seqs(order.take(event(2))) == [2]
    order.take(event(3))
    order.condensed(reset)
    assert order.cursor == Cursor(epoch=1, seq=3)
    assert order.take(event(2)) == []


def test_what_overtakes_the_page_that_begins_anew_is_not_lost() -> None:
    """It was said live between the reading of the page and its arrival, and would not be said again soon."""
    order = Order()
    assert order.take(event(1)) == []
    assert order.behind
    assert order.condensed(Condensed(epoch=1, first=1, last=0, seqs=[], reset=True))
    assert seqs(order.drain()) == [1]
    assert not order.behind


def test_what_overtakes_a_page_of_another_history_is_not_lost() -> None:
    """Nor by a number that the strange cursor has passed; and what the page has itself comes from the page."""
    strange = Cursor(epoch=1, seq=99)
    order = Order(strange)
    order.estranged = True
    assert seqs(order.take(event(3)) + order.take(event(2))) == []
    assert order.condensed(Condensed(epoch=1, first=1, last=2, seqs=[2], reset=True, asked=strange))
    assert order.drain() == []
    paged = Event(epoch=1, seq=2, event="read", id="msg_2", age_ms=7)
    assert order.take(paged) == [paged, event(3)]
    assert not order.estranged


def test_a_word_of_an_older_history_is_passed_over() -> None:
    """It came late, from before another database took over; nothing is missing because of it."""
    order = Order(Cursor(epoch=2, seq=4))
    assert order.take(event(9, epoch=1)) == []
    assert not order.behind


def test_a_live_word_does_not_stand_in_for_that_of_a_condensed_page() -> None:
    """The page's carries the message; the live one, which came first, need not."""
    order = Order(Cursor(epoch=1, seq=0))
    assert order.take(event(600)) == []
    assert order.condensed(Condensed(epoch=1, first=1, last=600, seqs=[600]))
    assert order.drain() == []
    paged = Event(epoch=1, seq=600, event="new", id="msg_600", age_ms=7)
    assert order.take(paged) == [paged]


@given(st.permutations(list(range(1, 13))), st.lists(st.integers(1, 12), max_size=12))
def test_any_order_with_repeats_is_applied_once_in_order(arriving: list[int], repeats: list[int]) -> None:
    """However they come, and however often."""
    order = Order(Cursor(epoch=1, seq=0))
    applied: list[int] = []
    for seq in [*repeats[:6], *arriving, *repeats]:
        applied += seqs(order.take(event(seq)))
    assert applied == list(range(1, 13))
