"""What another policy would have made of an alert that was: who would have had it, and when. Pure.

The alert lives again by the steps of a running one (model/escalation.py), with those who had beds and roles then.
Whoever answered answers again, as long after they are called as they took; who was called and said nothing says
nothing; who was not called is supposed to be as quick as they usually were that day, if they answered anything. Which
status somebody had then is not known any more: all are taken for available, with the endpoints that they have now.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from wardwire.model.alert import Called, Circumstances, Command, Escalation, Page, Ring, State
from wardwire.model.delivery import Delivery, Event, Happened, step
from wardwire.model.delivery import State as Stands
from wardwire.model.escalation import begin, fold, next_due
from wardwire.model.message import Offered
from wardwire.model.people import Directory
from wardwire.model.policy import Policy
from wardwire.model.priority import Kind, Priority
from wardwire.model.stages import Stage, kinds_of
from wardwire.model.whom import next_turn, resolver, turned_roles

NOBODY = UUID(int=0)
CONFIRMS_AFTER = timedelta(seconds=1)
# An alert that nobody has after so long is not followed any further.
HORIZON = timedelta(hours=24)
# A difference that nobody would notice.
SAME = timedelta(seconds=1)
# More looks than an alert of a day can need.
MOST_LOOKS = 10_000
_OFFERED = Offered(accept_decline=True)


class Said(NamedTuple):
    """What somebody said of an alert, and how long after they were called; `accepted` None = nothing."""

    accepted: bool | None = None
    after: timedelta = timedelta(0)


class Past(NamedTuple):
    """An alert that was.

    Attributes:
        named: Who was called beside the policy.
        roles: The roles that they were called through, each with who answered for it.
        said: Everybody who was called: what they said.
        unreached: Whom no device had confirmed for in all their time.
        ended_after: How long after its beginning its source, or somebody, ended it; None = nobody did.
        taken_after, taken_by: When somebody had it first, and who; None = nobody ever.
        desk_after: When the operators' desk was told before that that nobody answers; None = it was not.
    """

    message_id: UUID
    at: datetime
    priority: Priority
    bed: UUID | None = None
    unit: UUID | None = None
    named: tuple[Called, ...] = ()
    roles: tuple[tuple[UUID, UUID], ...] = ()
    said: Mapping[UUID, Said] = {}
    unreached: frozenset[UUID] = frozenset()
    ended_after: timedelta | None = None
    taken_after: timedelta | None = None
    taken_by: tuple[UUID, ...] = ()
    desk_after: timedelta | None = None


class Replayed(NamedTuple):
    """What would have become of it.

    Attributes:
        supposed: Somebody who has it was not called then: that they would have answered is a supposition.
    """

    taken_after: timedelta | None
    taken_by: tuple[UUID, ...] = ()
    desk_after: timedelta | None = None
    supposed: bool = False


class Verdict(StrEnum):
    """How the other policy compares."""

    SOONER = "sooner"
    LATER = "later"
    SAME = "same"
    LOST = "not at all"  # somebody had it, and nobody would have had it
    WON = "only now"  # nobody had it, and somebody would have had it
    NEITHER = "neither"


def compare(past: Past, now: Replayed) -> Verdict:
    """Say whether it would have been answered sooner, later, or not at all."""
    if past.taken_after is None or now.taken_after is None:
        if past.taken_after is now.taken_after:
            return Verdict.NEITHER
        return Verdict.WON if past.taken_after is None else Verdict.LOST
    gain = past.taken_after - now.taken_after
    return Verdict.SAME if abs(gain) <= SAME else Verdict.SOONER if gain > timedelta(0) else Verdict.LATER


def usual(pasts: Iterable[Past]) -> dict[UUID, timedelta]:
    """Return how long each person usually took to accept that day: the median; who never did is left out."""
    took: dict[UUID, list[timedelta]] = {}
    for past in pasts:
        for person, said in past.said.items():
            if said.accepted:
                took.setdefault(person, []).append(said.after)
    return {person: sorted(times)[(len(times) - 1) // 2] for person, times in took.items()}


def replay(
    past: Past, policy: Policy, directory: Directory, *, desk: str, usually: Mapping[UUID, timedelta]
) -> Replayed:
    """Let an alert live again by another policy.

    Args:
        directory: With those who had beds and roles at that time.
        usually: How long people take who were not called then (`usual`).
    """
    return _Life(past, policy, directory, desk, usually).live()


class _Life:
    """One alert that lives again."""

    def __init__(
        self, past: Past, policy: Policy, directory: Directory, desk: str, usually: Mapping[UUID, timedelta]
    ) -> None:
        self._past, self._policy, self._directory, self._desk = past, policy, directory, desk
        self._usually = usually
        self._now = past.at
        self._deliveries: dict[UUID, Delivery] = {}
        self._agenda: list[tuple[datetime, int, UUID, Event]] = []
        self._count = 0

    def live(self) -> Replayed:
        """Live it until somebody has it, or it is over."""
        past, now = self._past, self._past.at
        fresh = Escalation(
            past.message_id, 1, State.RUNNING, self._policy, past.priority, now, now, unit=past.unit, bed=past.bed,
            roles=past.roles,
        )  # fmt: skip
        ends = now + (past.ended_after if past.ended_after is not None else HORIZON)
        decided = begin(fresh, self._given().whom, now, past.named)
        desk_after: timedelta | None = None
        for _ in range(MOST_LOOKS):
            escalation = decided.escalation
            self._take(decided.commands)
            if escalation.state is State.HELD:
                return Replayed(
                    self._now - past.at, escalation.holders, desk_after, self._supposed(escalation.holders)
                )
            if escalation.state is State.EXHAUSTED and desk_after is None:
                desk_after = self._now - past.at
            due = None if escalation.state is State.EXHAUSTED else self._due(escalation)
            soonest = [at for at in (due, self._agenda[0][0] if self._agenda else None) if at is not None]
            if not soonest or min(soonest) > ends:
                break
            self._now = min(soonest)
            while self._agenda and self._agenda[0][0] <= self._now:
                _, _, person, event = heapq.heappop(self._agenda)
                self._hear(person, event)
            decided = fold(escalation, self._given(escalation), self._now)
        return Replayed(None, (), desk_after)

    def _due(self, escalation: Escalation) -> datetime | None:
        return next_due(escalation, self._now, next_turn(escalation.roles, self._directory, self._desk, self._now))

    def _given(self, escalation: Escalation | None = None) -> Circumstances:
        past, roles = self._past, escalation.roles if escalation else ()
        whom = resolver(
            self._directory, bed=past.bed, unit=past.unit, desk=self._desk, priority=past.priority, now=self._now
        )
        turned = turned_roles(roles, self._directory, self._desk, self._now)
        return Circumstances(self._deliveries, whom, turned)

    def _take(self, commands: Iterable[Command]) -> None:
        for command in commands:
            if isinstance(command, Page | Ring):
                self._call(command.person_id)

    def _call(self, person: UUID) -> None:
        """Somebody is called: they say what they said, as long after their first call as they took."""
        before = self._deliveries.get(person)
        if before is not None:
            self._deliveries[person] = step(before, Happened(Event.RING), self._now).delivery
            return
        there = kinds_of(self._directory, person, self._past.priority, self._now)
        stages: tuple[Stage, ...] = (Stage(there, timedelta(seconds=10)),) if there else ()
        self._deliveries[person] = Delivery(
            self._past.message_id, person, 1, Stands.PENDING, 0, stages, Kind.ALERT, self._past.priority, None,
            _OFFERED, escalates=2,
        )  # fmt: skip
        if not there:
            return self._plan(timedelta(0), person, Event.DEADLINE)
        if person in self._past.unreached:
            return self._plan(stages[0].wait, person, Event.DEADLINE)
        self._plan(CONFIRMS_AFTER, person, Event.CONFIRMED)
        said = self._past.said.get(person)
        if said is None and person in self._usually:
            said = Said(True, self._usually[person])
        if said is not None and said.accepted is not None:
            self._plan(said.after, person, Event.ACCEPT if said.accepted else Event.DECLINE)
        return None

    def _plan(self, after: timedelta, person: UUID, event: Event) -> None:
        self._count += 1
        heapq.heappush(self._agenda, (self._now + after, self._count, person, event))

    def _hear(self, person: UUID, event: Event) -> None:
        before = self._deliveries[person]
        if event is Event.DEADLINE and before.state is not Stands.PENDING:
            return
        self._deliveries[person] = step(before, Happened(event, stage=before.stage), self._now).delivery

    def _supposed(self, holders: Iterable[UUID]) -> bool:
        return any(person not in self._past.said for person in holders)
