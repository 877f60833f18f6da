"""How often may be guessed: by account and by address, each further one later, and forgotten again.

It bounds signing in and nothing else. Whoever guesses at Anna's password cannot keep a page from Anna: her devices
have keys of their own, and where she has signed in before she is counted apart from those who guess.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import timedelta

# So many wrong ones are free; each further one doubles the wait, up to the longest.
FREE_OF_ACCOUNT, FREE_OF_ADDRESS = 5, 20
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=1), timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=1)
# With more, the longest silent is forgotten.
REMEMBERED = 20_000


@dataclass(slots=True)
class _Count:
    wrong: int
    until: float
    at: float


class Guesses:
    """Counts wrong guesses, and says how long is to be waited. Told the time (monotonic seconds)."""

    def __init__(self) -> None:
        self._counts: OrderedDict[tuple[str, str], _Count] = OrderedDict()
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()

    def wait_s(self, login: str, address: str, now: float) -> float:
        """Return how many seconds are left until one may be tried; 0 = now."""
        left = 0.0
        for key, _ in self._keys(login, address):
            count = self._counts.get(key)
            if count is not None and now - count.at < FORGOTTEN_AFTER.total_seconds():
                left = max(left, count.until - now)
        return left

    def wrong(self, login: str, address: str, now: float) -> None:
        """Count a wrong guess."""
        for key, free in self._keys(login, address):
            count = self._counts.get(key)
            if count is None or now - count.at >= FORGOTTEN_AFTER.total_seconds():
                count = self._counts[key] = _Count(0, now, now)
            count.wrong += 1
            count.at = now
            beyond = count.wrong - free
            if beyond >= 0:
                wait = min(FIRST_WAIT.total_seconds() * 2.0 ** min(beyond, 20), LONGEST_WAIT.total_seconds())
                count.until = now + wait
            self._counts.move_to_end(key)
            if len(self._counts) > REMEMBERED:
                self._counts.popitem(last=False)

    def forgive(self, login: str, address: str) -> None:
        """Take one wrong guess back: it was not wrong."""
        for key, _ in self._keys(login, address):
            count = self._counts.get(key)
            if count is not None:
                count.wrong -= 1
                count.until = count.at

    def right(self, login: str, address: str) -> None:
        """Somebody has signed in: from there they are known, and nothing of theirs is counted any more."""
        self.forgive(login, address)
        for kind, name in (("known", f"{login} {address}"), ("account", login)):
            self._counts.pop((kind, name), None)
        self._known[(login, address)] = None
        self._known.move_to_end((login, address))
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    def _keys(self, login: str, address: str) -> tuple[tuple[tuple[str, str], int], ...]:
        by_address = (("address", address), FREE_OF_ADDRESS)
        if (login, address) in self._known:
            return ((("known", f"{login} {address}"), FREE_OF_ACCOUNT), by_address)
        return ((("account", login), FREE_OF_ACCOUNT), by_address)
