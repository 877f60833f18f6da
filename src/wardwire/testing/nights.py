"""Alerts by the hundred thousand against the pure rules of escalation: random policies, people and sources, seeded.

Nothing is stored or sent. What is asked of each alert: it ends answered, cleared, cancelled or in a technical alarm,
and as long as nobody has it, never longer than its policy allows passes without somebody being called.
"""

from __future__ import annotations

import heapq
from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple
from uuid import UUID

from wardwire.model import directory as merge
from wardwire.model.alert import (
    AGAIN,
    Alarm,
    Called,
    Circumstances,
    Command,
    Decided,
    Escalation,
    Page,
    Record,
    Ring,
    Silence,
    State,
    Tell,
    Whom,
)
from wardwire.model.delivery import Delivery, Event, Happened, step
from wardwire.model.delivery import State as Stands
from wardwire.model.escalation import begin, fold, next_due
from wardwire.model.facts import FactKind
from wardwire.model.ids import make_id
from wardwire.model.message import Offered
from wardwire.model.people import KINDS, Device, Directory, Endpoint, Group, Person, Role, Shift, Status
from wardwire.model.places import Assignment, Place, PlaceKind, Rank
from wardwire.model.policy import Answer, Ends, Policy, Quorum, Step
from wardwire.model.preferences import Preferences, Profile, choose
from wardwire.model.priority import Kind, Priority
from wardwire.model.routing import Stage, Waits, kinds_of, rings_for
from wardwire.model.whom import next_turn, resolver, turned_roles

DESK = "P5"
BEGIN = datetime(2026, 12, 1, 18, 0, tzinfo=UTC)
# From then on roles change hands no more; and by then at the latest it has ended.
HORIZON = timedelta(hours=1)
LATEST = timedelta(hours=8)
ALERTS_A_WARD = 500


def _id(number: int) -> UUID:
    return make_id(number.to_bytes(16, "big"))


_OFFERED = Offered(accept_decline=True)
_WAITS = Waits()
BED = _id(0x500)
_TARGETS = ("bed:primary", "bed:secondary", "bed:tertiary", "desk", "G0", "G1", "G2", "R0", "R1", "R2", "P1", "P4")


class Broken(Exception):
    """An alert that went silent, or whose escalation would not stand still; says of which seed."""


class Nights(NamedTuple):
    """What a run found: how many alerts ended how, and how often what was commanded."""

    ends: Counter[str]
    commands: Counter[str]


def simulate(seed: int, alerts: int, first: int = 0) -> Nights:
    """Run so many alerts.

    Args:
        first: The number of the first one, a multiple of ALERTS_A_WARD: parts of a seed may be run anywhere.

    Raises:
        Broken: One of them was left in silence.
    """
    ends: Counter[str] = Counter()
    commands: Counter[str] = Counter()
    for ward in range(first, first + alerts, ALERTS_A_WARD):
        rng = Random(f"{seed}/{ward}")
        directory = make_ward(rng)
        for nth in range(ward, min(ward + ALERTS_A_WARD, first + alerts)):
            ends[_Alert(Random(f"{seed}:{nth}"), directory, f"seed {seed}, alert {nth}").run(commands)] += 1
    return Nights(ends, commands)


def make_ward(rng: Random) -> Directory:
    """Make eight people, some without a device, off or disabled; groups, some empty; roles that change hands."""
    directory = Directory()
    people = [_id(nth) for nth in range(1, 9)]
    statuses = [Status.AVAILABLE] * 5 + [Status.BUSY, Status.OFF, Status.DO_NOT_DISTURB]
    merge.merge_people(
        directory,
        [Person(id=p, name=f"P{p.int}", status=rng.choice(statuses), disabled=rng.random() < 0.1) for p in people],
    )
    merge.merge_devices(
        directory,
        [
            Device(id=_id(p.int << 8), person_id=p, name="", app_version="", nkey=f"U{p.int}", x25519=b"")
            for p in people
            if rng.random() < 0.85
        ],
    )
    merge.merge_endpoints(
        directory,
        [
            Endpoint(id=_id(0x700 + p.int * 8 + nth), person_id=p, kind=kind, address="")
            for p in people
            for nth, kind in enumerate(("pager", "email"))
            if rng.random() < 0.25
        ],
    )
    merge.merge_groups(
        directory,
        [
            Group(id=_id(0x100 + nth), name=f"G{nth}", members=tuple(rng.sample(people, rng.choice((0, 1, 2, 4)))))
            for nth in range(3)
        ],
    )
    roles = [Role(id=_id(0x200 + nth), name=f"R{nth}", fallback=rng.choice([None, *people[:2]])) for nth in range(3)]
    shifts = []
    for role in roles:
        at = BEGIN - timedelta(minutes=rng.randrange(60))
        for nth in range(rng.randrange(5)):
            end = at + timedelta(minutes=rng.randrange(5, 90))
            one = _id(role.id.int * 16 + nth)
            shifts.append(
                Shift(id=one, role_id=role.id, person_id=rng.choice(people), starts_at=at, ends_at=end, version=nth)
            )
            at = end + timedelta(minutes=rng.choice((0, 0, 0, 10)))
    merge.merge_roles(directory, roles, shifts, [])
    merge.merge_places(directory, [Place(id=BED, kind=PlaceKind.BED, parent=None, name="1")])
    merge.merge_assignments(
        directory,
        [
            Assignment(
                id=_id(0x600 + nth), place_id=BED, person_id=rng.choice(people), rank=rank, starts_at=BEGIN,
                ends_at=None, version=1,
            )
            for nth, rank in enumerate(Rank)
            if rng.random() < 0.7
        ],
        [],
    )  # fmt: skip
    owners = [
        *(("per", p) for p in people if rng.random() < 0.5),
        *(("grp", group.id) for group in directory.groups.values() if rng.random() < 0.3),
        *(("rol", role.id) for role in roles if rng.random() < 0.3),
    ]
    merge.merge_preferences(directory, [make_preferences(rng, kind, owner) for kind, owner in owners])
    return directory


