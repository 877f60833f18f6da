"""Drop, double and reorder the frames of a device, by a seed: what radio does to them.

Put between a carrier and its reader, on either side. What comes out is decided by the seed and the order of
frames alone, so that a seed replays.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameRates:
    """Of each frame, the chance (0..1) to be dropped, doubled, or held back behind the next ones."""

    drop: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    furthest: int = 3  # a held frame comes at most this many frames later


class FrameFaults(Generic[T]):
    """Decides what becomes of each frame. Counts what it did."""

    def __init__(self, seed: int, rates: FrameRates) -> None:
        self._random = random.Random(seed)
        self._rates = rates
        self._held: list[tuple[int, T]] = []  # (frames still to pass first, frame)
        self.passed = self.dropped = self.duplicated = self.reordered = 0
        self.healed = False

    def take(self, frame: T) -> list[T]:
        """Give the frames to hand on now that this one came: none, itself, twice, others that were held."""
        self._held = [(left - 1, held) for left, held in self._held]
        out = self._decide(frame)
        out += [held for left, held in self._held if left <= 0]
        self._held = [(left, held) for left, held in self._held if left > 0]
        self.passed += len(out)
        return out

    def heal(self) -> list[T]:
        """Give all held frames and pass everything unharmed from now on."""
        self.healed = True
        out = [held for _, held in self._held]
        self._held = []
        self.passed += len(out)
        return out

    def _decide(self, frame: T) -> list[T]:
        if self.healed:
            return [frame]
        chance = self._random.random()
        if chance < self._rates.drop:
            self.dropped += 1
            return []
        chance -= self._rates.drop
        if chance < self._rates.duplicate:
            self.duplicated += 1
            return [frame, frame]
        chance -= self._rates.duplicate
        if chance < self._rates.reorder:
            self.reordered += 1
            self._held.append((self._random.randint(1, self._rates.furthest), frame))
            return []
        return [frame]
