"""What would happen if nobody answered: as the directory has it for each instant."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from tests.unit.model.samples import ANNA, BEN, CHEN, DORA, OKAFOR, T0, device, directory, group, role, shift
from wardwire.model import directory as merge
from wardwire.model.alert import Escalation, State
from wardwire.model.escalation import begin
from wardwire.model.people import Directory, Endpoint
from wardwire.model.places import Assignment, Place, PlaceKind, Rank
from wardwire.model.policy import Ends, Policy, Quorum, Step
from wardwire.model.priority import Priority
from wardwire.model.promise import promise_escalation
from wardwire.model.routing import Waits
from wardwire.model.simulation import Happening, find_beyond, look_ahead, simulate_alert

S, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
BED = Place(id=UUID(int=12), kind=PlaceKind.BED, parent=UUID(int=4), name="4W-12")
PHONES = [device(10 + nth, owner) for nth, owner in enumerate((ANNA, BEN, CHEN, OKAFOR, DORA))]


def house() -> Directory:
    """Bed 4W-12 is Anna's until T0 + 1 h and then Ben's; the role changes hands at T0 + 90 s."""
    made = directory(
        devices=PHONES,
        groups=[group(0x100, "Charge 4W")],
        roles=[
            role(0x200, "Cardiology", shift(1, 0x200, CHEN, T0 - HOUR, T0 + 90 * S),
                 shift(2, 0x200, OKAFOR, T0 + 90 * S, T0 + HOUR)),
        ],
    )  # fmt: skip
    merge.merge_places(made, [Place(id=UUID(int=4), kind=PlaceKind.UNIT, parent=None, name="4 West"), BED])
    turns = [(ANNA, T0, T0 + HOUR), (BEN, T0 + HOUR, None)]
    merge.merge_assignments(
        made,
        [
            Assignment(id=UUID(int=nth), place_id=BED.id, person_id=who, rank=Rank.PRIMARY, starts_at=begin,
                       ends_at=end, version=1)
            for nth, (who, begin, end) in enumerate(turns, start=1)
        ],
        [],
    )  # fmt: skip
    return made


def told(*steps: Step, after: timedelta = timedelta(0), desk: str = "Dora", loops: int = 0) -> tuple[Happening, ...]:
    """Simulate an alert of bed 4W-12."""
    policy = Policy(UUID(int=9), "p", 1, steps, loops=loops)
    return simulate_alert(policy, house(), at=T0 + after, priority=Priority.HIGH, place=BED, desk=desk)


def brief(lines: tuple[Happening, ...]) -> list[tuple[float, str, tuple[UUID, ...]]]:
    """When, why, whom."""
    return [((line.at - T0).total_seconds(), line.why, line.people) for line in lines]


def test_a_step_without_anybody_is_passed_over_at_once_and_says_why() -> None:
    """A10: Ben has the bed at night, the charge group is empty, and the desk hears of it."""
    lines = told(Step(("bed:primary",), 90 * S), Step(("group:Charge 4W",), MINUTE), after=HOUR)
    assert brief(lines) == [
        (3600, "begun", (BEN,)),
        (3690, "no_answer", ()),
        (3690, "step_empty", (DORA,)),
    ]
    assert lines[1].empty == (("group:Charge 4W", "nobody"),)
    assert lines[-1].desk


def test_each_step_is_resolved_for_its_own_instant() -> None:
    """Who has the bed when the second round comes is called, not who had it when the alert began."""
    lines = told(Step(("bed:primary",), MINUTE), after=HOUR - 30 * S, loops=1)
    assert brief(lines) == [(3570, "begun", (ANNA,)), (3630, "no_answer", (BEN,)), (3690, "no_answer", (DORA,))]


def test_a_role_that_changes_hands_takes_the_alert_along() -> None:
    """The next holder is called at the very instant of the shift."""
    lines = told(Step(("role:Cardiology",), 2 * MINUTE))
    assert brief(lines) == [(0, "begun", (CHEN,)), (90, "handed_over", (OKAFOR,)), (120, "no_answer", (DORA,))]


def test_it_rings_again_before_it_goes_on() -> None:
    """`repeat` is another wait each."""
    lines = told(Step(("Anna",), MINUTE, repeat=1))
    assert brief(lines) == [(0, "begun", (ANNA,)), (60, "again", (ANNA,)), (120, "no_answer", (DORA,))]


def test_the_missing_part_of_a_team_is_told_and_its_backup_is_called() -> None:
    """The desk hears of it at once."""
    quorum = (Quorum("Anna", backup="Ben", within=30 * S),)
    lines = told(Step(("Anna",), 2 * MINUTE, ends=Ends.QUORUM, quorum=quorum))
    assert brief(lines) == [
        (0, "begun", (ANNA,)),
        (30, "part_missing", (DORA,)),
        (30, "backup", (BEN,)),
        (120, "no_answer", (DORA,)),
    ]
    assert lines[1].part == "Anna"


def test_an_alert_that_can_call_nobody_is_at_the_desk_at_once() -> None:
    """Every step is named with its reason; the end is after the last one."""
    lines = told(Step(("group:Charge 4W",), MINUTE), Step(("bed:secondary",), MINUTE))
    assert [(line.step, line.empty) for line in lines] == [
        (1, (("group:Charge 4W", "nobody"),)),
        (2, (("bed:secondary", "unassigned"),)),
        (2, ()),
    ]
    assert brief(lines)[-1] == (0, "step_empty", (DORA,))


def test_an_end_at_which_nobody_can_be_reached_is_seen() -> None:
    """A desk that is not set, or that has no endpoint, hears of nothing."""
    assert told(Step(("Anna",), MINUTE), desk="")[-1].people == ()
    assert told(Step(("Anna",), MINUTE), desk="Eva")[-1].people == ()


def test_the_promise_of_an_alert_is_its_simulation() -> None:
    """Over a shift change, through repeats, backups and rounds: line by line the same people at the same instant."""
    quorum = (Quorum("Anna", backup="Ben", within=30 * S),)
    steps = (
        Step(("role:Cardiology",), 40 * S, repeat=1),
        Step(("role:Cardiology",), MINUTE),
        Step(("Anna",), MINUTE, ends=Ends.QUORUM, quorum=quorum),
    )
    policy = Policy(UUID(int=9), "p", 1, steps)
    fresh = Escalation(UUID(int=0), 1, State.RUNNING, policy, Priority.HIGH, T0, T0)
    ahead = look_ahead(house(), bed=None, desk="Dora", priority=Priority.HIGH)
    promised = promise_escalation(begin(fresh, ahead.given(T0, ()).whom, T0), ahead, T0)
    assert [(line.after.total_seconds(), line.how, line.people) for line in promised] == [
        (0, "step 1", (CHEN,)),
        (40, "step 1 again", (CHEN,)),
        (80, "step 2", (CHEN,)),
        (90, "hand over", (OKAFOR,)),
        (140, "step 3", (ANNA,)),
        (170, "backup", (BEN,)),
        (200, "desk", ()),
    ]
    called = [((line.at - T0).total_seconds(), line.people) for line in told(*steps) if not line.desk]
    assert called == [(line.after.total_seconds(), line.people) for line in promised if line.people]


def test_endpoints_that_cannot_be_reached_in_their_step_are_pointed_at() -> None:
    """Ten seconds for the phone, then the mailbox; the first step is over before, the second is not."""
    made = house()
    mail = Endpoint(id=UUID(int=70), person_id=ANNA, kind="email", address="anna@ward.example", disabled=False)
    made.endpoints_of[ANNA] = (mail,)
    steps = (
        Step(("Anna",), 5 * S), Step(("Anna",), 5 * S, repeat=2), Step(("Anna",), 5 * S, endpoints=("email",)),
    )  # fmt: skip
    policy = Policy(UUID(int=9), "p", 1, steps)
    lines = simulate_alert(policy, made, at=T0, priority=Priority.HIGH, place=None, desk="Dora")
    assert find_beyond(lines, policy, Priority.HIGH, made, Waits()) == ((1, ANNA, ("email",)),)
    assert find_beyond(lines, policy, Priority.CODE, made, Waits()) == ()  # everything at once