def make_preferences(rng: Random, kind: str, owner: UUID) -> Preferences:
    """Make preferences of any kind, also such as could not be saved; their hours begin and end while alerts run."""
    noon = 12 * 60  # in Chicago, when alerts begin

    def stage() -> Stage:
        return Stage(tuple(rng.sample(KINDS, rng.choice((1, 1, 2)))), timedelta(seconds=rng.choice((1, 10, 60, 600))))

    profiles = tuple(
        Profile(
            f"Profile {nth}",
            tuple(stage() for _ in range(rng.choice((1, 1, 2)))),
            frozenset(rng.sample(sorted(Status), rng.choice((1, 3, 4)))),
            frozenset(rng.sample(sorted(Priority), rng.choice((1, 3, 4)))),
            begins=noon + rng.randrange(-60, 60),
            ends=noon + rng.randrange(-60, 60),
            quiet=rng.random() < 0.4,
        )
        for nth in range(rng.choice((1, 1, 2)))
    )
    return Preferences(kind, owner, profiles, "America/Chicago", 1)


def make_policy(rng: Random) -> Policy:
    """Make a policy of one to five steps, some of which ask whoever cannot come."""
    steps = []
    for _ in range(rng.choice((1, 1, 2, 2, 3, 5))):
        targets = tuple(rng.sample(_TARGETS, rng.choice((1, 1, 2, 3))))
        ends = rng.choice((Ends.FIRST, Ends.FIRST, Ends.FIRST, Ends.ALL, Ends.QUORUM))
        wait = timedelta(seconds=rng.choice((20, 30, 60, 120)))
        quorum: tuple[Quorum, ...] = ()
        if ends is Ends.QUORUM:
            backup = rng.choice(("", "", "P1", "G2"))
            quorum = tuple(Quorum(one, rng.choice((1, 1, 2)), backup, wait / 2) for one in targets)
        answer = rng.choice((Answer.ACCEPTED,) * 8 + (Answer.READ, Answer.DELIVERED))
        steps.append(Step(targets, wait, answer, ends, quorum, (), rng.choice((0, 0, 0, 1, 2))))
    still = rng.choice((None, timedelta(minutes=5), timedelta(minutes=15)))
    return Policy(_id(0x900), "random", 1, tuple(steps), rng.choice((0, 0, 0, 1, 3)), still)


