"""What a seed decides: when which fault strikes. The same seed and name always give the same choice.

Every choice has a name and a generator of its own, so that a choice added later changes none of the others.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class FaultPlan:
    """The choices of one seed; `describe` tells those that were made."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._made: dict[str, object] = {}

    def pick(self, name: str, options: Sequence[T]) -> T:
        """Choose one of the options."""
        return self._note(name, self.random(name).choice(list(options)))

    def between(self, name: str, low: float, high: float) -> float:
        """Choose a number between two, to the thousandth."""
        return self._note(name, round(self.random(name).uniform(low, high), 3))

    def count(self, name: str, low: int, high: int) -> int:
        """Choose a whole number, both ends included."""
        return self._note(name, self.random(name).randint(low, high))

    def order(self, name: str, items: Sequence[T]) -> list[T]:
        """Put the items in an order."""
        shuffled = list(items)
        self.random(name).shuffle(shuffled)
        return self._note(name, shuffled)

    def random(self, name: str) -> random.Random:
        """Give the generator of one name, fresh."""
        return random.Random(f"{self.seed}/{name}")

    def describe(self) -> str:
        """Tell the seed and each choice made, for the log of a run."""
        return f"seed {self.seed}: " + ", ".join(f"{name}={value}" for name, value in self._made.items())

    def _note(self, name: str, value: T) -> T:
        self._made[name] = value
        return value
