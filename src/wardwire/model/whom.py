"""Whom a target of a policy's step means for an alert, as of now; and whether it is of any use to wait for them.

Unlike a submission's target (model/routing.py), one that means nobody is no refusal: it is a reason to go on.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from wardwire.model import ids
from wardwire.model.alert import NO_ENDPOINT, Call, Called, Whom
from wardwire.model.coverage import COVERED, COVERS, Covering, covering, held, meaning_of
from wardwire.model.errors import Refused
from wardwire.model.groups import members_of
from wardwire.model.names import fold_name
from wardwire.model.oncall import named_in, next_change, next_edge, on_call
from wardwire.model.people import Directory, Role
from wardwire.model.places import assigned, unit_of
from wardwire.model.policy import BED_RANKS, DESK, NEXT, UNIT, Step, next_role
from wardwire.model.preferences import is_quiet
from wardwire.model.priority import Priority
from wardwire.model.routing import kinds_of
from wardwire.model.targets import find_target

# Farther ahead than so many changes of a role nobody looks for its next holder.
MOST_TURNS = 100


def resolver(
    directory: Directory,
    *,
    bed: UUID | None,
    desk: str,
    priority: Priority,
    now: datetime,
    unit: UUID | None = None,
) -> Whom:
    """Return what resolves the targets of an alert's steps now; without `unit` it is the bed's."""
    return partial(_whom, directory=directory, bed=bed, unit=unit, desk=desk, priority=priority, now=now)


def _whom(
    target: str,
    step: Step,
    *,
    directory: Directory,
    bed: UUID | None,
    unit: UUID | None,
    desk: str,
    priority: Priority,
    now: datetime,
) -> Call:
    absent = partial(why_absent, directory=directory, kinds=step.endpoints, priority=priority, now=now)
    stead = partial(covering, directory=directory, priority=priority, now=now, desk=desk)
    rank = BED_RANKS.get(target)
    if rank is not None:
        person_id = assigned(directory, bed, rank, now) if bed else None
        if person_id is None:
            return Call(target, empty="unassigned" if bed else "no_bed")
        return _people(target, [(person_id, target)], directory, absent, stead)
    if target.startswith(UNIT):
        within = unit or (unit_of(directory, bed) if bed else None)
        role_id = directory.unit_roles.get(within, {}).get(fold_name(target.removeprefix(UNIT))) if within else None
        if role_id is None:
            return Call(target, empty="no_role" if within else "no_unit")
        return _role(target, directory.roles[role_id], directory, absent, stead, desk, now)
    try:
        if target.startswith(NEXT):
            _, value = find_target(next_role(target), directory, "")
            return _next(target, directory.roles[value], directory, absent, desk, now)
        sort, value = find_target(desk if target == DESK else target, directory, "")
    except Refused as refused:
        return Call(target, empty=refused.code)
    if sort == ids.PERSON:
        return _people(target, [(value, "named")], directory, absent, stead)
    if sort == ids.GROUP:
        group = directory.groups[value]
        if group.disabled:
            return Call(target, empty="recipient_disabled")
        why = f"group:{ids.write_id(ids.GROUP, value)}"
        return _people(target, [(member, why) for member in members_of(directory, value)], directory, absent)
    return _role(target, directory.roles[value], directory, absent, stead, desk, now)


def _role(
    target: str, role: Role, directory: Directory, absent: partial[str], stead: partial[Covering], desk: str,
    now: datetime,
) -> Call:  # fmt: skip
    if role.disabled:
        return Call(target, empty="recipient_disabled")
    answers = on_call(role, directory, now, desk)
    if not answers.holdings:
        return Call(target, empty="role_vacant", role=role.id)
    people = [(holding.person_id, answers.why(holding)) for holding in answers.holdings]
    return _people(target, people, directory, absent, stead, role.id)


def _next(target: str, role: Role, directory: Directory, absent: partial[str], desk: str, now: datetime) -> Call:
    """Call the next holder: through no role, so that whoever is called stays called when it changes hands."""
    if role.disabled:
        return Call(target, empty="recipient_disabled")
    following = next_holder(role, directory, desk, now)
    if following is None:
        return Call(target, empty="nobody_next")
    return _people(target, [(following, f"next:{ids.write_id(ids.ROLE, role.id)}")], directory, absent)


def next_holder(role: Role, directory: Directory, desk: str, now: datetime) -> UUID | None:
    """Return who holds a role by its plan after whoever answers for it now; None = the plan names nobody else."""
    key = ("next", role.id, desk, next_change(role, directory, now, desk))
    if key not in directory.worked_out:
        directory.worked_out[key] = _find_next(role, directory, desk, now)
    found: UUID | None = directory.worked_out[key]
    return found


def _find_next(role: Role, directory: Directory, desk: str, now: datetime) -> UUID | None:
    answering = {holding.person_id for holding in on_call(role, directory, now, desk).holdings}
    if answering.issuperset(named_in(role)):
        return None
    at = now
    for _ in range(MOST_TURNS):
        edge = next_edge(role, at)
        if edge is None:
            break
        at, holder = edge, on_call(role, directory, edge, desk).holder
        if holder is not None and holder.person_id not in answering:
            return holder.person_id
    return None


def is_attended(directory: Directory, desk: str, now: datetime) -> bool:
    """Whether anybody is at the operators' desk whom something can reach; `desk` = "" when the site has none."""
    whom = resolver(directory, bed=None, desk=desk, priority=Priority.HIGH, now=now)
    call = whom(DESK, Step((DESK,), timedelta(0)))
    return any(not called.absent for called in call.people)


