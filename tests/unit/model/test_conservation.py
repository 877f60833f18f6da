"""Whatever was stored is delivered, ended or armed; what is none of it is found."""

from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from wardwire.model.conservation import DELIVERED, ENDED, PENDING, Balance, Books, Held
from wardwire.model.delivery import State

NOBODY_GROWS: frozenset[UUID] = frozenset()


def held(
    nth: int, state: str = PENDING, *, person: int = 1, armed: bool = True, unit: str = "4 West", test: bool = False
) -> Held:
    """A delivery as it was read."""
    return Held(UUID(int=nth), UUID(int=person), state, unit, test, armed)


def look(books: Books, *seen: Held, growing: frozenset[UUID] = NOBODY_GROWS) -> list[int]:
    """Look at some, and at all that is open; returns the messages that are lost now."""
    again = [*books.open]
    return [message.int for message in books.look(seen, again=again, growing=growing)]


def test_every_state_of_a_delivery_has_its_place() -> None:
    """A state that the auditor did not know would be a loss that is none."""
    assert {*DELIVERED, *ENDED, PENDING} == set(State)


def test_the_books_balance_while_everything_goes_its_way() -> None:
    """Armed becomes delivered or ended; units are kept apart, and tests are never counted as real."""
    books = Books()
    assert look(books, held(1), held(2, unit="ICU 1"), held(3, "read"), held(4, test=True)) == []
    assert look(books, held(1, "delivered", armed=False), held(2, "expired", unit="ICU 1"), held(4, test=True)) == []
    assert books.units["4 West"] == Balance(stored=2, delivered=2)
    assert books.units["ICU 1"] == Balance(stored=1, ended=1)
    assert (books.tests, books.total().stored) == (Balance(stored=1, armed=1), 3)
    assert books.holds


def test_silence_is_found_at_once_and_later_and_told_once() -> None:
    """A delivery without a deadline, one that has lost it, and one whose row is gone; healed, it counts again."""
    books = Books()
    assert look(books, held(1, armed=False), held(2), held(3)) == [1]
    assert look(books, held(1, armed=False), held(2, armed=False)) == [2, 3]
    assert look(books, held(1, armed=False), held(2, armed=False)) == []
    assert books.units["4 West"] == Balance(stored=3, lost=3)
    assert (books.holds, books.lost) == (False, 3)
    look(books, held(1), held(2, "delivered"), held(3, "read"))
    assert books.units["4 West"] == Balance(stored=3, delivered=2, armed=1)


def test_whoever_is_called_later_is_counted_and_kept_from_silence_too() -> None:
    """An open alert gets more recipients in later steps; a delivery that rings again is armed again."""
    books, growing = Books(), frozenset({UUID(int=1)})
    look(books, held(1, "unreachable"), growing=growing)
    look(books, held(1), held(1, person=2), growing=growing)
    assert books.total() == Balance(stored=2, armed=2)
    assert look(books, held(1, "accepted"), held(1, person=2, armed=False), growing=growing) == [1]
    look(books, held(1, "accepted"), held(1, "taken", person=2))
    assert (books.total(), books.open) == (Balance(stored=2, delivered=2), {})


def test_the_next_day_begins_with_what_is_open() -> None:
    """Nothing that is open is forgotten at midnight, and what follows is counted out again."""
    books = Books()
    look(books, held(1), held(2, "read"), held(3, armed=False))
    books.next_day()
    assert books.total() == Balance(stored=2, armed=1, lost=1)
    look(books, held(1, "accepted"), held(3, "cancelled"))
    assert books.total() == Balance(stored=2, delivered=1, ended=1)


READ = st.tuples(st.integers(1, 6), st.integers(1, 2), st.sampled_from([*State]), st.booleans(), st.booleans())


@given(st.lists(st.tuples(st.lists(READ, max_size=6), st.frozensets(st.integers(1, 6))), max_size=12))
def test_no_sequence_of_looks_loses_count(
    looks: list[tuple[list[tuple[int, int, State, bool, bool]], frozenset[int]]],
) -> None:
    """The terms and what is lost add up to what is stored, whatever is seen; open ones are all in the books."""
    books, settled = Books(), set[int]()
    for rows, growing in looks:
        seen = {
            (nth, person): held(nth, state, person=person, armed=armed, unit="ICU 1" if other else "4 West")
            for nth, person, state, armed, other in rows
            if nth not in settled
        }
        look(books, *seen.values(), growing=frozenset(UUID(int=nth) for nth in growing - settled))
        settled |= {nth for nth, _ in seen if UUID(int=nth) not in books.open}
        total = books.total()
        assert total.stored == total.delivered + total.ended + total.armed + total.lost
        assert min(total.figures().values()) >= 0
        counted = [each for deliveries in books.open.values() for each in deliveries.values()]
        assert total.armed == sum(each.where == "armed" for each in counted)
        assert total.lost == sum(each.where == "lost" for each in counted) == books.lost
