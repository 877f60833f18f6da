"""Changes to groups: people by name, at most 10,000; groups within; whoever a rule finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from wardwire.directory.desk import Change, DirectoryDesk
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.groups import MAX_WITHIN, check_within
from wardwire.model.membership import Rule, read_rule
from wardwire.model.names import clean_name
from wardwire.model.people import Group
from wardwire.model.rights import Caller
from wardwire.store import groups as store

MAX_MEMBERS = 10_000


async def add_group(
    desk: DirectoryDesk,
    caller: Caller,
    *,
    name: str,
    members: Sequence[UUID] = (),
    groups: Sequence[UUID] = (),
    rule: str = "",
) -> Group:
    """Add a group; somebody named twice is a member once.

    Args:
        groups: Groups that stand in it.
        rule: Whoever it finds is in it (model/membership.py).

    Raises:
        Refused: `NAME_TAKEN`, `NOT_FOUND` (a member, a group), `TOO_MANY`, `INVALID` (the rule), `NOT_PERMITTED`, and
            what a name may not be.
    """
    name, rule = clean_name(name), rule.strip()
    found = read_rule(rule) if rule else None

    async def work(change: Change) -> Group:
        return await enter_group(change, name=name, members=members, groups=groups, rule=rule, found=found)

    return await desk.change(caller, work)


async def enter_group(
    change: Change,
    *,
    name: str,
    members: Sequence[UUID],
    groups: Sequence[UUID],
    rule: str = "",
    found: Rule | None = None,
) -> Group:
    """Add a group inside a change; its name is clean, its rule is read. Raises as `add_group`."""
    group = Group(
        id=ids.new_id(change.now),
        name=name,
        members=await _checked(change, members),
        groups=_few(groups),
        rule=found,
        rule_text=rule,
    )
    await _check_groups(change, group)
    await store.insert_group(change.connection, group, change.version)
    change.record("group_added", _told(group))
    return group


async def change_group(
    desk: DirectoryDesk,
    caller: Caller,
    group_id: UUID,
    *,
    name: str | None = None,
    members: Sequence[UUID] | None = None,
    add: Sequence[UUID] = (),
    remove: Sequence[UUID] = (),
    groups: Sequence[UUID] | None = None,
    rule: str | None = None,
    disabled: bool | None = None,
) -> Group:
    """Change a group: `members` replaces all of them, then `add` and `remove` are done.

    Args:
        groups: Those that stand in it from now on.
        rule: By which people are in it from now on; "" = by none.

    Raises:
        Refused: As `add_group`, and `NOT_FOUND`, `GROUP_CYCLE` with the chain named.
    """
    name = None if name is None else clean_name(name)
    rule = None if rule is None else rule.strip()
    found = read_rule(rule) if rule else None

    async def work(change: Change) -> Group:
        before = await store.lock_group(change.connection, group_id)
        if before is None:
            raise Refused(Code.NOT_FOUND, "there is no such group")
        gone = frozenset(remove)
        wanted = [m for m in (*(before.members if members is None else members), *add) if m not in gone]
        after = replace(
            before,
            name=name or before.name,
            members=_once(wanted),
            groups=before.groups if groups is None else _few(groups),
            rule=before.rule if rule is None else found,
            rule_text=before.rule_text if rule is None else rule,
            disabled=before.disabled if disabled is None else disabled,
        )
        await rewrite_group(change, before, after)
        return after

    return await desk.change(caller, work)


async def rewrite_group(change: Change, before: Group, after: Group, **more: object) -> None:
    """Write a group as it is to be, inside a change that has locked it. Raises as `change_group`.

    Args:
        more: What is told of it besides.
    """
    known = frozenset(before.members)
    await _checked(change, [m for m in after.members if m not in known])
    if after.groups != before.groups:
        await _check_groups(change, after)
    await store.update_group(change.connection, after, change.version, change.now)
    told = {"group": ids.write_id(ids.GROUP, after.id), **_difference(before, after), **more}
    change.record("group_changed", told)


def _difference(before: Group, after: Group) -> dict[str, object]:
    told: dict[str, object] = {}
    if after.name != before.name:
        told["name"] = after.name
    if after.disabled != before.disabled:
        told["disabled"] = after.disabled
    if after.groups != before.groups:
        told["groups"] = [ids.write_id(ids.GROUP, group) for group in after.groups]
    if after.rule_text != before.rule_text:
        told["rule"] = after.rule_text
    old, new = frozenset(before.members), frozenset(after.members)
    if old != new:
        told["added"] = [ids.write_id(ids.PERSON, member) for member in sorted(new - old)]
        told["removed"] = [ids.write_id(ids.PERSON, member) for member in sorted(old - new)]
    return told


def _told(group: Group) -> dict[str, object]:
    return {
        "group": ids.write_id(ids.GROUP, group.id),
        "name": group.name,
        "members": [ids.write_id(ids.PERSON, member) for member in group.members],
        "groups": [ids.write_id(ids.GROUP, each) for each in group.groups] or None,
        "rule": group.rule_text or None,
    }


async def _check_groups(change: Change, group: Group) -> None:
    """Refuse groups that there are not, and a group in itself."""
    if not group.groups:
        return
    names = await store.name_groups(change.connection, group.groups)
    missing = [ids.write_id(ids.GROUP, each) for each in group.groups if each not in names]
    if missing:
        raise Refused(Code.NOT_FOUND, "there is no such group", pointer="/groups", missing=missing[:10])
    nested = await store.find_nested(change.connection)
    within = {each: inner for each, (_, inner) in nested.items()} | {group.id: group.groups}
    known = {each: name for each, (name, _) in nested.items()} | names | {group.id: group.name}
    check_within(group.id, within, known)


def _few(groups: Sequence[UUID]) -> tuple[UUID, ...]:
    once = tuple(dict.fromkeys(groups))
    if len(once) > MAX_WITHIN:
        raise Refused(Code.TOO_MANY, f"at most {MAX_WITHIN} groups stand in a group", pointer="/groups")
    return once


async def _checked(change: Change, members: Sequence[UUID]) -> tuple[UUID, ...]:
    once = _once(members)
    missing = await store.find_missing(change.connection, once) if once else []
    if missing:
        named = [ids.write_id(ids.PERSON, member) for member in missing[:10]]
        raise Refused(Code.NOT_FOUND, "there is no such person", pointer="/members", missing=named)
    return once


def _once(members: Sequence[UUID]) -> tuple[UUID, ...]:
    once = tuple(dict.fromkeys(members))
    if len(once) > MAX_MEMBERS:
        raise Refused(Code.TOO_MANY, f"a group has at most {MAX_MEMBERS} members", pointer="/members")
    return once
