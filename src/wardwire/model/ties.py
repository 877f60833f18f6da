"""What somebody is in, and what hangs on them: told before they are disabled, and shown beside their name. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from wardwire.model import ids
from wardwire.model.errors import Refused
from wardwire.model.groups import members_of
from wardwire.model.oncall import on_call
from wardwire.model.oncall_rights import may_view
from wardwire.model.people import Directory, Person, Role
from wardwire.model.policy import BED_RANKS, DESK, NEXT, UNIT, Policy
from wardwire.model.rights import Caller
from wardwire.model.targets import find_target


class Tie(NamedTuple):
    """One of them.

    Attributes:
        what: Prefix of the id (model/ids.py): of a role, a group, a bed, a policy, or another person.
        how: Of a role `on_call`, `shift`, `rotation`, `fallback`; of a group `member`, `within`, `rule`; of a bed the
            rank; of a policy `step`; of a person `covers` (they are covered by this one).
        detail: Of a layer its name, of a step its number; "" otherwise.
        starts_at, ends_at: Of a shift or a bed; None = from ever, until changed.
        then: Of `on_call`: who answers if this one is disabled; "" = nobody.
    """

    what: str
    id: UUID
    name: str
    how: str
    detail: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    then: str = ""


def ties_of(person: Person, directory: Directory, now: datetime, *, caller: Caller, desk: str) -> Iterator[Tie]:
    """Give what somebody is in, and what hangs on them, now and to come.

    Args:
        caller: Who asks: of schedules that they may not see only who is on call is told.
        desk: The site's operators' desk, as rules have it.
    """
    people = {**directory.people, person.id: replace(person, disabled=True)}
    without = replace(directory, people=people, worked_out={})
    for role in directory.roles.values():
        if not role.disabled:
            yield from _of_role(person, role, directory, without, now, desk)
            if may_view(caller, role):
                yield from _of_schedule(person, role, now)
    yield from _of_groups(person, directory)
    for bed, held in directory.assignments.items():
        for one in held:
            if one.person_id == person.id and (one.ends_at is None or one.ends_at > now):
                name = directory.place_name(bed)
                yield Tie(ids.PLACE, bed, name, one.rank, starts_at=one.starts_at, ends_at=one.ends_at)
    for policy in directory.policies.values():
        if not policy.disabled:
            yield from _of_policy(person, policy, directory)
    named = ids.write_id(ids.PERSON, person.id)
    for other in directory.people.values():
        if other.cover_at(now) == named:
            yield Tie(ids.PERSON, other.id, other.name, "covers", ends_at=other.status_until)


def _of_role(
    person: Person, role: Role, directory: Directory, without: Directory, now: datetime, desk: str
) -> Iterator[Tie]:
    if any(one.person_id == person.id for one in on_call(role, directory, now, desk).holdings):
        then = on_call(role, without, now, desk).holdings
        names = ", ".join(directory.person_name(one.person_id) for one in then)
        yield Tie(ids.ROLE, role.id, role.name, "on_call", then=names)
    if role.fallback == person.id:
        yield Tie(ids.ROLE, role.id, role.name, "fallback")


def _of_schedule(person: Person, role: Role, now: datetime) -> Iterator[Tie]:
    for shift in role.shifts:
        if shift.person_id == person.id and shift.ends_at > now:
            yield Tie(ids.ROLE, role.id, role.name, "shift", starts_at=shift.starts_at, ends_at=shift.ends_at)
    for layer in role.rota.layers if role.rota else ():
        if person.id in layer.participants:
            yield Tie(ids.ROLE, role.id, role.name, "rotation", layer.name)


def _of_groups(person: Person, directory: Directory) -> Iterator[Tie]:
    for group in directory.groups.values():
        if group.disabled:
            continue
        if person.id in group.members:
            yield Tie(ids.GROUP, group.id, group.name, "member")
        elif person.id in directory.matched.get(group.id, {}):
            yield Tie(ids.GROUP, group.id, group.name, "rule")
        elif person.id in members_of(directory, group.id):
            yield Tie(ids.GROUP, group.id, group.name, "within")


def _of_policy(person: Person, policy: Policy, directory: Directory) -> Iterator[Tie]:
    for nth, step in enumerate(policy.steps, start=1):
        named = (*step.targets, *(part.backup for part in step.quorum if part.backup))
        if any(_means(target, person, directory) for target in named):
            yield Tie(ids.POLICY, policy.id, policy.name, "step", str(nth))


def _means(target: str, person: Person, directory: Directory) -> bool:
    """Whether a target names this person; who bears a name with others is not meant by it."""
    if target == DESK or target in BED_RANKS or target.startswith((UNIT, NEXT)):
        return False
    try:
        return find_target(target, directory, "") == (ids.PERSON, person.id)
    except Refused:
        return False
