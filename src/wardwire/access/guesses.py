"""Bounds guessing at signing in, over all cores together: what is being looked at here, and what all have counted.

It bounds signing in and nothing else. Whoever guesses at Anna's password cannot keep a page from Anna: her devices
have keys of their own. The rule is model/guesses.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Protocol, TypeVar

import asyncpg

from wardwire.access.callers import CredentialRefused
from wardwire.model.clock import Clock
from wardwire.model.errors import Code, Refused
from wardwire.model.guesses import Keys, Tallies, Tally, after_right, after_wrong, keys_of, wait_of
from wardwire.store.guesses import load_tallies, lock_tallies, trim_tallies, write_tallies

T = TypeVar("T")


class Read(Protocol):
    """Runs a query on some connection; nothing waits for its commit."""

    def __call__(self, query: Callable[[asyncpg.Connection], Awaitable[T]], /) -> Awaitable[T]: ...


class Guess:
    """One guess while it is looked at. Neither `wrong` nor `right`, it is not counted: we have failed, not they."""

    __slots__ = ("right", "wrong")

    def __init__(self) -> None:
        self.right = self.wrong = False


class Guesses:
    """Says how long is to be waited, and counts. What is known is in the database; here is only what is under way.

    A good sign-in writes nothing but once a day where somebody is known, and what takes wrong guesses back.
    """

    def __init__(self, read: Read, clock: Clock) -> None:
        self._read = read
        self._clock = clock
        self._under_way: Counter[bytes] = Counter()

    @asynccontextmanager
    async def guess(self, login: str, address: str) -> AsyncIterator[Guess]:
        """Look at one guess. `CredentialRefused` in it makes it wrong; many at once are many guesses.

        Raises:
            Refused: `RATE_LIMITED`, with `retry_after_s`.
            Unavailable: The database cannot say.
        """
        keys, guess = keys_of(login, address), Guess()
        ahead = {key: self._under_way[key] for key in keys}
        self._under_way.update(keys)
        try:
            tallies = await self._read(lambda connection: load_tallies(connection, keys))
            counted = keys.pair if tallies.pair.known else keys.account
            wait_s = wait_of(tallies, ahead[counted], ahead[keys.address], self._clock.now()).total_seconds()
            if wait_s > 0:
                raise Refused(
                    Code.RATE_LIMITED, f"too many wrong ones; try again in {wait_s:.0f} s", retry_after_s=wait_s
                )
            try:
                yield guess
            except CredentialRefused:
                guess.wrong = True
                raise
            finally:
                if guess.wrong:
                    await self._read(lambda connection: self._change(connection, keys, after_wrong))
            if guess.right and after_right(keys, tallies, self._clock.now()):
                await self._read(lambda connection: self._change(connection, keys, after_right))
        finally:
            self._under_way.subtract(keys)
            for key in keys:
                if self._under_way[key] <= 0:
                    del self._under_way[key]

    async def _change(
        self,
        connection: asyncpg.Connection,
        keys: Keys,
        after: Callable[[Keys, Tallies, datetime], Mapping[bytes, Tally]],
    ) -> None:
        now = self._clock.now()
        async with connection.transaction():
            await write_tallies(connection, after(keys, await lock_tallies(connection, keys), now))
            await trim_tallies(connection, now)
