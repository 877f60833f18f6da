"""Canaries: messages that prove the way, each from its storing to its confirmation, for every channel and unit.

They travel as all others do, to endpoints of our own; they are never counted as real and disturb nobody.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID, uuid5

from wardwire.model.priority import Kind

NO_UNIT = UUID(int=0)
# The canaries' own person of each channel: the same ids on every site. They are no people: nobody can send to them.
_SPACE = UUID("0f7c2f4e-6a51-5d0b-9a3c-63616e617279")
PEOPLE = {channel: uuid5(_SPACE, channel) for channel in ("app", "email")}
ROBOTS = frozenset(PEOPLE.values())
NAME = "Canary"
# A relay may take its time; no device does.
EMAIL_WITHIN = timedelta(seconds=60)


class Way(NamedTuple):
    """What a canary proves: a channel, for a unit (`NO_UNIT` = the way as such)."""

    channel: str
    unit: UUID = NO_UNIT


class Rhythm(NamedTuple):
    """How often canaries fly: over the way as such, for each unit, by e-mail; and how long one may take.

    A rhythm of zero is none.
    """

    every: timedelta
    unit_every: timedelta
    email_every: timedelta
    within: timedelta

    def ways(self, units: Collection[UUID], channels: Collection[str]) -> dict[Way, timedelta]:
        """Return which ways are proved, and how often."""
        ways: dict[Way, timedelta] = {}
        if "app" in channels and self.every:
            ways[Way("app")] = self.every
            if self.unit_every:
                ways.update((Way("app", unit), self.unit_every) for unit in units)
        if "email" in channels and self.email_every:
            ways[Way("email")] = self.email_every
        return ways

    def allowed(self, way: Way) -> timedelta:
        """Return how long a canary of a way may take."""
        return max(self.within, EMAIL_WITHIN) if way.channel == "email" else self.within


class Canary(NamedTuple):
    """The last canary of a way.

    Attributes:
        through_at: When this one was confirmed; None = it was not, so far.
        confirmed_at, took_s: When the last one before it that got through was confirmed, and how long it took.
    """

    way: Way
    message_id: UUID
    sent_at: datetime
    through_at: datetime | None
    confirmed_at: datetime | None
    took_s: float | None

    @property
    def last(self) -> tuple[datetime | None, float | None]:
        """When the last one that got through was confirmed, and how many seconds it took."""
        if self.through_at is None:
            return self.confirmed_at, self.took_s
        return self.through_at, (self.through_at - self.sent_at).total_seconds()


class Verdict(NamedTuple):
    """What is to be done.

    Attributes:
        send: Ways whose next canary is due.
        late: Ways whose canary was not confirmed in its time, or could not be stored for so long.
        unsound: Channels of which not every canary has got through, so far.
        gone: Ways that are proved no more.
    """

    send: tuple[Way, ...]
    late: tuple[Way, ...]
    unsound: frozenset[str]
    gone: tuple[Way, ...]


def judge(
    flown: Sequence[Canary],
    ways: Mapping[Way, timedelta],
    rhythm: Rhythm,
    *,
    refused: Mapping[Way, datetime],
    since: datetime,
    now: datetime,
) -> Verdict:
    """Decide which canaries fly now, and which are late. A late one is followed by the next at once.

    Args:
        refused: Since when the next one of a way could not be stored.
        since: When whoever asks began to look: what the site was stopped for makes none late.
    """
    last = {canary.way: canary for canary in flown}
    send, late, unsound = [], [], set()
    for way, every in ways.items():
        canary, allowed = last.get(way), rhythm.allowed(way)
        waits = canary is not None and canary.through_at is None
        begun = max(canary.sent_at, since) if canary is not None and waits else refused.get(way)
        if begun is not None and now - begun >= allowed:
            late.append(way)
            send.append(way)
        elif canary is None or (not waits and now - canary.sent_at >= every):
            send.append(way)
        if canary is None or waits or way in late:
            unsound.add(way.channel)
    return Verdict(tuple(send), tuple(late), frozenset(unsound), tuple(way for way in last if way not in ways))


def is_real(kind: str) -> bool:
    """Whether a message of this kind is counted as real."""
    return kind not in (Kind.CANARY, Kind.COPY, Kind.TEST)
