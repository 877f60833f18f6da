"""Reads a day that was, as it is replayed against another policy: alerts, who was called, what they said and when.

The one reader of it: whatever a replay knows, it knows from here. Reads facts; writes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import msgspec

from wardwire.flow.opening import policy_of
from wardwire.flow.statement import read_statement, submission_of
from wardwire.flow.trace import steps_of
from wardwire.model import ids
from wardwire.model.alert import Called
from wardwire.model.directory import merge_assignments
from wardwire.model.errors import Refused
from wardwire.model.facts import FactKind
from wardwire.model.message import Submission
from wardwire.model.people import Directory, Status
from wardwire.model.places import PlaceKind, unit_of
from wardwire.model.replay import Past, Said
from wardwire.model.scene import Grounds, named_beside
from wardwire.model.whom import roles_named
from wardwire.store.deliveries import load_all_reasons
from wardwire.store.fact_reads import ToldFact, facts_of_messages
from wardwire.store.replay import Alerted, read_alerts, read_assignments

AT_ONCE = 500


async def read_day(
    connection: asyncpg.Connection,
    begin: datetime,
    end: datetime,
    policy_id: UUID,
    grounds: Grounds,
    progress: Callable[[int, int], None] = lambda done, all: None,
) -> list[Past]:
    """Read the alerts of [begin, end) that went by a policy: by name, or as that of their unit.

    Who had beds then comes into the directory of `grounds`, and everybody is available there: so it must be the
    caller's own. Drills are left out.

    Args:
        progress: Told after each part how many alerts were read, of how many.
    """
    directory = grounds.directory
    merge_assignments(directory, await read_assignments(connection, begin, end + timedelta(days=1)), [])
    directory.people = {
        person.id: replace(person, status=Status.AVAILABLE, status_until=None) for person in directory.people.values()
    }
    directory.worked_out.clear()
    alerts = await read_alerts(connection, begin, end)
    found: list[Past] = []
    for first in range(0, len(alerts), AT_ONCE):
        part = alerts[first : first + AT_ONCE]
        messages = [alert.id for alert in part]
        facts = await facts_of_messages(connection, messages)
        whys = await load_all_reasons(connection, messages)
        for alert in part:
            submission = _submission_of(alert)
            if submission is not None and _went_by(submission, policy_id, grounds.directory):
                found.append(past_of(alert, submission, facts[alert.id], whys[alert.id], grounds))
        progress(first + len(part), len(alerts))
    return found


def past_of(
    alert: Alerted, submission: Submission, facts: Sequence[ToldFact], whys: Mapping[UUID, str], grounds: Grounds
) -> Past:
    """Make the past of an alert of its facts. Pure."""
    _, place = policy_of(submission, grounds.directory)
    began = steps_of(facts, alert.stored_at)
    called = {
        person: alert.stored_at + timedelta(seconds=began.get(why.partition(":")[0], [0.0])[0])
        for person, why in whys.items()
    }
    said: dict[UUID, Said] = {person: Said() for person in called}
    unreached: set[UUID] = set()
    taken: timedelta | None = None
    desk: timedelta | None = None
    by: tuple[UUID, ...] = ()
    for fact in facts:
        person, after = fact.person_id, fact.at - alert.stored_at
        match fact.kind:
            case FactKind.ANSWERED if person in said and said[person].accepted is None:
                accepted = json.loads(fact.body).get("state") != "declined"
                said[person] = Said(accepted, max(timedelta(0), fact.at - called[person]))
            case FactKind.UNREACHABLE if person is not None:
                unreached.add(person)
            case FactKind.TAKEN if person is None and taken is None:
                taken, by = after, _holders(fact.body)
            case FactKind.EXHAUSTED if desk is None and taken is None:
                desk = after
            case _:
                pass
    return Past(
        message_id=alert.id,
        at=alert.stored_at,
        priority=alert.priority,
        bed=place.id if place is not None and place.kind is PlaceKind.BED else None,
        unit=unit_of(grounds.directory, place.id) if place is not None else None,
        named=_named(submission, alert, grounds),
        roles=roles_named(submission.to, grounds.directory, grounds.desk, alert.stored_at),
        said=said,
        unreached=frozenset(unreached),
        ended_after=alert.ended_at - alert.stored_at if alert.ended_at else None,
        taken_after=taken,
        taken_by=by,
        desk_after=desk,
    )


def _named(submission: Submission, alert: Alerted, grounds: Grounds) -> tuple[Called, ...]:
    try:
        return named_beside(submission.to, alert.priority, alert.stored_at, grounds)
    except Refused:  # somebody who has left since
        return ()


def _holders(body: str) -> tuple[UUID, ...]:
    return tuple(ids.read_id(ids.PERSON, written) for written in json.loads(body).get("holders", ()))


def _submission_of(alert: Alerted) -> Submission | None:
    try:
        statement = read_statement(alert.content)
    except msgspec.DecodeError:
        return None
    if statement.drill:
        return None
    return submission_of(statement, source=alert.source, content=alert.content)


def _went_by(submission: Submission, policy_id: UUID, directory: Directory) -> bool:
    try:
        policy, _ = policy_of(submission, directory)
    except Refused:
        return False
    return policy is not None and policy.id == policy_id
