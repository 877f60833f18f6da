"""What makes a policy fit to be used."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.unit.model.samples import ANNA, BEN, group, person, role
from wardwire.model import directory as merge
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.people import Directory
from wardwire.model.policy import Ends, Policy, Quorum, Step, check_policy, find_policy

POLICY = UUID(int=0x900)
MINUTE = timedelta(minutes=1)


def ward() -> Directory:
    """Two nurses, a group of them, and a role."""
    directory = Directory()
    merge.merge_people(directory, [person(ANNA), person(BEN)])
    merge.merge_groups(directory, [group(0x100, "Nurses", ANNA, BEN)])
    merge.merge_roles(directory, [role(0x200, "Airway")], [], [])
    return directory


def policy(*steps: Step, **fields: Any) -> Policy:
    """A policy of some steps."""
    return Policy(POLICY, "Nurse call", 1, steps or (Step(("Anna",), MINUTE),), **fields)


@pytest.mark.parametrize(
    "good",
    [
        policy(),
        policy(Step(("bed:primary", "bed:tertiary"), MINUTE), Step(("desk",), MINUTE)),
        policy(*[Step(("group:Nurses",), timedelta(seconds=1))] * 100, loops=20),
        policy(
            Step(
                ("role:Airway", "group:Nurses"),
                MINUTE,
                ends=Ends.QUORUM,
                quorum=(Quorum("role:Airway", 1, "Ben"), Quorum("group:Nurses", 2)),
                endpoints=("app", "voice"),
                repeat=3,
            )
        ),
        policy(still_active=None),
    ],
)
def test_a_good_policy_is_let_pass(good: Policy) -> None:
    """The usual ones."""
    check_policy(good, ward())


_QUORUM = Step(("role:Airway",), MINUTE, ends=Ends.QUORUM, quorum=(Quorum("role:Airway"),))


@pytest.mark.parametrize(
    ("bad", "pointer"),
    [
        (Policy(POLICY, "Empty", 1, ()), "/steps"),
        (policy(*[Step(("Anna",), MINUTE)] * 101), "/steps"),
        (policy(loops=21), "/loops"),
        (policy(loops=-1), "/loops"),
        (policy(still_active=timedelta(0)), "/still_active_s"),
        (policy(ask_wait=timedelta(days=2)), "/ask_wait_s"),
        (policy(Step((), MINUTE)), "/steps/0/targets"),
        (policy(Step(("Anna",), MINUTE), Step(("bed:first",), MINUTE)), "/steps/1/targets/0"),
        (policy(Step(("Anna",), timedelta(milliseconds=999))), "/steps/0/wait_s"),
        (policy(Step(("Anna",), MINUTE, repeat=21)), "/steps/0/repeat"),
        (policy(Step(("Anna",), MINUTE, endpoints=("app", "drum"))), "/steps/0/endpoints/1"),
        (policy(Step(("Anna",), MINUTE, ends=Ends.QUORUM)), "/steps/0/quorum"),
        (policy(Step(("Anna",), MINUTE, quorum=(Quorum("Anna"),))), "/steps/0/quorum"),
        (policy(_QUORUM._replace(quorum=(Quorum("role:Airway"),) * 2)), "/steps/0/quorum"),
        (policy(_QUORUM._replace(quorum=(Quorum("Airway"),))), "/steps/0/quorum/0/role"),
        (policy(_QUORUM._replace(quorum=(Quorum("role:Airway", 0),))), "/steps/0/quorum/0/n"),
        (policy(_QUORUM._replace(quorum=(Quorum("role:Airway", within=2 * MINUTE),))), "/steps/0/quorum/0/within_s"),
    ],
)
def test_a_bad_policy_is_refused_at_the_place_of_its_fault(bad: Policy, pointer: str) -> None:
    """So that an editor can show it."""
    with pytest.raises(Refused) as refused:
        check_policy(bad, ward())
    assert (refused.value.code, refused.value.pointer) == (Code.POLICY_INVALID, pointer)


@pytest.mark.parametrize("target", ["Nobody", "role:Nurses"])
def test_a_target_or_a_backup_that_names_nobody_is_refused(target: str) -> None:
    """A spelling mistake must not wait for the night in which the step is needed."""
    with pytest.raises(Refused) as refused:
        check_policy(policy(Step((target,), MINUTE)), ward())
    assert (refused.value.code, refused.value.pointer) == (Code.RECIPIENT_UNKNOWN, "/steps/0/targets/0")
    with pytest.raises(Refused) as refused:
        check_policy(policy(_QUORUM._replace(quorum=(Quorum("role:Airway", 1, target),))), ward())
    assert refused.value.pointer == "/steps/0/quorum/0/backup"


def test_a_policy_is_found_by_its_name_or_id_unless_it_is_disabled() -> None:
    """However it is typed."""
    directory = ward()
    merge.merge_policies(directory, [policy(), policy()._replace(id=UUID(int=1), name="Old", disabled=True)])
    for target in ("nurse CALL", "policy: Nurse call", ids.write_id(ids.POLICY, POLICY)):
        assert find_policy(target, directory, "/policy").id == POLICY
    for target in ("Old", "pol_zz", ids.write_id(ids.POLICY, UUID(int=1)), "bed:Nurse call"):
        with pytest.raises(Refused) as refused:
            find_policy(target, directory, "/policy")
        assert (refused.value.code, refused.value.pointer) == (Code.POLICY_UNKNOWN, "/policy")
