"""Sends silent copies to the monitors of the roles that a message went through.

A copy is a message of its own, of its own kind, in the same thread: nobody can answer it, no escalation waits for it,
no promise names it, and nobody is told that it has not arrived. So whoever gets one is counted nowhere. It follows
the message: what its source says of it later, and its end.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from uuid import UUID

import msgspec

from wardwire.flow.planning import Planning, make_planning
from wardwire.flow.ports import Known, Rules
from wardwire.flow.statement import Responses, read_statement, submission_of, view_message, write_statement
from wardwire.flow.store_message import store_message
from wardwire.flow.views import NewBody
from wardwire.model import ids
from wardwire.model.errors import Refused
from wardwire.model.message import Submission
from wardwire.model.people import Directory
from wardwire.model.priority import Kind, Priority
from wardwire.model.rights import SYSTEM, Caller
from wardwire.model.routing import Plan, Planned
from wardwire.model.stages import APP, Stage, write_stages
from wardwire.model.targets import find_target
from wardwire.store.batch import Batch
from wardwire.store.messages import Message

_MONITORED = "roles with monitors"


def monitored(directory: Directory) -> frozenset[UUID]:
    """Return the roles that have monitors; worked out once for each version of the directory."""
    found: frozenset[UUID] | None = directory.worked_out.get(_MONITORED)
    if found is None:
        found = frozenset(role.id for role in directory.roles.values() if role.monitors and not role.disabled)
        directory.worked_out[_MONITORED] = found
    return found


def roles_named(targets: Iterable[str], directory: Directory) -> list[UUID]:
    """Return the monitored roles that a message names; of a target that cannot be found none."""
    if not monitored(directory):
        return []
    found = []
    for target in targets:
        try:
            kind, value = find_target(target, directory, "")
        except Refused:
            continue
        if kind == ids.ROLE:
            found.append(value)
    return found


def send_copies(
    batch: Batch,
    rules: Rules,
    roles: Iterable[UUID],
    *,
    message_id: UUID,
    thread_id: UUID,
    content: bytes,
    priority: Priority,
    sender: str,
    others: Iterable[UUID],
) -> None:
    """Send a copy of a message to the monitors of some roles; one role once.

    Args:
        content: The statement of the message.
        sender: Who sent it, as JSON.
        others: Who has it already, or has sent it.
    """
    directory = rules.directory
    asked = monitored(directory).intersection(roles)
    had = set(others)
    for role_id in sorted(asked):
        people = [
            one
            for one in sorted(directory.roles[role_id].monitors)
            if one not in had and one in directory.people and not directory.people[one].disabled
        ]
        if not people:
            continue
        had.update(people)
        stages = (Stage((APP,), rules.waits.low),)
        why = f"monitor:{ids.write_id(ids.ROLE, role_id)}"
        planned = tuple(Planned(one, why, stages, False, write_stages(stages)) for one in people)
        statement = msgspec.structs.replace(
            read_statement(content),
            id=f"copy {message_id.hex} {role_id.hex}",
            to=tuple(ids.write_id(ids.PERSON, one) for one in people),
            kind=Kind.COPY,
            priority=priority,
            responses=Responses(),
            expires_at=None,
            reply_to=None,
            policy="",
            place="",
            force=False,
            add_to=None,
        )
        submission = submission_of(statement, source=SYSTEM.source, content=write_statement(statement))
        planning = make_planning(Plan(planned), (), rules, batch.now)
        copy_id = next(batch.new_ids)
        store_message(
            batch, rules, submission, planning, caller=SYSTEM, sender=sender, thread_id=thread_id, message_id=copy_id
        )
        batch.also("copied", copy_id, message_id, batch.now)


def update_copies(batch: Batch, known: Known, rules: Rules, message: Message, did: str) -> None:
    """Tell who has a copy of a message what its source says of it now, in silence.

    Args:
        message: As it is reported now.
        did: What was done, as the recipients are told.
    """
    for copy in known.copies_of(message.id):
        if copy.ended_at is not None:
            continue
        body = view_message(
            dataclasses.replace(copy, content=message.content, priority=message.priority), rules.directory
        )
        for delivery in known.deliveries_of(copy.id):
            batch.tell(delivery.person_id, did, copy.id, NewBody(body, False, batch.now))


def store_copied(
    batch: Batch,
    rules: Rules,
    submission: Submission,
    planning: Planning,
    *,
    caller: Caller,
    sender: str,
    thread_id: UUID | None = None,
    durability: str = "",
) -> str:
    """Add a message that does not escalate, as `store_message` does, and its copies."""
    message_id = next(batch.new_ids)
    result = store_message(
        batch, rules, submission, planning, caller=caller, sender=sender, thread_id=thread_id, message_id=message_id,
        durability=durability,
    )  # fmt: skip
    if submission.kind is Kind.ALERT and (roles := roles_named(submission.to, rules.directory)):
        people = [one.person_id for one in planning.plan.people]
        send_copies(
            batch, rules, roles, message_id=message_id, thread_id=thread_id or message_id, content=submission.content,
            priority=submission.priority, sender=sender, others=[*people, *filter(None, (caller.person_id,))],
        )  # fmt: skip
    return result
