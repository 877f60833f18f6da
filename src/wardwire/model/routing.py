"""Who must get a message, by which endpoints in which order, and why: decided purely from the directory.

`plan` is what both a real submission and a dry run ask, so that they can never differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from wardwire.model import ids
from wardwire.model.canary import ROBOTS
from wardwire.model.endpoints import next_turn, passed_over, usable
from wardwire.model.errors import Code, Refused
from wardwire.model.message import Submission
from wardwire.model.oncall import next_edge, on_call
from wardwire.model.people import KINDS, Directory, Group, Person, Role, Status
from wardwire.model.priority import Kind, Priority
from wardwire.model.targets import find_target

APP = "app"
EMAIL = "email"
# The kinds that a `code` uses only after the others, because they take a person's whole attention or arrive when they
# like.
LATER = frozenset({"sms", "voice"})
# What calls a person though nothing confirms it; an e-mail calls nobody.
CALLS = frozenset({"pager", "phone", "sms", "voice"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """How long an endpoint may stay unconfirmed before the next one is tried."""

    code: timedelta = timedelta(seconds=3)
    high: timedelta = timedelta(seconds=10)
    medium: timedelta = timedelta(seconds=30)
    low: timedelta = timedelta(seconds=120)

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


# Whether a device rings, by the person's status. What does not ring is still delivered, and shown.
RINGS: dict[Status, frozenset[Priority]] = {
    Status.AVAILABLE: frozenset(Priority),
    Status.BUSY: frozenset({Priority.CODE, Priority.HIGH, Priority.MEDIUM}),
    Status.DO_NOT_DISTURB: frozenset({Priority.CODE, Priority.HIGH}),
    Status.OFF: frozenset({Priority.CODE, Priority.HIGH}),
}


class Stage(NamedTuple):
    """Endpoints tried at the same time, and how long they have. Which ones exist is asked when it begins."""

    kinds: tuple[str, ...]
    wait: timedelta


class Planned(NamedTuple):
    """One person's part of a plan.

    Attributes:
        why: How the person came into it: `named`, `group:grp_…`, `role:rol_…`, or by which other rule of a role:
            `override:rol_…`, `swap:rol_…`, `layer:rol_…`, `fallback:rol_…`.
        stages: In order; empty = no endpoint at all, *unreachable* from the start.
        rings: Whether devices make themselves heard.
        written: The stages, as they are stored.
        passed: Kinds of endpoints that are not used, and why, in words.
    """

    person_id: UUID
    why: str
    stages: tuple[Stage, ...]
    rings: bool
    written: str
    passed: tuple[tuple[str, str], ...] = ()


class Plan(NamedTuple):
    """Who gets it, and who of the named groups was left out and why.

    Attributes:
        until: The first instant at which the same directory may give another plan; None = never.
    """

    people: tuple[Planned, ...]
    left_out: tuple[tuple[UUID, str], ...] = ()
    until: datetime | None = None


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


def plan(
    submission: Submission, directory: Directory, waits: Waits, now: datetime, *, sender: UUID | None, desk: str = ""
) -> Plan:
    """Resolve the targets of a submission to people, each once, with their endpoints in order.

    A group that contains the sender does not ring the sender; named by name, the sender is reached.

    Args:
        desk: The site's operators' desk, the fallback of roles that name no other; "" = it has none.

    Raises:
        Refused: As a whole: unknown, ambiguous (candidates named), disabled, an empty group, a role without
            holder and fallback.
    """
    whys: dict[UUID, str] = {}
    left_out: dict[UUID, str] = {}
    turns: list[datetime] = []
    for nth, target in enumerate(submission.to):
        kind, value = find_target(target, directory, f"/to/{nth}")
        if kind == ids.PERSON:
            _add_person(directory.people[value], whys, f"/to/{nth}")
        elif kind == ids.GROUP:
            _add_group(directory.groups[value], directory, sender, whys, left_out, f"/to/{nth}")
        else:
            role = directory.roles[value]
            _add_role(role, directory, now, desk, whys, f"/to/{nth}")
            turn = next_edge(role, now)
            turns += [turn] if turn else []
    if not whys:
        raise Refused(Code.GROUP_EMPTY, "there is nobody but the sender", pointer="/to")
    people = tuple(plan_person(person_id, why, submission, directory, waits, now) for person_id, why in whys.items())
    gone = tuple((person_id, why) for person_id, why in left_out.items() if person_id not in whys)
    turns += [until for person_id in whys if (until := directory.people[person_id].status_until) is not None]
    turns += [turn for person_id in whys if (turn := next_turn(directory.endpoints_of.get(person_id, ()), now))]
    return Plan(people=people, left_out=gone, until=min((turn for turn in turns if turn > now), default=None))


def plan_person(
    person_id: UUID,
    why: str,
    submission: Submission,
    directory: Directory,
    waits: Waits,
    now: datetime,
    only: tuple[str, ...] = (),
) -> Planned:
    """Plan one person's endpoints; `only` limits their kinds, () = all."""
    priority = submission.priority
    stages = stages_of(person_id, priority, directory, waits, now, only)
    passed = passed_over(directory, person_id, priority, now)
    status = directory.people[person_id].status_at(now)
    rings = priority in RINGS[status] or submission.kind is Kind.TECHNICAL_ALARM
    return Planned(
        person_id=person_id, why=why, stages=stages, rings=rings, written=write_stages(stages), passed=passed
    )


