"""Who is in a group: each person once, however the groups stand in each other; never a group in itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.model.samples import ANNA, BEN, CHEN, DORA, EVA, OKAFOR, T0, directory, group, person, submission
from wardwire.model import directory as merge
from wardwire.model.errors import Code, Refused
from wardwire.model.groups import check_within, members_of
from wardwire.model.membership import read_rule
from wardwire.model.people import Directory, Group
from wardwire.model.routing import Waits, plan

GROUPS = [UUID(int=100 + nth) for nth in range(6)]


def holding(nth: int, *members: UUID, groups: tuple[int, ...] = (), rule: str = "", disabled: bool = False) -> Group:
    """A group with what stands in it."""
    made = group(100 + nth, f"G{nth}", *members, disabled=disabled)
    return replace(
        made, groups=tuple(GROUPS[one] for one in groups), rule=read_rule(rule) if rule else None, rule_text=rule
    )


def test_people_of_groups_within_are_in_it_each_once() -> None:
    """By two ways, and by a rule; who stands in a disabled one is not."""
    ward = directory(
        [person(ANNA, title="RN"), person(BEN, title="RN", disabled=True), *map(person, (CHEN, DORA, EVA, OKAFOR))],
        groups=[
            holding(0, DORA, groups=(1, 2, 3)),
            holding(1, CHEN, groups=(2,)),
            holding(2, EVA, DORA, rule='title contains "RN"'),
            holding(3, OKAFOR, disabled=True),
        ],
    )
    assert members_of(ward, GROUPS[0]) == (DORA, CHEN, EVA, ANNA)
    planned = plan(submission("group:G0"), ward, Waits(), T0, sender=None)
    assert sorted(one.person_id for one in planned.people) == sorted([DORA, CHEN, EVA, ANNA])


def test_a_rule_follows_its_people() -> None:
    """Whoever gets the title comes in, whoever loses it goes, at once; and so when the rule itself changes."""
    ward = directory(groups=[holding(0, rule='title contains "RN"')])
    assert members_of(ward, GROUPS[0]) == ()
    merge.merge_people(ward, [person(ANNA, title="RN"), person(BEN, title="Senior RN")])
    assert members_of(ward, GROUPS[0]) == (ANNA, BEN)
    merge.merge_people(ward, [person(ANNA, title="MD")])
    assert members_of(ward, GROUPS[0]) == (BEN,)
    merge.merge_groups(ward, [holding(0, rule='title contains "MD"')])
    assert members_of(ward, GROUPS[0]) == (ANNA,)
    merge.merge_groups(ward, [holding(0)])
    assert members_of(ward, GROUPS[0]) == ()


def test_a_cycle_is_refused_with_its_chain() -> None:
    """By name, from the group to itself."""
    names = {GROUPS[nth]: f"G{nth}" for nth in range(6)}
    within = {GROUPS[0]: (GROUPS[1],), GROUPS[1]: (GROUPS[3], GROUPS[2]), GROUPS[2]: (GROUPS[0],)}
    with pytest.raises(Refused) as refused:
        check_within(GROUPS[0], within, names)
    assert refused.value.code is Code.GROUP_CYCLE
    assert refused.value.detail.endswith("G0 > G1 > G2 > G0")


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=15))
def test_what_is_let_through_one_by_one_has_no_cycle_and_nobody_twice(edges: list[tuple[int, int]]) -> None:
    """Each edge is added if it is not refused; then every group ends, and a reachable one is reached."""
    names = dict.fromkeys(GROUPS, "G")
    within: dict[UUID, tuple[UUID, ...]] = {}
    for outer, inner in edges:
        wanted = {**within, GROUPS[outer]: (*within.get(GROUPS[outer], ()), GROUPS[inner])}
        try:
            check_within(GROUPS[outer], wanted, names)
        except Refused:
            assert outer == inner or GROUPS[outer] in reached(within, GROUPS[inner])
            continue
        assert outer != inner
        assert GROUPS[outer] not in reached(within, GROUPS[inner])
        within = wanted
    ward = Directory()
    people = [person(UUID(int=1 + nth)) for nth in range(6)]
    merge.merge_people(ward, people)
    merge.merge_groups(
        ward,
        [
            replace(group(100 + nth, f"G{nth}", people[nth].id), groups=within.get(GROUPS[nth], ()))
            for nth in range(6)
        ],
    )
    for nth, value in enumerate(GROUPS):
        found = members_of(ward, value)
        assert len(found) == len(set(found))
        assert set(found) == {people[nth].id, *(people[GROUPS.index(one)].id for one in reached(within, value))}


def reached(within: dict[UUID, tuple[UUID, ...]], start: UUID) -> set[UUID]:
    """What stands in a group, near or far."""
    found: set[UUID] = set()
    ahead = [start]
    while ahead:
        for inner in within.get(ahead.pop(), ()):
            if inner not in found:
                found.add(inner)
                ahead.append(inner)
    return found


def test_a_plan_over_ten_thousand_in_nested_groups_is_made_once_for_many() -> None:
    """A hundred groups of a hundred in one; the members are worked out once, and again after a change."""
    ward = Directory()
    people = [person(UUID(int=1000 + nth), name=f"P{nth}") for nth in range(10_000)]
    merge.merge_people(ward, people)
    inner = [
        group(500 + nth, f"I{nth}", *(one.id for one in people[nth * 100 : nth * 100 + 150])) for nth in range(100)
    ]
    outer = replace(group(400, "All"), groups=tuple(one.id for one in inner))
    merge.merge_groups(ward, [*inner, outer])
    first = members_of(ward, outer.id)
    assert (len(first), set(first)) == (10_000, {one.id for one in people})
    assert members_of(ward, outer.id) is first
    assert len(plan(submission("group:All"), ward, Waits(), T0 + timedelta(0), sender=None).people) == 10_000
    merge.merge_groups(ward, [replace(outer, groups=outer.groups[:1])])
    assert len(members_of(ward, outer.id)) == 150
