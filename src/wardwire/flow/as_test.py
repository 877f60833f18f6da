"""Writes a story test of what became of one message, so that an incident becomes a test.

Nothing that was said is in it, no name of a person, a unit, a policy or a system, no date and no id: people become
those of the sample hospital, whatever else has a name becomes `Role 1`, `Group 1`, `4 West`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import asyncpg

from wardwire.flow.retold import Line, lines_of
from wardwire.flow.statement import Statement, read_statement
from wardwire.model import ids
from wardwire.model.alert import Escalation
from wardwire.model.delivery import Delivery
from wardwire.model.errors import Code, Refused
from wardwire.model.facts import FactKind
from wardwire.model.groups import members_of
from wardwire.model.oncall import final, on_call
from wardwire.model.people import Directory
from wardwire.model.places import PlaceKind, Rank, assigned, find_place
from wardwire.model.policy import BED_RANKS, DESK, Policy, Step
from wardwire.model.priority import Priority
from wardwire.model.routing import Waits
from wardwire.model.targets import find_target
from wardwire.store.deliveries import load_deliveries
from wardwire.store.escalations import load_escalations
from wardwire.store.fact_reads import ToldFact, facts_of_message
from wardwire.store.messages import Message, load_messages

_SAID = {
    FactKind.DELIVERED: "CONFIRMED",
    FactKind.READ: "SEEN",
    FactKind.HANDED_BACK: "HAND_BACK",
    FactKind.KEPT: "KEEP",
}
_ANSWERED = {"accept": "ACCEPT", "decline": "DECLINE", "done": "DONE"}
_FARTHEST = timedelta(days=2)


class Incident(NamedTuple):
    """One message, and all that became of it.

    Attributes:
        escalation: As it stood last; None = it does not escalate.
    """

    message: Message
    escalation: Escalation | None
    deliveries: list[Delivery]
    facts: list[ToldFact]


async def read_incident(connection: asyncpg.Connection, message_id: UUID) -> Incident | None:
    """Read it; None when there is no such message.

    Raises:
        Refused: `NOT_FOUND` when its escalation was forgotten: a week after its end.
    """
    message = (await load_messages(connection, [message_id])).get(message_id)
    if message is None:
        return None
    kept = await load_escalations(connection, [message_id])
    facts = await facts_of_message(connection, message_id)
    if not kept and any(fact.kind in (FactKind.ESCALATED, FactKind.STEP_SKIPPED) for fact in facts):
        raise Refused(Code.NOT_FOUND, "its policy as it was is kept for a week after its end only")
    deliveries = await load_deliveries(connection, (), [message_id])
    return Incident(message, kept[0].escalation if kept else None, deliveries, facts)


def write_test(
    incident: Incident, directory: Directory, *, desk: str, waits: Waits, name: str = "what_happened_once"
) -> str:
    """Write the test, as a module of its own. Pure."""
    return _Writer(incident, directory, desk, waits).write(name)


class _Writer:
    """Puts a test together: whoever and whatever is met for the first time gets a name, and a line that makes it."""

    def __init__(self, incident: Incident, directory: Directory, desk: str, waits: Waits) -> None:
        self._incident, self._directory, self._waits = incident, directory, waits
        self._desk = desk
        self._statement: Statement = read_statement(incident.message.content)
        self._begin = incident.message.stored_at
        self._kinds = {one.person_id: _kinds_in(one) for one in incident.deliveries}
        self._people: dict[UUID, tuple[str, str]] = {}  # -> how the test and how its people call them
        self._targets: dict[UUID, str] = {}
        self._parts: dict[str, str] = {}
        self._setting: list[str] = []
        self._free = {"doctor": ["chen", "okafor"], "nurse": ["anna", "ben"], "desk": ["dora"]}
        self._bed = incident.escalation.bed if incident.escalation else self._bed_named()

    def write(self, name: str) -> str:
        """Write all of it."""
        self._settle_desk()
        self._settle_absent()
        policy = self._policy(self._incident.escalation.policy) if self._incident.escalation else ""
        beginning = self._beginning(bool(policy))
        play = self._play()
        told = lines_of(self._incident.facts, self._begin, lambda one: self._person(one)[1], self._part)
        lines = [
            *([policy] if policy else []),
            *self._places(),
            "begin = ward.clock.now()",
            beginning,
            *play,
            f"await ward.until(begin + {self._end():g} * S)",
            f"assert await differences(ward, alert, begin, {_write_told(told)}) == []",
        ]
        body = "\n".join(f"    {line}" for line in (*self._setting, *lines))
        test = f"async def test_{name}(ward: Ward) -> None:\n{_DOC}{body}\n"
        return f"{_HEAD}{_imports(test)}\nS = timedelta(seconds=1)\n\n\n{test}"

    # Who ---------------------------------------------------------------------------------------------------------

    def _person(self, person_id: UUID, sort: str = "") -> tuple[str, str]:
        known = self._people.get(person_id)
        if known is not None:
            return known
        person = self._directory.people.get(person_id)
        doctor = person is not None and (person.name.startswith("Dr") or "doctor" in person.title.casefold())
        sort = sort or ("doctor" if doctor else "nurse")
        if self._free[sort]:
            attribute = self._free[sort].pop(0)
            known = f"ward.{attribute}", _NAMES[attribute]
        else:
            nth = sum(not code.startswith("ward.") for code, _ in self._people.values()) + 1
            known = f"other_{nth}", f"Other {nth}"
            self._setting.append(f'{known[0]} = await ward.add_person("{known[1]}")')
        self._people[person_id] = known
        kinds = self._kinds.get(person_id)
        if kinds is None:
            there = {one.kind for one in self._directory.endpoints_of.get(person_id, ()) if not one.disabled}
            kinds = ("app", *sorted(there)) if self._directory.active_devices(person_id) else tuple(sorted(there))
        self._setting.append(f"await ward.reach({', '.join((known[0], *map(repr, kinds)))})")
        return known

    def _settle_desk(self) -> None:
        try:
            people = self._mean(self._desk)
        except Refused:
            return
        codes = [self._person(one, "desk")[0] for one in people]
        if codes and codes != ["ward.dora"]:
            self._setting.append(f'ward.desk = await ward.add_group("Desk", [{", ".join(codes)}])')

    def _settle_absent(self) -> None:
        """Whom it was useless to wait for had a status in which nothing rings."""
        statuses: dict[UUID, str] = {}
        for fact in self._incident.facts:
            if fact.kind in (FactKind.ESCALATED, FactKind.STEP_SKIPPED):
                for target, why in (json.loads(fact.body).get("empty") or {}).items():
                    if str(why).startswith("status_"):
                        statuses |= dict.fromkeys(self._mean(target), str(why).removeprefix("status_"))
        for person, status in statuses.items():
            self._setting.append(f'await ward.set({self._person(person)[0]}, status="{status}")')

    def _mean(self, target: str) -> tuple[UUID, ...]:
        if target in BED_RANKS:
            person = assigned(self._directory, self._bed, BED_RANKS[target], self._begin) if self._bed else None
            return (person,) if person else ()
        sort, value = find_target(target, self._directory, "")
        if sort == ids.GROUP:
            return members_of(self._directory, value)
        if sort == ids.PERSON:
            return (value,)
        answers = on_call(self._directory.roles[value], self._directory, self._begin)
        return tuple(holding.person_id for holding in answers.holdings)

    def _target(self, target: str) -> str:
        """Return how the test names a target, and make what it means."""
        if target == DESK or target in BED_RANKS:
            return target
        try:
            sort, value = find_target(target, self._directory, "")
        except Refused:
            return "person:Mallory"  # it means nobody any more
        if sort == ids.PERSON:
            return f"person:{self._person(value)[1]}"
        if value not in self._targets:
            nth = len(self._targets) + 1
            self._targets[value] = f"group:Group {nth}" if sort == ids.GROUP else f"role:Role {nth}"
            if sort == ids.GROUP:
                members = ", ".join(self._person(one)[0] for one in members_of(self._directory, value))
                self._setting.append(f'await ward.add_group("Group {nth}", [{members}])')
            else:
                self._role(value, nth)
        return self._targets[value]

    def _role(self, role_id: UUID, nth: int) -> None:
        role = self._directory.roles[role_id]
        fallback = f", {self._person(role.fallback)[0]}" if role.fallback else ""
        # Beyond its end, so that nothing ends with the story that went on.
        end = self._begin + timedelta(seconds=self._end()) + timedelta(hours=1)
        during = [
            (segment, self._person(segment.holding.person_id)[0])
            for segment in final(role, self._begin, end)
            if segment.holding is not None
        ]
        self._setting.append(f'role_{nth} = await ward.add_role("Role {nth}"{fallback})')
        self._setting += [
            f"await ward.add_shift(role_{nth}, {code}, {self._since(one.starts_at)}, {self._since(one.ends_at)})"
            for one, code in during
        ]

    def _part(self, part: str) -> str:
        return self._parts.get(part, part if part in BED_RANKS or part == DESK else "another part")

    # What --------------------------------------------------------------------------------------------------------

    def _policy(self, policy: Policy) -> str:
        steps = "".join(f"\n        {self._step(step)}," for step in policy.steps)
        still = f"{policy.still_active.total_seconds():g} * S" if policy.still_active else "None"
        return (
            f'await ward.add_policy(\n        "The policy",{steps}\n'
            f"        loops={policy.loops}, still_active={still}, "
            f"ask_wait={policy.ask_wait.total_seconds():g} * S,\n    )"
        )

    def _step(self, step: Step) -> str:
        targets = [self._target(target) for target in step.targets]
        self._parts |= dict(zip(step.targets, targets, strict=True))
        quorum = ", ".join(
            f"Quorum({self._parts[one.role]!r}, {one.n}, {self._target(one.backup) if one.backup else ''!r}, "
            f"{one.within.total_seconds():g} * S)"
            for one in step.quorum
        )
        return (
            f"Step({_tuple(map(repr, targets))}, {step.wait.total_seconds():g} * S, Answer.{step.answer.name}, "
            f"Ends.{step.ends.name}, {f'({quorum},)' if quorum else '()'}, {step.endpoints!r}, {step.repeat})"
        )

    def _places(self) -> list[str]:
        if self._waits == Waits():
            lines = []
        else:
            names = ("code", "high", "medium", "low")
            waits = (f"{one}={getattr(self._waits, one).total_seconds():g} * S" for one in names)
            lines = [f"ward.waits = Waits({', '.join(waits)})"]
        if not self._statement.place:
            return lines
        lines.append('unit = await ward.add_place(PlaceKind.UNIT, "4 West")')
        if self._bed is not None:
            lines.append('bed = await ward.add_place(PlaceKind.BED, "4W-12", inside=unit)')
            for rank in Rank:
                person = assigned(self._directory, self._bed, rank, self._begin)
                if person is not None:
                    lines.append(f"await ward.assign(bed, Rank.{rank.name}, {self._person(person)[0]})")
        return lines

    def _bed_named(self) -> UUID | None:
        try:
            place = find_place(self._statement.place, self._directory, "") if self._statement.place else None
        except Refused:
            return None
        return place.id if place is not None and place.kind is PlaceKind.BED else None

    def _beginning(self, escalates: bool) -> str:
        said, message, escalation = self._statement, self._incident.message, self._incident.escalation
        where = ("bed:4W-12" if self._bed else "unit:4 West") if said.place else ""
        fields = f'priority=Priority.{Priority(message.priority).name}, text="…"'
        if escalates:
            fields += ', policy="The policy"'
        to = [self._target(target) for target in said.to]
        if escalation is not None and escalation.source_key:
            where = f', {"bed" if self._bed else "unit"}="{where}"' if where else ""
            to_ = f", to={_tuple(map(repr, to))}" if to else ""
            return f'alert = await ward.begin_report("key", {fields}{where}{to_}, test={escalation.test})'
        if where:
            fields += f', place="{where}"'
        if said.drill:
            fields += ", drill=True"
        if message.kind == "chat":
            fields += ", kind=Kind.CHAT"
        if message.expires_at is not None:
            fields += f", expires_at=begin + {(message.expires_at - self._begin).total_seconds():g} * S"
        choices = [f"Choice {nth}" for nth, _ in enumerate(said.responses.choices, start=1)]
        fields += f", responses=Responses({said.responses.accept_decline}, {_tuple(map(repr, choices))}, True)"
        sender = self._person(message.sender_person)[0] if message.sender_person else "SYSTEM"
        if message.sender_person and message.priority == Priority.CODE:
            self._setting.append(f'await ward.set({sender}, scopes=["messages:code"])')
        return f"alert = await ward.send({sender}, [{', '.join(map(repr, to))}], {fields})"

    def _play(self) -> list[str]:
        """Write what people and sources said, each at its time."""
        lines: list[str] = []
        ended = False
        for fact in self._incident.facts:
            said = self._said(fact)
            if fact.kind in (FactKind.CANCELLED, FactKind.CLEARED):
                said, ended = ("" if ended else said), True
            if said:
                after = max(0.0, (fact.at - self._begin).total_seconds())
                lines += [f"await ward.until(begin + {after:.3f} * S)", f"await {said}"]
        return lines

    def _said(self, fact: ToldFact) -> str:
        body = json.loads(fact.body)
        if fact.kind == FactKind.CANCELLED:
            word = {"recalled": ", recall=True", "all_clear": ", all_clear=True"}.get(str(body.get("why")), "")
            return f"ward.cancel(SYSTEM, alert{word})"
        if fact.kind == FactKind.CLEARED:
            return 'ward.report("key", Phase.END)'
        if fact.kind == FactKind.REPORTED and body.get("did") in ("updated", "raised", "lowered"):
            assert self._incident.escalation is not None
            priority = Priority(self._incident.escalation.priority).name
            return f'ward.report("key", Phase.{str(body["phase"]).upper()}, priority=Priority.{priority})'
        if fact.person_id is None:
            return ""
        event, answer = _SAID.get(FactKind(fact.kind), ""), ""
        if fact.kind == FactKind.ANSWERED:
            event = _ANSWERED.get(str(body.get("response")), "ANSWER")
            answer = ', "…"' if event == "ANSWER" else ""
        return f"ward.say({self._person(fact.person_id)[0]}, alert, Event.{event}{answer})" if event else ""

    # When --------------------------------------------------------------------------------------------------------

    def _end(self) -> float:
        """Return the second at which the story has been told: a moment after its last fact."""
        last = max((fact.at for fact in self._incident.facts), default=self._begin)
        return round((last - self._begin).total_seconds() + 0.1, 3)

    def _since(self, at: datetime) -> str:
        return f"{min(max(at - self._begin, -_FARTHEST), _FARTHEST).total_seconds():g} * S"


def _kinds_in(delivery: Delivery) -> tuple[str, ...]:
    return tuple(dict.fromkeys(kind for stage in delivery.stages for kind in stage.kinds))


def _tuple(items: Iterable[str]) -> str:
    written = list(items)
    return f"({', '.join(written)}{',' if len(written) == 1 else ''})"


def _write_told(lines: Iterable[Line]) -> str:
    rows = "".join(f"        ({at:g}, {text!r}),\n" for at, text in lines)
    return f"[\n{rows}    ]"


_NAMES = {"anna": "Anna", "ben": "Ben", "chen": "Dr. Chen", "okafor": "Dr. Okafor", "dora": "Dora"}
_DOC = '    """What happened then happens again, to the second."""\n'
_HEAD = '''"""Made of an incident by `wardwire trace --as-test`: without what was said, and without anybody's name."""

from __future__ import annotations

from datetime import timedelta

'''
_IMPORTED = {
    "wardwire.flow.statement": ("Responses",),
    "wardwire.model.delivery": ("Event",),
    "wardwire.model.places": ("PlaceKind", "Rank"),
    "wardwire.model.policy": ("Answer", "Ends", "Quorum", "Step"),
    "wardwire.model.priority": ("Kind", "Priority"),
    "wardwire.model.report": ("Phase",),
    "wardwire.model.rights": ("SYSTEM",),
    "wardwire.model.routing": ("Waits",),
    "wardwire.testing.incident": ("differences",),
    "wardwire.testing.ward": ("Ward",),
}


def _imports(test: str) -> str:
    """Import what a test uses, and no more."""
    words = set(re.findall(r"\w+", test))
    used = ((module, [one for one in names if one in words]) for module, names in _IMPORTED.items())
    return "".join(f"from {module} import {', '.join(names)}\n" for module, names in used if names)
