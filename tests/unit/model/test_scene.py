"""A draft is tried on scenes: what they show, and what is refused. That the engine does just that: test_nights."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from tests.unit.model.samples import ANNA, BEN, DORA, EVA, T0, device, directory, group, person
from wardwire.model import directory as merge
from wardwire.model.errors import Code, Refused
from wardwire.model.policy import Policy, Step
from wardwire.model.routing import Waits
from wardwire.model.scene import Grounds, Scene, check_end, check_scene, play

S, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def grounds(*, desk: str = "Dora") -> Grounds:
    """Anna, Ben and Dora have phones; Eva, alone in her group, has none."""
    made = directory(
        devices=[device(10, ANNA), device(11, BEN), device(12, DORA)], groups=[group(0x100, "Charge 4W", EVA)]
    )
    return Grounds(made, desk, Waits())


def policy(*steps: Step, loops: int = 0) -> Policy:
    """A policy of some steps."""
    return Policy(UUID(int=9), "p", 1, steps, loops=loops)


def test_a_last_step_that_reaches_nobody_is_refused_and_the_desk_never_is() -> None:
    """A10: the group is skipped with its reason; the desk after it is the worst case."""
    night, charge = Step(("Anna",), 90 * S), Step(("group:Charge 4W",), MINUTE)
    scene = Scene(T0, to=("Ben",))
    bad = play(policy(night, charge), scene, grounds())
    assert (bad.reaches_end, bad.worst_case) == (False, 90 * S)
    with pytest.raises(Refused) as refused:
        check_end([(scene, bad)])
    assert (refused.value.code, refused.value.pointer) == (Code.UNREACHABLE_END, "/steps")
    good = play(policy(night, charge, Step(("desk",), MINUTE)), scene, grounds())
    assert (good.reaches_end, good.worst_case, good.attended) == (True, 90 * S, True)
    assert good.lines[0].people == (BEN, ANNA)
    check_end([(scene, good)])
    away = play(policy(night, Step(("desk",), MINUTE)), scene, grounds(desk=""))
    assert (away.reaches_end, away.attended) == (True, False)


def test_an_instant_of_which_nothing_is_known_is_refused() -> None:
    """Ten years off nobody's shifts are known."""
    check_scene(Scene(T0 + timedelta(days=365)), T0)
    with pytest.raises(Refused):
        check_scene(Scene(T0 + timedelta(days=4000)), T0)


def test_a_person_without_a_phone_is_not_the_end() -> None:
    """Named beside the policy they are called, and that is no step."""
    made = grounds()
    merge.merge_people(made.directory, [person(EVA)])
    found = play(policy(Step(("Anna",), MINUTE)), Scene(T0, to=("Eva",)), made)
    assert found.reaches_end
