"""What is promised to the sender of a message: who is called by when, if nobody answers before.

Counted from the moment at which the message is stored, so that it can be worked out once for many. A real send, a
dry run and the trace all ask here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from wardwire.model.alert import Alarm, Circumstances, Command, Escalation, Event, Page, Ring, State
from wardwire.model.escalation import step
from wardwire.model.routing import Planned
from wardwire.model.standing import step_out

# Further lines help nobody who reads them in a hurry.
MOST = 10
DESK = "desk"
SENDER = "sender"


class Promised(NamedTuple):
    """One line of a promise.

    Attributes:
        after: From the moment of storing on.
        people: Who is called then; () for the desk or the sender.
        how: The kinds of endpoints that must have confirmed by then (`app`, `app+email`); `step 2` = called in this
            step; `desk` or `sender` = told that nobody was reached or has answered.
    """

    after: timedelta
    people: tuple[UUID, ...]
    how: str


def promise_delivery(people: Sequence[Planned], to: str) -> tuple[Promised, ...]:
    """Promise for a message without escalation: endpoint after endpoint, and in the end whoever is told (`to`)."""
    lines: dict[tuple[timedelta, str], list[UUID]] = {}
    last = timedelta(0)
    for planned in people:
        passed = timedelta(0)
        for stage in planned.stages:
            passed += stage.wait
            lines.setdefault((passed, "+".join(stage.kinds)), []).append(planned.person_id)
        last = max(last, passed)
    made = [Promised(after, tuple(who), how) for (after, how), who in sorted(lines.items(), key=lambda line: line[0])]
    return (*made[: MOST - 1], Promised(last, (), to))


def promise_escalation(begun: Escalation, commands: Sequence[Command], given: Circumstances) -> tuple[Promised, ...]:
    """Promise for an alert that escalates: step after step if nobody answers, up to the operators' desk."""
    after, escalation = timedelta(0), begun
    lines = [Promised(after, _called(commands), f"step {begun.step + 1}")]
    told = any(isinstance(command, Alarm) for command in commands)
    while not told and len(lines) < MOST:
        after += step_out(escalation).wait
        given = given._replace(afresh=frozenset())
        decided = step(escalation, Event.TIME_UP, given, begun.step_began_at + after)
        escalation = decided.escalation
        fresh = tuple(dict.fromkeys(_called(decided.commands)))
        told = escalation.state is State.EXHAUSTED
        if fresh:
            lines.append(Promised(after, fresh, f"step {escalation.step + 1}"))
    if told:
        lines.append(Promised(after, (), DESK))
    return tuple(line for line in lines if line.people or line.how == DESK)


def _called(commands: Sequence[Command]) -> tuple[UUID, ...]:
    return tuple(command.person_id for command in commands if isinstance(command, Page | Ring))
