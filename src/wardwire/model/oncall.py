"""Who is on call for a role at an instant, and by which rule. One pure function, asked by everything that pages.

override    a shift that was put in front of everything, for this time
swap        a part of a shift that one person took from another, by consent of both
shift       entered by hand; of overlapping ones the latest written
layer       the rotations, the first layer first
fallback    nobody else: the person or group that every role names, else the operators' desk
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from wardwire.model import ids
from wardwire.model.errors import Refused
from wardwire.model.groups import members_of
from wardwire.model.oncall_plan import edges_after, open_at, turn_at
from wardwire.model.oncall_time import find_zone
from wardwire.model.people import Directory, Role
from wardwire.model.targets import find_target

# So many turns of a role are kept, as they were worked out.
KEPT_TURNS = 32
OVERRIDE, SWAP, SHIFT, LAYER, FALLBACK = "override", "swap", "shift", "layer", "fallback"


class Holding(NamedTuple):
    """Who holds a role by one rule.

    Attributes:
        rule: `override`, `swap`, `shift`, `layer 2`, `fallback`.
        source: What says so: the id of a shift or swap, the layer's name with the number of the turn.
        starts_at, ends_at: Of that shift, part or turn; None = it has none.
    """

    person_id: UUID
    rule: str
    source: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None


class Answers(NamedTuple):
    """Who answers for a role now: one holder, or everybody of the fallback; () = nobody."""

    holdings: tuple[Holding, ...]
    role_id: UUID

    @property
    def holder(self) -> Holding | None:
        """Return who holds it by the plan; None = only the fallback does."""
        return next((holding for holding in self.holdings if holding.rule != FALLBACK), None)

    def why(self, holding: Holding) -> str:
        """Say why somebody is paged: the rule and the role. A shift is what a role is held by, and goes without."""
        rule = holding.rule.partition(" ")[0]
        return f"{'role' if rule == SHIFT else rule}:{ids.write_id(ids.ROLE, self.role_id)}"


def holders(role: Role, at: datetime) -> Iterator[Holding]:
    """Give everybody who holds a role by some rule, whoever goes before first; without the fallback."""
    shifts = [shift for shift in role.shifts if shift.starts_at <= at < shift.ends_at]
    shifts.sort(key=lambda shift: (shift.override, shift.version), reverse=True)
    by_hand = [
        Holding(
            shift.person_id,
            OVERRIDE if shift.override else SHIFT,
            ids.write_id(ids.SHIFT, shift.id),
            shift.starts_at,
            shift.ends_at,
        )
        for shift in shifts
    ]
    yield from (holding for holding in by_hand if holding.rule == OVERRIDE)
    for swap in sorted(role.swaps, key=lambda swap: swap.version, reverse=True):
        holder = swap.holder_at(at)
        if holder is not None:
            yield Holding(holder, SWAP, ids.write_id(ids.SWAP, swap.id), swap.starts_at, swap.ends_at)
    yield from (holding for holding in by_hand if holding.rule == SHIFT)
    if role.rota is None:
        return
    zone = find_zone(role.rota.zone)
    for nth, layer in enumerate(role.rota.layers, start=1):
        turn = turn_at(layer, zone, at)
        if turn is not None and open_at(layer, zone, at):
            source = f"{layer.name}/{turn.nth}"
            yield Holding(turn.person_id, f"{LAYER} {nth}", source, turn.starts_at, turn.ends_at)


class _Kept(NamedTuple):
    """Who answers for a role from `since` until just before `until`, as long as the directory stays as it is."""

    role: Role
    since: datetime
    until: datetime | None
    answers: Answers


def on_call(role: Role, directory: Directory, at: datetime, desk: str = "") -> Answers:
    """Return who answers for a role at an instant: the first holder who is not disabled, else its fallback.

    Args:
        desk: The site's operators' desk: a name or id; "" = it has none.
    """
    return _keep(role, directory, at, desk).answers


def next_change(role: Role, directory: Directory, at: datetime, desk: str = "") -> datetime | None:
    """Return the next instant at which somebody else may answer for a role; None = never.

    Where the operators' desk is its fallback, and a role, that is when the desk changes hands, too.
    """
    return _keep(role, directory, at, desk).until


def _keep(role: Role, directory: Directory, at: datetime, desk: str) -> _Kept:
    """Work out who answers, once for a turn: every page, every look at an alert, and every look ahead asks it."""
    known: list[_Kept] = directory.worked_out.setdefault(("on_call", role.id, desk), [])
    for one in known:
        if one.since <= at and (one.until is None or at < one.until) and one.role is role:
            return one
    answers, until = _answer(role, directory, at, desk), next_edge(role, at)
    if answers.holder is None and (turns := _desk_role(directory, desk)) is not None:
        until = min(filter(None, (until, next_edge(turns, at))), default=None)
    made = _Kept(role, at, until, answers)
    # Of one turn the longest stretch is kept, and of a role the last turns that were asked for.
    known[:] = [made, *(one for one in known[: KEPT_TURNS - 1] if one.until != until)]
    return made


def _answer(role: Role, directory: Directory, at: datetime, desk: str) -> Answers:
    for holding in holders(role, at):
        if _able(directory, holding.person_id):
            return Answers((holding,), role.id)
    people = _fallback(role, directory, at, desk, frozenset((role.id,)))
    able = [person_id for person_id in dict.fromkeys(people) if _able(directory, person_id)]
    return Answers(tuple(Holding(person_id, FALLBACK) for person_id in able), role.id)


def next_edge(role: Role, at: datetime) -> datetime | None:
    """Return the next instant at which somebody else may hold a role; None = never."""
    edges = [edge for shift in role.shifts for edge in (shift.starts_at, shift.ends_at)]
    edges += [edge for swap in role.swaps for edge in swap.edges()]
    if role.rota is not None:
        zone = find_zone(role.rota.zone)
        edges += [edge for layer in role.rota.layers for edge in edges_after(layer, zone, at)]
    return min((edge for edge in edges if edge > at), default=None)


def named_in(role: Role) -> set[UUID]:
    """Return everybody whom a role's plan names, whenever it is."""
    named = {shift.person_id for shift in role.shifts}
    named.update(person_id for swap in role.swaps for person_id in (swap.giver, swap.taker))
    if role.rota is not None:
        named.update(person_id for layer in role.rota.layers for person_id in layer.participants)
    return named


