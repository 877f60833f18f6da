"""How often may be guessed: at an account each further time later, from an address so many a minute; then forgotten.

It bounds signing in and nothing else. Whoever guesses at Anna's password cannot keep a page from Anna: her devices
have keys of their own. Where she has signed in before she is counted apart from those who guess elsewhere, and
whatever else comes from there does not count against her: a whole house may stand behind one address.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")

# At an account so many wrong ones are free; each further one doubles the wait, up to the longest.
FREE = 5
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=1), timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=1)
# From an address so many at once, and then one in five seconds.
BURST, PER_S = 100.0, 0.2
# With more of either, the longest silent is forgotten.
REMEMBERED = 20_000


@dataclass(slots=True)
class _Count:
    wrong: int
    until: float
    at: float


@dataclass(slots=True)
class _Room:
    left: float
    at: float


class Guesses:
    """Counts wrong guesses, and says how long is to be waited. Told the time (monotonic seconds)."""

    def __init__(self) -> None:
        self._counts: OrderedDict[str, _Count] = OrderedDict()
        self._rooms: OrderedDict[str, _Room] = OrderedDict()
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()

    def wait_s(self, login: str, address: str, now: float) -> float:
        """Return how many seconds are left until one may be tried; 0 = now."""
        count = self._counts.get(self._whom(login, address))
        left = 0.0 if count is None or _is_old(count, now) else max(0.0, count.until - now)
        if (login, address) in self._known:
            return left
        return max(left, (1.0 - self._room(address, now).left) / PER_S)

    def wrong(self, login: str, address: str, now: float) -> None:
        """Count a wrong guess."""
        whom = self._whom(login, address)
        count = self._counts.get(whom)
        if count is None or _is_old(count, now):
            count = self._counts[whom] = _Count(0, now, now)
        count.wrong, count.at = count.wrong + 1, now
        beyond = count.wrong - FREE
        if beyond >= 0:
            wait_s = FIRST_WAIT.total_seconds() * 2.0 ** min(beyond, 20)
            count.until = now + min(wait_s, LONGEST_WAIT.total_seconds())
        _keep(self._counts, whom)
        if (login, address) not in self._known:
            room = self._room(address, now)
            room.left = max(room.left - 1.0, 0.0)

    def forgive(self, login: str, address: str) -> None:
        """Take one wrong guess back: it was not wrong."""
        count = self._counts.get(self._whom(login, address))
        if count is not None:
            count.wrong, count.until = count.wrong - 1, count.at
        room = self._rooms.get(address)
        if room is not None and (login, address) not in self._known:
            room.left = min(room.left + 1.0, BURST)

    def right(self, login: str, address: str) -> None:
        """Somebody has signed in: from there they are known, and nothing of theirs is counted any more."""
        self.forgive(login, address)
        self._counts.pop(self._whom(login, address), None)
        self._known[(login, address)] = None
        _keep(self._known, (login, address))

    def _whom(self, login: str, address: str) -> str:
        return f"{login} {address}" if (login, address) in self._known else login

    def _room(self, address: str, now: float) -> _Room:
        room = self._rooms.get(address)
        if room is None:
            room = self._rooms[address] = _Room(BURST, now)
        room.left, room.at = min(BURST, room.left + (now - room.at) * PER_S), now
        _keep(self._rooms, address)
        return room


def _is_old(count: _Count, now: float) -> bool:
    return now - count.at >= FORGOTTEN_AFTER.total_seconds()


def _keep(table: OrderedDict[K, V], key: K) -> None:
    """Count something as used; of too many the longest unused goes."""
    table.move_to_end(key)
    if len(table) > REMEMBERED:
        table.popitem(last=False)
