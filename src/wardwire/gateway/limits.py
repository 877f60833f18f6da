"""How much one address may take of the front: connections at a time, and requests a minute. Pure; told the time.

A hospital may stand behind one address, so the bounds are wide, and who asks too often is slowed down before
anybody is refused: an alert that waits a moment is better than one that is turned away.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

# Above so long a wait a request is refused instead.
LONGEST_WAIT_S = 5.0
# With more addresses than this, those that are idle and rested are forgotten.
REMEMBERED = 20_000


@dataclass(slots=True)
class _Address:
    open: int
    left: float
    at: float


class Limits:
    """
    Counts by address.

    Args:
        connections: At a time, from one address; `connections_total` from all.
        heads_per_min: Requests from one address; a minute's worth may come at once.
    """

    def __init__(self, *, connections: int, connections_total: int, heads_per_min: float) -> None:
        self._connections = connections
        self._total = connections_total
        self._burst = float(heads_per_min)
        self._per_s = heads_per_min / 60
        self._known: dict[str, _Address] = {}
        self.open = 0

    def admit(self, address: str, now: float) -> bool:
        """Count a new connection; False = it is one too many, and is not counted."""
        if self.open >= self._total:
            return False
        known = self._of(address, now)
        if known.open >= self._connections:
            return False
        known.open += 1
        self.open += 1
        return True

    def leave(self, address: str, now: float) -> None:
        """A connection that was admitted has ended."""
        self._of(address, now).open -= 1
        self.open -= 1

    def wait_s(self, address: str, now: float) -> float:
        """Count a request; returns how long it must wait. Above `LONGEST_WAIT_S` it is refused, and not counted."""
        known = self._of(address, now)
        known.left = min(self._burst, known.left + (now - known.at) * self._per_s)
        known.at = now
        wait = max(0.0, (1.0 - known.left) / self._per_s)
        if wait <= LONGEST_WAIT_S:
            known.left -= 1.0
        return wait

    def _of(self, address: str, now: float) -> _Address:
        key = group_of(address)
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= REMEMBERED:
                self._forget(now)
            known = self._known[key] = _Address(0, self._burst, now)
        return known

    def _forget(self, now: float) -> None:
        """Forget who has no connection; of those who asked in this minute only the quarter that was seen first."""
        idle = [key for key, known in self._known.items() if known.open == 0]
        rested = [key for key in idle if now - self._known[key].at >= 60]
        for key in rested or idle[: REMEMBERED // 4]:
            del self._known[key]


def group_of(address: str) -> str:
    """Return what is counted as one: an IPv4 address, or the network of 64 bits that IPv6 hands to one house."""
    try:
        read = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(read, ipaddress.IPv6Address):
        if read.ipv4_mapped is None:
            return str(ipaddress.ip_network((read, 64), strict=False))
        read = read.ipv4_mapped
    return str(read)
