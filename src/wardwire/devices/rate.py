"""Bounds on how often: a token bucket, and many of them by key. Told the time; never asks for it."""

from __future__ import annotations

from collections import OrderedDict


class Bucket:
    """Lets `per_s` through in the long run, `burst` at once."""

    __slots__ = ("_at", "_burst", "_left", "_per_s")

    def __init__(self, per_s: float, burst: float, now: float) -> None:
        self._per_s = per_s
        self._burst = burst
        self._left = burst
        self._at = now

    @property
    def at(self) -> float:
        """When somebody last asked (monotonic seconds)."""
        return self._at

    def take(self, now: float, cost: float = 1.0) -> bool:
        """Take `cost` at an instant (monotonic seconds); False when there is not enough, and nothing is taken."""
        left = self._left + (now - self._at) * self._per_s
        if left > self._burst:
            left = self._burst
        self._at = now
        if left < cost:
            self._left = left
            return False
        self._left = left - cost
        return True


class Buckets:
    """A bucket for each key, the least recently used forgotten first: memory is bounded."""

    def __init__(self, per_s: float, burst: float, *, most: int = 10_000) -> None:
        self._per_s = per_s
        self._burst = burst
        self._most = most
        self._held: OrderedDict[object, Bucket] = OrderedDict()

    def take(self, key: object, now: float, cost: float = 1.0) -> bool:
        """Take from the bucket of a key."""
        return self._bucket(key, now).take(now, cost)

    def has(self, key: object, now: float) -> bool:
        """Whether something could be taken; takes nothing."""
        bucket = self._bucket(key, now)
        return bucket.take(now) and bucket.take(now, -1.0)

    def _bucket(self, key: object, now: float) -> Bucket:
        bucket = self._held.get(key)
        if bucket is None:
            bucket = self._held[key] = Bucket(self._per_s, self._burst, now)
            if len(self._held) > self._most:
                self._held.popitem(last=False)
        else:
            self._held.move_to_end(key)
        return bucket
