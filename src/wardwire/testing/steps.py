"""Judge the steps of escalations: was one missed, doubled, early, late, or begun although somebody had it?

Pure. What should have happened is worked out here anew, from what the harness asked for and from the answers that
were committed; what did happen is told by the devices' own diaries and by the facts. A step whose time has not come
is planned, not missed: so judge when every alert is at rest. Times are seconds of the site's clock.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from wardwire.testing.verdict import Invariant, Violation

# How much later than planned a step may be: a core or a server may die or hang at any moment.
LATE_S = 10.0
EARLY_S = 0.05
# An answer has its instant when it is decided; until others can see it a commit's whole patience may pass.
UNSEEN_S = 2.5

Place = tuple[int, int]  # round and step, both from 1
Times = Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Of a step: how many of whom must accept. A part with a name is of a team, and counts its own people alone.

    Attributes:
        backup: Who is called too, when it is missing.
        within_s: After so long it is missing.
    """

    people: frozenset[str]
    n: int = 1
    name: str = ""
    backup: frozenset[str] = frozenset()
    within_s: float = math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a policy. Nobody may be of two parts."""

    parts: tuple[Part, ...]
    wait_s: float

    @property
    def people(self) -> frozenset[str]:
        """Whom it calls at its beginning."""
        return frozenset().union(*(part.people for part in self.parts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert at rest, and what the database has of it.

    Attributes:
        answers: The committed answer of each person: whether they accepted, and when.
        unreached: When no device of somebody had confirmed in time, or none was connected.
        begun: When each step began, as often as facts say so.
        skipped: Steps that found nobody to wait for.
        missing: When a part (its step, its name) was told to be missing.
        exhausted: When every step had passed.
        taken: When somebody had it, and everybody else fell silent.
    """

    message: str
    steps: tuple[Step, ...]
    stored_at: float
    loops: int = 0
    answers: Mapping[str, tuple[bool, float]] = field(default_factory=dict)
    unreached: Mapping[str, Times] = field(default_factory=dict)
    begun: Mapping[Place, Times] = field(default_factory=dict)
    skipped: frozenset[Place] = frozenset()
    missing: Mapping[tuple[Place, str], Times] = field(default_factory=dict)
    exhausted: Times = ()
    taken: Times = ()

    @property
    def places(self) -> list[Place]:
        """All its steps, in their order."""
        return [(round, nth + 1) for round in range(1, self.loops + 2) for nth in range(len(self.steps))]

    def accepted(self, part: Part) -> float:
        """When so many had accepted as a part needs."""
        of = part.people | part.backup
        times = sorted(at for who, (yes, at) in self.answers.items() if yes and (not part.name or who in of))
        return times[part.n - 1] if len(times) >= part.n else math.inf

    def hopeless(self, people: frozenset[str], n: int) -> float:
        """When so many of these had declined that `n` can no longer accept."""
        times = sorted(at for who, (yes, at) in self.answers.items() if not yes and who in people)
        spare = len(people) - n
        return times[spare] if len(times) > spare else math.inf

    def beyond_reach(self, people: frozenset[str], n: int, since: float) -> float:
        """When so many had declined or could not be reached that nobody need wait for `n`: then it may go on."""
        times = []
        for who in people:
            yes, at = self.answers.get(who, (True, math.inf))
            gone = [at, *(when for when in self.unreached.get(who, ()) if when >= since)]
            times.append(min(gone[yes:], default=math.inf))
        return max(since, sorted(times)[len(people) - n])

    def declined(self, person: str, at: float) -> bool:
        """Whether somebody had declined by then."""
        yes, when = self.answers.get(person, (True, 0.0))
        return not yes and when <= at


@dataclass(slots=True)
class Count:
    """What was judged, and by how much the latest was late: by the facts, and on the devices."""

    alerts: int = 0
    steps: int = 0
    rings: int = 0
    held: int = 0
    exhausted: int = 0
    missed: int = 0
    doubled: int = 0
    late_s: float = 0.0
    rung_late_s: float = 0.0


