"""Takes what an escalation commands into the batch: who is called, who falls silent, who is told; facts, alarms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec.structs import replace

from wardwire.flow.alarm import clear_alarm, raise_alarm
from wardwire.flow.ports import Known, Rules
from wardwire.flow.statement import DRILL, read_statement, submission_of, view_message
from wardwire.flow.store_message import add_deliveries
from wardwire.flow.take import take_step
from wardwire.flow.views import NewBody, Part, Team, view_delivery
from wardwire.model import ids, standing
from wardwire.model.alert import (
    PART_MISSING,
    Alarm,
    Circumstances,
    Command,
    Escalation,
    Free,
    Over,
    Page,
    Record,
    Ring,
    Silence,
    Tell,
)  # fmt: skip
from wardwire.model.delivery import Delivery, Event, Happened, State, step
from wardwire.model.escalation import next_due
from wardwire.model.message import Submission
from wardwire.model.people import Directory
from wardwire.model.places import Place
from wardwire.model.policy import Quorum
from wardwire.model.routing import Planned, plan_person
from wardwire.model.whom import next_turn, resolver, turned_roles
from wardwire.store.batch import Batch
from wardwire.store.messages import Message, as_reported

_ENCODE = msgspec.json.Encoder().encode


def circumstances(
    escalation: Escalation, deliveries: Iterable[Delivery], rules: Rules, now: datetime, ended: str, alarmed: bool
) -> Circumstances:
    """Return what an escalation is judged by now."""
    directory = rules.directory
    return Circumstances(
        {delivery.person_id: delivery for delivery in deliveries},
        resolver(
            directory,
            bed=escalation.bed,
            unit=escalation.unit,
            desk=rules.desk,
            priority=escalation.priority,
            now=now,
        ),
        turned_roles(escalation.roles, directory, rules.desk, now),
        ended,
        alarmed=alarmed,
    )


def next_look(escalation: Escalation, rules: Rules, now: datetime) -> datetime | None:
    """Return when an escalation is looked at next: its time, or the next change of a role that it went through."""
    return next_due(escalation, now, next_turn(escalation.roles, rules.directory, rules.desk, now))


def carry_out(
    batch: Batch, known: Known, rules: Rules, message: Message, after: Escalation, commands: Sequence[Command]
) -> None:
    """Take everything that an escalation commands about a stored message; why comes before what."""
    message = as_reported(message, after)
    take_commands(batch, rules, after, [command for command in commands if isinstance(command, Record)])
    pages = [command for command in commands if isinstance(command, Page)]
    rings = [command for command in commands if isinstance(command, Ring)]
    if pages or rings:
        asked = submission_of(read_statement(message.content), source=message.source, content=message.content)
        asked = asked._replace(priority=after.priority)
    if pages:
        _page(batch, rules, message, after, asked, pages)
    replanned: list[Planned] = []
    for command in commands:
        if isinstance(command, Ring):
            replanned += _ring(batch, known, rules, message, asked, command, after.marks)
        elif isinstance(command, Silence):
            silence(batch, known, rules, message.id, command.holders)
        elif isinstance(command, Free):
            _free(batch, known, rules, message.id, command)
    if replanned:
        people, plans = [one.person_id for one in replanned], [one.written for one in replanned]
        batch.also("replanned", message.id, people, plans)
    rest = [command for command in commands if isinstance(command, Tell | Alarm | Over)]
    take_commands(batch, rules, after, rest, message)


def take_commands(
    batch: Batch,
    rules: Rules,
    after: Escalation,
    commands: Sequence[Command],
    message: Message | None = None,
) -> None:
    """Take what concerns no delivery: facts, alarms, and words to people."""
    for command in commands:
        match command:
            case Record(fact, body):
                batch.record(fact, _ENCODE(body).decode(), message_id=after.message_id)
            case Alarm():
                _alarm(batch, rules, after, command)
            case Over(kind, why):
                clear_alarm(batch, kind=kind, subject=ids.write_id(ids.MESSAGE, after.message_id), why=why)
            case Tell(person_id, event) if message is not None:
                rings = event == "still_active"
                said = NewBody(view_message(message, rules.directory), rings, batch.now)
                batch.tell(person_id, event, after.message_id, said)
            case _:
                pass


def tell_team(batch: Batch, rules: Rules, escalation: Escalation, given: Circumstances, sender: UUID | None) -> None:
    """Show everybody of a team call which parts of it are there. Live only: the deliveries are what is kept."""
    parts = team_of(escalation, given, rules.directory)
    if parts and escalation.closed_at is None:
        to = dict.fromkeys((*([sender] if sender else []), *escalation.people, *given.deliveries))
        batch.live.append(Team(tuple(to), escalation.message_id, parts))


def team_of(escalation: Escalation, given: Circumstances, directory: Directory) -> tuple[Part, ...]:
    """Return which parts of a team are there, and who they are; () = the step that is out calls no team."""
    out = standing.step_out(escalation)
    seated = standing.seats(escalation, out.quorum, standing.holders(escalation, given))
    return tuple(_part(part, escalation, seated[part.role], directory) for part in out.quorum)


def _part(part: Quorum, escalation: Escalation, there: Sequence[UUID], directory: Directory) -> Part:
    missing = part.role in escalation.missing
    return Part(
        part.role,
        part.n,
        len(there),
        [directory.people[one].name for one in there if one in directory.people],
        missing,
        None if missing or len(there) >= part.n else escalation.step_began_at + part.within,
    )


def _page(
    batch: Batch, rules: Rules, message: Message, after: Escalation, submission: Submission, pages: Sequence[Page]
) -> None:
    planned = [
        plan_person(page.person_id, page.why, submission, rules.directory, rules.waits, batch.now, page.kinds)
        for page in pages
    ]
    add_deliveries(
        batch,
        rules.directory,
        submission,
        planned,
        message_id=message.id,
        body=view_message(message, rules.directory),
        sender=message.sender_person,
        escalates=after.marks,
    )


def _ring(
    batch: Batch, known: Known, rules: Rules, message: Message, asked: Submission, ring: Ring, marks: int
) -> list[Planned]:
    """Ring somebody again by what reaches them now: the step may name other endpoints than the last, and what they
    prefer at this hour may be another thing. Returns their plan, if it is another one.

    Args:
        marks: What the escalation waits for now (model/alert.py).
    """
    before = known.delivery((message.id, ring.person_id))
    if before is None:
        return []
    if before.escalates < marks:
        before = replace(before, escalates=marks)
        batch.also("marked", message.id, ring.person_id, marks)
    directory, planned = rules.directory, None
    if ring.person_id in directory.people:
        planned = plan_person(ring.person_id, ring.why, asked, directory, rules.waits, batch.now, ring.kinds)
    decided = step(before, Happened(Event.RING, stages=planned.stages if planned else None), batch.now)
    if decided.delivery is before:
        return []
    take_step(batch, known, rules, before, decided, detail={"why": ring.why})
    said = NewBody(view_message(message, directory), bool(planned and planned.rings), batch.now)
    batch.tell(ring.person_id, "ring", message.id, said)
    return [planned] if planned and planned.stages != before.stages else []


def silence(batch: Batch, known: Known, rules: Rules, message_id: UUID, holders: Sequence[UUID]) -> None:
    """Let everybody but the holders fall silent, and see who has it: the first of them.

    Whoever is silent already, as a former holder who was let go, sees it as well.
    """
    first = known.delivery((message_id, holders[0])) if holders else None
    view = None
    if first is not None:
        holder = rules.directory.people.get(first.person_id)
        view = view_delivery(first, batch.now, None, name=holder.name if holder else "")
    for before in known.deliveries_of(message_id):
        if before.person_id in holders:
            continue
        decided = step(before, Happened(Event.TAKE), batch.now)
        if decided.delivery.state is State.TAKEN:
            take_step(batch, known, rules, before, decided)
            batch.tell(before.person_id, "taken", message_id, view)


def _free(batch: Batch, known: Known, rules: Rules, message_id: UUID, command: Free) -> None:
    """Let a former holder fall silent: none of their endpoints is tried any more. They know why."""
    before = known.delivery((message_id, command.person_id))
    if before is not None:
        detail: dict[str, object] = {"why": "handed_over", "by": ids.write_id(ids.PERSON, command.by)}
        decided = step(before, Happened(Event.TAKE), batch.now)
        take_step(batch, known, rules, before, decided, detail=detail)


def _alarm(batch: Batch, rules: Rules, after: Escalation, alarm: Alarm) -> None:
    """Tell the operators' desk; what the alert says is not for them."""
    message = ids.write_id(ids.MESSAGE, after.message_id)
    place = _place(after, rules.directory)
    where = f" at {place.name}" if place else ""
    what = f"{f'{DRILL}: an' if after.drill else 'An'} alert of priority {after.priority}"
    if alarm.kind == PART_MISSING:
        part = alarm.part.partition(":")[2] or alarm.part
        text, subject = f"{what}{where}: {part} missing. Its story: {message}", f"{message} {alarm.part}"
    else:
        text, subject = f"{what}{where}: nobody answers, every step has passed. Its story: {message}", message
    raise_alarm(
        batch,
        rules,
        kind=alarm.kind,
        subject=subject,
        text=text,
        message_id=after.message_id,
    )


def _place(escalation: Escalation, directory: Directory) -> Place | None:
    spot = escalation.bed or escalation.unit
    return directory.places.get(spot) if spot else None
