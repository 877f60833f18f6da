"""Which of somebody's endpoints are used for a message now: one rule, asked by every plan and by every stage.

What is passed over is passed over at once, and said in words: never a wait for what cannot ring.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from wardwire.model.priority import Priority

if TYPE_CHECKING:
    from wardwire.model.people import Directory, Endpoint

_MINUTE = timedelta(minutes=1)
URGENT = frozenset({Priority.CODE, Priority.HIGH})


class Passed(StrEnum):
    """Why an endpoint is not used, in the words that people are told."""

    UNSERVED = "no channel serves it"
    DISABLED = "disabled"
    OVER = "its last day has passed"
    EMERGENCY = "for code and high alone"
    QUIET = "quiet now"


def why_passed(endpoint: Endpoint, served: frozenset[str], priority: Priority, now: datetime) -> Passed | None:
    """Return why an endpoint is not used for a priority now; None = it is.

    Whether it is verified decides nothing: a wrong guess here would be a silence there.
    """
    if endpoint.disabled:
        return Passed.DISABLED
    if endpoint.kind not in served:
        return Passed.UNSERVED
    if endpoint.until is not None and endpoint.until <= now:
        return Passed.OVER
    if priority in URGENT:
        return None
    if endpoint.emergency_only:
        return Passed.EMERGENCY
    return Passed.QUIET if any(quiet.holds(now) for quiet in endpoint.quiet) else None


def usable(directory: Directory, person_id: UUID, priority: Priority, now: datetime) -> Iterator[Endpoint]:
    """Go through the outside endpoints that are used to reach somebody with a priority now."""
    for endpoint in directory.endpoints_of.get(person_id, ()):
        if why_passed(endpoint, directory.served, priority, now) is None:
            yield endpoint


def passed_over(
    directory: Directory, person_id: UUID, priority: Priority, now: datetime
) -> tuple[tuple[str, Passed], ...]:
    """Return (kind, why) of the endpoints that are not used; those that are disabled are nobody's wish."""
    return tuple(
        (endpoint.kind, why)
        for endpoint in directory.endpoints_of.get(person_id, ())
        if (why := why_passed(endpoint, directory.served, priority, now)) not in (None, Passed.DISABLED)
    )


def next_turn(endpoints: Collection[Endpoint], now: datetime) -> datetime | None:
    """Return an instant after now before which the use of none of them changes; None = it never does."""
    turns = [endpoint.until for endpoint in endpoints if endpoint.until is not None and endpoint.until > now]
    if any(endpoint.quiet for endpoint in endpoints):
        # Wall clocks turn with a full minute, whatever summer time does to the rest.
        turns.append(now.replace(second=0, microsecond=0) + _MINUTE)
    return min(turns, default=None)
