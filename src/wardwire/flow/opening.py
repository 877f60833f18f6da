"""Opens an alert that escalates: which policy and place it has, whom its first step calls, and what is promised.

A real submission, a dry run and a source's report all ask here.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from wardwire.flow.copies import send_copies, store_copied
from wardwire.flow.escalating import next_look, take_commands, tell_team
from wardwire.flow.planning import Planning, make_planning, plan_submission
from wardwire.flow.ports import Known, Rules
from wardwire.flow.statement import write_sender
from wardwire.flow.store_message import store_message
from wardwire.model import ids
from wardwire.model.alert import Circumstances, Command, Escalation, Page, State
from wardwire.model.errors import Code, Refused
from wardwire.model.escalation import begin
from wardwire.model.message import Submission
from wardwire.model.people import Directory
from wardwire.model.places import Place, PlaceKind, find_place, unit_of
from wardwire.model.policy import Policy, find_policy
from wardwire.model.priority import Priority, lane_of
from wardwire.model.promise import promise_escalation
from wardwire.model.rights import Caller
from wardwire.model.routing import Plan, plan, plan_person
from wardwire.model.scene import called_beside
from wardwire.model.simulation import look_ahead
from wardwire.model.whom import roles_named
from wardwire.store.batch import NOBODY, Batch
from wardwire.store.deadlines import ESCALATE


class Opened(NamedTuple):
    """An alert as it begins, before it is stored."""

    escalation: Escalation
    commands: tuple[Command, ...]
    given: Circumstances
    planning: Planning


def policy_of(submission: Submission, directory: Directory) -> tuple[Policy | None, Place | None]:
    """Return the policy that a submission goes by, and the place that it is about; None = none.

    Raises:
        Refused: Unknown or disabled, with the pointer.
    """
    place = find_place(submission.place, directory, "/place") if submission.place else None
    if submission.policy:
        return find_policy(submission.policy, directory, "/policy"), place
    unit = directory.places.get(unit_of(directory, place.id) or NOBODY) if place else None
    policy = directory.policies.get(unit.policy) if unit and unit.policy else None
    return (policy if policy and not policy.disabled else None), place


def call_of(submission: Submission, directory: Directory) -> tuple[UUID, UUID] | None:
    """Return (policy, place) of a code call that must not run twice at a place; None = anything else."""
    if submission.priority is not Priority.CODE or not submission.place:
        return None
    try:
        policy, place = policy_of(submission, directory)
    except Refused:
        return None
    return (policy.id, _spot(place, directory)) if policy and place else None


def refuse_running(submission: Submission, known: Known, rules: Rules) -> None:
    """Refuse a call that is running at this place already, unless it is to be begun all the same.

    Raises:
        Refused: `CODE_RUNNING`, with the message to be joined.
    """
    call = call_of(submission, rules.directory)
    running = known.call_at(call) if call and not submission.force else None
    if running is not None:
        raise Refused(
            Code.CODE_RUNNING,
            "the same call is running at this place: join it, or begin another one by force",
            pointer="/place",
            message=ids.write_id(ids.MESSAGE, running.escalation.message_id),
        )


def open_alert(
    submission: Submission,
    rules: Rules,
    now: datetime,
    *,
    sender: UUID | None,
    source_key: str = "",
    test: bool = False,
) -> Opened | None:
    """Begin an alert; None = it has no policy, and does not escalate.

    Raises:
        Refused: A policy, a place or a target that is unknown, ambiguous or disabled.
    """
    directory = rules.directory
    policy, place = policy_of(submission, directory)
    if policy is None:
        if not submission.to:
            raise Refused(Code.INVALID, "no recipient is named, and the place has no policy", pointer="/to")
        return None
    bed = place.id if place and place.kind is PlaceKind.BED else None
    fresh = Escalation(
        NOBODY, 1, State.RUNNING, policy, submission.priority, now, now,
        unit=unit_of(directory, place.id) if place else None,
        bed=bed,
        source=submission.source,
        source_key=source_key,
        seen_at=now if source_key else None,
        drill=submission.drill,
        test=test or submission.drill,
        guarded=submission.priority is Priority.CODE and place is not None and not submission.force,
    )  # fmt: skip
    ahead = look_ahead(directory, bed=bed, unit=fresh.unit, desk=rules.desk, priority=submission.priority)
    given = ahead.given(now, ())
    named = (
        plan(submission, directory, rules.waits, now, sender=sender, desk=rules.desk).people if submission.to else ()
    )
    fresh = fresh._replace(roles=roles_named(submission.to, directory, rules.desk, now))
    decided = begin(fresh, given.whom, now, map(called_beside, named))
    people = tuple(
        plan_person(page.person_id, page.why, submission, directory, rules.waits, now, page.kinds)
        for page in decided.commands
        if isinstance(page, Page)
    )
    promise = promise_escalation(decided, ahead, now)
    return Opened(decided.escalation, decided.commands, given, make_planning(Plan(people), promise, rules, now))


def store_alert(
    batch: Batch,
    known: Known,
    rules: Rules,
    submission: Submission,
    opened: Opened,
    *,
    caller: Caller,
    sender: str,
    thread_id: UUID | None = None,
    durability: str = "",
) -> str:
    """Add an alert with its escalation, its one deadline, and all that its first step commands.

    Returns the result.
    """
    message_id = ids.new_id(batch.now)
    escalation = opened.escalation._replace(message_id=message_id)
    result = store_message(
        batch,
        rules,
        submission,
        opened.planning,
        caller=caller,
        sender=sender,
        thread_id=thread_id,
        message_id=message_id,
        durability=durability,
        escalates=escalation.marks,
    )
    batch.begin(escalation)
    known.escalated(escalation)
    people = [one.person_id for one in opened.planning.plan.people]
    send_copies(
        batch, rules, [role for role, _ in escalation.roles],
        message_id=message_id, thread_id=thread_id or message_id, content=submission.content,
        priority=submission.priority, sender=sender, others=[*people, *filter(None, (caller.person_id,))],
    )  # fmt: skip
    due = next_look(escalation, rules, batch.now)
    batch.arm(message_id, NOBODY, ESCALATE, NOBODY, lane_of(escalation.priority), due or batch.now)
    take_commands(batch, rules, escalation, [one for one in opened.commands if not isinstance(one, Page)])
    tell_team(batch, rules, escalation, opened.given, caller.person_id)
    return result


def store_submission(
    batch: Batch,
    known: Known,
    rules: Rules,
    submission: Submission,
    *,
    caller: Caller,
    sender: UUID | None,
    thread_id: UUID | None = None,
    durability: str = "",
    source_key: str = "",
    test: bool = False,
) -> str:
    """Add a submission as an alert that escalates where it has a policy, or else as a plain message.

    Returns the result.

    Raises:
        Refused: As `open_alert` and `plan_submission`.
    """
    opened = open_alert(submission, rules, batch.now, sender=sender, source_key=source_key, test=test)
    written = write_sender(rules.directory, sender, submission.source)
    if opened is not None:
        return store_alert(
            batch, known, rules, submission, opened, caller=caller, sender=written, thread_id=thread_id,
            durability=durability,
        )  # fmt: skip
    planning = plan_submission(submission, rules, batch.now, sender=sender)
    return store_copied(
        batch, rules, submission, planning, caller=caller, sender=written, thread_id=thread_id, durability=durability
    )


def _spot(place: Place, directory: Directory) -> UUID:
    """Return the bed, or else the unit: where a call is running."""
    return place.id if place.kind is PlaceKind.BED else unit_of(directory, place.id) or place.id
