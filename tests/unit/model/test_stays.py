"""Where a patient is does not hang on the order in which an admission system is heard."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardwire.model.errors import Refused
from wardwire.model.stays import (
    MOVES_MAX,
    Move,
    Moved,
    Movement,
    Stay,
    check_movement,
    find_stay,
    instant_of,
    merge,
    take_move,
    whereabouts,
)

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
ONE, TWO, THREE = (UUID(int=nth) for nth in (1, 2, 3))
EMPTY = Stay("4711", "HOSP")


def moved(move: Move, minute: int, place: UUID | None = None, ref: str = "") -> Moved:
    """A movement, so many minutes after noon."""
    return Moved(ref or f"{move}{minute}{place}", move, NOON + timedelta(minutes=minute), place)


def told(*moves: Moved) -> Stay:
    """The stay after movements, in the order in which they came."""
    stay = EMPTY
    for one in moves:
        stay, _ = take_move(stay, one)
    return stay


ADMITTED, MOVED_ON, OUT = moved(Move.ADMIT, 0, ONE), moved(Move.TRANSFER, 10, TWO), moved(Move.DISCHARGE, 20)


@pytest.mark.parametrize(
    ("moves", "place"),
    [
        ((ADMITTED,), ONE),
        ((ADMITTED, MOVED_ON), TWO),
        ((ADMITTED, MOVED_ON, OUT), None),
        ((ADMITTED, moved(Move.CANCEL_ADMIT, 5)), None),
        ((ADMITTED, MOVED_ON, moved(Move.CANCEL_TRANSFER, 12)), ONE),
        ((ADMITTED, MOVED_ON, moved(Move.CANCEL_TRANSFER, 12, THREE)), THREE),
        ((ADMITTED, MOVED_ON, OUT, moved(Move.CANCEL_DISCHARGE, 25)), TWO),
        ((moved(Move.CANCEL_DISCHARGE, 25, TWO),), TWO),
        ((ADMITTED, MOVED_ON, moved(Move.CANCEL_ADMIT, 12)), None),
        ((OUT, moved(Move.ADMIT, 30, ONE), moved(Move.CANCEL_ADMIT, 31)), None),
        ((ADMITTED, moved(Move.CANCEL_ADMIT, 5), moved(Move.ADMIT, 6, TWO)), TWO),
        ((MOVED_ON, moved(Move.CANCEL_ADMIT, 12)), None),
        ((ADMITTED, moved(Move.TRANSFER, 10)), None),
        ((ADMITTED, moved(Move.UPDATE, 5, TWO)), TWO),
        ((ADMITTED, moved(Move.UPDATE, 5)), ONE),
        ((ADMITTED, OUT, moved(Move.UPDATE, 25, ONE)), None),
        ((moved(Move.UPDATE, 0, TWO), ADMITTED), ONE),
        ((ADMITTED, MOVED_ON, moved(Move.UPDATE, 11, TWO), moved(Move.CANCEL_TRANSFER, 12)), ONE),
    ],
)
def test_each_movement_and_each_cancel_says_where_a_patient_is(moves: tuple[Moved, ...], place: UUID | None) -> None:
    """A01, A02, A03 and A11, A12, A13; a transfer to what nobody has entered leaves the bed of before."""
    assert told(*moves).place == place


@given(
    st.lists(
        st.tuples(
            st.sampled_from([one for one in Move if one is not Move.MERGE]), st.sampled_from([ONE, TWO, THREE, None])
        ),
        max_size=MOVES_MAX,
    ).flatmap(
        lambda drawn: st.tuples(
            st.just([moved(move, nth, place) for nth, (move, place) in enumerate(drawn)]),
            st.permutations([moved(move, nth, place) for nth, (move, place) in enumerate(drawn)]),
        )
    )
)
def test_the_order_in_which_they_come_changes_nothing(pair: tuple[list[Moved], list[Moved]]) -> None:
    """Late ones, and cancels before what they cancel; each said twice."""
    in_time, as_they_came = pair
    assert told(*as_they_came, *as_they_came).place == whereabouts(in_time)
    assert told(*as_they_came).place == told(*in_time).place
    others = [one for one in in_time if one.move is not Move.UPDATE]
    assert [one for one in told(*as_they_came).moves if one.move is not Move.UPDATE] == others


def test_what_a_movement_did_is_said() -> None:
    """Repeats and late ones change nothing; a repeat does when its bed has been entered since."""
    stay, did = take_move(told(ADMITTED), MOVED_ON)
    assert did == "moved"
    assert take_move(stay, MOVED_ON) == (stay, "repeated")
    assert take_move(stay, moved(Move.TRANSFER, 5, THREE))[1] == "late"
    assert take_move(stay, moved(Move.TRANSFER, 15, TWO))[1] == "kept"
    unplaced = moved(Move.TRANSFER, 30, None, ref="again")
    stay, _ = take_move(stay, unplaced)
    stay, did = take_move(stay, moved(Move.TRANSFER, 45, THREE, ref="again"))
    assert (stay.place, did, len(stay.moves), stay.moves[-1].at) == (THREE, "moved", 3, unplaced.at)


def test_no_more_than_some_are_remembered_and_older_ones_move_nobody() -> None:
    """What would be older than all of them cannot be put in order."""
    stay = told(*(moved(Move.TRANSFER, nth, TWO if nth % 2 else ONE) for nth in range(10, 10 + MOVES_MAX + 5)))
    assert len(stay.moves) == MOVES_MAX
    assert take_move(stay, moved(Move.TRANSFER, 11, THREE)) == (stay, "late")


def test_an_instant_is_never_of_the_future_and_an_hour_that_comes_twice_is_the_nearer_one() -> None:
    """A clock of the source that is fast would outrank all that follows."""
    hour = timedelta(hours=1)
    assert instant_of((NOON + hour,), NOON) == NOON
    assert instant_of((), NOON) == NOON
    assert instant_of((NOON - hour, NOON - 2 * hour), NOON) == NOON - hour
    assert instant_of((NOON - hour, NOON - 2 * hour), NOON - 2 * hour) == NOON - 2 * hour


def test_a_number_of_two_houses_is_nobodys_unless_one_says_whose() -> None:
    """A wrong patient is worse than none."""
    ours, theirs = Stay("4711", "HOSP"), Stay("4711", "NORTH")
    assert find_stay([ours, theirs], "hosp") is ours
    assert find_stay([ours, theirs], "") is None
    assert find_stay([ours], "") is ours
    assert find_stay([ours], "NORTH") is None
    assert find_stay([Stay("4711", "")], "NORTH") == Stay("4711", "")


@pytest.mark.parametrize("patient", ["", "  ", "1\n2", "9" * 101])
def test_a_movement_names_its_patient(patient: str) -> None:
    """Else nobody is moved."""
    with pytest.raises(Refused) as refused:
        check_movement(Movement("adt", "1", Move.ADMIT, patient))
    assert refused.value.pointer == "/patient"


def test_two_numbers_of_one_patient_become_one() -> None:
    """Wherever the last of all movements says, by whichever number; the same again changes nothing; and dozens of
    updates do not push out the admission.
    """
    survivor, former = told(ADMITTED), Stay("4712", "HOSP", moves=(MOVED_ON,), place=TWO)
    merged, alias = merge(survivor, former)
    assert (merged.place, merged.moves, merged.version) == (TWO, (ADMITTED, MOVED_ON), survivor.version + 1)
    assert (alias.into, alias.place, alias.moves) == (survivor.key, None, ())
    assert merge(merged, alias) == (merged, alias)
    assert merge(merged, merged) == (merged, merged)
    many = told(ADMITTED, *(moved(Move.UPDATE, nth, TWO) for nth in range(1, 20)))
    assert (len(many.moves), many.moves[0], take_move(many, OUT)[0].place) == (3, ADMITTED, None)