def _add_person(person: Person, whys: dict[UUID, str], pointer: str) -> None:
    if person.disabled:
        raise Refused(Code.RECIPIENT_DISABLED, "this person is disabled", pointer=pointer)
    whys.setdefault(person.id, "named")


def _add_group(
    group: Group,
    directory: Directory,
    sender: UUID | None,
    whys: dict[UUID, str],
    left_out: dict[UUID, str],
    pointer: str,
) -> None:
    if group.disabled:
        raise Refused(Code.RECIPIENT_DISABLED, "this group is disabled", pointer=pointer)
    why = f"group:{ids.write_id(ids.GROUP, group.id)}"
    reached = 0
    for member in group.members:
        person = directory.people.get(member)
        if person is None or person.disabled or member in ROBOTS:
            left_out.setdefault(member, "disabled")
            continue
        reached += 1
        if member != sender:
            whys.setdefault(member, why)
    if not reached:
        raise Refused(Code.GROUP_EMPTY, "this group has nobody who could be reached", pointer=pointer)


def _add_role(
    role: Role, directory: Directory, now: datetime, desk: str, whys: dict[UUID, str], pointer: str
) -> None:
    if role.disabled:
        raise Refused(Code.RECIPIENT_DISABLED, "this role is disabled", pointer=pointer)
    answers = on_call(role, directory, now, desk)
    if not answers.holdings:
        raise Refused(
            Code.ROLE_VACANT, "nobody holds this role now, and its fallback reaches nobody", pointer=pointer
        )
    for holding in answers.holdings:
        whys.setdefault(holding.person_id, answers.why(holding))


def kinds_of(directory: Directory, person_id: UUID, priority: Priority, now: datetime) -> tuple[str, ...]:
    """Return the kinds of endpoints by which somebody can be reached now, in the order in which they are tried."""
    active = {endpoint.kind for endpoint in usable(directory, person_id, priority, now)}
    if directory.active_devices(person_id):
        active.add(APP)
    return tuple(kind for kind in KINDS if kind in active)


def stages_of(
    person_id: UUID,
    priority: Priority,
    directory: Directory,
    waits: Waits,
    now: datetime,
    only: tuple[str, ...] = (),
) -> tuple[Stage, ...]:
    """Return how somebody is tried, stage by stage; `only` limits the kinds of endpoints, () = all."""
    kinds = kinds_of(directory, person_id, priority, now)
    if only:
        kinds = tuple(kind for kind in kinds if kind in only)
    return _stages(kinds, waits.of(priority), priority is Priority.CODE)


@lru_cache(maxsize=256)
def _stages(kinds: tuple[str, ...], wait: timedelta, at_once: bool) -> tuple[Stage, ...]:
    """Order a person's endpoints: one after the other; or at once, and what takes longer unless one confirms."""
    if at_once:
        parts = (tuple(k for k in kinds if k not in LATER), tuple(k for k in kinds if k in LATER))
        return tuple(Stage(part, wait) for part in parts if part)
    return tuple(Stage((kind,), wait) for kind in kinds)
