"""Who must get a message, by which endpoints in which order, and why: decided purely from the directory.

`plan` is what both a real submission and a dry run ask, so that they can never differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from wardwire.model import ids
from wardwire.model.canary import ROBOTS
from wardwire.model.coverage import COVERED, COVERS, covering, held, meaning_of
from wardwire.model.endpoints import next_turn, passed_over
from wardwire.model.errors import Code, Refused
from wardwire.model.groups import members_of
from wardwire.model.message import Submission
from wardwire.model.oncall import next_change, on_call
from wardwire.model.people import Directory, Group, Person, Role, Status
from wardwire.model.preferences import choose, is_quiet, who_prefers
from wardwire.model.priority import Kind, Priority
from wardwire.model.stages import APP as APP
from wardwire.model.stages import CALLS as CALLS
from wardwire.model.stages import EMAIL as EMAIL
from wardwire.model.stages import LATER as LATER
from wardwire.model.stages import Stage as Stage
from wardwire.model.stages import Waits as Waits
from wardwire.model.stages import kinds_of as kinds_of
from wardwire.model.stages import read_stages as read_stages
from wardwire.model.stages import write_stages as write_stages
from wardwire.model.targets import find_target


class Planned(NamedTuple):
    """One person's part of a plan.

    Attributes:
        why: How the person came into it: `named`, `group:grp_…`, `role:rol_…`, or by which other rule of a role:
            `override:rol_…`, `swap:rol_…`, `layer:rol_…`, `fallback:rol_…`. `covers:per_…` for somebody; who is
            covered gets a silent copy, `covered:per_…`.
        stages: In order; empty = no endpoint at all, *unreachable* from the start.
        rings: Whether devices make themselves heard.
        written: The stages, as they are stored.
        passed: Kinds of endpoints that are not used, and why, in words.
        until: The first instant at which preferences may say otherwise; None = never.
        by: Whose preference made the stages, and which (model/preferences.py); "" = the site's default.
    """

    person_id: UUID
    why: str
    stages: tuple[Stage, ...]
    rings: bool
    written: str
    passed: tuple[tuple[str, str], ...] = ()
    by: str = ""
    until: datetime | None = None


class Plan(NamedTuple):
    """Who gets it, and who of the named groups was left out and why.

    Attributes:
        until: The first instant at which the same directory may give another plan; None = never.
        roles: The roles that it went through, each with whoever answers for it, and until when it is theirs at least.
    """

    people: tuple[Planned, ...]
    left_out: tuple[tuple[UUID, str], ...] = ()
    until: datetime | None = None
    roles: tuple[tuple[UUID, UUID, datetime | None], ...] = ()


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
    roles: dict[UUID, tuple[UUID, UUID, datetime | None]] = {}
    for nth, target in enumerate(submission.to):
        kind, value = find_target(target, directory, f"/to/{nth}")
        if kind == ids.PERSON:
            _add_person(directory.people[value], whys, f"/to/{nth}")
        elif kind == ids.GROUP:
            _add_group(directory.groups[value], directory, sender, whys, left_out, f"/to/{nth}")
        else:
            role = directory.roles[value]
            holder = _add_role(role, directory, now, desk, whys, f"/to/{nth}")
            turn = next_change(role, directory, now, desk)
            roles[value] = (value, holder, turn)
            turns += [turn] if turn else []
    if not whys:
        raise Refused(Code.GROUP_EMPTY, "there is nobody but the sender", pointer="/to")
    if submission.kind is Kind.ALERT:
        whys = _with_covers(whys, submission.priority, directory, desk, now, sender, turns)
    people = tuple(_plan_all(whys, submission, directory, waits, now))
    gone = tuple((person_id, why) for person_id, why in left_out.items() if person_id not in whys)
    turns += [until for person_id in whys if (until := directory.people[person_id].status_until) is not None]
    outside = [found for person_id in whys if (found := directory.endpoints_of.get(person_id))]
    turns += [turn for endpoints in outside if (turn := next_turn(endpoints, now))]
    turns += [planned.until for planned in people if planned.until is not None]
    until = min((turn for turn in turns if turn > now), default=None)
    return Plan(people, gone, until, tuple(roles.values()))


def _plan_all(
    whys: dict[UUID, str], submission: Submission, directory: Directory, waits: Waits, now: datetime
) -> Iterator[Planned]:
    """Plan everybody. Of many most are alike: who is available, prefers nothing and has the same kinds of endpoints,
    none of which has rules of its own, is planned once.
    """
    choosy = who_prefers(directory)
    people, outside, devices = directory.people, directory.endpoints_of, directory.devices_of
    alike: dict[tuple[bool, tuple[str, ...]], tuple[Any, ...]] = {}
    for person_id, why in whys.items():
        others = outside.get(person_id, ())
        if (
            choosy is None
            or person_id in choosy
            or people[person_id].status is not Status.AVAILABLE
            or why.startswith(COVERED)
            or (others and any(one.emergency_only or one.quiet or one.until or one.disabled for one in others))
        ):
            yield plan_person(person_id, why, submission, directory, waits, now)
            continue
        key = (bool(devices.get(person_id)), tuple([one.kind for one in others]) if others else ())
        like = alike.get(key)
        if like is None:
            like = alike[key] = plan_person(person_id, why, submission, directory, waits, now)[2:]
        yield Planned(person_id, why, *like)


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
    chosen = choose(person_id, priority, directory, waits, now, only)
    rings = rings_for(person_id, priority, directory, now) and not is_covered(why, priority)
    rings = rings or submission.kind is Kind.TECHNICAL_ALARM
    written = write_stages(chosen.stages)
    passed = passed_over(directory, person_id, priority, now)
    return Planned(person_id, why, chosen.stages, rings, written, passed, chosen.by, chosen.until)


def rings_for(person_id: UUID, priority: Priority, directory: Directory, now: datetime) -> bool:
    """Whether somebody's devices make themselves heard now: by their status, and by what they prefer."""
    person = directory.people[person_id]
    status = person.status_at(now)
    if priority not in meaning_of(directory, status).rings or held(directory, status, person.cover_at(now), priority):
        return False
    return not is_quiet(person_id, priority, directory, now)


