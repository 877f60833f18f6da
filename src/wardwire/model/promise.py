"""What is promised to the sender of a message: who is called by when, if nobody answers before.

Counted from the moment at which the message is stored, so that it can be worked out once for many. A real send, a
dry run and the trace all ask here. What an alert promises is what model/simulation.py foretells of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from wardwire.model.alert import Decided
from wardwire.model.routing import Planned
from wardwire.model.simulation import Ahead, Happening, foretell

# Further lines help nobody who reads them in a hurry.
MOST = 10
DESK = "desk"
SENDER = "sender"
BACKUP = "backup"
HAND_OVER = "hand over"
PART_MISSING = "part missing"


class Promised(NamedTuple):
    """One line of a promise.

    Attributes:
        after: From the moment of storing on.
        people: Who is called then; () for the desk or the sender.
        how: The kinds of endpoints that must have confirmed by then (`app`, `app+email`); `step 2` = called in this
            step, `step 2 again` = rung once more; `backup` = for a part of a team that is missing; `hand over` = the
            role changes hands; `desk` or `sender` = told that nobody was reached or has answered.
    """

    after: timedelta
    people: tuple[UUID, ...]
    how: str


def promise_delivery(people: Sequence[Planned], to: str) -> tuple[Promised, ...]:
    """Promise for a message without escalation: endpoint after endpoint, and in the end whoever is told (`to`)."""
    lines: dict[tuple[timedelta, str], list[UUID]] = {}
    alike: dict[str, list[list[UUID]]] = {}
    last = timedelta(0)
    for planned in people:
        theirs = alike.get(planned.written)
        if theirs is None:
            passed, theirs = timedelta(0), []
            for stage in planned.stages:
                passed += stage.wait
                theirs.append(lines.setdefault((passed, "+".join(stage.kinds)), []))
            alike[planned.written] = theirs
            last = max(last, passed)
        for line in theirs:
            line.append(planned.person_id)
    made = [Promised(after, tuple(who), how) for (after, how), who in sorted(lines.items(), key=lambda line: line[0])]
    return (*made[: MOST - 1], Promised(last, (), to))


def promise_escalation(begun: Decided, ahead: Ahead, now: datetime) -> tuple[Promised, ...]:
    """Promise for an alert that escalates: step after step if nobody answers, up to the operators' desk."""
    lines: list[Promised] = []
    for happening in foretell(begun, ahead, now):
        last = happening.desk and not happening.part
        people = () if happening.desk else happening.people
        if last or people:
            lines.append(Promised(happening.at - now, people, name_how(happening)))
        if len(lines) == MOST:
            break
    return tuple(lines)


def name_how(line: Happening) -> str:
    """Name what happens, as a promise and as what comes next have it."""
    if line.desk:
        return PART_MISSING if line.part else DESK
    match line.why:
        case "again":
            return f"step {line.step} again"
        case "backup":
            return BACKUP
        case "handed_over":
            return HAND_OVER
        case _:
            return f"step {line.step}"
