"""What another policy would have made of an alert that was."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.model.samples import ANNA, BEN, CHEN, DORA, T0, device, directory
from wardwire.model.policy import Policy, Step
from wardwire.model.priority import Priority
from wardwire.model.replay import HORIZON, Past, Replayed, Said, Verdict, compare, replay, usual
from wardwire.testing import nights_ward

S, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
WARD = directory(devices=[device(10 + nth, who) for nth, who in enumerate((ANNA, BEN, CHEN, DORA))])
ACCEPTS = Said(True, 40 * S)


def past(**fields: object) -> Past:
    """An alert to which Anna and Ben were called, Anna for two minutes before Ben."""
    return Past(UUID(int=1), T0, Priority.HIGH)._replace(**fields)  # type: ignore[arg-type]


def lived(was: Past, *steps: Step, usually: dict[UUID, timedelta] | None = None) -> Replayed:
    """Let it live again by these steps."""
    return replay(was, Policy(UUID(int=9), "p", 1, steps), WARD, desk="Dora", usually=usually or {})


def test_whoever_answered_answers_again_as_long_after_the_call() -> None:
    """Called sooner, they have it sooner; called later, later; and the verdict says which."""
    was = past(said={ANNA: Said(), BEN: ACCEPTS}, taken_after=160 * S, taken_by=(BEN,))
    sooner = lived(was, Step(("Anna",), 30 * S), Step(("Ben",), MINUTE))
    assert sooner == Replayed(70 * S, (BEN,))
    assert compare(was, sooner) is Verdict.SOONER
    later = lived(was, Step(("Anna",), 3 * MINUTE), Step(("Ben",), MINUTE))
    assert (later.taken_after, compare(was, later)) == (220 * S, Verdict.LATER)
    same = lived(was, Step(("Anna",), 2 * MINUTE), Step(("Ben",), MINUTE))
    assert compare(was, same) is Verdict.SAME


def test_who_declined_or_was_out_of_reach_is_so_again() -> None:
    """Then the next is called at once; whom nobody calls any more has nothing."""
    was = past(said={ANNA: Said(False, 5 * S), BEN: ACCEPTS, CHEN: Said()}, unreached=frozenset({CHEN}))
    assert lived(was, Step(("Anna",), MINUTE), Step(("Ben",), MINUTE)).taken_after == 45 * S
    assert lived(was, Step(("Dr. Chen",), MINUTE), Step(("Ben",), MINUTE)).taken_after == 50 * S
    nobody = lived(was._replace(taken_after=9 * S), Step(("Dr. Chen",), MINUTE))
    assert nobody == Replayed(None, (), 10 * S)
    assert compare(was._replace(taken_after=9 * S), nobody) is Verdict.LOST
    assert compare(was, nobody) is Verdict.NEITHER


def test_who_was_not_called_then_is_supposed_to_be_as_quick_as_usual() -> None:
    """The median of that day; who never accepted says nothing. It is marked."""
    day = [past(said={CHEN: Said(True, seconds * S)}) for seconds in (10, 20, 90)]
    took = usual([*day, past(said={BEN: Said(False, S)})])
    assert took == {CHEN: 20 * S}
    found = lived(past(said={ANNA: Said()}), Step(("Anna", "Dr. Chen"), MINUTE), usually=took)
    assert found == Replayed(20 * S, (CHEN,), None, supposed=True)
    assert compare(past(), found) is Verdict.WON


def test_an_alert_that_was_over_before_anybody_answered_stays_so() -> None:
    """Its source ended it; and an answer after the last step still counts, after the desk has heard."""
    was = past(said={ANNA: Said(True, 100 * S)}, ended_after=90 * S)
    assert lived(was, Step(("Anna",), MINUTE)) == Replayed(None, (), MINUTE)
    assert lived(was._replace(ended_after=None), Step(("Anna",), MINUTE)) == Replayed(100 * S, (ANNA,), MINUTE)


@settings(deadline=None)
@given(st.integers(0, 10**9))
def test_every_replay_ends_and_nobody_has_it_who_did_not_say_so(seed: int) -> None:
    """Over random wards and policies; in silence the desk is told."""
    rng = Random(seed)
    ward, policy = nights_ward.make_ward(rng), nights_ward.make_policy(rng)
    said = {
        person: Said(rng.choice((True, False, None)), rng.randrange(300) * S)
        for person in rng.sample(sorted(ward.directory.people), 4)
    }
    was = Past(UUID(int=1), ward.begin, Priority.HIGH, bed=nights_ward.BED, said=said)
    found = replay(was, policy, ward.directory, desk=ward.desk, usually={})
    if all(step.answer.value == "accepted" for step in policy.steps):
        assert all(said.get(person, Said()).accepted for person in found.taken_by)
    heard = found.desk_after if found.taken_after is None else found.taken_after
    assert heard is not None
    assert heard < HORIZON