_DOUBLED = frozenset({
    "a step begun more than once",
    "somebody rung more often than they were called",
    "the desk asked more than once that nobody answers",
    "a missing part told more than once",
    "taken more than once",
})  # fmt: skip
_MISSED = frozenset({
    "a step never begun",
    "somebody called and never rung",
    "every step passed, and the desk was never asked",
    "a missing part never told",
})  # fmt: skip


def judge_steps(
    alerts: Iterable[Alert], rings: Mapping[tuple[str, str], Times], count: Count, *, late_s: float = LATE_S
) -> list[Violation]:
    """Judge alerts that are at rest.

    Args:
        rings: When a person's device was rung for a message: (message, person) -> instants.
        count: Is added to.
    """
    found: list[Violation] = []
    of_message: defaultdict[str, dict[str, Times]] = defaultdict(dict)
    for (message, person), times in rings.items():
        of_message[message][person] = times
    for alert in alerts:
        found += _Judgement(alert, of_message[alert.message], count, late_s).judge()
    count.doubled += sum(violation.what in _DOUBLED for violation in found)
    count.missed += sum(violation.what in _MISSED for violation in found)
    return found


class _Judgement:
    """Of one alert."""

    def __init__(self, alert: Alert, rings: Mapping[str, Times], count: Count, late_s: float) -> None:
        self._alert = alert
        self._rung = rings
        self._count = count
        self._late_s = late_s
        self._calls: defaultdict[str, list[float]] = defaultdict(list)
        self._count.alerts += 1

    def judge(self) -> Iterator[Violation]:
        """Go through the steps in their order, and see what followed the last one."""
        alert, due, held = self._alert, self._alert.stored_at, math.inf
        soonest = due
        places = alert.places
        for nth, place in enumerate(places):
            step, begun = alert.steps[place[1] - 1], alert.begun.get(place, ())
            if not begun and place in alert.skipped:
                if not all(alert.declined(person, due + self._late_s) for person in step.people):
                    yield self._wrong(Invariant.STEP, "a step skipped that had somebody", place)
                continue
            if not begun:
                yield from self._stopped(place, due, soonest, held)
                break
            at = min(begun)
            if len(begun) > 1:
                yield self._wrong(Invariant.STEP, "a step begun more than once", place, f"{len(begun)} times")
            yield from self._in_time(at - due, place)
            yield from self._not_early(at, soonest, place)
            yield from self._not_held(at, held, place)
            self._count.steps += 1
            for person in step.people:
                if not alert.declined(person, at):
                    self._calls[person].append(due)
            over = min((min(alert.begun[later]) for later in places[nth + 1 :] if later in alert.begun), default=None)
            yield from self._parts(step, place, at, over or min(alert.exhausted, default=math.inf))
            held = max(at, *(alert.accepted(part) for part in step.parts))
            whole = [(part.people | part.backup, part.n) for part in step.parts]
            due = min(at + step.wait_s, *(max(at, alert.hopeless(people, n)) for people, n in whole))
            soonest = min(due, *(alert.beyond_reach(people, n, at) for people, n in whole))
        else:
            yield from self._stopped(None, due, soonest, held)
        yield from self._rings()

    def _stopped(self, place: Place | None, due: float, soonest: float, held: float) -> Iterator[Violation]:
        """Judge why no further step was begun: somebody had it, or there was none (`place` is None)."""
        alert, count = self._alert, self._count
        if len(alert.taken) > 1:
            yield self._wrong(Invariant.STEP, "taken more than once", place)
        if alert.exhausted:
            count.exhausted += 1
            at = min(alert.exhausted)
            if place is not None:
                yield self._wrong(Invariant.STEP, "the desk asked before every step had passed", place)
            if len(alert.exhausted) > 1:
                yield self._wrong(Invariant.STEP, "the desk asked more than once that nobody answers", place)
            yield from self._in_time(at - due, place)
            yield from self._not_early(at, soonest, place)
            yield from self._not_held(at, held, place)
        elif alert.taken and held < math.inf:
            # Perhaps after the time was up, and before any core looked: that must not have been long.
            count.held += 1
            yield from self._in_time(max(0.0, held - due), place)
            yield from self._in_time(min(alert.taken) - held, place, what="silenced late")
        elif alert.taken:
            yield self._wrong(Invariant.STEP, "taken, and not enough had accepted", place)
        elif place is None:
            yield self._wrong(Invariant.STEP, "every step passed, and the desk was never asked", place)
        else:
            yield self._wrong(Invariant.STEP, "a step never begun", place)

    def _parts(self, step: Step, place: Place, began: float, over: float) -> Iterator[Violation]:
        """Judge what was said of a team's parts that are missing, until the next step began."""
        alert = self._alert
        for part in step.parts:
            if not part.name:
                continue
            told = alert.missing.get((place, part.name), ())
            hopeless = max(began, alert.hopeless(part.people, part.n))
            due, seen = (min(began + part.within_s, one) for one in (hopeless, hopeless + UNSEEN_S))
            filled = alert.accepted(part)
            if len(told) > 1:
                yield self._wrong(Invariant.STEP, "a missing part told more than once", place, part.name)
            if told:
                yield from self._in_time(min(told) - due, place)
                soonest = min(due, alert.beyond_reach(part.people, part.n, began))
                yield from self._not_early(min(told), soonest, place)
                if min(told) > filled + UNSEEN_S:
                    yield self._wrong(Invariant.IN_TIME, "told to be missing, and was there", place, part.name)
                for person in part.backup:
                    self._calls[person].append(due)
            elif seen <= over < math.inf and filled > over:
                yield self._wrong(Invariant.STEP, "a missing part never told", place, part.name)
            elif filled > due:
                yield from self._in_time(max(0.0, min(filled, over) - due), place)

    def _rings(self) -> Iterator[Violation]:
        """Judge what devices wrote down: everybody is rung once for each step that calls them, and in time."""
        for person in sorted({*self._calls, *self._rung}):
            rung, due = sorted(self._rung.get(person, ())), sorted(self._calls.get(person, ()))
            self._count.rings += len(rung)
            detail = f"{person}: rung {len(rung)} times, called {len(due)} times"
            if len(rung) > len(due):
                what = "somebody rung more often than they were called"
                yield self._wrong(Invariant.STEP, what, detail=detail)
            elif len(rung) < len(due):
                yield self._wrong(Invariant.STEP, "somebody called and never rung", detail=detail)
            for late in (at - planned for at, planned in zip(rung, due, strict=False)):
                self._count.rung_late_s = max(self._count.rung_late_s, late)
                if late > self._late_s:
                    yield self._wrong(Invariant.IN_TIME, "rung late", detail=f"{person}: by {late:.2f} s", late=True)

    def _in_time(self, late: float, place: Place | None, what: str = "late") -> Iterator[Violation]:
        self._count.late_s = max(self._count.late_s, late)
        if late > self._late_s:
            yield self._wrong(Invariant.IN_TIME, what, place, f"by {late:.2f} s", late=True)

    def _not_early(self, at: float, soonest: float, place: Place | None) -> Iterator[Violation]:
        if at < soonest - EARLY_S:
            yield self._wrong(Invariant.IN_TIME, "early", place, f"by {soonest - at:.2f} s")

    def _not_held(self, at: float, held: float, place: Place | None) -> Iterator[Violation]:
        if at > held + UNSEEN_S:
            what = "called on although somebody had it"
            yield self._wrong(Invariant.IN_TIME, what, place, f"for {at - held:.2f} s")

    def _wrong(
        self, invariant: Invariant, what: str, place: Place | None = None, detail: str = "", *, late: bool = False
    ) -> Violation:
        where = f"round {place[0]}, step {place[1]}" if place else ""
        told = ", ".join(filter(None, (where, detail)))
        return Violation(invariant=invariant, what=what, subject=self._alert.message, detail=told, late=late)
