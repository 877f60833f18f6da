"""The judge of steps passes what went as it had to, and catches one mutant for each thing that it looks for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from wardwire.testing.steps import Alert, Count, Part, Place, Step, judge_steps
from wardwire.testing.verdict import Invariant

ANNA, BEN, CHEN, DORA = "anna", "ben", "chen", "dora"
FIRST = Step(parts=(Part(people=frozenset({ANNA, BEN})),), wait_s=2.0)
SECOND = Step(parts=(Part(people=frozenset({CHEN})),), wait_s=3.0)
TEAM = Step(
    parts=(
        Part(people=frozenset({ANNA, BEN}), name="leader", backup=frozenset({DORA}), within_s=2.0),
        Part(people=frozenset({CHEN}), name="airway", within_s=2.0),
    ),
    wait_s=4.0,
)
Rings = dict[tuple[str, str], list[float]]


def alert(**fields: Any) -> Alert:
    """Silence: both steps pass, and the desk is asked."""
    begun: dict[Place, list[float]] = {(1, 1): [0.0], (1, 2): [2.0]}
    return replace(Alert(message="m", steps=(FIRST, SECOND), stored_at=0.0, begun=begun, exhausted=[5.0]), **fields)


def rung(**at: list[float]) -> Rings:
    heard = {ANNA: [0.1], BEN: [0.1], CHEN: [2.1], **at}
    return {("m", person): times for person, times in heard.items() if times}


def judge(one: Alert, rings: Rings | None = None) -> tuple[list[str], Count]:
    count = Count()
    return [violation.what for violation in judge_steps([one], rung() if rings is None else rings, count)], count


def test_silence_goes_to_the_desk() -> None:
    """Both steps are rung, then the desk is asked, and nothing is wrong with that."""
    found, count = judge(alert())
    assert found == []
    assert (count.steps, count.rings, count.exhausted, count.missed, count.doubled) == (2, 3, 1, 0, 0)


def test_whoever_accepts_keeps_the_next_step_from_its_time() -> None:
    """A step that is planned and not reached is no fault."""
    held = alert(answers={ANNA: (True, 1.0)}, begun={(1, 1): [0.0]}, exhausted=[], taken=[1.1])
    assert judge(held, rung(chen=[]))[0] == []
    assert judge(replace(held, taken=[11.5]), rung(chen=[]))[0] == ["silenced late"]


def test_the_next_step_is_due_at_once_when_all_have_declined() -> None:
    """Its time is the last decline, and lateness counts from there."""
    declined = {ANNA: (False, 0.5), BEN: (False, 1.0)}
    assert judge(alert(answers=declined, begun={(1, 1): [0.0], (1, 2): [1.0]}, exhausted=[4.0]))[0] == []
    late = alert(answers=declined, begun={(1, 1): [0.0], (1, 2): [12.0]}, exhausted=[15.0])
    assert judge(late, rung(chen=[12.1]))[0] == ["late", "rung late"]


def test_whoever_cannot_be_reached_need_not_be_waited_for() -> None:
    """All of the step, and not before; one of them is waited for."""
    soon: dict[str, Any] = {"begun": {(1, 1): [0.0], (1, 2): [1.0]}, "exhausted": [4.0]}
    assert judge(alert(unreached={ANNA: [0.5], BEN: [1.0]}, **soon))[0] == []
    assert judge(alert(unreached={ANNA: [0.5]}, answers={BEN: (False, 1.0)}, **soon))[0] == []
    assert judge(alert(unreached={ANNA: [0.5]}, **soon))[0] == ["early"]


def test_an_answer_while_nobody_looked_is_no_missed_step_unless_it_took_long() -> None:
    """The cores were away: within ten seconds that may be."""
    held: dict[str, Any] = {"begun": {(1, 1): [0.0]}, "exhausted": [], "taken": [13.0]}
    assert judge(alert(answers={BEN: (True, 8.0)}, **held), rung(chen=[]))[0] == []
    assert judge(alert(answers={BEN: (True, 12.5)}, **held), rung(chen=[]))[0] == ["late"]


@pytest.mark.parametrize(
    ("spoilt", "rings", "what"),
    [
        ({"begun": {(1, 1): [0.0], (1, 2): [2.0, 2.5]}}, {}, ["a step begun more than once"]),
        ({}, {CHEN: [2.1, 2.6]}, ["somebody rung more often than they were called"]),
        ({}, {CHEN: []}, ["somebody called and never rung"]),
        ({}, {DORA: [2.1]}, ["somebody rung more often than they were called"]),
        ({}, {ANNA: [11.0]}, ["rung late"]),
        ({"begun": {(1, 1): [0.0], (1, 2): [1.5]}, "exhausted": [4.5]}, {}, ["early"]),
        ({"begun": {(1, 1): [0.0], (1, 2): [12.5]}, "exhausted": [15.5]}, {CHEN: [12.6]}, ["late", "rung late"]),
        ({"begun": {(1, 1): [0.0]}, "exhausted": []}, {CHEN: []}, ["a step never begun"]),
        ({"exhausted": []}, {}, ["every step passed, and the desk was never asked"]),
        ({"exhausted": [5.0, 5.2]}, {}, ["the desk asked more than once that nobody answers"]),
        ({"begun": {(1, 1): [0.0]}}, {CHEN: []}, ["the desk asked before every step had passed"]),
        ({"exhausted": [], "taken": [3.1]}, {}, ["taken, and not enough had accepted"]),
        ({"exhausted": [], "taken": [3.1, 3.2], "answers": {CHEN: (True, 3.0)}}, {}, ["taken more than once"]),
        (
            {"answers": {CHEN: (True, 2.2)}, "exhausted": [5.0]}, {},
            ["called on although somebody had it"],
        ),
        ({"skipped": frozenset({(1, 2)}), "begun": {(1, 1): [0.0]}, "exhausted": [2.0]}, {CHEN: []},
         ["a step skipped that had somebody"]),
    ],
)  # fmt: skip
def test_a_mutant_is_caught(spoilt: dict[str, Any], rings: dict[str, list[float]], what: list[str]) -> None:
    """Each spoilt history is called by its name."""
    found, _ = judge(alert(**spoilt), rung(**rings))
    assert found[: len(what)] == what


def test_doubled_and_missed_are_counted() -> None:
    """The figures of the ledger."""
    assert judge(alert(), rung(chen=[2.1, 2.2]))[1].doubled == 1
    assert judge(alert(), rung(chen=[]))[1].missed == 1


def team(**fields: Any) -> Alert:
    """The airway never comes; the leader is told to be missing, and stood in for."""
    told = {((1, 1), "leader"): [2.0], ((1, 1), "airway"): [2.0]}
    return replace(
        Alert(message="m", steps=(TEAM,), stored_at=0.0, begun={(1, 1): [0.0]}, missing=told, exhausted=[4.0]),
        **fields,
    )


STOOD_IN = rung(chen=[0.1], dora=[2.1])


def test_a_team_whose_parts_are_missing_is_told_and_its_backup_called() -> None:
    """Both in their time, and once."""
    assert judge(team(), STOOD_IN)[0] == []


def test_a_team_that_is_there_is_held() -> None:
    """Nothing is missing, and nobody else is called."""
    there = team(missing={}, exhausted=[], taken=[2.0], answers={BEN: (True, 1.0), CHEN: (True, 1.5)})
    assert judge(there, rung(chen=[0.1]))[0] == []


@pytest.mark.parametrize(
    ("missing", "what"),
    [
        ({((1, 1), "leader"): [2.0]}, "a missing part never told"),
        ({((1, 1), "leader"): [2.0], ((1, 1), "airway"): [2.0, 2.1]}, "a missing part told more than once"),
        ({((1, 1), "leader"): [2.0], ((1, 1), "airway"): [1.0]}, "early"),
    ],
)
def test_a_mutant_of_a_team_is_caught(missing: dict[tuple[Place, str], list[float]], what: str) -> None:
    """Each spoilt telling is called by its name."""
    assert what in judge(team(missing=missing), STOOD_IN)[0]


@pytest.mark.parametrize(("declined", "found"), [(1.6, []), (1.4, ["a missing part never told"])])
def test_a_part_that_declined_just_before_the_step_was_over_need_not_be_told(
    declined: float, found: list[str]
) -> None:
    """No longer before than an answer may stay unseen."""
    leader, airway = TEAM.parts
    step = replace(TEAM, parts=(leader, replace(airway, within_s=9.0)))
    told = {((1, 1), "leader"): [2.0]}
    spoilt = team(steps=(step,), missing=told, exhausted=[4.0], answers={CHEN: (False, declined)})
    assert judge(spoilt, STOOD_IN)[0] == found


def test_a_part_that_was_there_is_not_missing() -> None:
    """Longer than an answer may stay unseen."""
    found, _ = judge(team(answers={CHEN: (True, 0.0)}, missing={part: [2.6] for part in team().missing}), STOOD_IN)
    assert found == ["told to be missing, and was there"]


def test_an_accept_of_one_part_does_not_hold_a_team() -> None:
    """The airway is still missing."""
    found = judge_steps([team(answers={BEN: (True, 1.0)}, exhausted=[], taken=[2.0])], STOOD_IN, Count())
    assert [(v.invariant, v.what) for v in found if v.what.startswith("taken")] == [
        (Invariant.STEP, "taken, and not enough had accepted")
    ]


def test_a_second_round_rings_those_again_who_have_not_declined() -> None:
    """And nobody more often than that."""
    begun: dict[Place, list[float]] = {(1, 1): [0.0], (1, 2): [2.0], (2, 1): [5.0], (2, 2): [7.0]}
    again = alert(loops=1, begun=begun, exhausted=[10.0], answers={ANNA: (False, 1.0)})
    assert judge(again, rung(ben=[0.1, 5.1], chen=[2.1, 7.1]))[0] == []
    assert judge(again, rung(anna=[0.1, 5.1], ben=[0.1, 5.1], chen=[2.1, 7.1]))[0] == [
        "somebody rung more often than they were called"
    ]