class _Alert:
    """One alert, with what becomes of it."""

    def __init__(self, rng: Random, directory: Directory, name: str) -> None:
        self._rng = rng
        self._priority = rng.choice((Priority.CODE, Priority.HIGH, Priority.HIGH, Priority.MEDIUM))
        self._directory = directory
        self._name = name
        self._deliveries: dict[UUID, Delivery] = {}
        self._agenda: list[tuple[datetime, int, UUID | None, Event | str]] = []
        self._count = 0
        self._ended = ""
        self._sounded = BEGIN
        self._now = BEGIN
        self._looked = BEGIN
        self._receipts = False
        self._matters = True

    def run(self, commands: Counter[str]) -> str:
        """Live it to its end."""
        rng, policy = self._rng, make_policy(self._rng)
        now = self._now
        self._receipts = any(step.answer is not Answer.ACCEPTED for step in policy.steps)
        fresh = Escalation(_id(1), 1, State.RUNNING, policy, self._priority, now, now, bed=BED)
        named = [Called(_id(rng.randrange(1, 9)), "named")] if rng.random() < 0.1 else []
        if rng.random() < 0.3:
            self._plan(rng.randrange(10, 1200), None, rng.choice(("cleared", "cleared", "cleared", "cancelled")))
        longest = max((AGAIN, *(step.wait for step in policy.steps)))
        decided = begin(fresh, self._whom(), now, named)
        while True:
            escalation = decided.escalation
            self._take(decided.commands, commands)
            if escalation.state is State.CLOSED:
                return escalation.closed_why
            if escalation.state is State.EXHAUSTED and not self._agenda:
                return "technical alarm"
            self._check_waits(decided, named)
            self._check_sound(escalation, longest)
            now = self._wait(escalation)
            while not self._matters:
                now = self._wait(escalation)
            if escalation.state in (State.HELD, State.ASKED):
                self._sounded = now  # somebody had it up to this moment
            if now - BEGIN > HORIZON:
                if escalation.state in (State.HELD, State.ASKED):
                    return "answered"
                if escalation.state is State.EXHAUSTED:
                    return "technical alarm"
            if now - BEGIN > LATEST:
                raise Broken(f"{self._name}: nobody has it, nobody was told")
            late = now - BEGIN > HORIZON
            turned = {} if late else turned_roles(escalation.roles, self._directory, DESK, now)
            given = Circumstances(self._deliveries, self._whom(), turned, self._ended)
            decided = fold(escalation, given, now)
            self._looked = now

    def _whom(self) -> Whom:
        return resolver(self._directory, bed=BED, desk=DESK, priority=self._priority, now=self._now)

    def _check_waits(self, decided: Decided, named: list[Called]) -> None:
        """A step that begins waits for somebody who can hear it; who was named beside the policy is called anyway."""
        began = any(isinstance(one, Record) and one.fact is FactKind.ESCALATED for one in decided.commands)
        people = set(decided.escalation.people) - {one.person_id for one in named}
        if not began or not people or decided.escalation.state is not State.RUNNING:
            return
        if not any(rings_for(person, self._priority, self._directory, self._now) for person in people):
            raise Broken(f"{self._name}: waits for {people}, and nothing rings")

    def _check_sound(self, escalation: Escalation, longest: timedelta) -> None:
        if escalation.state not in (State.HELD, State.ASKED) and self._now - self._sounded > longest:
            raise Broken(f"{self._name}: silent since {self._sounded} at {self._now}, {escalation.state}")

    def _wait(self, escalation: Escalation) -> datetime:
        """Go on to whatever comes next, and let it happen."""
        due = next_due(escalation, self._looked, next_turn(escalation.roles, self._directory, self._looked))
        if due is None or due <= self._looked:
            raise Broken(f"{self._name}: looks again at {due}, it is {self._now}, {escalation.state}")
        if not self._agenda or due <= self._agenda[0][0]:
            self._now, self._matters = due, True
            return due
        at, _, person, what = heapq.heappop(self._agenda)
        # As in the real house: a receipt makes nobody look, unless the policy asks for receipts.
        self._matters = self._receipts or what not in (Event.CONFIRMED, Event.SEEN)
        self._now = max(self._now, at)
        if person is None:
            self._ended = what
            return self._now
        before = self._deliveries[person]
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
                case Page(person):
                    if person in self._deliveries:
                        raise Broken(f"{self._name}: called anew who had been called")
                    self._deliveries[person] = self._delivery(person)
                    # Whoever is called in silence is not called: somebody else must be.
                    if rings_for(person, self._priority, self._directory, self._now):
                        self._sounded = self._now
                    self._react(person)
                case Ring(person):
                    self._deliveries[person] = step(
                        self._deliveries[person], Happened(Event.RING), self._now
                    ).delivery
                    self._sounded = self._now
                    self._react(person)
                case Silence(holders):
                    self._sounded = self._now
                    for person, before in self._deliveries.items():
                        if person not in holders:
                            self._deliveries[person] = step(before, Happened(Event.TAKE), self._now).delivery
                case Tell(person, "still_active"):
                    said = self._rng.choice((Event.KEEP, Event.KEEP, Event.DONE, Event.HAND_BACK, None))
                    if said is not None:
                        self._plan(self._rng.randrange(5, 90), person, said)
                case Alarm():
                    self._sounded = self._now

    def _delivery(self, person: UUID) -> Delivery:
        """Make a delivery by what the person prefers: whoever can be reached is tried."""
        there = kinds_of(self._directory, person, self._priority, self._now)
        stages = choose(person, self._priority, self._directory, _WAITS, self._now).stages
        if bool(there) != bool(stages):
            raise Broken(f"{self._name}: {there} and nothing is tried")
        return Delivery(
            _id(1), person, 1, Stands.PENDING, 0, stages, Kind.ALERT, self._priority, None, _OFFERED, escalates=1
        )

    def _react(self, person: UUID) -> None:
        """Somebody is called: the phone may be off, and they may answer, decline, think better of it, or nothing."""
        rng, stages = self._rng, self._deliveries[person].stages
        if not stages:
            return self._plan(0, person, Event.DEADLINE)
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
