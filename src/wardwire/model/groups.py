"""Who is in a group: its own members, those of the groups within it, and whom its rule finds; each person once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from wardwire.model.canary import ROBOTS
from wardwire.model.errors import Code, Refused
from wardwire.model.membership import Rule

if TYPE_CHECKING:
    from wardwire.model.people import Directory, Group, Person

MAX_WITHIN = 100


def members_of(directory: Directory, group_id: UUID) -> tuple[UUID, ...]:
    """Return everybody in a group, each once; also who is disabled, for whoever asks to leave them out.

    A group within that is disabled adds nobody. Kept until the directory changes.
    """
    group = directory.groups[group_id]
    if not group.groups and group.rule is None:
        return group.members
    key = ("members", group_id)
    kept: tuple[UUID, ...] | None = directory.worked_out.get(key)
    if kept is None:
        found: dict[UUID, None] = {}
        seen: set[UUID] = set()
        ahead = [group_id]
        while ahead:
            each = directory.groups.get(ahead.pop())
            if each is None or each.id in seen or (each.disabled and each.id != group_id):
                continue
            seen.add(each.id)
            found.update(dict.fromkeys(each.members))
            found.update(directory.matched.get(each.id, {}))
            ahead += reversed(each.groups)
        kept = directory.worked_out[key] = tuple(found)
    return kept


def match_people(directory: Directory, people: Iterable[Person]) -> None:
    """Let people who are new or changed come into the groups whose rules find them, and go out of the others."""
    ruled = [
        (group.rule, directory.matched[group.id]) for group in directory.groups.values() if group.rule is not None
    ]
    for person in people if ruled else ():
        for rule, matched in ruled:
            if _finds(rule, person):
                matched[person.id] = None
            else:
                matched.pop(person.id, None)


def match_group(directory: Directory, before: Group | None, group: Group) -> None:
    """Find whom the rule of a group finds, when it is new or changed."""
    if group.rule is None:
        directory.matched.pop(group.id, None)
    elif before is None or before.rule != group.rule:
        rule = group.rule
        directory.matched[group.id] = {one.id: None for one in directory.people.values() if _finds(rule, one)}


def _finds(rule: Rule, person: Person) -> bool:
    return not person.disabled and person.id not in ROBOTS and rule.holds(person)


def check_within(group_id: UUID, within: Mapping[UUID, Iterable[UUID]], names: Mapping[UUID, str]) -> None:
    """Refuse that a group stands in itself.

    Args:
        within: What stands in each group, as it is to be.

    Raises:
        Refused: `GROUP_CYCLE`, naming the chain.
    """
    above: dict[UUID, UUID] = {}
    ahead = [group_id]
    while ahead:
        each = ahead.pop()
        for inner in within.get(each, ()):
            if inner == group_id:
                chain = [each]
                while chain[-1] != group_id:
                    chain.append(above[chain[-1]])
                named = " > ".join(names[one] for one in (*reversed(chain), group_id))
                raise Refused(Code.GROUP_CYCLE, f"a group would stand in itself: {named}", pointer="/groups")
            if inner not in above:
                above[inner] = each
                ahead.append(inner)
