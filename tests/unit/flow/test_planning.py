"""What was planned is remembered as long as it holds, and not a moment longer."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from tests.unit.model.samples import ANNA, BEN, CHEN, T0, device, directory, group, person, role, shift, submission
from wardwire.flow.planning import plan_submission
from wardwire.flow.ports import Rules
from wardwire.flow.views import Reach
from wardwire.model import directory as merge
from wardwire.model.people import Directory, Status
from wardwire.model.priority import Priority
from wardwire.model.routing import Waits

HOUR = timedelta(hours=1)


def ward(*roles: object, **fields: object) -> Directory:
    """Anna with a phone, Ben and Dr. Chen."""
    people = [person(ANNA), person(BEN), person(CHEN)]
    return directory(people, devices=[device(20, ANNA)], roles=roles, **fields)  # type: ignore[arg-type]


def who(rules: Rules, now: datetime, *to: str) -> list[str]:
    """Whom a submission reaches, by name."""
    planning = plan_submission(submission(*to), rules, now, sender=BEN)
    reach = msgspec.json.decode(planning.reach, type=list[Reach])
    assert [one.person[4:] for one in reach] == [planned.person_id.hex for planned in planning.plan.people]
    return [one.name for one in reach]


def test_the_same_question_has_the_same_answer() -> None:
    """It is worked out once."""
    rules = Rules(ward(), Waits(), "")
    first = plan_submission(submission("Anna"), rules, T0, sender=BEN)
    assert plan_submission(submission("Anna", text="Other words."), rules, T0, sender=BEN) is first
    assert plan_submission(submission("Anna", priority=Priority.CODE), rules, T0, sender=BEN) is not first


def test_a_role_that_changes_hands_is_asked_anew() -> None:
    """From the first instant of the next shift on."""
    shifts = [shift(41, 40, ANNA, T0 - HOUR, T0 + HOUR), shift(42, 40, CHEN, T0 + HOUR, T0 + 2 * HOUR)]
    rules = Rules(ward(role(40, "Cardiology 1st", *shifts, fallback=BEN)), Waits(), "")
    instants = (T0, T0 + HOUR - timedelta.resolution, T0 + HOUR, T0 + 2 * HOUR)
    told = [who(rules, now, "role:Cardiology 1st") for now in instants]
    assert told == [["Anna"], ["Anna"], ["Dr. Chen"], ["Ben"]]


def test_a_status_that_ends_is_asked_anew() -> None:
    """A phone that must not ring for a while rings again afterwards."""
    quiet = person(ANNA, status=Status.DO_NOT_DISTURB, status_until=T0 + HOUR)
    known = directory([quiet, person(BEN)], devices=[device(20, ANNA)])
    rules = Rules(known, Waits(), "")
    asked = submission("Anna", priority=Priority.LOW)
    rings = [plan_submission(asked, rules, now, sender=BEN).plan.people[0].rings for now in (T0, T0 + HOUR)]
    assert rings == [False, True]


def test_a_change_of_the_directory_forgets_everything() -> None:
    """Another name, another device, another member: at once."""
    known = ward(groups=[group(30, "Ward", ANNA)])
    rules = Rules(known, Waits(), "")
    assert who(rules, T0, "Ward") == ["Anna"]
    merge.merge_groups(known, [group(30, "Ward", ANNA, CHEN)])
    assert who(rules, T0, "Ward") == ["Anna", "Dr. Chen"]
    merge.merge_devices(known, [device(21, CHEN)])
    assert plan_submission(submission("Ward"), rules, T0, sender=BEN).plan.people[1].stages
    merge.merge_people(known, [person(ANNA, disabled=True)])
    assert who(rules, T0, "Ward") == ["Dr. Chen"]


def test_other_waits_are_another_plan() -> None:
    """Two rules of one directory do not share it."""
    known = ward()
    slow = Rules(known, Waits(high=timedelta(seconds=99)), "")
    first = plan_submission(submission("Anna"), Rules(known, Waits(), ""), T0, sender=BEN)
    assert "app:99" in plan_submission(submission("Anna"), slow, T0, sender=BEN).reach
    assert "app:10" in first.reach
