"""Alerts by the hundred thousand against the pure rules of escalation: random policies, people and sources, seeded.

Nothing is stored or sent. What is asked of each alert: it ends answered, cleared, cancelled or in a technical alarm,
and as long as nobody has it, never longer than its policy allows passes without somebody being called; and what
testing/nights_watch.py says.
"""

from __future__ import annotations

import heapq
from collections import Counter
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple
from uuid import UUID

from wardwire.model import ids
from wardwire.model.alert import (
    AGAIN,
    NO_ENDPOINT,
    Alarm,
    Call,
    Called,
    Circumstances,
    Command,
    Decided,
    Escalation,
    Free,
    Page,
    Record,
    Ring,
    Silence,
    State,
    Tell,
    Whom,
)
from wardwire.model.coverage import COVERS
from wardwire.model.delivery import Delivery, Event, Happened, step
from wardwire.model.delivery import State as Stands
from wardwire.model.escalation import begin, fold, next_due
from wardwire.model.facts import FactKind
from wardwire.model.message import Offered
from wardwire.model.oncall import SWAP
from wardwire.model.policy import Answer, Step
from wardwire.model.preferences import choose
from wardwire.model.priority import Kind, Priority
from wardwire.model.routing import Stage, Waits, is_covered, kinds_of, rings_for
from wardwire.model.simulation import simulate_alert
from wardwire.model.whom import next_turn, resolver, turned_roles
from wardwire.testing.nights_ward import BED, PEOPLE, UNIT, Ward, an_id, make_policy, make_ward
from wardwire.testing.nights_watch import Broken as Broken
from wardwire.testing.nights_watch import Forecast, Order, check_call, check_hand_overs

# From then on whoever has it keeps it; and by then at the latest it has ended.
HORIZON = timedelta(minutes=30)
LATEST = timedelta(hours=8)
ALERTS_A_WARD = 100

_OFFERED = Offered(accept_decline=True)
_WAITS = Waits()
# What a device of somebody has; or they have said something to it, and are not rung again.
_HEARD = (Stands.DELIVERED, Stands.READ, Stands.ACCEPTED, Stands.ANSWERED)


class Nights(NamedTuple):
    """What a run found: how many alerts ended how, how often what was commanded, and what was seen on the way."""

    ends: Counter[str]
    commands: Counter[str]


def simulate(seed: int, alerts: int, first: int = 0) -> Nights:
    """Run so many alerts.

    Args:
        first: The number of the first one, a multiple of ALERTS_A_WARD: parts of a seed may be run anywhere.

    Raises:
        Broken: One of them was left in silence, or was not as it must be.
    """
    ends: Counter[str] = Counter()
    commands: Counter[str] = Counter()
    for number in range(first, first + alerts, ALERTS_A_WARD):
        ward = make_ward(Random(f"{seed}/{number}"))
        for nth in range(number, min(number + ALERTS_A_WARD, first + alerts)):
            ends[_Alert(Random(f"{seed}:{nth}"), ward, f"seed {seed}, alert {nth}").run(commands)] += 1
    return Nights(ends, commands)


