"""Policies: the ordered steps of an escalation, and what makes one fit to be used.

The end of a policy is never empty: after its last step a technical alarm goes to the operators' desk, and on asking.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.names import fold_name
from wardwire.model.places import Rank

if TYPE_CHECKING:
    from wardwire.model.people import Directory

MAX_STEPS = 100
MAX_LOOPS = 20
MAX_REPEATS = 20
MAX_TARGETS = 100
MAX_QUORUM = 50
STILL_ACTIVE = timedelta(minutes=15)
ASK_WAIT = timedelta(seconds=60)
SHORTEST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(hours=24)
# Kinds of endpoints that a step may be limited to.
KINDS = frozenset({"app", "pager", "phone", "email", "sms", "voice"})

DESK = "desk"
# A target that depends on the alert's bed.
BED_RANKS = {f"bed:{rank}": rank for rank in Rank}
# What comes before a function that the alert's unit has a role for, and before a role whose next holder is meant.
UNIT = "unit:"
NEXT = "next:"


class Answer(StrEnum):
    """What counts as an answer to a step. Read never ends an escalation unless the policy says so."""

    ACCEPTED = "accepted"
    READ = "read"
    DELIVERED = "delivered"


class Ends(StrEnum):
    """What ends a step: the first answer, all of them, or so many of each role."""

    FIRST = "first"
    ALL = "all"
    QUORUM = "quorum"


class Quorum(NamedTuple):
    """How many answers are needed from those whom one target names.

    Attributes:
        role: One of the step's targets, e.g. `role:Airway`.
        n: So many answers are needed of it.
        backup: A target that is paged at once when this one is missing; "" = none.
        within: How long the answers may take before it is *missing*; not longer than the step's wait.
    """

    role: str
    n: int = 1
    backup: str = ""
    within: timedelta = timedelta(seconds=30)


class Step(NamedTuple):
    """One step of a policy.

    Attributes:
        targets: As in `to` of a message, and `bed:primary`, `bed:secondary`, `bed:tertiary` (of the alert's bed),
            `unit:charge nurse` (the role that the alert's unit has for this function), `next:Cardiology 1st` (who
            holds this role next, after whoever holds it now), and `desk`.
        wait: How long it may stay unanswered before the next step.
        quorum: For `Ends.QUORUM`: what is needed of whom.
        endpoints: Kinds of endpoints that are used; () = all.
        repeat: So often it rings again, for another `wait` each, before the next step.
    """

    targets: tuple[str, ...]
    wait: timedelta
    answer: Answer = Answer.ACCEPTED
    ends: Ends = Ends.FIRST
    quorum: tuple[Quorum, ...] = ()
    endpoints: tuple[str, ...] = ()
    repeat: int = 0


class Policy(NamedTuple):
    """The steps of an escalation. An alert keeps the version that it began with.

    Attributes:
        loops: So often all steps are gone through again before the technical alarm.
        still_active: After so long the holder of an alert that is still open is asked again; None = never.
        ask_wait: How long the holder has to say so, before the next step.
    """

    id: UUID
    name: str
    version: int
    steps: tuple[Step, ...]
    loops: int = 0
    still_active: timedelta | None = STILL_ACTIVE
    ask_wait: timedelta = ASK_WAIT
    disabled: bool = False


def check_policy(policy: Policy, directory: Directory) -> None:
    """Refuse a policy that is not fit to be used.

    Whom its targets reach is another question, for the moment of an alert; but each must name somebody or something.

    Raises:
        Refused: `POLICY_INVALID` with the pointer, or as `find_target` for a target that names nobody.
    """
    if not 1 <= len(policy.steps) <= MAX_STEPS:
        raise Refused(Code.POLICY_INVALID, f"a policy has 1 to {MAX_STEPS} steps", pointer="/steps")
    if not 0 <= policy.loops <= MAX_LOOPS:
        raise Refused(Code.POLICY_INVALID, f"0 to {MAX_LOOPS} loops", pointer="/loops")
    for value, at in ((policy.still_active, "/still_active_s"), (policy.ask_wait, "/ask_wait_s")):
        if value is not None:
            _check_wait(value, at)
    for nth, step in enumerate(policy.steps):
        _check_step(step, directory, f"/steps/{nth}")


def _check_step(step: Step, directory: Directory, at: str) -> None:
    if not 1 <= len(step.targets) <= MAX_TARGETS:
        raise Refused(Code.POLICY_INVALID, f"a step has 1 to {MAX_TARGETS} targets", pointer=f"{at}/targets")
    for nth, target in enumerate(step.targets):
        check_target(target, directory, f"{at}/targets/{nth}")
    _check_wait(step.wait, f"{at}/wait_s")
    if not 0 <= step.repeat <= MAX_REPEATS:
        raise Refused(Code.POLICY_INVALID, f"0 to {MAX_REPEATS} repeats", pointer=f"{at}/repeat")
    for nth, kind in enumerate(step.endpoints):
        if kind not in KINDS:
            raise Refused(Code.POLICY_INVALID, "no such kind of endpoint", pointer=f"{at}/endpoints/{nth}")
    if bool(step.quorum) != (step.ends is Ends.QUORUM):
        raise Refused(
            Code.POLICY_INVALID, "a quorum belongs to `ends: quorum`, and to it alone", pointer=f"{at}/quorum"
        )
    if len(step.quorum) > MAX_QUORUM or len({one.role for one in step.quorum}) < len(step.quorum):
        raise Refused(Code.POLICY_INVALID, "too many parts, or one twice", pointer=f"{at}/quorum")
    for nth, one in enumerate(step.quorum):
        _check_quorum(one, step, directory, f"{at}/quorum/{nth}")


def _check_quorum(quorum: Quorum, step: Step, directory: Directory, at: str) -> None:
    if quorum.role not in step.targets:
        raise Refused(Code.POLICY_INVALID, "must be one of the step's targets, written alike", pointer=f"{at}/role")
    if not 1 <= quorum.n <= MAX_QUORUM:
        raise Refused(Code.POLICY_INVALID, f"1 to {MAX_QUORUM}", pointer=f"{at}/n")
    _check_wait(quorum.within, f"{at}/within_s")
    if quorum.within > step.wait:
        raise Refused(Code.POLICY_INVALID, "longer than the step's wait", pointer=f"{at}/within_s")
    if quorum.backup:
        check_target(quorum.backup, directory, f"{at}/backup")


def check_target(target: str, directory: Directory, pointer: str) -> None:
    """Refuse a target of a step that names nobody and nothing.

    Raises:
        Refused: As `find_target`; `POLICY_INVALID` for a word after `bed:` that is no rank, and for a function for
            which no unit has a role.
    """
    from wardwire.model.targets import find_target

    if target == DESK or target in BED_RANKS:
        return
    if target.startswith("bed:"):
        raise Refused(Code.POLICY_INVALID, f"one of {', '.join(BED_RANKS)}", pointer=pointer)
    if target.startswith(UNIT):
        function = fold_name(target.removeprefix(UNIT))
        if not any(function in roles for roles in directory.unit_roles.values()):
            raise Refused(Code.POLICY_INVALID, "no unit has a role for this function", pointer=pointer)
        return
    if target.startswith(NEXT):
        find_target(next_role(target), directory, pointer)
        return
    find_target(target, directory, pointer)


def next_role(target: str) -> str:
    """Return the role of a target `next:…`, as a target itself."""
    named = target.removeprefix(NEXT).strip()
    return named if named.startswith(f"{ids.ROLE}_") else f"role:{named.removeprefix('role:')}"


def _check_wait(wait: timedelta, pointer: str) -> None:
    if not SHORTEST_WAIT <= wait <= LONGEST_WAIT:
        raise Refused(Code.POLICY_INVALID, "from 1 second to 24 hours", pointer=pointer)


def find_policy(target: str, directory: Directory, pointer: str) -> Policy:
    """Find the policy that a target means: `pol_…`, `policy:Nurse call` or `Nurse call`.

    Raises:
        Refused: `POLICY_UNKNOWN`; one that is disabled is not found by its name, and by its id refused alike.
    """
    if target.startswith(f"{ids.POLICY}_"):
        try:
            found: UUID | None = ids.read_id(ids.POLICY, target)
        except Refused as refused:
            raise Refused(Code.POLICY_UNKNOWN, refused.detail, pointer=pointer) from None
    else:
        word, colon, rest = target.partition(":")
        named = rest if colon and word.strip().casefold() == "policy" else target
        found = directory.policy_names.get(fold_name(named))
    policy = directory.policies.get(found) if found else None
    if policy is None or policy.disabled:
        raise Refused(Code.POLICY_UNKNOWN, "no policy bears this name", pointer=pointer)
    return policy


def index_policies(policies: Iterable[Policy]) -> dict[str, UUID]:
    """Make the index of policies by folded name; only what is not disabled can be found by name."""
    return {fold_name(policy.name): policy.id for policy in policies if not policy.disabled}
