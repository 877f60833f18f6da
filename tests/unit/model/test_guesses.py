"""How often may be guessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from wardwire.model.guesses import (
    BURST,
    FREE,
    KNOWN_AGAIN,
    LONGEST_WAIT,
    NOTHING,
    PER_S,
    Tallies,
    Tally,
    after_right,
    after_wrong,
    keys_of,
    wait_of,
)

T0 = datetime(2026, 11, 30, 7, tzinfo=UTC)


class Book:
    """What is remembered, without a database."""

    def __init__(self) -> None:
        self.kept: dict[bytes, Tally] = {}
        self.now = T0

    def wait_s(self, login: str, address: str, ahead: int = 0, ahead_here: int = 0) -> float:
        return wait_of(self._tallies(login, address), ahead, ahead_here, self.now).total_seconds()

    def wrong(self, login: str, address: str) -> None:
        self.kept.update(after_wrong(keys_of(login, address), self._tallies(login, address), self.now))

    def right(self, login: str, address: str) -> bool:
        """Whether anything was written."""
        changed = after_right(keys_of(login, address), self._tallies(login, address), self.now)
        self.kept.update(changed)
        return bool(changed)

    def pass_s(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def _tallies(self, login: str, address: str) -> Tallies:
        return Tallies(*(self.kept.get(key, NOTHING) for key in keys_of(login, address)))


def test_each_further_guess_waits_twice_as_long_up_to_a_bound() -> None:
    """Five are free; then 1, 2, 4 … seconds, at most a quarter of an hour."""
    book, waits = Book(), []
    for nth in range(20):
        book.wrong("anna", f"10.0.0.{nth}")
        waits.append(book.wait_s("anna", "10.9.9.9"))
        book.pass_s(waits[-1])
    assert waits[: FREE + 3] == [0, 0, 0, 0, 1, 2, 4, 8]
    assert max(waits) == LONGEST_WAIT.total_seconds()


def test_one_address_that_tries_everybody_is_slowed_down() -> None:
    """One guess at each account is many at one door: a hundred, and then one in five seconds."""
    book = Book()
    for nth in range(int(BURST)):
        assert book.wait_s(f"person{nth}", "10.0.0.1") == 0
        book.wrong(f"person{nth}", "10.0.0.1")
    assert book.wait_s("anna", "10.0.0.1") == 1 / PER_S
    assert book.wait_s("anna", "10.0.0.2") == 0
    book.pass_s(1 / PER_S)
    assert book.wait_s("anna", "10.0.0.1") == 0


def test_a_whole_house_behind_one_address_is_not_locked_out_by_it() -> None:
    """A shift of 500 signs in behind one proxy, each tenth mistypes once; and who is known there waits for nobody."""
    book = Book()
    book.right("anna", "proxy")
    for nth in range(500):
        assert book.wait_s(f"nurse{nth}", "proxy") == 0
        if nth % 10 == 0:
            book.wrong(f"nurse{nth}", "proxy")
        book.right(f"nurse{nth}", "proxy")
        book.pass_s(1)
    for nth in range(1000):
        book.wrong(f"made-up{nth}", "proxy")
    assert book.wait_s("ben", "proxy") <= 1 / PER_S
    assert book.wait_s("anna", "proxy") == 0


def test_whoever_guesses_at_anna_does_not_keep_her_out_where_she_is_known() -> None:
    """Where she has signed in before she is counted apart; and her own mistakes there still count."""
    book = Book()
    book.right("anna", "10.0.0.7")
    for nth in range(100):
        book.wrong("anna", f"10.1.0.{nth}")
    assert book.wait_s("anna", "10.1.0.200") > 0
    assert book.wait_s("anna", "10.0.0.7") == 0
    for _ in range(FREE):
        book.wrong("anna", "10.0.0.7")
    assert book.wait_s("anna", "10.0.0.7") > 0
    book.pass_s(LONGEST_WAIT.total_seconds())
    assert book.right("anna", "10.0.0.7")
    assert book.wait_s("anna", "10.0.0.7") == 0


def test_what_was_long_ago_is_forgotten() -> None:
    """An hour without a guess."""
    book = Book()
    for _ in range(30):
        book.wrong("anna", "10.0.0.1")
    book.pass_s(3601)
    assert book.wait_s("anna", "10.0.0.1") == 0
    book.wrong("anna", "10.0.0.1")
    assert book.wait_s("anna", "10.0.0.1") == 0


def test_many_at_once_are_many_guesses() -> None:
    """What is being looked at counts as wrong for whoever comes after it."""
    book = Book()
    assert [book.wait_s("anna", "10.0.0.1", nth, nth) > 0 for nth in range(7)] == [False] * FREE + [True] * 2
    assert book.wait_s("anna", "10.0.0.1", 0, int(BURST)) == 1 / PER_S


def test_a_good_sign_in_is_written_once_a_day() -> None:
    """A shift change of ten thousand is no load."""
    book = Book()
    assert [book.right("anna", "10.0.0.7") for _ in range(3)] == [True, False, False]
    book.pass_s(KNOWN_AGAIN.total_seconds())
    assert book.right("anna", "10.0.0.7")


@given(st.lists(st.sampled_from(["wrong", "look", "wait"]), max_size=200))
def test_nobody_gets_more_than_the_free_ones_without_waiting(moves: list[str]) -> None:
    """In an hour of one name from one address: five, and then one for each wait that was kept."""
    book, tried, waited = Book(), 0, 0
    for move in moves:
        left = book.wait_s("anna", "10.0.0.1")
        if move == "wrong" and left == 0:
            book.wrong("anna", "10.0.0.1")
            tried += 1
        if move == "wait" and left:
            book.pass_s(left)
            waited += 1
    assert tried <= FREE + waited
