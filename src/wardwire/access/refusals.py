"""How often a refusal is written as a fact: enough to be seen, never so often that it fills the audit."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

INTERVAL = timedelta(seconds=60)
# So many refused callers are remembered; with more, the longest silent is forgotten.
REMEMBERED = 10_000


@dataclass(slots=True)
class _Seen:
    told_at: datetime
    since: int


class Refusals:
    """Counts refusals by who was refused what, and says when one is to be written."""

    def __init__(self, interval: timedelta = INTERVAL) -> None:
        self._interval = interval
        self._seen: OrderedDict[tuple[str, str], _Seen] = OrderedDict()
        self.total = 0

    def refused(self, who: str, code: str, now: datetime) -> int:
        """Count a refusal; returns how many it stands for when it is to be written, else 0.

        The first of a caller and code is written at once, then one a minute with the number in between.
        """
        self.total += 1
        seen = self._seen.get((who, code))
        if seen is None:
            self._seen[(who, code)] = _Seen(now, 0)
            if len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
            return 1
        seen.since += 1
        if now - seen.told_at < self._interval:
            return 0
        count, seen.since, seen.told_at = seen.since, 0, now
        self._seen.move_to_end((who, code))
        return count
