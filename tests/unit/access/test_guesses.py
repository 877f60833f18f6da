"""How often may be guessed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wardwire.access.guesses import BURST, FREE, LONGEST_WAIT, PER_S, REMEMBERED, Guesses


def test_each_further_guess_waits_twice_as_long_up_to_a_bound() -> None:
    """Five are free; then 1, 2, 4 … seconds, at most a quarter of an hour."""
    guesses, now, waits = Guesses(), 0.0, []
    for nth in range(20):
        guesses.wrong("anna", f"10.0.0.{nth}", now)
        waits.append(guesses.wait_s("anna", "10.9.9.9", now))
        now += waits[-1]
    assert waits[: FREE + 3] == [0, 0, 0, 0, 1, 2, 4, 8]
    assert max(waits) == LONGEST_WAIT.total_seconds()


def test_one_address_that_tries_everybody_is_slowed_down() -> None:
    """One guess at each account is many at one door: a hundred, and then one in five seconds."""
    guesses = Guesses()
    for nth in range(int(BURST)):
        assert guesses.wait_s(f"person{nth}", "10.0.0.1", 0.0) == 0
        guesses.wrong(f"person{nth}", "10.0.0.1", 0.0)
    assert guesses.wait_s("anna", "10.0.0.1", 0.0) == 1 / PER_S
    assert guesses.wait_s("anna", "10.0.0.1", 1 / PER_S) == 0
    assert guesses.wait_s("anna", "10.0.0.2", 0.0) == 0


def test_a_whole_house_behind_one_address_is_not_locked_out_by_it() -> None:
    """A shift of 500 signs in behind one proxy, each tenth mistypes once; and who is known there waits for nobody."""
    guesses, now = Guesses(), 0.0
    guesses.right("anna", "proxy")
    for nth in range(500):
        assert guesses.wait_s(f"nurse{nth}", "proxy", now) == 0
        guesses.wrong(f"nurse{nth}", "proxy", now)
        if nth % 10:
            guesses.right(f"nurse{nth}", "proxy")
        now += 1.0
    for nth in range(1000):
        guesses.wrong(f"made-up{nth}", "proxy", now)
    assert guesses.wait_s("ben", "proxy", now) <= 1 / PER_S
    assert guesses.wait_s("anna", "proxy", now) == 0


def test_whoever_guesses_at_anna_does_not_keep_her_out_where_she_is_known() -> None:
    """Where she has signed in before she is counted apart; and her own mistakes there still count."""
    guesses = Guesses()
    guesses.right("anna", "10.0.0.7")
    for nth in range(100):
        guesses.wrong("anna", f"10.1.0.{nth}", 0.0)
    assert guesses.wait_s("anna", "10.1.0.200", 0.0) > 0
    assert guesses.wait_s("anna", "10.0.0.7", 0.0) == 0
    for _ in range(FREE):
        guesses.wrong("anna", "10.0.0.7", 0.0)
    assert guesses.wait_s("anna", "10.0.0.7", 0.0) > 0


def test_what_was_long_ago_is_forgotten() -> None:
    """An hour without a guess."""
    guesses = Guesses()
    for _ in range(30):
        guesses.wrong("anna", "10.0.0.1", 0.0)
    assert guesses.wait_s("anna", "10.0.0.1", 3601.0) == 0
    guesses.wrong("anna", "10.0.0.1", 3601.0)
    assert guesses.wait_s("anna", "10.0.0.1", 3601.0) == 0


def test_memory_is_bounded() -> None:
    """However many names are tried."""
    guesses = Guesses()
    for nth in range(REMEMBERED + 1000):
        guesses.wrong(f"n{nth}", f"a{nth}", float(nth))
        guesses.right(f"m{nth}", f"b{nth}")
    assert len(guesses._counts) <= REMEMBERED
    assert len(guesses._rooms) <= REMEMBERED
    assert len(guesses._known) <= REMEMBERED


@given(st.lists(st.sampled_from(["wrong", "look", "wait"]), max_size=200))
def test_nobody_gets_more_than_the_free_ones_without_waiting(moves: list[str]) -> None:
    """In an hour of one name from one address: five, and then one for each wait that was kept."""
    guesses, now, tried, waited = Guesses(), 0.0, 0, 0
    for move in moves:
        left = guesses.wait_s("anna", "10.0.0.1", now)
        if move == "wrong" and left == 0:
            guesses.wrong("anna", "10.0.0.1", now)
            tried += 1
        if move == "wait" and left:
            now, waited = now + left, waited + 1
    assert tried <= FREE + waited