def roles_named(
    targets: Iterable[str], directory: Directory, desk: str, now: datetime
) -> tuple[tuple[UUID, UUID], ...]:
    """Return the roles among some targets, each with who answers for it now; a vacant one has nobody to follow."""
    found: dict[UUID, UUID] = {}
    for target in targets:
        try:
            sort, value = find_target(target, directory, "")
        except Refused:
            continue
        if sort == ids.ROLE and (answers := on_call(directory.roles[value], directory, now, desk).holdings):
            found[value] = answers[0].person_id
    return tuple(found.items())


def turned_roles(
    roles: Iterable[tuple[UUID, UUID]], directory: Directory, desk: str, now: datetime
) -> dict[UUID, UUID]:
    """Return those roles whose holder is another now than was called; a role that is vacant has not turned."""
    turned: dict[UUID, UUID] = {}
    for role_id, called in roles:
        role = directory.roles.get(role_id)
        answers = on_call(role, directory, now, desk).holdings if role is not None and not role.disabled else ()
        if answers and all(holding.person_id != called for holding in answers):
            turned[role_id] = answers[0].person_id
    return turned


def next_turn(roles: Iterable[tuple[UUID, UUID]], directory: Directory, desk: str, now: datetime) -> datetime | None:
    """Return the next instant at which some roles may change hands; None = there is none."""
    found = [
        turn
        for role_id, _ in roles
        if (role := directory.roles.get(role_id)) is not None
        and (turn := next_change(role, directory, now, desk)) is not None
    ]
    return min(found, default=None)


def why_absent(
    person_id: UUID, *, directory: Directory, kinds: tuple[str, ...], priority: Priority, now: datetime
) -> str:
    """Why it is useless to wait for somebody: no endpoint, or nothing rings by their status, or it is kept until they
    are back, or by what they prefer; "" = it is not.
    """
    there = kinds_of(directory, person_id, priority, now)
    if not (there if not kinds else [kind for kind in there if kind in kinds]):
        return NO_ENDPOINT
    person = directory.people[person_id]
    status = person.status_at(now)
    rings = meaning_of(directory, status).rings
    if priority not in rings or held(directory, status, person.cover_at(now), priority):
        return f"status_{status}"
    return "quiet" if is_quiet(person_id, priority, directory, now) else ""


def _people(
    target: str,
    people: Iterable[tuple[UUID, str]],
    directory: Directory,
    absent: partial[str],
    stead: partial[Covering] | None = None,
    role: UUID | None = None,
) -> Call:
    """Call people; in the stead of whom somebody covers for, whoever does, and they themselves in silence."""
    called = []
    for person_id, why in people:
        person = directory.people.get(person_id)
        if person is None or person.disabled:
            continue
        covers = [one for one in stead(person_id).people if not absent(one)] if stead else []
        if not covers:
            called.append(Called(person_id, why, absent(person_id)))
            continue
        called.append(Called(person_id, f"{COVERED}{ids.write_id(ids.PERSON, covers[0])}", "covered"))
        called += [Called(one, f"{COVERS}{ids.write_id(ids.PERSON, person_id)}") for one in covers]
    return Call(target, tuple(called), role, "" if called else "nobody")
