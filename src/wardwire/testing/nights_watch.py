"""What must be so of every simulated alert, told without the rules that it is run by.

The steps come in their order, and the desk after the last; a role that changes hands takes the alert along in that
very second; whoever covers for somebody is at the end of the chain; and as long as nobody says a word, what happens
is what was foretold, to the second.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from wardwire.model import ids
from wardwire.model.alert import Alarm, Call, Command, Escalation, Page, Record, Ring, State, Tell
from wardwire.model.coverage import COVERED, COVERS, HOLD, MEANINGS, NUMBER
from wardwire.model.facts import FactKind
from wardwire.model.oncall import at_desk, on_call
from wardwire.model.oncall_plan import Agreed, Swap
from wardwire.model.people import Directory, Role
from wardwire.model.policy import NEXT, UNIT, Policy
from wardwire.model.priority import Priority
from wardwire.model.routing import kinds_of, rings_for
from wardwire.model.simulation import Happening

_SECOND = timedelta(seconds=1)
_AT = attrgetter("at")
_RESUMED = (":handed_back", ":handed_over")


class Broken(Exception):
    """An alert that went silent, or of which something else is not as it must be; says of which seed."""


class Foretold(NamedTuple):
    """What was foretold of an instant: who is called, in their order, and how often the desk."""

    at: datetime
    people: list[UUID]
    desk: int


class Forecast:
    """Holds what happens against what was foretold, line by line, until somebody says a word."""

    def __init__(self, lines: Iterable[Happening]) -> None:
        self._groups = _grouped(lines)
        self._next = next(self._groups, None)
        self.ends = False

    def check(self, at: datetime, commands: Sequence[Command]) -> str:
        """Compare what is commanded at an instant; return what differs, "" = nothing."""
        people = [one.person_id for one in commands if isinstance(one, Page | Ring)]
        desk = sum(isinstance(one, Alarm) for one in commands)
        foretold = self._next
        if not people and not desk:
            return f"foretold {foretold}" if foretold is not None and foretold.at <= at else ""
        if foretold != (at, people, desk):
            return f"{at}: calls {people} and the desk {desk} times, foretold {foretold}"
        self._next = next(self._groups, None)
        self.ends = self._next is None
        return ""


def _grouped(lines: Iterable[Happening]) -> Iterator[Foretold]:
    for at, group in groupby(lines, key=_AT):
        people, desk = list[UUID](), 0
        for line in group:
            desk += line.desk
            people += line.people if not line.desk else ()
        if people or desk:
            yield Foretold(at, people, desk)


class Order:
    """Which step comes next: the one after the last, and the desk after a whole round in vain, or the last round."""

    def __init__(self, policy: Policy) -> None:
        self._last = len(policy.steps)
        self._rounds = policy.loops + 1
        self._at = self._out = (1, 0)
        self._in_vain = 0

    def check(self, commands: Sequence[Command]) -> str:
        """Take the facts of what is commanded; return what is out of order, "" = nothing."""
        for command in commands:
            if not isinstance(command, Record):
                continue
            if command.fact is FactKind.TAKEN:  # when it is handed back, it goes on after the last step that called
                self._at, self._in_vain = self._out, 0
            elif command.fact in (FactKind.ESCALATED, FactKind.STEP_SKIPPED):
                round, step = self._at
                wanted = (round, step + 1) if step < self._last else (round + 1, 1)
                self._at = (command.body["round"], command.body["step"])  # type: ignore[assignment]
                self._in_vain = self._in_vain + 1 if command.fact is FactKind.STEP_SKIPPED else 0
                if self._at != wanted:
                    return f"round and step {self._at} instead of {wanted}"
                self._out = self._at if not self._in_vain else self._out
            elif command.fact is FactKind.EXHAUSTED:
                if self._at != (self._rounds, self._last) and self._in_vain < self._last:
                    return f"at its end after round and step {self._at}"
                self._out = (self._at[0], self._out[1])
        return ""


def check_hand_overs(
    escalation: Escalation,
    commands: Sequence[Command],
    directory: Directory,
    desk: str,
    looked: datetime,
    now: datetime,
    before: Escalation,
) -> str:
    """Return which role's change of hands was missed, or came late, or rang whom it let go; "" = none.

    Args:
        looked: When it was looked at before.
        before: As it was then: what somebody has who is not called by the role alone stays theirs meanwhile.
    """
    open_ = escalation.state in (State.RUNNING, State.EXHAUSTED)
    rung = {one.person_id for one in commands if isinstance(one, Page | Ring)}
    facts = {one.fact for one in commands if isinstance(one, Record)}
    went_on = FactKind.ESCALATED in facts
    again = {
        one.person_id for one in commands if isinstance(one, Ring) and one.why.endswith(_RESUMED) and not went_on
    }
    # Whoever has handed it back may be named by what follows, and is called by none of it.
    no_more = facts <= {FactKind.HANDED_OVER, FactKind.RESUMED}
    for told in commands:
        if not isinstance(told, Tell) or told.event != "handed_over":
            continue
        if told.person_id in rung or (open_ and no_more and told.person_id in escalation.people):
            return f"{told.person_id} is called, and told that it has gone from them"
    turned = {
        command.body["role"]: command.body for command in commands
        if isinstance(command, Record) and command.fact is FactKind.HANDED_OVER
    }  # fmt: skip
    for role_id, called in escalation.roles:
        role = directory.roles[role_id]
        if role.disabled:
            continue
        answering = {one.person_id for one in on_call(role, directory, now, desk).holdings}
        if wrong := check_swaps(role, directory, answering, now):
            return wrong
        if answering and called not in answering and (open_ or _has_by(escalation, role, called, desk, directory)):
            return f"{role.name} is {called}'s, and {answering} hold it"
        body = turned.get(ids.write_id(ids.ROLE, role_id))
        if body is None:
            continue
        former = ids.read_id(ids.PERSON, str(body["from"]))
        meant = former in rung or former in escalation.people or went_on
        if not meant and Tell(former, "handed_over") not in commands:
            return f"{role.name} has gone from {former}, who was not told"
        if former in again and former not in escalation.people:
            return f"{role.name} has gone from {former}, who is rung"
        just = now - _SECOND
        if just >= looked and (not before.holders or _has_by(before, role, former, desk, directory)):
            holding = {one.person_id for one in on_call(role, directory, just, desk).holdings}
            if holding and former not in holding:
                return f"{role.name} had gone from {former} before {now}"
    return ""


def _has_by(escalation: Escalation, role: Role, person_id: UUID, desk: str, directory: Directory) -> bool:
    """Whether somebody has it who is called by nothing but a role."""
    names = {"", role.name, f"role:{role.name}", *(("desk",) if desk == role.name else ())}
    names |= {f"{UNIT}{name}" for of in directory.unit_roles.values() for name, one in of.items() if one == role.id}
    by = {target for target, there in escalation.called if person_id in there}
    return person_id in escalation.holders and by <= names


def check_swaps(role: Role, directory: Directory, answering: Collection[UUID], now: datetime) -> str:
    """Return whose swap is not gone by; "" = all are. What both have agreed on holds, nothing that is only asked.

    Where a shift was put in front of everything, or another swap was agreed on later, that one holds.
    """

    def able(person_id: UUID) -> bool:
        return not directory.people[person_id].disabled

    running = [one for one in role.shifts if one.starts_at <= now < one.ends_at and able(one.person_id)]
    if any(one.override for one in running):
        return ""
    agreed = [one for one in role.swaps if one.state in (Agreed.ACCEPTED, Agreed.ASKED) and _in_part(one, now)]
    takers = [one.taker for one in sorted(agreed, key=lambda one: one.version) if able(one.taker)]
    if takers and set(answering) != {takers[-1]}:
        return f"{role.name} is {answering}'s, and {takers[-1]} has taken this part of it"
    if running and not agreed and not any(one.state is Agreed.ASKED for one in role.swaps):
        latest = max(running, key=lambda one: one.version).person_id
        if latest not in answering:
            return f"{role.name} is {answering}'s, and {latest} has its shift"
    return ""


def _in_part(swap: Swap, now: datetime) -> bool:
    return swap.starts_at <= now < swap.ends_at


def check_call(call: Call, directory: Directory, priority: Priority, desk: str, now: datetime) -> str:
    """Return what is wrong with whom a target means: covers that are at no end, or nobody called in a stead."""
    covers = [one for one in call.people if one.why.startswith(COVERS)]
    for one in covers:
        if _goes_on(one.person_id, directory, priority, now) and one.person_id not in at_desk(directory, now, desk):
            return f"{one.person_id} covers, and somebody covers for them"
    if call.target.startswith(NEXT):
        return ""
    for one in call.people:
        if one.why.startswith((COVERED, COVERS, "group:")):
            continue
        end = find_end(one.person_id, directory, priority, now)
        if end is not None and kinds_of(directory, end, priority, now) and rings_for(end, priority, directory, now):
            return f"{one.person_id} is called, whom {end} covers for"
    return ""


def find_end(person_id: UUID, directory: Directory, priority: Priority, now: datetime) -> UUID | None:
    """Return who is at the end of a chain of people who cover; None = nobody, or it is not so simple."""
    seen, at = {person_id}, person_id
    while (cover := _goes_on(at, directory, priority, now)).startswith(ids.PERSON):
        at = ids.read_id(ids.PERSON, cover)
        if at in seen or directory.people[at].disabled:
            return None
        seen.add(at)
    return at if at != person_id and not _goes_on(at, directory, priority, now) else None


def _goes_on(person_id: UUID, directory: Directory, priority: Priority, now: datetime) -> str:
    """Return who covers for somebody, for this priority, now; "" = nobody."""
    person = directory.people[person_id]
    cover = person.cover_at(now)
    if cover == HOLD or priority not in MEANINGS[person.status_at(now)].covered:
        return ""
    return "" if cover.startswith(NUMBER) and not cover.removeprefix(NUMBER) else cover
