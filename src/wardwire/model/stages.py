"""Stages: which kinds of endpoints are tried together, in which order, and how long each has.

What a site has by default; what people prefer instead is decided in model/preferences.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from wardwire.model.endpoints import usable
from wardwire.model.people import KINDS, Directory
from wardwire.model.priority import Priority

APP = "app"
EMAIL = "email"
# The kinds that a `code` uses only after the others, because they take a person's whole attention or arrive when they
# like.
LATER = frozenset({"sms", "voice"})
# What calls a person though nothing confirms it; an e-mail calls nobody.
CALLS = frozenset({"pager", "phone", "sms", "voice"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceilings:
    """How far people's preferences may go, whatever they say. Of `code` they say nothing at all.

    Attributes:
        high_calls_within: So soon something must call somebody for `high`, if they have anything that calls.
        high, medium, low: The longest wait for one endpoint.
    """

    high_calls_within: timedelta = timedelta(seconds=10)
    high: timedelta = timedelta(seconds=30)
    medium: timedelta = timedelta(minutes=5)
    low: timedelta = timedelta(hours=1)

    def of(self, priority: Priority) -> timedelta:
        """Return the longest wait of a priority; `code` has that of `high`."""
        return {Priority.MEDIUM: self.medium, Priority.LOW: self.low}.get(priority, self.high)


NO_FARTHER = Ceilings()


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """How long an endpoint may stay unconfirmed before the next one is tried.

    Attributes:
        ceilings: How far people's own preferences may go.
    """

    code: timedelta = timedelta(seconds=3)
    high: timedelta = timedelta(seconds=10)
    medium: timedelta = timedelta(seconds=30)
    low: timedelta = timedelta(seconds=120)
    ceilings: Ceilings = NO_FARTHER

    def of(self, priority: Priority) -> timedelta:
        """Return the wait of a priority."""
        match priority:
            case Priority.CODE:
                return self.code
            case Priority.HIGH:
                return self.high
            case Priority.MEDIUM:
                return self.medium
            case Priority.LOW:
                return self.low


class Stage(NamedTuple):
    """Endpoints tried at the same time, and how long they have. Which ones exist is asked when it begins."""

    kinds: tuple[str, ...]
    wait: timedelta


@lru_cache(maxsize=256)
def write_stages(stages: tuple[Stage, ...]) -> str:
    """Write stages as they are stored, e.g. `app:10 email:10`, `app+email:3`."""
    return " ".join(f"{'+'.join(s.kinds)}:{_write_seconds(s.wait)}" for s in stages)


def _write_seconds(wait: timedelta) -> str:
    """Write seconds exactly: to the microsecond, without needless zeros."""
    return f"{wait.total_seconds():.6f}".rstrip("0").rstrip(".")


@lru_cache(maxsize=256)
def read_stages(text: str) -> tuple[Stage, ...]:
    """Read what `write_stages` wrote."""
    stages = []
    for part in text.split():
        kinds, _, seconds = part.rpartition(":")
        stages.append(Stage(tuple(kinds.split("+")), timedelta(seconds=float(seconds))))
    return tuple(stages)


def kinds_of(directory: Directory, person_id: UUID, priority: Priority, now: datetime) -> tuple[str, ...]:
    """Return the kinds of endpoints by which somebody can be reached now, in the order in which they are tried."""
    devices = bool(directory.active_devices(person_id))
    if person_id not in directory.endpoints_of:
        return (APP,) if devices else ()
    active = {endpoint.kind for endpoint in usable(directory, person_id, priority, now)}
    if devices:
        active.add(APP)
    return tuple([kind for kind in KINDS if kind in active])


@lru_cache(maxsize=256)
def default_stages(kinds: tuple[str, ...], wait: timedelta, at_once: bool) -> tuple[Stage, ...]:
    """Order a person's endpoints: one after the other; or at once, and what takes longer unless one confirms."""
    if at_once:
        parts = (tuple(k for k in kinds if k not in LATER), tuple(k for k in kinds if k in LATER))
        return tuple(Stage(part, wait) for part in parts if part)
    return tuple(Stage((kind,), wait) for kind in kinds)