class Segment(NamedTuple):
    """A stretch in which the same person holds a role by the same rule; None = only the fallback."""

    starts_at: datetime
    ends_at: datetime
    holding: Holding | None


def final(role: Role, begin: datetime, end: datetime, directory: Directory | None = None) -> Iterator[Segment]:
    """Give who holds a role from `begin` to `end`, stretch after stretch, without gap or overlap.

    Args:
        directory: Leaves out who is disabled; None = whatever the plan says.
    """
    at, known = begin, None
    while at < end:
        holding = next(
            (one for one in holders(role, at) if directory is None or _able(directory, one.person_id)), None
        )
        following = next_edge(role, at)
        until = end if following is None else min(end, following)
        segment = Segment(at, until, holding)
        if known is not None and known.holding == holding:
            known = known._replace(ends_at=until)
        else:
            if known is not None:
                yield known
            known = segment
        at = until
    if known is not None:
        yield known


def _fallback(role: Role, directory: Directory, at: datetime, desk: str, seen: frozenset[UUID]) -> tuple[UUID, ...]:
    """Return who answers when nobody holds a role: whom it names, or the desk where that is nobody."""
    if role.fallback is not None and _able(directory, role.fallback):
        return (role.fallback,)
    if role.fallback_to:
        group = directory.groups.get(ids.read_id(ids.GROUP, role.fallback_to))
        if (
            group is not None
            and not group.disabled
            and any(_able(directory, one) for one in members_of(directory, group.id))
        ):
            return members_of(directory, group.id)
    return at_desk(directory, at, desk, seen)


def at_desk(directory: Directory, at: datetime, desk: str, seen: frozenset[UUID] = frozenset()) -> tuple[UUID, ...]:
    """Return who is at the operators' desk; it may be a role with a fallback of its own."""
    try:
        sort, value = find_target(desk, directory, "")
    except Refused:
        return ()
    if sort == ids.PERSON:
        return (value,)
    if sort == ids.GROUP:
        group = directory.groups[value]
        return () if group.disabled else members_of(directory, group.id)
    role = directory.roles[value]
    if role.disabled or value in seen:
        return ()
    for holding in holders(role, at):
        if _able(directory, holding.person_id):
            return (holding.person_id,)
    return _fallback(role, directory, at, desk, seen | {value})


def _desk_role(directory: Directory, desk: str) -> Role | None:
    try:
        sort, value = find_target(desk, directory, "")
    except Refused:
        return None
    return directory.roles[value] if sort == ids.ROLE else None


def _able(directory: Directory, person_id: UUID) -> bool:
    person = directory.people.get(person_id)
    return person is not None and not person.disabled
