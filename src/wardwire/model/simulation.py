"""What happens to an alert if nobody says anything: who is called when, and why. The one walk over the machine.

Worked out by the same steps as a running escalation (model/escalation.py), with roles, beds and statuses as the
directory has them for each instant. It supposes that devices confirm: whom no device reaches is gone past sooner.
The promise of an alert (model/promise.py), its simulation before a policy is used, and what comes next of one that is
open all ask here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import accumulate
from typing import NamedTuple
from uuid import UUID

from wardwire.model.alert import Alarm, Called, Circumstances, Command, Decided, Escalation, Page, Record, Ring, State
from wardwire.model.delivery import Delivery
from wardwire.model.escalation import begin, fold, next_due
from wardwire.model.facts import FactKind
from wardwire.model.people import Directory
from wardwire.model.places import Place, PlaceKind, unit_of
from wardwire.model.policy import DESK, Policy, Step
from wardwire.model.preferences import choose
from wardwire.model.priority import Priority
from wardwire.model.routing import Waits
from wardwire.model.whom import next_turn, resolver, turned_roles

_NOBODY = UUID(int=0)
Roles = tuple[tuple[UUID, UUID], ...]
"""The roles that an escalation went through, each with the holder who was called."""


class Ahead(NamedTuple):
    """What will be so at an instant to come, if nobody says anything.

    Attributes:
        given: What an escalation is judged by then.
        turn: The next instant, after one, at which one of some roles changes hands; None = never.
    """

    given: Callable[[datetime, Roles], Circumstances]
    turn: Callable[[datetime, Roles], datetime | None]


class Happening(NamedTuple):
    """One line of what would happen.

    Attributes:
        at: When.
        step: Which step is out, from 1; after the last one, that one.
        round: How often the steps are gone through, from 1.
        why: `begun`, `no_answer`, `step_empty`, `again`, `part_missing`, `backup`,
            `handed_over`.
        people: Who is called; of the desk, who would hear of it.
        empty: Targets that call nobody who could answer, and why.
        desk: The operators' desk gets a technical alarm.
        part: The part of a team that is missing.
        skipped: The step has nobody who could answer, and is passed over at once.
    """

    at: datetime
    step: int
    round: int
    why: str
    people: tuple[UUID, ...] = ()
    empty: tuple[tuple[str, str], ...] = ()
    desk: bool = False
    part: str = ""
    skipped: bool = False


def simulate_alert(
    policy: Policy,
    directory: Directory,
    *,
    at: datetime,
    priority: Priority,
    place: Place | None,
    desk: str,
    named: Iterable[Called] = (),
    roles: Roles = (),
) -> tuple[Happening, ...]:
    """Return what would happen up to the technical alarm after the last step, which is always the last line.

    Args:
        named: Who is called beside the policy from the beginning.
        roles: The roles that they were called through.
    """
    bed = place.id if place and place.kind is PlaceKind.BED else None
    unit = unit_of(directory, place.id) if place else None
    fresh = Escalation(_NOBODY, 1, State.RUNNING, policy, priority, at, at, unit=unit, bed=bed, roles=roles)
    ahead = look_ahead(directory, bed=bed, unit=unit, desk=desk, priority=priority)
    return tuple(foretell(begin(fresh, ahead.given(at, ()).whom, at, named), ahead, at))


def look_ahead(
    directory: Directory,
    *,
    bed: UUID | None,
    desk: str,
    priority: Priority,
    unit: UUID | None = None,
    deliveries: Mapping[UUID, Delivery] | None = None,
) -> Ahead:
    """Return what will be so by the directory; deliveries stay as they are."""

    def given(now: datetime, roles: Roles) -> Circumstances:
        whom = resolver(directory, bed=bed, unit=unit, desk=desk, priority=priority, now=now)
        return Circumstances(deliveries or {}, whom, turned_roles(roles, directory, desk, now))

    return Ahead(given, lambda now, roles: next_turn(roles, directory, desk, now))


def foretell(decided: Decided, ahead: Ahead, now: datetime) -> Iterator[Happening]:
    """Give one line after the other of what happens from now on, up to the alarm after the last step.

    Args:
        decided: What is so now, and what it commands now.
    """
    given = ahead.given(now, ())
    while True:
        escalation = decided.escalation
        lines = _lines(escalation, decided.commands, given, now)
        if escalation.state is State.EXHAUSTED and lines:
            lines[-1] = lines[-1]._replace(step=len(escalation.policy.steps))
        yield from lines
        due = next_due(escalation, now, ahead.turn(now, escalation.roles))
        if escalation.state is State.EXHAUSTED or due is None:
            return
        now, given = due, ahead.given(due, escalation.roles)
        decided = fold(escalation, given, now)


class Beyond(NamedTuple):
    """Endpoints of somebody that are not tried within their step: it is over before their turn comes."""

    step: int
    person: UUID
    kinds: tuple[str, ...]


def find_beyond(
    lines: Iterable[Happening], policy: Policy, priority: Priority, directory: Directory, waits: Waits
) -> tuple[Beyond, ...]:
    """Return which endpoints of those who are called can never be reached in their step, each once.

    They are tried all the same, beside the steps that follow; but nobody should count on them.
    """
    found: dict[Beyond, None] = {}
    for line in lines:
        if line.desk:
            continue
        step = policy.steps[line.step - 1]
        lasts = step.wait * (step.repeat + 1)
        for person in line.people:
            stages = choose(person, priority, directory, waits, line.at, step.endpoints).stages
            begins = accumulate((stage.wait for stage in stages), initial=timedelta(0))
            late = tuple(
                kind for stage, at in zip(stages, begins, strict=False) if at >= lasts for kind in stage.kinds
            )
            if late:
                found[Beyond(line.step, person, late)] = None
    return tuple(found)


def _lines(
    escalation: Escalation, commands: tuple[Command, ...], given: Circumstances, now: datetime
) -> list[Happening]:
    """Turn what is commanded at one instant into lines: each fact begins one, who is called joins it."""
    out = Happening(now, escalation.step + 1, escalation.round + 1, "again")
    lines: list[Happening] = []
    named: tuple[UUID, ...] = ()  # beside the policy: they are called before its first step begins
    for command in commands:
        match command:
            case Record(fact, body):
                lines.append(_line(out, fact, body)._replace(people=named))
                named = ()
            case Page(person_id) | Ring(person_id):
                if not lines and any(isinstance(one, Record) for one in commands):
                    named = (*named, person_id)
                    continue
                if not lines:
                    lines.append(out)
                lines[-1] = lines[-1]._replace(people=(*lines[-1].people, person_id))
            case Alarm():
                lines[-1] = lines[-1]._replace(desk=True, people=_at_desk(given))
                # A missing part's backup, who is called next, is a line of its own.
                lines.append(out._replace(why="backup"))
            case _:
                pass
    return [line for line in lines if line.people or line.why != "backup"]


def _line(out: Happening, fact: FactKind, body: dict[str, object]) -> Happening:
    step, round, why, empty = body.get("step"), body.get("round"), body.get("why"), body.get("empty")
    if fact is FactKind.PART_MISSING:
        return out._replace(why="part_missing", part=str(body["part"]))
    if fact is FactKind.HANDED_OVER:
        return out._replace(why="handed_over")
    return out._replace(
        step=step if isinstance(step, int) else out.step,
        round=round if isinstance(round, int) else out.round,
        why=str(why),
        empty=tuple((str(target), str(reason)) for target, reason in empty.items())
        if isinstance(empty, dict)
        else (),
        skipped=fact is FactKind.STEP_SKIPPED,
    )


def _at_desk(given: Circumstances) -> tuple[UUID, ...]:
    """Return who would hear of a technical alarm; () = nobody."""
    call = given.whom(DESK, Step((DESK,), timedelta(minutes=1)))
    return tuple(one.person_id for one in call.people if not one.absent)