def is_covered(why: str, priority: Priority) -> bool:
    """Whether somebody has only a silent copy, because another one covers for them; a `code` rings both."""
    return why.startswith(COVERED) and priority is not Priority.CODE


def _with_covers(
    whys: dict[UUID, str],
    priority: Priority,
    directory: Directory,
    desk: str,
    now: datetime,
    sender: UUID | None,
    turns: list[datetime],
) -> dict[UUID, str]:
    """Add who covers for those who are meant by name or by role; a group has others."""
    covers: dict[UUID, str] = {}
    covered: dict[UUID, str] = {}
    for person_id, why in whys.items():
        person = directory.people[person_id]
        if why.startswith("group:") or (person.status is Status.AVAILABLE and person.status_until is None):
            continue
        stead = covering(person_id, directory, priority, now, desk)
        turns += stead.turns
        people = [one for one in stead.people if one != sender and kinds_of(directory, one, priority, now)]
        if people:
            covered[person_id] = f"{COVERED}{ids.write_id(ids.PERSON, people[0])}"
            covers |= {one: f"{COVERS}{ids.write_id(ids.PERSON, person_id)}" for one in people}
    return whys | covered | {one: why for one, why in covers.items() if one not in whys}


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
    for member in members_of(directory, group.id):
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
) -> UUID:
    """Add who answers for a role; returns the first of them."""
    if role.disabled:
        raise Refused(Code.RECIPIENT_DISABLED, "this role is disabled", pointer=pointer)
    answers = on_call(role, directory, now, desk)
    if not answers.holdings:
        raise Refused(
            Code.ROLE_VACANT, "nobody holds this role now, and its fallback reaches nobody", pointer=pointer
        )
    why = answers.why(answers.holdings[0])  # all by one rule: one holder, or everybody of the fallback
    for holding in answers.holdings:
        whys.setdefault(holding.person_id, why)
    return answers.holdings[0].person_id
