"""The life of an escalation: one table, and `step`, which decides what follows from an event.

An escalation is level-triggered: nothing that happens is queued for it. Whatever matters only says *look now*; then
`fold` asks model/standing.py what the deliveries say, and takes one step after the other until they say nothing
more. To look twice, or late, or on two cores at once, does therefore no harm. The diagram in docs/states.md is
generated from TRANSITIONS.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from wardwire.model import ids, standing
from wardwire.model.alert import (
    BY_ANSWER,
    BY_HOLDER,
    NO_ENDPOINT,
    PART_MISSING,
    UNANSWERED,
    Alarm,
    Call,
    Called,
    Circumstances,
    Command,
    Decided,
    Escalation,
    Event,
    Free,
    Over,
    Page,
    Record,
    Ring,
    Silence,
    State,
    Tell,
    Whom,
)  # fmt: skip
from wardwire.model.coverage import COVERED, COVERS
from wardwire.model.facts import FactKind
from wardwire.model.policy import Ends
from wardwire.model.policy import Step as PolicyStep
from wardwire.model.priority import Priority

_S, _E = State, Event
_LIVE = tuple(state for state in State if state is not State.CLOSED)

# (state, event) -> state. RUNNING after NOBODY_LEFT and TIME_UP: the next step, or EXHAUSTED when there is none.
# In HELD and ASKED a role is HANDED_OVER only where its former holder has the alert by it; else it waits.
TRANSITIONS: dict[tuple[State, Event], State] = {
    (_S.RUNNING, _E.BEGUN): _S.RUNNING,
    (_S.RUNNING, _E.ANSWERED): _S.HELD,
    (_S.RUNNING, _E.MISSING): _S.RUNNING,
    (_S.RUNNING, _E.NOBODY_LEFT): _S.RUNNING,
    (_S.RUNNING, _E.TIME_UP): _S.RUNNING,
    (_S.EXHAUSTED, _E.ANSWERED): _S.HELD,
    (_S.EXHAUSTED, _E.TIME_UP): _S.EXHAUSTED,
    (_S.HELD, _E.STILL_ACTIVE): _S.ASKED,
    (_S.HELD, _E.SETTLED): _S.CLOSED,
    (_S.ASKED, _E.KEPT): _S.HELD,
    (_S.ASKED, _E.TIME_UP): _S.RUNNING,
    **{(s, _E.HANDED_BACK): _S.RUNNING for s in (_S.HELD, _S.ASKED, _S.CLOSED)},
    **{(s, _E.HANDED_OVER): s for s in (_S.RUNNING, _S.EXHAUSTED)},
    **{(s, _E.FREED): s for s in (_S.RUNNING, _S.EXHAUSTED)},
    **{(s, _E.HANDED_OVER): _S.RUNNING for s in (_S.HELD, _S.ASKED)},
    **{(s, _E.DONE): _S.CLOSED for s in (_S.HELD, _S.ASKED)},
    **{(s, _E.ENDED): _S.CLOSED for s in _LIVE},
}


_CALLS = (Page, Ring)


def step(before: Escalation, event: Event, given: Circumstances, now: datetime) -> Decided:
    """Decide what an event does to an escalation; an event that the table does not have changes nothing."""
    after = TRANSITIONS.get((before.state, event))
    if after is None:
        return Decided(before)
    changed = before if after is before.state else before._replace(state=after)
    match event:
        case Event.BEGUN:
            return _go_on(changed, given, now, "")
        case Event.ANSWERED:
            holders = standing.holders(before, given)
            held = changed._replace(holders=holders, held_since=now, asked_at=None, leaving=())
            body: dict[str, object] = {"step": before.step + 1, "holders": _write(holders)}
            return Decided(held, (Record(FactKind.TAKEN, body), Silence(holders), *_relieve(before, "answered")))
        case Event.MISSING:
            return _missing(changed, given, now)
        case Event.NOBODY_LEFT:
            return _go_on(changed, given, now, "declined")
        case Event.TIME_UP:
            return _time_up(before, changed, given, now)
        case Event.HANDED_BACK:
            return _resume(changed, given, now, "handed_back")
        case Event.HANDED_OVER:
            return _hand_over(before, given, now)
        case Event.FREED:
            freed = standing.freed(before, given)
            stay = tuple(one for one in before.leaving if one[0] not in freed)
            return Decided(changed._replace(leaving=stay), tuple(Free(*one) for one in freed.items()))
        case Event.STILL_ACTIVE:
            asked = tuple(Tell(person, "still_active") for person in before.holders)
            told = Record(FactKind.HOLDER_ASKED, {"holders": _write(before.holders)})
            return Decided(changed._replace(asked_at=now), (told, *asked))
        case Event.KEPT:
            return Decided(changed._replace(held_since=now, asked_at=None))
        case Event.DONE:
            return _close(changed, BY_HOLDER, now)
        case Event.SETTLED:
            return _close(changed, BY_ANSWER, now)
        case Event.ENDED:
            closed = _close(changed, given.ended, now)
            return closed._replace(commands=(*closed.commands, *_relieve(before, given.ended)))


def fold(before: Escalation, given: Circumstances, now: datetime) -> Decided:
    """Take step after step until the deliveries say nothing more. The version rises by one if anything changed."""
    escalation, commands = before, list[Command]()
    # More steps than there can be: each either goes on in the policy or waits for something new.
    for _ in range(2 * (len(before.policy.steps) + 2) * (before.policy.loops + 2)):
        event = standing.derive(escalation, given, now)
        if event is None:
            break
        decided = step(escalation, event, given, now)
        escalation = _called_again(decided)
        if any(isinstance(command, Silence) for command in decided.commands):
            commands = [command for command in commands if not isinstance(command, Ring)]
        commands += decided.commands
        given = _now_called(given, decided.commands)
    if escalation is not before:
        escalation = escalation._replace(version=before.version + 1)
    return Decided(escalation, tuple(_told_last(commands)))


def _told_last(commands: list[Command]) -> Iterable[Command]:
    """Whoever is called is not told that it has gone from them: their devices would fall silent by that word."""
    called = {command.person_id for command in commands if isinstance(command, _CALLS)}
    return (
        one for one in commands
        if not (isinstance(one, Tell) and one.event == "handed_over" and one.person_id in called)
    )  # fmt: skip


def _called_again(decided: Decided) -> Escalation:
    """Whoever is called stays: also a former holder whom another step or role means."""
    after = decided.escalation
    if not after.leaving:
        return after
    called = {command.person_id for command in decided.commands if isinstance(command, _CALLS)}
    return after._replace(leaving=tuple(one for one in after.leaving if one[0] not in called))


def _now_called(given: Circumstances, commands: Iterable[Command]) -> Circumstances:
    """Whoever is called now has a delivery from now on, and what it said before says nothing."""
    called = {command.person_id for command in commands if isinstance(command, _CALLS)}
    return given._replace(afresh=given.afresh | called) if called else given


def begin(fresh: Escalation, whom: Whom, now: datetime, named: Iterable[Called] = ()) -> Decided:
    """Begin: whoever was named beside the policy belongs to the first step. What is so from the beginning, such as a
    team that cannot be complete, is taken at once.
    """
    named = tuple(named)
    pages: list[Command] = [Page(one.person_id, one.why) for one in dict.fromkeys(named)]
    given = Circumstances({}, whom, afresh=frozenset(one.person_id for one in named))
    people = tuple(dict.fromkeys(one.person_id for one in named if not one.absent))
    if people:
        # The named are called whoever else is: an empty first step is not skipped over those whom something reaches.
        decided = _call(fresh._replace(step=0), given, now, "", people)
    else:
        decided = step(fresh, Event.BEGUN, given, now)
    followed = fold(decided.escalation, _now_called(given, decided.commands), now)
    begun = followed.escalation._replace(version=fresh.version)
    return Decided(begun, (*pages, *decided.commands, *followed.commands))


def next_due(escalation: Escalation, now: datetime, turn: datetime | None) -> datetime | None:
    """Return when to look again though nothing has happened; None = never (it is closed).

    Args:
        turn: The next instant at which one of its roles changes hands.
    """
    due = standing.due(escalation, now)
    return due if due is None or turn is None else min(due, turn)


def _time_up(before: Escalation, changed: Escalation, given: Circumstances, now: datetime) -> Decided:
    if before.state is State.EXHAUSTED:
        # Whoever looks after the desk asks it again; an alarm that was cleared though nobody answers is raised anew.
        return Decided(changed._replace(asked_at=now), () if given.alarmed else (Alarm(UNANSWERED),))
    if before.state is State.ASKED:
        return _go_on(_lapse(changed, before.holders, now), given, now, "holder_silent")
    again = standing.still_called(before, given)
    if before.rung < before.policy.steps[before.step].repeat and _hear(before, given, again):
        why = f"step {before.step + 1}:again"
        rings = tuple(Ring(person, why, standing.step_out(before).endpoints) for person in again)
        return Decided(changed._replace(rung=before.rung + 1), rings)
    return _go_on(changed, given, now, "no_answer")


def _hear(before: Escalation, given: Circumstances, people: Iterable[UUID]) -> bool:
    """Whether it is of any use to ring some of these people again: it may have become quiet around all of them."""
    step_out = standing.step_out(before)
    calls = [given.whom(target, step_out) for target in step_out.targets]
    there = {one.person_id for call in calls for one in call.people if not one.absent}
    return any(
        person in there or _hears(given.whom(ids.write_id(ids.PERSON, person), step_out), person) for person in people
    )


def _hears(call: Call, person_id: UUID) -> bool:
    return any(one.person_id == person_id and not one.absent for one in call.people)


def _go_on(before: Escalation, given: Circumstances, now: datetime, reason: str) -> Decided:
    """Call the next step that has somebody; when there is none, the desk."""
    steps, commands = before.policy.steps, list[Command]()
    index, round = before.step, before.round
    if before.called and steps[index].ends is not Ends.FIRST:
        before = before._replace(team=before.called, team_step=index)
    # One whole round in vain is enough to know that the next ones are too.
    for _ in range(len(steps)):
        index += 1
        if index == len(steps):
            if round >= before.policy.loops:
                break
            index, round = 0, round + 1
        decided = _call(before._replace(step=index, round=round), given, now, reason)
        commands += decided.commands
        if decided.escalation.called:
            return Decided(decided.escalation, tuple(commands))
        given = _now_called(given, decided.commands)
        reason = "step_empty"
    exhausted = before._replace(state=State.EXHAUSTED, round=round, asked_at=now, holders=(), held_since=None)
    commands += (Record(FactKind.EXHAUSTED, {"why": reason}), Alarm(UNANSWERED))
    return Decided(exhausted, tuple(commands))


def _call(
    before: Escalation, given: Circumstances, now: datetime, reason: str, named: tuple[UUID, ...] = ()
) -> Decided:
    """Begin a step: `called` of the result is empty when there is nobody to wait for."""
    step_out = before.policy.steps[before.step]
    called: list[tuple[str, tuple[UUID, ...]]] = [("", named)] if named else []
    roles = dict(before.roles)
    empty: dict[str, str] = {}
    meant: dict[UUID, str] = {}
    for target in step_out.targets:
        call = given.whom(target, step_out)
        waiting: list[UUID] = []
        for person_id, why, absent in call.people:
            refused = standing.refused(before, given, person_id)
            if absent or refused:
                empty[target] = refused or absent
            else:
                waiting.append(person_id)
            if person_id in given.afresh or refused or _elsewhere(step_out, absent):
                continue
            # Whom one target covers, and another means for themselves, is rung.
            if meant.get(person_id, COVERED).startswith(COVERED):
                meant[person_id] = why
        if waiting:
            called.append((target, tuple(waiting)))
            empty.pop(target, None)
        elif target not in empty:
            empty[target] = call.empty or "nobody"
        if call.role is not None and call.people:
            roles[call.role] = call.people[0].person_id
    body: dict[str, object] = {"step": before.step + 1, "round": before.round + 1, "why": reason or "begun"}
    if empty:
        body["empty"] = empty
    record = Record(FactKind.ESCALATED if called else FactKind.STEP_SKIPPED, body)
    after = before._replace(
        state=State.RUNNING, step_began_at=now, rung=0, called=tuple(called), roles=tuple(roles.items()), missing=(),
        holders=(), held_since=None, asked_at=None,
    )  # fmt: skip
    # A step that is passed over sends no silent copies: the next one may mean them for themselves in this moment.
    loud = not called and before.priority is not Priority.CODE
    return Decided(
        after,
        (
            record,
            *(
                _page_or_ring(before, given, person_id, why, reason, step_out)
                for person_id, why in meant.items()
                if not (loud and why.startswith(COVERED))
            ),
        ),
    )


def _elsewhere(step_out: PolicyStep, absent: str) -> bool:
    """Whether the endpoints that a step names cannot call somebody at all: another step may have others."""
    return bool(step_out.endpoints) and absent == NO_ENDPOINT


def _page_or_ring(
    before: Escalation, given: Circumstances, person_id: UUID, why: str, reason: str, step_out: PolicyStep
) -> Command:
    if reason and not why.startswith(COVERED):
        why = f"step {before.step + 1}:{reason}"
    if person_id in given.deliveries:
        return Ring(person_id, why, step_out.endpoints)
    return Page(person_id, why, step_out.endpoints)


def _missing(before: Escalation, given: Circumstances, now: datetime) -> Decided:
    """Tell the desk of each part of the team that is missing, and call its backup at once."""
    step_out = before.policy.steps[before.step]
    commands: list[Command] = []
    called = dict(before.called)
    newly = standing.missing_parts(before, given, now)
    for part in newly:
        commands += (
            Record(FactKind.PART_MISSING, {"part": part.role, "needed": part.n}),
            Alarm(PART_MISSING, part.role),
        )
        if not part.backup:
            continue
        call = given.whom(part.backup, step_out)
        fresh = [one for one in call.people if one.person_id not in before.people]
        for person_id, _, absent in fresh:
            useless = standing.refused(before, given, person_id) or _elsewhere(step_out, absent)
            if person_id not in given.afresh and not useless:
                commands.append(_page_or_ring(before, given, person_id, "", "backup", step_out))
                given = given._replace(afresh=given.afresh | {person_id})
            if not absent:
                called[part.role] = (*called.get(part.role, ()), person_id)
    after = before._replace(called=tuple(called.items()), missing=(*before.missing, *(one.role for one in newly)))
    return Decided(after, tuple(commands))


def _resume(before: Escalation, given: Circumstances, now: datetime, why: str) -> Decided:
    """What was there is gone: whoever fell silent rings again, and the step has its whole time anew.

    A role that has changed hands while somebody else had it goes to its holder now, and rings nobody before them.
    """
    gone = tuple(person for person in before.holders if not standing.counts(before, given.deliveries.get(person)))
    after = _lapse(before, gone, now)._replace(
        step_began_at=now,
        rung=0,
        holders=(),
        held_since=None,
        asked_at=None,
        missing=(),
        closed_at=None,
        closed_why="",
    )
    handed = _hand_over(after, given, now)
    after, given = handed.escalation, _now_called(given, handed.commands)
    kinds = standing.step_out(after).endpoints
    again = [one for one in standing.still_called(after, given) if one not in given.afresh]
    rings = [Ring(person, f"step {after.step + 1}:{why}", kinds) for person in again]
    return Decided(after, (Record(FactKind.RESUMED, {"why": why, "step": after.step + 1}), *handed.commands, *rings))


def _hand_over(before: Escalation, given: Circumstances, now: datetime) -> Decided:
    """The alert follows its role: the next holder is called, the former is told."""
    after, commands = before, list[Command]()
    called = list(before.called)
    step_out = standing.step_out(before)
    through = {target: given.whom(target, step_out).role for target in step_out.targets}
    roles = dict(before.roles)
    resumed = False
    # Who is told that the alert has gone from them.
    gone: dict[UUID, None] = {}
    for role, new in given.turned.items():
        former = roles[role]
        roles[role] = new
        if former == new:
            continue
        written = f"hand_over:{ids.write_id(ids.ROLE, role)}"
        commands.append(
            Record(
                FactKind.HANDED_OVER,
                {"role": ids.write_id(ids.ROLE, role), "from": _write([former])[0], "to": _write([new])[0]},
            )
        )
        gone[former] = None
        people = given.whom(ids.write_id(ids.ROLE, role), step_out).people
        if all(one.person_id != new for one in people):
            people = (Called(new, written), *people)
        for person_id, why, absent in people:
            if person_id in given.afresh or standing.refused(after, given, person_id):
                continue
            call = Ring if person_id in given.deliveries else Page
            kinds = () if _elsewhere(step_out, absent) else step_out.endpoints
            commands.append(call(person_id, why if why.startswith((COVERED, COVERS)) else written, kinds))
            given = _now_called(given, commands)
        # The former one, and who covers for them, is waited for, and rung, no more: unless the step names them
        # otherwise, too. Nor is a new one whom nothing reaches.
        waited = tuple(one.person_id for one in people if not one.absent)
        entries, called = called, []
        relieved: dict[UUID, None] = {}
        for target, there in entries:
            leave = (former,) if not target else _of_role(before, given, target, there)
            if target and through.get(target) != role:
                leave = ()
            relieved.update(dict.fromkeys(leave))
            called.append((target, _replaced(there, leave, waited)))
        if waited and not any(set(waited).issubset(there) for _, there in called):
            called.append(("", waited))
        left = {person for _, there in called for person in there}
        if waited:
            go = {one: waited for one in (former, *relieved) if one not in left and one in given.deliveries}
            after = after._replace(leaving=tuple({**dict(after.leaving), **go}.items()))
        gone.update(relieved)
        if standing.gives_up(before, given, role):
            after, resumed = _lapse(after, (former,), now), True
    # Their devices fall silent at this word: whoever is meant otherwise, too, is not told it.
    meant = {person for _, there in called for person in there}
    commands += (Tell(one, "handed_over") for one in gone if one not in meant)
    after = after._replace(called=tuple(called), roles=tuple(roles.items()))
    if resumed:
        after = after._replace(
            state=State.RUNNING, step_began_at=now, rung=0, holders=(), held_since=None, asked_at=None
        )
        # Nobody has it now: whoever fell silent for the former holder rings again.
        again = [one for one in standing.still_called(after, given) if one not in given.afresh]
        commands += (
            Ring(one, f"step {max(0, after.step) + 1}:handed_over", step_out.endpoints)
            for one in again
            if one in given.deliveries
        )
    return Decided(after, tuple(commands))


def _of_role(before: Escalation, given: Circumstances, target: str, people: tuple[UUID, ...]) -> tuple[UUID, ...]:
    """Return who was called for a role itself: its holder, or who covers; not the backup of a part of a team."""
    step_out = standing.step_out(before)
    backups = [part.backup for part in step_out.quorum if part.role == target and part.backup]
    beside = {one.person_id for backup in backups for one in given.whom(backup, step_out).people}
    return tuple(one for one in people if one not in beside)


def _replaced(people: tuple[UUID, ...], leave: tuple[UUID, ...], by: tuple[UUID, ...]) -> tuple[UUID, ...]:
    """Put some people in the place of others, where those were."""
    stay = tuple(one for one in people if one not in leave)
    return people if len(stay) == len(people) else tuple(dict.fromkeys((*by, *stay)))


def _lapse(escalation: Escalation, people: Iterable[UUID], now: datetime) -> Escalation:
    return escalation._replace(lapsed=tuple({**dict(escalation.lapsed), **dict.fromkeys(people, now)}.items()))


def _relieve(before: Escalation, why: str) -> tuple[Command, ...]:
    """Somebody has it, or it is over: the desk is asked no more."""
    return (Over(UNANSWERED, why),) if before.state is State.EXHAUSTED else ()


def _close(escalation: Escalation, why: str, now: datetime) -> Decided:
    closed = escalation._replace(closed_at=now, closed_why=why)
    return Decided(closed, (Record(FactKind.CLOSED, {"why": why}),))


def _write(people: Iterable[UUID]) -> list[str]:
    return [ids.write_id(ids.PERSON, person) for person in people]
