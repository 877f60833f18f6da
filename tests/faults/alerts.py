"""Alerts that escalate and code calls, on a whole site: whom they call, who sends them, and how they are judged.

Waits are a few seconds. Some answer, some decline, most stay silent; at the end there is the desk.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from msgspec.structs import replace

from tests.faults.scenarios import Finding
from tests.faults.system import Check, Member, System
from tests.faults.voices import Alerts, Voice
from wardwire.model import ids
from wardwire.model.delivery import State
from wardwire.model.facts import FactKind
from wardwire.model.people import Group
from wardwire.model.policy import Ends, Policy, Quorum
from wardwire.model.policy import Step as PolicyStep
from wardwire.model.priority import Priority
from wardwire.store.groups import insert_groups
from wardwire.store.policies import insert_policy
from wardwire.testing.history import Answered, Operation, Outcome, Record, Seen, operations
from wardwire.testing.steps import LATE_S, Alert, Count, Part, Place, Step, judge_steps
from wardwire.testing.verdict import Invariant, Violation

# Nobody is given up because a server was away: whoever is called stays called until the step's time is up.
SETS = tuple(f"waits.{priority}_s=60" for priority in Priority)
WAIT_S, AGAIN_S, TEAM_S, MISSING_S = 2.0, 1.5, 4.0, 2.0
LOOKS_S = 0.3
_WARD, _AGAIN, _TEAM = "Ward", "Again", "Code Blue"
# Group -> how many people are in it.
GROUPS = {
    "Nurses": 2, "Residents": 2, "Seniors": 2,
    "Leaders": 3, "Airway": 2, "Team nurses": 4,
    "Standby": 1, "House": 2,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Called:
    """A group of the ward."""

    group: Group
    people: tuple[Member, ...]

    @property
    def wire(self) -> str:
        return ids.write_id(ids.GROUP, self.group.id)

    @property
    def written(self) -> frozenset[str]:
        """Its people as dumps write them."""
        return frozenset(member.person.hex for member in self.people)


class Ward:
    """The people and policies of one case, and the judgement of its alerts."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.count = Count()
        self._also: Check | None = None
        self._ids: dict[str, UUID] = {}
        self._groups: dict[str, Called] = {}
        self._policies: dict[UUID, tuple[tuple[Step, ...], int]] = {}

    async def open(self) -> None:
        """Make people, groups and policies; the cores hear of them within a second."""
        names = [f"{group} {nth}" for group, size in GROUPS.items() for nth in range(size)]
        people = iter(await self.system.add_people(names))
        for name, size in GROUPS.items():
            members = tuple(next(people) for _ in range(size))
            group = Group(id=uuid4(), name=name, members=tuple(member.person for member in members))
            self._groups[name] = Called(group, members)
        connection = await self.system.owner()
        try:
            async with connection.transaction():
                version = await self.system.next_version(connection)
                await insert_groups(connection, [called.group for called in self._groups.values()], version)
                for name, steps, loops in self._plans():
                    policy = Policy(uuid4(), name, version, tuple(each for each, _ in steps), loops, None)
                    self._ids[name] = policy.id
                    self._policies[policy.id] = (tuple(judged for _, judged in steps), loops)
                    await insert_policy(connection, policy, datetime.now(UTC))
        finally:
            await connection.close()
        await asyncio.sleep(1.5)

    def _plans(self) -> list[tuple[str, list[tuple[PolicyStep, Step]], int]]:
        first = [self._first(name, WAIT_S) for name in ("Nurses", "Residents", "Seniors")]
        again = [self._first(name, AGAIN_S) for name in ("Nurses", "Residents")]
        team = self._quorum((("Leaders", 1, "Standby"), ("Airway", 1, ""), ("Team nurses", 2, "")))
        return [(_WARD, first, 0), (_AGAIN, again, 1), (_TEAM, [team, self._quorum((("House", 1, ""),))], 0)]

    def _first(self, name: str, wait_s: float) -> tuple[PolicyStep, Step]:
        called = self._groups[name]
        step = PolicyStep(targets=(called.wire,), wait=timedelta(seconds=wait_s))
        return step, Step(parts=(Part(people=called.written),), wait_s=wait_s)

    def _quorum(self, parts: Sequence[tuple[str, int, str]]) -> tuple[PolicyStep, Step]:
        quorum, judged = [], []
        for name, n, standing_by in parts:
            called, backup = self._groups[name], self._groups.get(standing_by)
            within = timedelta(seconds=MISSING_S)
            quorum.append(Quorum(called.wire, n, backup.wire if backup else "", within))
            judged.append(
                Part(
                    people=called.written,
                    n=n,
                    name=called.wire,
                    backup=backup.written if backup else frozenset(),
                    within_s=MISSING_S,
                )
            )
        step = PolicyStep(
            targets=tuple(part.role for part in quorum),
            wait=timedelta(seconds=TEAM_S),
            ends=Ends.QUORUM,
            quorum=tuple(quorum),
        )
        return step, Step(parts=tuple(judged), wait_s=TEAM_S)

    def voices(self) -> list[Voice]:
        """Everybody of the ward, the desk, and two people who send alerts by their devices."""
        seed = self.system.case.seed
        voices = [Voice(card=str(self.system.desk.path))]
        for nth, member in enumerate(self.system.members[:2]):
            sent = [Alerts(_WARD, Priority.HIGH), Alerts(_TEAM, Priority.CODE)]
            voices.append(Voice(card=str(member.path), alerts=sent, every_s=0.6, seed=nth))
        for name, called in self._groups.items():
            team = name in ("Leaders", "Airway", "Team nurses", "Standby")
            within_s, accepts = (TEAM_S, 0.5) if team else (WAIT_S, 0.2)
            for nth, member in enumerate(called.people):
                voices.append(
                    Voice(
                        card=str(member.path),
                        seed=1_000 * seed + nth,
                        accepts=accepts,
                        declines=0.15,
                        within_s=within_s,
                    )
                )
        return voices

    async def call(self) -> None:
        """Let people send alerts and answer them; returns when all are welcomed."""
        sent = [Alerts(_AGAIN, Priority.HIGH), Alerts(_WARD, Priority.HIGH), Alerts(_TEAM, Priority.CODE)]
        self.system.http = replace(self.system.http, to=[], alerts=sent, every_s=LOOKS_S)
        await self.system.speak(voices=self.voices())

    @property
    def policy_id(self) -> UUID:
        """The policy by which an alarm goes from the nurses to the residents and seniors."""
        return self._ids[_WARD]

    async def judge(self, *, also: Check | None = None) -> Finding:
        """Let every alert come to rest, and judge all, and what `also` judges; the figures of the steps are added."""
        self._also = also
        finding = await self.system.judge(check=self._check)
        count = self.count
        finding.figures.update(
            alerts_sent=count.alerts,
            steps=count.steps,
            rings=count.rings,
            held=count.held,
            to_the_desk=count.exhausted,
            missed=count.missed,
            doubled=count.doubled,
            late_max_s=round(count.late_s, 2),
            rung_late_max_s=round(count.rung_late_s, 2),
        )
        return finding

    async def _check(
        self, system: System, connection: asyncpg.Connection, history: Sequence[Record]
    ) -> list[Violation]:
        alerts = await read_alerts(connection, self._policies)
        offset = clock_offset(history, {alert.message: alert.stored_at for alert in alerts})
        found = judge_steps(alerts, rings_of(history, offset), self.count, late_s=LATE_S)
        found += await self._also(system, connection, history) if self._also else []
        return found + check_answers(history, alerts)


