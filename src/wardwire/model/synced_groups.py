"""Groups of another directory, as ours: who is in them, what changes, and what cannot be taken.

A group that names nobody whom we know is left as it is: an empty answer never empties a team that is called. Nor is a
group disabled when none is there any more, or when more would be than may go at once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from wardwire.model.errors import Refused
from wardwire.model.names import clean_name
from wardwire.model.people import Group
from wardwire.model.syncing import Fault, Found, FoundGroup

_SPACE = re.compile(r"\s*([,=+])\s*")


class Wanted(NamedTuple):
    """A group as it is to be; `groups` are ids there."""

    where: str
    id: str
    name: str
    people: tuple[UUID, ...]
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GroupChanges:
    """What would be another than it is.

    Attributes:
        change: (ours, as it is to be); ours None = it is new.
        disable: Which are not there any more.
    """

    change: tuple[tuple[Group | None, Wanted], ...] = ()
    disable: tuple[Group, ...] = ()
    faults: tuple[Fault, ...] = ()
    same: int = 0

    def __str__(self) -> str:
        """Say it in one line."""
        add = sum(ours is None for ours, _ in self.change)
        return f"groups: {add} add, {len(self.change) - add} change, {len(self.disable)} disable, {self.same} stay"


def compare_groups(
    found: Sequence[FoundGroup],
    people: Sequence[Found],
    *,
    persons: Mapping[str, UUID],
    known: Mapping[str, Group],
    removals: float,
) -> GroupChanges:
    """Say what groups of another directory would change of ours.

    Args:
        people: Who was read there.
        persons, known: Our people and groups, by their ids there.
        removals: The share of those that are known that may go at once.
    """
    person_at = {_fold(one.where): persons[one.id] for one in people if one.id in persons}
    group_at = {_fold(one.where): one.id for one in found if one.id}
    ours = {own: group.id for own, group in known.items()}
    change: list[tuple[Group | None, Wanted]] = []
    faults: list[Fault] = []
    same = 0
    for one in found:
        at = [_fold(member) for member in one.members]
        inside = tuple(dict.fromkeys(person_at[each] for each in at if each in person_at))
        within = tuple(dict.fromkeys(group_at[each] for each in at if each in group_at))
        wrong = _fault(one, inside or within)
        before = known.get(one.id)
        if wrong:
            faults.append(Fault(one.where, "group", wrong))
            continue
        wanted = Wanted(one.where, one.id, clean_name(one.name), inside, within)
        if before is not None and _is_same(before, wanted, ours):
            same += 1
        else:
            change.append((before, wanted))
    there = {one.id for one in found}
    living = [(own, group) for own, group in known.items() if not group.disabled]
    gone = [group for own, group in living if own not in there]
    if gone and (not found or len(gone) > removals * len(living)):
        said = f"{len(gone)} of {len(living)} groups would be disabled; none was"
        faults.append(Fault("the other directory", "group", said))
        gone = []
    return GroupChanges(tuple(change), tuple(gone), tuple(faults), same)


def _fault(one: FoundGroup, members: Sequence[object]) -> str:
    if not one.id:
        return "it has no id"
    if not members:
        return "it names nobody whom we know, and stays as it is"
    try:
        clean_name(one.name)
    except Refused as refused:
        return refused.detail
    return ""


def _is_same(before: Group, wanted: Wanted, ours: Mapping[str, UUID]) -> bool:
    return (
        before.name == wanted.name
        and not before.disabled
        and set(before.members) == set(wanted.people)
        and set(before.groups) == {ours.get(own) for own in wanted.groups}
    )


def _fold(dn: str) -> str:
    return _SPACE.sub(r"\1", dn).casefold()
