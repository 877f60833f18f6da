"""What the deliveries of an alert say of its escalation: who has it, who is still called, and what has happened.

Pure, and level-triggered: it looks at how things stand, never at how they came about.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from wardwire.model.alert import AGAIN, BY_ANSWER, SETTLED_AFTER, Circumstances, Escalation, Event, State
from wardwire.model.delivery import ENDED, Delivery
from wardwire.model.delivery import State as Delivered
from wardwire.model.message import DONE
from wardwire.model.policy import Answer, Ends, Quorum
from wardwire.model.policy import Step as PolicyStep
from wardwire.model.routing import CALLS

_HAS = frozenset({Delivered.ACCEPTED, Delivered.ANSWERED})
_ON_DEVICE = frozenset({Delivered.DELIVERED, Delivered.READ})


def step_out(escalation: Escalation) -> PolicyStep:
    """Return the step that is out; before the first one, that one."""
    return escalation.policy.steps[max(0, escalation.step)]


def counts(escalation: Escalation, delivery: Delivery | None) -> bool:
    """Whether somebody's word counts as an answer to the step that is out."""
    if delivery is None:
        return False
    state = delivery.state
    if state in _HAS:
        since = dict(escalation.lapsed).get(delivery.person_id) if escalation.lapsed else None
        return since is None or (delivery.responded_at is not None and delivery.responded_at > since)
    answer = escalation.policy.steps[max(0, escalation.step)].answer
    if answer is Answer.ACCEPTED or state is Delivered.DECLINED or state in ENDED:
        return False
    if escalation.lapsed and delivery.person_id in dict(escalation.lapsed):
        return False
    return (delivery.read_at if answer is Answer.READ else delivery.delivered_at) is not None


def holders(escalation: Escalation, given: Circumstances) -> tuple[UUID, ...]:
    """Return who has it, the first who answered first."""
    having = [one for one in given.deliveries.values() if counts(escalation, one)]
    if len(having) > 1:
        having.sort(key=lambda one: one.responded_at or one.read_at or one.delivered_at or escalation.started_at)
    return tuple([one.person_id for one in having])


def refused(escalation: Escalation, given: Circumstances, person_id: UUID) -> str:
    """Why it is useless to call somebody again for this alert; "" = it is not."""
    delivery = given.deliveries.get(person_id)
    if delivery is not None and delivery.state is Delivered.DECLINED:
        return "declined"
    if delivery is not None and delivery.state in ENDED:
        return "ended"
    if escalation.lapsed and person_id in dict(escalation.lapsed) and not counts(escalation, delivery):
        return "handed_back"
    return ""


def gone(escalation: Escalation, given: Circumstances, person_id: UUID) -> bool:
    """Whether nothing can be expected of somebody now: refused, or no device has confirmed in all its time.

    Whom a pager or a telephone has called may come without a word.
    """
    if refused(escalation, given, person_id):
        return True
    delivery = given.deliveries.get(person_id)
    if delivery is None or delivery.state is not Delivered.UNREACHABLE or person_id in given.afresh:
        return False
    return not any(kind in CALLS for stage in delivery.stages for kind in stage.kinds)


def still_called(escalation: Escalation, given: Circumstances) -> tuple[UUID, ...]:
    """Return whom the step waits for and who has neither answered nor refused."""
    return tuple(
        person_id
        for person_id in escalation.people
        if not refused(escalation, given, person_id) and not counts(escalation, given.deliveries.get(person_id))
    )


def satisfied(escalation: Escalation, given: Circumstances) -> bool:
    """Whether what the step asks for is there.

    Whoever was called as one of several answers for no more than that: alone they end no later step, but together
    with those who were missing.
    """
    answered = set(holders(escalation, given))
    step = step_out(escalation)
    if step.ends is Ends.QUORUM:
        filled = fill(escalation, step.quorum, answered)
        return all(filled[part.role] >= part.n for part in step.quorum)
    if not answered:
        return False
    if step.ends is Ends.ALL:
        return answered.issuperset(escalation.people)
    of_team = {person for _, people in escalation.team for person in people}.difference(escalation.people)
    return bool(answered - of_team) or _complete(escalation, given)


def freed(escalation: Escalation, given: Circumstances) -> dict[UUID, UUID]:
    """Return who need not be called any more since their role was handed over, each with who has it in their place.

    Called is not enough: only a device has it, or a person.
    """
    return {
        former: next(one for one in new if _has(given, one))
        for former, new in escalation.leaving
        if any(_has(given, one) for one in new)
    }


def _has(given: Circumstances, person_id: UUID) -> bool:
    delivery = given.deliveries.get(person_id)
    if delivery is None:
        return False
    return delivery.state in _HAS or (delivery.state in _ON_DEVICE and person_id not in given.afresh)


def _complete(escalation: Escalation, given: Circumstances) -> bool:
    """Whether the team of an earlier step is there after all."""
    return satisfied(escalation._replace(step=escalation.team_step, called=escalation.team, team=()), given)


def missing_parts(escalation: Escalation, given: Circumstances, now: datetime) -> list[Quorum]:
    """Return the parts of a team that are not there in their time, or cannot be any more; each is told once."""
    step = step_out(escalation)
    if not step.quorum:
        return []
    untold = [part for part in step.quorum if part.role not in escalation.missing]
    if not untold:
        return []
    filled = fill(escalation, step.quorum, set(holders(escalation, given)))
    hoped = fill(escalation, step.quorum, _hoped(escalation, given))
    return [
        part
        for part in untold
        if filled[part.role] < part.n and (now >= escalation.step_began_at + part.within or hoped[part.role] < part.n)
    ]


