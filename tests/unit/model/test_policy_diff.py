"""What differs between two versions, as whoever signs it reads it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from wardwire.model.policy import Answer, Ends, Policy, Quorum, Step
from wardwire.model.policy_diff import diff_policies, write_step

S = timedelta(seconds=1)
V7 = Policy(
    UUID(int=9), "Monitor alarm", 7, (Step(("bed:primary",), 120 * S), Step(("bed:secondary",), 60 * S)), loops=0
)


def told(before: Policy, after: Policy) -> list[tuple[str, str, str]]:
    """The differences as plain tuples."""
    return [tuple(one) for one in diff_policies(before, after)]  # type: ignore[misc]


def test_what_was_changed_is_named_step_by_step() -> None:
    """A10: the first step is shorter, the second has gone, another has come."""
    v8 = V7._replace(version=8, steps=(Step(("bed:primary",), 90 * S), Step(("group:Charge 4W",), 60 * S)), loops=1)
    assert told(V7, v8) == [
        ("step 1 waits", "2:00", "1:30"),
        ("step 2 asks", "bed:secondary", "group:Charge 4W"),
        ("loops", "0", "1"),
    ]
    assert told(V7, V7._replace(version=9, still_active=None)) == [("still active after", "15:00", "never")]


def test_a_step_that_came_between_is_one_difference() -> None:
    """The steps behind it are the same steps."""
    team = Step(
        ("role:Leader",), 60 * S, Answer.READ, Ends.QUORUM, (Quorum("role:Leader", backup="Ben", within=30 * S),),
        ("app",), 2,
    )  # fmt: skip
    after = V7._replace(steps=(V7.steps[0], team, V7.steps[1]))
    text = (
        "asks role:Leader, waits 1:00, is answered by read, ends with quorum, needs 1 of role:Leader within 0:30, "
        "else Ben, uses app, rings again 2 times"
    )
    assert told(V7, after) == [("step 2", "", text)]
    assert told(after, V7) == [("step 2", text, "")]
    assert write_step(V7.steps[0]) == "asks bed:primary, waits 2:00"


_STEPS = st.lists(
    st.tuples(
        st.sampled_from([("Anna",), ("Ben",), ("desk",)]), st.sampled_from([60 * S, 90 * S]), st.integers(0, 2)
    ).map(lambda one: Step(one[0], one[1], repeat=one[2])),
    min_size=1,
    max_size=5,
).map(tuple)


@given(_STEPS, _STEPS)
def test_policies_differ_exactly_when_something_is_told(before: tuple[Step, ...], after: tuple[Step, ...]) -> None:
    """Nobody signs a change that is not shown."""
    changes = diff_policies(V7._replace(steps=before), V7._replace(steps=after))
    assert bool(changes) == (before != after)
