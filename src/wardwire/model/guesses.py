"""How often may be guessed: at an account each further time later, from an address so many a minute; then forgotten.

Whoever is known at an address, because they have signed in there, is counted apart from those who guess elsewhere,
and whatever else comes from there does not count against them: a whole house may stand behind one address.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

# At an account so many wrong ones are free; each further one doubles the wait, up to the longest.
FREE = 5
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=1), timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=1)
# From an address so many at once, and then one in five seconds.
BURST, PER_S = 100.0, 0.2
# So long somebody is known where they have signed in; said anew once a day.
KNOWN_FOR = timedelta(days=30)
KNOWN_AGAIN = timedelta(days=1)
# With more of those who are not known, the longest silent is forgotten.
REMEMBERED = 20_000


class Tally(NamedTuple):
    """What is remembered of an account, of an address, or of an account at an address.

    Attributes:
        wrong: Wrong guesses, the last of them at `at`.
        until: Before that nobody may guess again.
        spent: Guesses from an address that it has not been given back yet, as of `at`.
        known: Somebody has signed in with this account at this address; `at` is when it was last said.
    """

    wrong: int = 0
    until: datetime | None = None
    spent: float = 0.0
    at: datetime | None = None
    known: bool = False


NOTHING = Tally()


class Keys(NamedTuple):
    """Under what a guess is counted: digests, because people type their password into the wrong field."""

    account: bytes
    pair: bytes
    address: bytes


class Tallies(NamedTuple):
    """What is remembered under the keys of a guess."""

    account: Tally = NOTHING
    pair: Tally = NOTHING
    address: Tally = NOTHING

    @property
    def counted(self) -> Tally:
        """What this guess is counted to: the account, or the account at this address where it is known."""
        return self.pair if self.pair.known else self.account


def keys_of(login: str, address: str) -> Keys:
    """Return under what a guess at an account from an address is counted."""
    return Keys(*(sha256(repr(part).encode()).digest() for part in ((login,), (login, address), ("", "", address))))


def wait_of(tallies: Tallies, ahead: int, ahead_here: int, now: datetime) -> timedelta:
    """Return how long is to be waited before a guess; 0 = nothing.

    Args:
        ahead: Guesses at the same account that are being looked at, and may be wrong.
        ahead_here: Guesses from the same address that are.
    """
    counted = tallies.counted
    wrong = 0 if is_old(counted, now) else counted.wrong
    until = now if is_old(counted, now) or counted.until is None else max(now, counted.until)
    if ahead:
        until = max(until, now + penalty(wrong + ahead))
    if tallies.pair.known:
        return until - now
    room = BURST - spent_at(tallies.address, now) - ahead_here
    return max(until - now, timedelta(seconds=max(0.0, (1.0 - room) / PER_S)))


def penalty(wrong: int) -> timedelta:
    """Return how long is waited after so many wrong guesses."""
    beyond = wrong - FREE
    return timedelta(0) if beyond < 0 else min(FIRST_WAIT * 2.0 ** min(beyond, 20), LONGEST_WAIT)


def after_wrong(keys: Keys, tallies: Tallies, now: datetime) -> dict[bytes, Tally]:
    """Return what is remembered anew after a wrong guess."""
    if tallies.pair.known:
        return {keys.pair: count_wrong(tallies.pair, now)}
    return {keys.account: count_wrong(tallies.account, now), keys.address: count_spent(tallies.address, now)}


def after_right(keys: Keys, tallies: Tallies, now: datetime) -> dict[bytes, Tally]:
    """Return what is remembered anew after a right one, `NOTHING` = forget it; {} = all is as it was.

    There they are known, and nothing that was counted to them counts any more.
    """
    if is_known_still(tallies.pair, now):
        return {}
    known = {keys.pair: Tally(at=now, known=True)}
    return known if tallies.pair.known else {keys.account: NOTHING, **known}


def count_wrong(tally: Tally, now: datetime) -> Tally:
    """Count a wrong guess to an account."""
    wrong = 1 if is_old(tally, now) else tally.wrong + 1
    return tally._replace(wrong=wrong, until=now + penalty(wrong), at=now)


def count_spent(tally: Tally, now: datetime) -> Tally:
    """Count a wrong guess to an address."""
    return tally._replace(spent=min(spent_at(tally, now) + 1.0, BURST), at=now)


def spent_at(tally: Tally, now: datetime) -> float:
    """Return how much of its burst an address has not been given back."""
    return 0.0 if tally.at is None else max(0.0, tally.spent - (now - tally.at).total_seconds() * PER_S)


def is_old(tally: Tally, now: datetime) -> bool:
    """Whether what was counted to an account is forgotten."""
    return tally.at is None or now - tally.at >= FORGOTTEN_AFTER


def is_known_still(tally: Tally, now: datetime) -> bool:
    """Whether what is known of an account at an address need not be said anew."""
    return tally.known and not tally.wrong and tally.at is not None and now - tally.at < KNOWN_AGAIN
