"""Reports drills: who was called, confirmed and accepted, when the team was there, and what of it was missing.

From facts, as a trace is; nothing of what was said is in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from wardwire.flow.trace import Names, steps_of
from wardwire.model import ids
from wardwire.model.alert import Escalation
from wardwire.model.delivery import Delivery, State
from wardwire.model.facts import FactKind
from wardwire.model.people import Directory
from wardwire.model.policy import Ends
from wardwire.model.promise import BACKUP, HAND_OVER
from wardwire.store.deliveries import load_all_reasons, load_deliveries
from wardwire.store.escalations import list_drills, load_escalations
from wardwire.store.fact_reads import ToldFact, facts_of_messages


class Drilled(msgspec.Struct, frozen=True, omit_defaults=True):
    """Somebody who was called. Seconds count from the beginning of the drill."""

    person: str
    name: str
    why: str
    state: str
    called_s: float
    confirmed_s: float | None = None
    accepted_s: float | None = None


class DrilledPart(msgspec.Struct, frozen=True, omit_defaults=True):
    """A part of the team that was missing: how many were needed, and when the desk was told."""

    role: str
    needed: int
    missing_s: float


class DrillReport(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a drill went. Seconds count from its beginning; what has not happened is left out.

    `first_confirmed_s`: when the first device rang and said so. `all_confirmed_s`: when the last of those who were
    called had confirmed. `answered_s`: when what the step asked for was there; of a team that is its quorum.
    `desk_s`: when every step had passed and the operators' desk was asked.
    """

    message: str
    policy: str
    priority: str
    began_at: datetime
    state: str
    called: int
    confirmed: int
    accepted: int
    people: list[Drilled]
    unit: str = ""
    bed: str = ""
    team: bool = False
    first_confirmed_s: float | None = None
    all_confirmed_s: float | None = None
    first_accepted_s: float | None = None
    answered_s: float | None = None
    missing: list[DrilledPart] = []
    desk_s: float | None = None
    ended_at: datetime | None = None
    ended_why: str = ""


async def read_drills(
    connection: asyncpg.Connection, directory: Directory, *, before: UUID, source: str | None, limit: int
) -> list[DrillReport]:
    """Report the drills of the last week, the newest first; in four queries.

    Args:
        before: The message of the last one of the page before.
        source: Only drills of this source; None = of all.
    """
    found = await list_drills(connection, before=before, source=source, limit=limit)
    return await _report(connection, directory, found)


async def read_drill(connection: asyncpg.Connection, directory: Directory, message_id: UUID) -> DrillReport | None:
    """Report one drill; None = it is none, or was closed more than a week ago."""
    kept = await load_escalations(connection, [message_id])
    found = await _report(connection, directory, [one.escalation for one in kept if one.escalation.drill])
    return found[0] if found else None


async def _report(
    connection: asyncpg.Connection, directory: Directory, found: Sequence[Escalation]
) -> list[DrillReport]:
    messages = [one.message_id for one in found]
    if not messages:
        return []
    deliveries: dict[UUID, list[Delivery]] = {}
    for delivery in await load_deliveries(connection, (), messages):
        deliveries.setdefault(delivery.message_id, []).append(delivery)
    whys = await load_all_reasons(connection, messages)
    facts = await facts_of_messages(connection, messages)
    return [
        report_drill(one, deliveries.get(one.message_id, ()), whys[one.message_id], facts[one.message_id], directory)
        for one in found
    ]


def report_drill(
    drill: Escalation,
    deliveries: Sequence[Delivery],
    whys: Mapping[UUID, str],
    facts: Sequence[ToldFact],
    directory: Directory,
) -> DrillReport:
    """Make the report. Pure."""

    def after(at: datetime | None) -> float | None:
        return None if at is None else round(max(0.0, (at - drill.started_at).total_seconds()), 3)

    def first(kind: FactKind, person: UUID | None = None, state: str = "") -> float | None:
        for fact in facts:
            same = fact.kind == kind and fact.person_id == person
            if same and (not state or json.loads(fact.body).get("state") == state):
                return after(fact.at)
        return None

    began, names = steps_of(facts, drill.started_at), Names(directory)
    people = [
        Drilled(
            ids.write_id(ids.PERSON, one.person_id),
            directory.person_name(one.person_id),
            names.why(whys.get(one.person_id, "")),
            one.state,
            round(_called(whys.get(one.person_id, ""), began), 3),
            after(one.delivered_at),
            first(FactKind.ANSWERED, one.person_id, State.ACCEPTED),
        )
        for one in deliveries
    ]
    people.sort(key=lambda one: (one.called_s, one.name))
    confirmed = [one.confirmed_s for one in people if one.confirmed_s is not None]
    accepted = [one.accepted_s for one in people if one.accepted_s is not None]
    return DrillReport(
        message=ids.write_id(ids.MESSAGE, drill.message_id),
        policy=drill.policy.name,
        priority=drill.priority,
        began_at=drill.started_at,
        state=drill.state,
        called=len(people),
        confirmed=len(confirmed),
        accepted=len(accepted),
        people=people,
        unit=directory.place_name(drill.unit),
        bed=directory.place_name(drill.bed),
        team=any(step.ends is Ends.QUORUM for step in drill.policy.steps),
        first_confirmed_s=min(confirmed, default=None),
        all_confirmed_s=max(confirmed) if people and len(confirmed) == len(people) else None,
        first_accepted_s=min(accepted, default=None),
        answered_s=first(FactKind.TAKEN),
        missing=[
            DrilledPart(str(body.get("part")), int(body.get("needed", 0)), after(fact.at) or 0.0)
            for fact in facts
            if fact.kind == FactKind.PART_MISSING
            for body in (json.loads(fact.body),)
        ],
        desk_s=first(FactKind.EXHAUSTED),
        ended_at=drill.closed_at,
        ended_why=drill.closed_why,
    )


def _called(why: str, began: Mapping[str, Sequence[float]]) -> float:
    """When somebody was called, by the reason for it."""
    how, _, reason = why.partition(":")
    if reason == "backup":
        how = BACKUP
    elif how == "hand_over":
        how = HAND_OVER
    return next(iter(began.get(how, ())), 0.0)