def fill(escalation: Escalation, quorum: Iterable[Quorum], people: Iterable[UUID]) -> dict[str, int]:
    """Count how many places of each part some people fill."""
    return {role: len(there) for role, there in seats(escalation, quorum, people).items()}


def seats(escalation: Escalation, quorum: Iterable[Quorum], people: Iterable[UUID]) -> dict[str, list[UUID]]:
    """Give people to the parts that they are of, each to one, so that as many places as possible are filled.

    Each part has its people in their order.
    """
    people = tuple(people)
    if not people:
        return {part.role: [] for part in quorum}
    places = [(part.role, nth) for part in quorum for nth in range(part.n)]
    of = dict(escalation.called)
    taken: dict[tuple[str, int], UUID] = {}

    def seat(person: UUID, tried: set[tuple[str, int]]) -> bool:
        for place in places:
            if place in tried or person not in of.get(place[0], ()):
                continue
            tried.add(place)
            if place not in taken or seat(taken[place], tried):
                taken[place] = person
                return True
        return False

    for person in people:
        seat(person, set())
    part_of = {person: role for (role, _), person in taken.items()}
    seated: dict[str, list[UUID]] = {part.role: [] for part in quorum}
    for person in dict.fromkeys(people):
        if person in part_of:
            seated[part_of[person]].append(person)
    return seated


def nobody_left(escalation: Escalation, given: Circumstances) -> bool:
    """Whether the step can no longer get what it asks for."""
    step = step_out(escalation)
    match step.ends:
        case Ends.FIRST:
            return all(gone(escalation, given, person) for person in escalation.people)
        case Ends.ALL:
            return any(gone(escalation, given, person) for person in escalation.people) or not escalation.people
        case Ends.QUORUM:
            hoped = fill(escalation, step.quorum, _hoped(escalation, given))
            return any(hoped[part.role] < part.n for part in step.quorum)


def derive(escalation: Escalation, given: Circumstances, now: datetime) -> Event | None:
    """Say what has happened to an escalation and was not yet taken; None = nothing."""
    state = escalation.state
    if state is State.CLOSED:
        reopened = escalation.closed_why == BY_ANSWER and not given.ended and not satisfied(escalation, given)
        return Event.HANDED_BACK if reopened else None
    if given.ended:
        return Event.ENDED
    if given.turned and _gone_over(escalation, given):
        return Event.HANDED_OVER
    if state in (State.HELD, State.ASKED):
        return _derive_held(escalation, given, now)
    if satisfied(escalation, given):
        return Event.ANSWERED
    if escalation.leaving and freed(escalation, given):
        return Event.FREED
    if state is State.RUNNING:
        if missing_parts(escalation, given, now):
            return Event.MISSING
        if nobody_left(escalation, given):
            return Event.NOBODY_LEFT
    until = _time_up(escalation)
    return Event.TIME_UP if until is not None and now >= until else None


def _gone_over(escalation: Escalation, given: Circumstances) -> bool:
    """Whether a role has another holder, and the alert is to go along.

    While somebody else has it, or its former holder for another reason, nobody is called for it: it goes when it is
    handed back.
    """
    roles = dict(escalation.roles)
    gone = [role for role, person in given.turned.items() if roles.get(role, person) != person]
    if escalation.state in (State.HELD, State.ASKED):
        return any(gives_up(escalation, given, role) for role in gone)
    return bool(gone)


def gives_up(escalation: Escalation, given: Circumstances, role: UUID) -> bool:
    """Whether who has it has it by a role that is another's now; not where the step means them otherwise, too."""
    former, step = dict(escalation.roles)[role], step_out(escalation)
    if former not in escalation.holders:
        return False
    others = [there for target, there in escalation.called if target and given.whom(target, step).role != role]
    return not any(former in there for there in others)


def due(escalation: Escalation, now: datetime) -> datetime | None:
    """Return when time alone makes something happen; None = it is closed."""
    until = _time_up(escalation)
    if escalation.state is not State.RUNNING or until is None:
        return until
    parts = [
        escalation.step_began_at + part.within
        for part in step_out(escalation).quorum
        if part.role not in escalation.missing
    ]
    return min([until, *(at for at in parts if at > now)])


def _derive_held(escalation: Escalation, given: Circumstances, now: datetime) -> Event | None:
    having = [given.deliveries[person] for person in escalation.holders if person in given.deliveries]
    if any(delivery.response == DONE for delivery in having):
        return Event.DONE
    if not all(counts(escalation, delivery) for delivery in having) or not satisfied(escalation, given):
        return Event.HANDED_BACK
    asked = escalation.asked_at
    if asked is not None and any(one.responded_at is not None and one.responded_at > asked for one in having):
        return Event.KEPT
    until = _time_up(escalation)
    if until is None or now < until:
        return None
    if escalation.state is State.ASKED:
        return Event.TIME_UP
    return Event.SETTLED if escalation.policy.still_active is None else Event.STILL_ACTIVE


def _time_up(escalation: Escalation) -> datetime | None:
    policy = escalation.policy
    match escalation.state:
        case State.RUNNING:
            return escalation.step_began_at + step_out(escalation).wait * (escalation.rung + 1)
        case State.EXHAUSTED:
            return (escalation.asked_at or escalation.step_began_at) + AGAIN
        case State.HELD:
            return (escalation.held_since or escalation.step_began_at) + (policy.still_active or SETTLED_AFTER)
        case State.ASKED:
            return (escalation.asked_at or escalation.step_began_at) + policy.ask_wait
        case State.CLOSED:
            return None


def _hoped(escalation: Escalation, given: Circumstances) -> list[UUID]:
    """Whoever has answered or still may."""
    people = dict.fromkeys((*holders(escalation, given), *escalation.people))
    return [
        one for one in people if counts(escalation, given.deliveries.get(one)) or not gone(escalation, given, one)
    ]