def rings_of(history: Sequence[Record], offset: float) -> dict[tuple[str, str], list[float]]:
    """When devices were rung, by their own diaries, in the site's time: (message, person) -> instants."""
    rings: defaultdict[tuple[str, str], dict[int, float]] = defaultdict(dict)
    for record in history:
        if isinstance(record, Seen) and record.event in ("new", "ring"):
            rings[record.message, record.person].setdefault(record.seq, record.t + offset)
    return {key: list(at.values()) for key, at in rings.items()}


def clock_offset(history: Sequence[Record], stored: dict[str, float]) -> float:
    """What to add to a device's monotonic time for the site's time: by the answer that came soonest."""
    answered = (o for o in operations(history) if o.outcome is Outcome.OK and o.message in stored)
    return max((_stored(o, stored) - o.t_ret for o in answered), default=0.0)


def _stored(operation: Operation, stored: dict[str, float]) -> float:
    assert operation.message is not None
    return stored[operation.message]


def check_answers(history: Sequence[Record], alerts: Sequence[Alert]) -> list[Violation]:
    """What was acknowledged to somebody who answered stands as they were told."""
    kept = {(alert.message, person): yes for alert in alerts for person, (yes, _) in alert.answers.items()}
    return [
        Violation(
            invariant=Invariant.NO_ACKED_LOSS,
            what="an answer was acknowledged, and is not there",
            subject=f"answer {record.message}/{record.person}",
            detail=record.state,
        )
        for record in history
        if isinstance(record, Answered)
        and kept.get((record.message, record.person)) is not (record.state == State.ACCEPTED)
    ]


