"""Large tables in many small parts, so that no single change ever moves or rehashes all that is in one.

A dict of 300,000 words that grows holds its thread for ten milliseconds, a list of as many moves two megabytes for
each word put in front. What is kept in parts of some thousand costs a few microseconds, whatever its size.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_PARTS = 256
_LONGEST = 2_000


class Spread(Generic[K, V]):
    """What a dict is, spread over many by the hash of the key."""

    def __init__(self) -> None:
        self._parts: list[dict[K, V]] = [{} for _ in range(_PARTS)]

    def get(self, key: K) -> V | None:
        """Return what is kept under a key; None when nothing is."""
        return self._parts[hash(key) % _PARTS].get(key)

    def put(self, key: K, value: V) -> None:
        """Keep a value under a key, in place of the one before."""
        self._parts[hash(key) % _PARTS][key] = value

    def pop(self, key: K) -> V | None:
        """Take away what is kept under a key and return it; None when nothing is."""
        return self._parts[hash(key) % _PARTS].pop(key, None)

    def __len__(self) -> int:
        """Count the keys."""
        return sum(map(len, self._parts))


class InOrder:
    """Different words in order, in parts that are in order too; none of them is empty."""

    def __init__(self) -> None:
        self._parts: list[list[str]] = []
        self._firsts: list[str] = []

    def add(self, word: str) -> None:
        """Take in a word that is not there yet."""
        if not self._parts:
            self._parts, self._firsts = [[word]], [word]
            return
        nth = max(bisect_right(self._firsts, word) - 1, 0)
        part = self._parts[nth]
        insort(part, word)
        self._firsts[nth] = part[0]
        if len(part) > _LONGEST:
            half = len(part) // 2
            self._parts[nth : nth + 1] = [part[:half], part[half:]]
            self._firsts.insert(nth + 1, part[half])

    def remove(self, word: str) -> None:
        """Take away a word that is there."""
        nth = bisect_right(self._firsts, word) - 1
        part = self._parts[nth]
        del part[bisect_left(part, word)]
        if part:
            self._firsts[nth] = part[0]
        else:
            del self._parts[nth], self._firsts[nth]

    def between(self, first: str, end: str) -> Iterator[str]:
        """Go through the words from `first` on, before `end`."""
        for nth in range(max(bisect_right(self._firsts, first) - 1, 0), len(self._parts)):
            part = self._parts[nth]
            if part[0] >= end:
                return
            yield from part[bisect_left(part, first) : bisect_left(part, end)]

    def count(self, first: str, end: str) -> int:
        """Count the words from `first` on, before `end`."""
        return self._before(end) - self._before(first)

    def _before(self, word: str) -> int:
        nth = bisect_right(self._firsts, word) - 1
        return 0 if nth < 0 else sum(map(len, self._parts[:nth])) + bisect_left(self._parts[nth], word)