class _Alert:
    """One alert, with what becomes of it."""

    def __init__(self, rng: Random, ward: Ward, name: str) -> None:
        self._rng = rng
        self._priority = rng.choice((Priority.CODE, Priority.HIGH, Priority.HIGH, Priority.MEDIUM, Priority.LOW))
        self._ward, self._directory = ward, ward.directory
        self._name = name
        self._deliveries: dict[UUID, Delivery] = {}
        self._agenda: list[tuple[datetime, int, UUID | None, Event | str]] = []
        self._count = 0
        self._ended = ""
        self._began = self._sounded = self._now = self._looked = ward.begin + timedelta(seconds=rng.randrange(1800))
        self._receipts = self._leaving = False
        self._matters = True
        self._silent = rng.random() < 0.15
        self._forecast: Forecast | None = None

    def run(self, commands: Counter[str]) -> str:
        """Live it to its end."""
        rng, policy = self._rng, make_policy(self._rng)
        now = self._now
        self._receipts = any(step.answer is not Answer.ACCEPTED for step in policy.steps)
        fresh = Escalation(an_id(1), 1, State.RUNNING, policy, self._priority, now, now, bed=BED, unit=UNIT)
        named = [self._named(an_id(rng.randrange(1, PEOPLE + 1)))] if rng.random() < 0.1 else []
        if rng.random() < 0.3 and not self._silent:
            self._plan(rng.randrange(10, 1200), None, rng.choice(("cleared", "cleared", "cleared", "cancelled")))
        self._before = fresh
        longest = max((AGAIN, *(step.wait for step in policy.steps)))
        order = Order(policy)
        # Whoever is heard ends what was foretold; so what is foretold is for silent ones.
        self._forecast = self._foresee(fresh, named) if self._silent else None
        decided = begin(fresh, self._whom(), now, named)
        while True:
            escalation = decided.escalation
            self._check(decided, order, commands)
            if escalation.state is State.CLOSED:
                return escalation.closed_why
            if escalation.state is State.EXHAUSTED and not self._agenda:
                return "technical alarm"
            self._check_sound(escalation, longest)
            now = self._wait(escalation)
            while not self._matters:
                now = self._wait(escalation)
            if escalation.state in (State.HELD, State.ASKED):
                self._sounded = now  # somebody had it up to this moment
            if now - self._began > HORIZON:
                if escalation.state in (State.HELD, State.ASKED):
                    return "answered"
                if escalation.state is State.EXHAUSTED:
                    return "technical alarm"
            if now - self._began > LATEST:
                raise Broken(f"{self._name}: nobody has it, nobody was told")
            turned = turned_roles(escalation.roles, self._directory, self._ward.desk, now)
            decided = fold(escalation, Circumstances(self._deliveries, self._whom(), turned, self._ended), now)

    def _named(self, person: UUID) -> Called:
        there = kinds_of(self._directory, person, self._priority, self._now)
        rings = rings_for(person, self._priority, self._directory, self._now)
        return Called(person, "named", "silent" if there and not rings else "" if there else NO_ENDPOINT)

    def _foresee(self, fresh: Escalation, named: list[Called]) -> Forecast:
        """Foretell it, as a draft of a policy is tried."""
        return Forecast(
            simulate_alert(
                fresh.policy,
                self._directory,
                at=self._now,
                priority=self._priority,
                place=self._directory.places[BED],
                desk=self._ward.desk,
                named=named,
            )
        )

    def _whom(self) -> Whom:
        desk, now = self._ward.desk, self._now
        whom = resolver(self._directory, bed=BED, unit=UNIT, desk=desk, priority=self._priority, now=now)

        def watched(target: str, out: Step) -> Call:
            call = whom(target, out)
            wrong = check_call(call, self._directory, self._priority, desk, now) if not out.endpoints else ""
            if wrong:
                raise Broken(f"{self._name}: {wrong}")
            return call

        return watched

    def _check(self, decided: Decided, order: Order, commands: Counter[str]) -> None:
        """Let what is commanded happen, and see that it is as it must be."""
        wrong = order.check(decided.commands) or check_hand_overs(
            decided.escalation,
            decided.commands,
            self._directory,
            self._ward.desk,
            self._looked,
            self._now,
            self._before,
        )
        if self._forecast is not None and not wrong:
            wrong = self._forecast.check(self._now, decided.commands)
            if self._forecast.ends:
                self._forecast = None
                commands["foretold to the end"] += 1
        if wrong:
            raise Broken(f"{self._name}: {wrong}")
        self._looked = self._now
        self._leaving, self._before = bool(decided.escalation.leaving), decided.escalation
        self._take(decided.commands, commands)
        for command in decided.commands:
            if isinstance(command, Record) and command.fact is FactKind.HANDED_OVER:
                commands["handed over"] += 1
                if ids.read_id(ids.PERSON, str(command.body["to"])) not in self._deliveries:
                    raise Broken(f"{self._name}: handed over to somebody who is not called")
        if decided.escalation.state not in (State.CLOSED, State.EXHAUSTED):
            self._check_waits(decided)

    def _check_waits(self, decided: Decided) -> None:
        """A step that begins waits for somebody who can hear it."""
        began = any(isinstance(one, Record) and one.fact is FactKind.ESCALATED for one in decided.commands)
        people = set(decided.escalation.people)
        if not began or not people or decided.escalation.state is not State.RUNNING:
            return
        if not any(rings_for(person, self._priority, self._directory, self._now) for person in people):
            raise Broken(f"{self._name}: waits for {people}, and nothing rings")

    def _check_sound(self, escalation: Escalation, longest: timedelta) -> None:
        if escalation.state not in (State.HELD, State.ASKED) and self._now - self._sounded > longest:
            raise Broken(f"{self._name}: silent since {self._sounded} at {self._now}, {escalation.state}")

    def _wait(self, escalation: Escalation) -> datetime:
        """Go on to whatever comes next, and let it happen."""
        turn = next_turn(escalation.roles, self._directory, self._ward.desk, self._looked)
        due = next_due(escalation, self._looked, turn)
        if due is None or due <= self._looked:
            raise Broken(f"{self._name}: looks again at {due}, it is {self._now}, {escalation.state}")
        if not self._agenda or due <= self._agenda[0][0]:
            self._now, self._matters = due, True
            return due
        at, _, person, what = heapq.heappop(self._agenda)
        # As in the real house: a receipt makes nobody look, unless the policy asks for receipts, or a former holder
        # is let go by one.
        self._matters = self._receipts or self._leaving or what not in (Event.CONFIRMED, Event.SEEN)
        self._now = max(self._now, at)
        before = self._deliveries[person] if person is not None else None
        if self._receipts or before is None or (what is not Event.CONFIRMED and before.stages):
            self._forecast = None  # somebody has said something, or cannot hear
        if person is None or before is None:
            self._ended = what
            return self._now
        if isinstance(what, Event) and (before.state, what) in _MAY:
            self._deliveries[person] = step(before, Happened(what, stage=before.stage), self._now).delivery
        return self._now

    def _plan(self, seconds: float, person: UUID | None, what: Event | str) -> None:
        self._count += 1
        heapq.heappush(self._agenda, (self._now + timedelta(seconds=seconds), self._count, person, what))

    def _take(self, done: tuple[Command, ...], commands: Counter[str]) -> None:
        for command in done:
            commands[type(command).__name__] += 1
            match command:
                case Page(person, why, kinds):
                    commands["covered"] += why.startswith(COVERS)
                    commands["swapped"] += why.startswith(SWAP)
                    if person in self._deliveries:
                        raise Broken(f"{self._name}: called anew who had been called")
                    self._deliveries[person] = self._delivery(person, kinds)
                    self._ring(person, why)
                case Ring(person, why, kinds):
                    again = Happened(Event.RING, stages=self._stages(person, kinds))
                    if not again.stages and self._deliveries[person].stages:
                        self._forecast = None  # their last endpoint's time is over
                    self._deliveries[person] = step(self._deliveries[person], again, self._now).delivery
                    self._ring(person, why)
                case Silence(holders):
                    self._sounded = self._now
                    for person, before in self._deliveries.items():
                        if person not in holders:
                            self._deliveries[person] = step(before, Happened(Event.TAKE), self._now).delivery
                case Free(person, by):
                    if self._deliveries[by].state not in _HEARD:
                        raise Broken(f"{self._name}: let go, and whoever is called instead has heard nothing")
                    before = self._deliveries[person]
                    self._deliveries[person] = step(before, Happened(Event.TAKE), self._now).delivery
                case Tell(person, "still_active"):
                    said = self._rng.choice((Event.KEEP, Event.KEEP, Event.DONE, Event.HAND_BACK, None))
                    if said is not None:
                        self._plan(self._rng.randrange(5, 90), person, said)
                case Alarm():
                    self._sounded = self._now

    def _ring(self, person: UUID, why: str) -> None:
        """Whoever is called in silence is not called: somebody else must be."""
        if rings_for(person, self._priority, self._directory, self._now) and not is_covered(why, self._priority):
            self._sounded = self._now
        self._react(person)

    def _delivery(self, person: UUID, kinds: tuple[str, ...]) -> Delivery:
        stages = self._stages(person, kinds)
        return Delivery(
            an_id(1), person, 1, Stands.PENDING, 0, stages, Kind.ALERT, self._priority, None, _OFFERED, escalates=1
        )

    def _stages(self, person: UUID, kinds: tuple[str, ...]) -> tuple[Stage, ...]:
        """Say how somebody is tried, by what they prefer: whoever can be reached is tried."""
        there = kinds_of(self._directory, person, self._priority, self._now)
        if kinds:
            there = tuple(kind for kind in there if kind in kinds)
        stages = choose(person, self._priority, self._directory, _WAITS, self._now, kinds).stages
        if bool(there) != bool(stages):
            raise Broken(f"{self._name}: {there} and nothing is tried")
        return stages

    def _react(self, person: UUID) -> None:
        """Somebody is called: the phone may be off, and they may answer, decline, think better of it, or nothing."""
        rng, stages = self._rng, self._deliveries[person].stages
        if not stages:
            return self._plan(0, person, Event.DEADLINE)
        if self._silent:
            return self._plan(1, person, Event.CONFIRMED)
        if rng.random() < 0.15:
            return self._plan(sum(stage.wait.total_seconds() for stage in stages), person, Event.DEADLINE)
        self._plan(1, person, Event.CONFIRMED)
        chance, after = rng.random(), rng.randrange(3, 150)
        if chance < 0.25:
            self._plan(after, person, Event.DECLINE)
        elif chance < 0.5:
            self._plan(after, person, Event.ACCEPT)
            if rng.random() < 0.3:
                self._plan(after + rng.randrange(1, 600), person, Event.HAND_BACK)
        elif chance < 0.6:
            self._plan(after, person, Event.SEEN)
        return None


_OPEN = (Stands.PENDING, Stands.UNREACHABLE, Stands.DELIVERED, Stands.READ, Stands.TAKEN)
_MAY = {
    **dict.fromkeys([(s, e) for s in _OPEN for e in (Event.ACCEPT, Event.DECLINE)]),
    **dict.fromkeys([(s, Event.CONFIRMED) for s in _OPEN]),
    **dict.fromkeys([(s, Event.SEEN) for s in _OPEN]),
    (Stands.PENDING, Event.DEADLINE): None,
    (Stands.DECLINED, Event.ACCEPT): None,
    **dict.fromkeys([(Stands.ACCEPTED, e) for e in (Event.HAND_BACK, Event.KEEP, Event.DONE)]),
}