async def read_alerts(
    connection: asyncpg.Connection, policies: dict[UUID, tuple[tuple[Step, ...], int]]
) -> list[Alert]:
    """Read every alert that goes by one of these policies, and what became of it."""
    answers: defaultdict[UUID, dict[str, tuple[bool, float]]] = defaultdict(dict)
    rows = await connection.fetch(
        "SELECT message_id, person_id, state, responded_at FROM deliveries WHERE responded_at IS NOT NULL"
    )
    for row in rows:
        answered = (row["state"] == State.ACCEPTED, row["responded_at"].timestamp())
        answers[row["message_id"]][row["person_id"].hex] = answered
    unreached: defaultdict[UUID, defaultdict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in await connection.fetch(
        "SELECT message_id, person_id, at FROM facts WHERE kind = $1", FactKind.UNREACHABLE
    ):
        unreached[row["message_id"]][row["person_id"].hex].append(row["at"].timestamp())
    told: defaultdict[UUID, list[Any]] = defaultdict(list)
    kinds = [FactKind.ESCALATED, FactKind.STEP_SKIPPED, FactKind.PART_MISSING, FactKind.EXHAUSTED, FactKind.TAKEN]
    facts = await connection.fetch(
        "SELECT message_id, kind, at, body FROM facts WHERE kind = ANY($1) AND person_id IS NULL ORDER BY at, seq",
        kinds,
    )
    for row in facts:
        told[row["message_id"]].append(row)
    alerts = []
    for row in await connection.fetch("SELECT message_id, policy_id, started_at FROM escalations"):
        steps, loops = policies[row["policy_id"]]
        begun: defaultdict[Place, list[float]] = defaultdict(list)
        missing: defaultdict[tuple[Place, str], list[float]] = defaultdict(list)
        skipped: set[Place] = set()
        exhausted: list[float] = []
        taken: list[float] = []
        place: Place = (1, 1)
        for fact in told[row["message_id"]]:
            body, at = json.loads(fact["body"]), fact["at"].timestamp()
            match fact["kind"]:
                case FactKind.ESCALATED:
                    place = body["round"], body["step"]
                    begun[place].append(at)
                case FactKind.STEP_SKIPPED:
                    skipped.add((body["round"], body["step"]))
                case FactKind.PART_MISSING:
                    missing[place, body["part"]].append(at)
                case FactKind.EXHAUSTED:
                    exhausted.append(at)
                case FactKind.TAKEN:
                    taken.append(at)
        alerts.append(
            Alert(
                message=ids.write_id(ids.MESSAGE, row["message_id"]),
                steps=steps,
                loops=loops,
                stored_at=row["started_at"].timestamp(),
                answers=answers[row["message_id"]],
                unreached=unreached[row["message_id"]],
                begun=begun,
                skipped=frozenset(skipped),
                missing=missing,
                exhausted=exhausted,
                taken=taken,
            )
        )
    return alerts
