"""Who of the cores is heard, and what nobody does any more."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

SILENT_AFTER = timedelta(seconds=7)
# Cores are started and stopped one after the other: so long nobody misses what is being started or stopped.
UNSERVED_AFTER = timedelta(seconds=30)
# What somebody must always do, in words for the desk.
DUTIES = {"path": "hears devices", "engine": "keeps deadlines", "audit": "audits"}


class Core(NamedTuple):
    """A core's place, with its last sign of life.

    Attributes:
        silent_at: When somebody noticed that it is not heard; None = nobody did.
        ended: It was stopped in order.
    """

    name: str
    serves: frozenset[str]
    beat_at: datetime
    silent_at: datetime | None
    ended: bool

    def heard(self, now: datetime) -> bool:
        """Whether it is there."""
        return not self.ended and now - self.beat_at <= SILENT_AFTER


class Mustered(NamedTuple):
    """How things stand.

    Attributes:
        heard, silent: Cores that are there, and those that should be.
        unserved: Duties that nobody does any more and of which no silent core's alarm tells.
        served: Duties that somebody does.
    """

    heard: tuple[Core, ...]
    silent: tuple[Core, ...]
    unserved: tuple[str, ...]
    served: frozenset[str]

    def left(self, core: Core) -> list[str]:
        """Return the duties of a silent core that nobody else does."""
        return [duty for duty in DUTIES if duty in core.serves - self.served]


def muster(cores: Sequence[Core], since: datetime, now: datetime) -> Mustered:
    """Judge by the places of all cores; `since` is when whoever asks was started."""
    heard = tuple(core for core in cores if core.heard(now))
    silent = tuple(core for core in cores if not core.ended and not core.heard(now))
    served = frozenset(word for core in heard for word in core.serves)
    unserved = []
    for duty in DUTIES if now - since >= UNSERVED_AFTER else ():
        last = [core.beat_at for core in cores if duty in core.serves]
        told = any(duty in core.serves for core in silent)
        if last and duty not in served and not told and now - max(last) >= UNSERVED_AFTER:
            unserved.append(duty)
    return Mustered(heard, silent, tuple(unserved), served)


def over(alarmed: Collection[str], mustered: Mustered) -> list[str]:
    """Return whose alarm is over: it is heard again, was stopped in order, or is not known any more."""
    silent = {core.name for core in mustered.silent}
    return [name for name in alarmed if name not in silent]
