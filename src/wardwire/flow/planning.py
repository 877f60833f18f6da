"""Plans submissions, and keeps what was worked out as long as it holds: many write to the same few.

What is kept hangs on the directory, which forgets it with each of its
changes, and ends when a shift or a status does.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from wardwire.flow.ports import Rules
from wardwire.flow.views import MAX_NAMED, PromiseLine, Reach
from wardwire.model import ids
from wardwire.model.coverage import say_cover
from wardwire.model.message import Submission
from wardwire.model.people import Directory, Status
from wardwire.model.promise import DESK, SENDER, Promised, promise_delivery
from wardwire.model.routing import Plan, Planned, Waits, plan, write_stages

KEPT_MAX = 10_000
KEPT_PEOPLE_MAX = 1_000
# So many are called by name in a promise.
MOST_NAMES = 3

_ENCODE = msgspec.json.Encoder().encode


class Planning(NamedTuple):
    """A plan with what is told of it.

    Attributes:
        reach: The recipients as the result names them, JSON.
        told: The recipients as the fact names them, JSON.
        size: How many they are.
        promise: Who is called by when, JSON.
    """

    plan: Plan
    reach: str
    told: str
    waits: Waits
    size: int
    promise: str = "[]"


def plan_submission(submission: Submission, rules: Rules, now: datetime, *, sender: UUID | None) -> Planning:
    """Resolve a submission's targets, or give what was resolved for the same ones before and still holds.

    Raises:
        Refused: As `model.routing.plan`.
    """
    directory = rules.directory
    key = (submission.to, submission.priority, submission.kind, sender, rules.desk)
    kept: Planning | None = directory.worked_out.get(key)
    if kept is not None and kept.waits is rules.waits and (kept.plan.until is None or now < kept.plan.until):
        return kept
    decided = plan(submission, directory, rules.waits, now, sender=sender, desk=rules.desk)
    made = make_planning(decided, promise_delivery(decided.people, SENDER if sender else DESK), rules, now)
    if len(decided.people) <= KEPT_PEOPLE_MAX:
        if len(directory.worked_out) >= KEPT_MAX:
            directory.worked_out.clear()
        directory.worked_out[key] = made
    return made


def make_planning(decided: Plan, promise: Sequence[Promised], rules: Rules, now: datetime) -> Planning:
    """Write out what is told of a plan."""
    people = decided.people
    return Planning(
        plan=decided,
        reach=_ENCODE(name_recipients(people, rules.directory, now)).decode(),
        told=_ENCODE([(p.person_id.hex, p.why, p.written) for p in people]).decode(),
        waits=rules.waits,
        size=len(people),
        promise=write_promise(promise, rules.directory),
    )


def write_promise(lines: Sequence[Promised], directory: Directory) -> str:
    """Write a promise as JSON."""
    return _ENCODE(name_promise(lines, directory)).decode()


def name_promise(lines: Sequence[Promised], directory: Directory) -> list[PromiseLine]:
    """Say a promise with names: `Dr. Chen`, `Anna, Ben`, `9 people`, `the desk`."""
    return [PromiseLine(line.after.total_seconds(), _name_all(line, directory), line.how) for line in lines]


def _name_all(line: Promised, directory: Directory) -> str:
    if not line.people:
        return f"the {line.how}"
    if len(line.people) > MOST_NAMES:
        return f"{len(line.people)} people"
    return ", ".join(directory.people[person_id].name for person_id in line.people)


def name_recipients(people: Sequence[Planned], directory: Directory, now: datetime) -> list[Reach]:
    """Say of each recipient how they are reached; of many, only of those who are not."""
    if len(people) > MAX_NAMED:
        people = [planned for planned in people if not planned.stages][:MAX_NAMED]
    named = []
    for planned in people:
        person = directory.people[planned.person_id]
        status = person.status_at(now)
        kinds = [kind for stage in planned.stages for kind in stage.kinds]
        named.append(
            Reach(
                person=ids.write_id(ids.PERSON, person.id),
                name=person.name,
                why=planned.why,
                reach="device" if "app" in kinds else kinds[0] if kinds else "none",
                tries=write_stages(planned.stages),
                status="" if status is Status.AVAILABLE else status,
                until=None if status is Status.AVAILABLE else person.status_until,
                cover=say_cover(directory, person.cover_at(now)),
                passed=[f"{kind}: {why}" for kind, why in planned.passed],
                by=planned.by,
            )
        )
    return named
