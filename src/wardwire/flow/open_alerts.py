"""Tells how alerts that escalate stand: who is asked, who has it, what is missing, and what comes next and when.

Reads only. Nothing of what an alert says is in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from wardwire.flow.escalating import team_of
from wardwire.flow.ports import Rules
from wardwire.flow.views import Part
from wardwire.model import ids, standing
from wardwire.model.alert import Circumstances, Decided, Escalation, State
from wardwire.model.delivery import Delivery
from wardwire.model.people import Directory
from wardwire.model.promise import name_how
from wardwire.model.simulation import Ahead, foretell, look_ahead
from wardwire.store.deliveries import load_deliveries
from wardwire.store.escalations import list_open, load_escalations


class Asked(msgspec.Struct, frozen=True):
    """Somebody whom the step that is out waits for; `state` is how their delivery stands."""

    person: str
    name: str
    state: str


class Next(msgspec.Struct, frozen=True, omit_defaults=True):
    """What comes next if nobody says anything.

    `what`: `step 2` (is called), `step 2 again` (rings again), `part missing`, `backup`, `hand over`, `still active`
    (whoever has it is asked whether they still do), `settled` (it is closed), `desk` (the operators' desk is asked).
    `who` is called or asked then.
    """

    at: datetime
    what: str
    who: list[str] = []
    part: str = ""


class OpenAlert(msgspec.Struct, frozen=True, omit_defaults=True):
    """How an alert that escalates stands.

    `state`: `running` (a step is out), `held` (somebody has it), `asked` (they are asked whether they still do),
    `exhausted` (every step has passed, the desk is asked), `closed`. `parts` are those of a team; `missing` the roles
    of it that are not there. `looked_at` is the deadline that is armed: one that is long past is a fault.
    """

    message: str
    priority: str
    policy: str
    state: str
    step: int
    steps: int
    started_at: datetime
    step_began_at: datetime
    asked: list[Asked]
    holders: list[str]
    next: Next | None
    round: int = 1
    unit: str = ""
    bed: str = ""
    source: str = ""
    parts: tuple[Part, ...] = ()
    missing: list[str] = []
    looked_at: datetime | None = None
    drill: bool = False
    test: bool = False
    closed_at: datetime | None = None
    closed_why: str = ""


async def read_open(
    connection: asyncpg.Connection, rules: Rules, now: datetime, *, after: UUID, source: str | None, limit: int
) -> list[OpenAlert]:
    """Read how the open alerts stand, the oldest first; in two queries.

    Args:
        after: The message of the last one of the page before.
        source: Only alerts of this source; None = of all.
    """
    found = await list_open(connection, after=after, source=source, limit=limit)
    return await _show(connection, found, rules, now)


async def read_alert(
    connection: asyncpg.Connection, rules: Rules, now: datetime, message_id: UUID
) -> OpenAlert | None:
    """Read how the alert of a message stands, or stood at its end; None = it does not escalate, or long ago."""
    found = [(kept.escalation, None) for kept in await load_escalations(connection, [message_id])]
    shown = await _show(connection, found, rules, now)
    return shown[0] if shown else None


async def _show(
    connection: asyncpg.Connection,
    found: Sequence[tuple[Escalation, datetime | None]],
    rules: Rules,
    now: datetime,
) -> list[OpenAlert]:
    deliveries: dict[UUID, list[Delivery]] = {}
    for delivery in await load_deliveries(connection, (), [one.message_id for one, _ in found]):
        deliveries.setdefault(delivery.message_id, []).append(delivery)
    return [show_alert(one, deliveries.get(one.message_id, ()), rules, now, looked_at=due) for one, due in found]


def show_alert(
    escalation: Escalation,
    deliveries: Iterable[Delivery],
    rules: Rules,
    now: datetime,
    *,
    looked_at: datetime | None = None,
) -> OpenAlert:
    """Say how an alert stands. Pure."""
    directory, standing_of = rules.directory, {one.person_id: one for one in deliveries}
    ahead = look_ahead(
        directory,
        bed=escalation.bed,
        unit=escalation.unit,
        desk=rules.desk,
        priority=escalation.priority,
        deliveries=standing_of,
    )
    given = ahead.given(now, escalation.roles)
    parts = team_of(escalation, given, directory)
    running = escalation.state is State.RUNNING
    return OpenAlert(
        message=ids.write_id(ids.MESSAGE, escalation.message_id),
        priority=escalation.priority,
        policy=escalation.policy.name,
        state=escalation.state,
        step=escalation.step + 1,
        steps=len(escalation.policy.steps),
        started_at=escalation.started_at,
        step_began_at=escalation.step_began_at,
        asked=_asked(escalation, given, directory) if running else [],
        holders=[directory.person_name(person) for person in escalation.holders],
        next=_next(escalation, ahead, directory, now),
        round=escalation.round + 1,
        unit=directory.place_name(escalation.unit),
        bed=directory.place_name(escalation.bed),
        source=escalation.source,
        parts=parts,
        missing=[part.role for part in parts if part.there < part.needed],
        looked_at=looked_at,
        drill=escalation.drill,
        test=escalation.test,
        closed_at=escalation.closed_at,
        closed_why=escalation.closed_why,
    )


def _asked(escalation: Escalation, given: Circumstances, directory: Directory) -> list[Asked]:
    return [
        Asked(
            ids.write_id(ids.PERSON, person),
            directory.person_name(person),
            given.deliveries[person].state if person in given.deliveries else "",
        )
        for person in standing.still_called(escalation, given)
    ]


def _next(escalation: Escalation, ahead: Ahead, directory: Directory, now: datetime) -> Next | None:
    holders = [directory.person_name(person) for person in escalation.holders]
    at = standing.due(escalation, now)
    match escalation.state:
        case State.HELD if at is not None:
            return Next(at, "still active" if escalation.policy.still_active else "settled", holders)
        case State.EXHAUSTED if at is not None:
            return Next(at, "desk")
        case State.RUNNING | State.ASKED:
            for line in foretell(Decided(escalation), ahead, now):
                if line.people or line.desk:
                    return Next(
                        line.at, name_how(line), [directory.person_name(one) for one in line.people], line.part
                    )
    return None
