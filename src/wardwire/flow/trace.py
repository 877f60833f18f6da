"""Retells one message from its facts: who did what when, on which node, in sentences; and what was promised.

Nothing of what the message says is in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from wardwire.flow.end import ALL_CLEAR
from wardwire.flow.escalate import IN_TIME
from wardwire.flow.statement import Sender, sender_of
from wardwire.flow.views import PromiseLine, read_stored
from wardwire.model import ids
from wardwire.model.delivery import Delivery, State
from wardwire.model.errors import Refused
from wardwire.model.facts import FactKind
from wardwire.model.oncall_time import find_zone
from wardwire.model.people import Directory
from wardwire.model.preferences import CUT, FAILED
from wardwire.model.priority import Kind
from wardwire.model.promise import BACKUP, DESK, HAND_OVER
from wardwire.model.routing import Stage
from wardwire.store.deliveries import load_deliveries, load_reasons
from wardwire.store.fact_reads import ToldFact, facts_of_message, lanes_of_writers
from wardwire.store.identities import first_result
from wardwire.store.messages import Message, load_messages

# A story of more hops is told up to here, and says so.
MOST_HOPS = 1_000
MOST_PEOPLE = 100


class Hop(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that happened. `after_s` counts from the moment at which the message was stored."""

    at: datetime
    after_s: float
    node: str
    what: str
    text: str
    person: str = ""
    device: str = ""


class Promise(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was promised for one recipient, and what happened; counted from the moment of storing.

    `promised_s` is the end of the time that the first stage had since the person was called; `delivered_s` when a
    device confirmed; `kept` is left out while that is still open.
    """

    person: str
    name: str
    why: str
    tries: str
    state: str
    promised_s: float | None = None
    delivered_s: float | None = None
    kept: bool | None = None


class Foretold(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line of the promise that the sender was given, and the fact beside it: `happened_s` is when it came so.

    `late_s`: by how much it came too late, where that is more than a second: the promise was not kept.
    """

    in_s: float
    who: str
    how: str
    happened_s: float | None = None
    late_s: float = 0.0


class Story(msgspec.Struct, frozen=True, omit_defaults=True):
    """The story of one message. `told_all` is false when it has more hops or people than are told."""

    message: str
    kind: str
    priority: str
    sender: Sender
    stored_at: datetime
    hops: list[Hop]
    people: list[Promise]
    told_all: bool = True
    ended_at: datetime | None = None
    ended_why: str = ""
    promise: list[Foretold] = []


async def read_story(connection: asyncpg.Connection, message_id: UUID, directory: Directory) -> Story | None:
    """Read and retell a message; None when there is none of this id."""
    message = (await load_messages(connection, [message_id])).get(message_id)
    if message is None:
        return None
    facts = await facts_of_message(connection, message_id)
    lanes = await lanes_of_writers(connection, sorted({fact.writer for fact in facts}))
    deliveries = await load_deliveries(connection, (), [message_id])
    whys = await load_reasons(connection, message_id)
    result = await first_result(connection, message.source, message.external_id)
    promise = read_stored(result).promise if result else []
    return retell(message, facts, lanes, deliveries, whys, directory, promise)


def retell(
    message: Message,
    facts: Sequence[ToldFact],
    lanes: Mapping[UUID, str],
    deliveries: Iterable[Delivery],
    whys: Mapping[UUID, str],
    directory: Directory,
    promise: Sequence[PromiseLine] = (),
) -> Story:
    """Make the story. Pure."""
    began = steps_of(facts, message.stored_at)
    handed = _handed_over(facts, message.stored_at)
    names = Names(directory)
    standing = {delivery.person_id: delivery for delivery in deliveries}
    hops = retell_facts(message, facts[:MOST_HOPS], lanes, standing.values(), directory)
    called = []
    for delivery in standing.values():
        person, why = ids.write_id(ids.PERSON, delivery.person_id), whys.get(delivery.person_id, "")
        how = why.partition(":")[0]
        if how == "hand_over":
            after = handed.get(person, next(iter(handed.values()), 0.0))
        else:
            after = began.get(how, [0.0])[0]
        called.append((after, names.person(delivery.person_id), person, delivery, why))
    called.sort(key=lambda one: one[:3])
    people = [_promise(delivery, message, why, names, after) for after, _, _, delivery, why in called[:MOST_PEOPLE]]
    return Story(
        message=ids.write_id(ids.MESSAGE, message.id),
        kind=message.kind,
        priority=message.priority,
        sender=sender_of(directory, message.sender_person, message.source),
        stored_at=message.stored_at,
        hops=hops,
        people=people,
        told_all=len(facts) <= MOST_HOPS and len(standing) <= MOST_PEOPLE,
        ended_at=message.ended_at,
        ended_why=message.ended_why or "",
        promise=_beside(promise, began),
    )


def retell_facts(
    message: Message,
    facts: Sequence[ToldFact],
    lanes: Mapping[UUID, str],
    deliveries: Iterable[Delivery],
    directory: Directory,
) -> list[Hop]:
    """Make a hop of each fact. Pure."""
    standing = {delivery.person_id: delivery for delivery in deliveries}
    names = Names(directory)
    return [_hop(fact, message, lanes, standing, names) for fact in facts]


def _beside(promise: Sequence[PromiseLine], began: Mapping[str, Sequence[float]]) -> list[Foretold]:
    """Put the facts beside what was promised: what is promised a second time, beside what happened a second time."""
    left = {how: list(times) for how, times in began.items()}
    lines = []
    for line in promise:
        happened = left[line.how].pop(0) if left.get(line.how) else None
        late = 0.0 if happened is None else happened - line.in_s
        lines.append(
            Foretold(
                line.in_s, line.who, line.how, happened, round(late, 3) if late > IN_TIME.total_seconds() else 0.0
            )
        )
    return lines


def steps_of(facts: Sequence[ToldFact], stored_at: datetime) -> dict[str, list[float]]:
    """Return after how many seconds what is promised of an escalation happened, by its name there."""
    began: dict[str, list[float]] = {}
    for fact in facts:
        name = _named_in_promise(fact)
        after = _after(fact, stored_at)
        if name and after not in began.setdefault(name, []):  # several are rung at once
            began[name].append(after)
    return began


def _after(fact: ToldFact, stored_at: datetime) -> float:
    return max(0.0, round((fact.at - stored_at).total_seconds(), 6))


def _handed_over(facts: Sequence[ToldFact], stored_at: datetime) -> dict[str, float]:
    """Return after how many seconds each person took over a role through which the message had gone."""
    return {
        str(json.loads(fact.body).get("to")): _after(fact, stored_at)
        for fact in facts
        if fact.kind == FactKind.HANDED_OVER
    }


def _named_in_promise(fact: ToldFact) -> str:
    match fact.kind:
        case FactKind.ESCALATED | FactKind.STEP_SKIPPED:
            return f"step {json.loads(fact.body).get('step')}"
        case FactKind.RUNG:
            step, _, why = str(json.loads(fact.body).get("why")).partition(":")
            return f"{step} again" if why == "again" else ""
        case FactKind.PART_MISSING:
            return BACKUP
        case FactKind.HANDED_OVER:
            return HAND_OVER
        case FactKind.EXHAUSTED:
            return DESK
    return ""


class Names:
    """How people, devices and reasons are called."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def person(self, person_id: UUID | None) -> str:
        person = self._directory.people.get(person_id) if person_id else None
        return person.name if person else "somebody"

    def device(self, fact: ToldFact) -> str:
        """`Dr. Chen's phone`, as far as it is known."""
        owner = self.person(fact.person_id)
        device = self._directory.devices.get(fact.device_id) if fact.device_id else None
        return f"{owner}'s {device.name if device else 'device'}"

    def written(self, written: str) -> str:
        """Name somebody by their written id."""
        try:
            return self.person(ids.read_id(ids.PERSON, written))
        except Refused:
            return written

    def preference(self, body: Mapping[str, Any]) -> str:
        """`default after own:Night` as `their own profile Night`."""
        whole = str(body.get("by", ""))
        cut = f" ({CUT.strip(', ')} by the site's ceiling)" if whole.endswith(CUT) else ""
        owner, _, name = whole.removeprefix(FAILED).removesuffix(CUT).rpartition(":")
        if owner in ("own", ""):
            return f"their own profile {name}{cut}"
        return f"the profile {name} of whoever {self.why(owner)}{cut}"

    def why_at(self, why: str, at: datetime) -> str:
        """As `why`; of a role with the instant, by the clock on its wall and in UTC."""
        how, _, written = why.partition(":")
        if how in _RULES or how == "hand_over":
            role = self._directory.roles.get(ids.read_id(ids.ROLE, written))
            if role is not None and role.rota is not None:
                local = at.astimezone(find_zone(role.rota.zone))
                return f"{self.why(why)}, {local.isoformat(timespec='seconds')} ({at.astimezone(UTC):%H:%M:%S}Z)"
        return self.why(why)

    def why(self, why: str) -> str:
        """`group:grp_…` as `in the group Ward 3`."""
        how, _, written = why.partition(":")
        try:
            if how == "group":
                group = self._directory.groups.get(ids.read_id(ids.GROUP, written))
                return f"in the group {group.name if group else written}"
            if how in _RULES:
                role = self._directory.roles.get(ids.read_id(ids.ROLE, written))
                return _RULES[how].format(role.name if role else written)
            if how == "hand_over":
                role = self._directory.roles.get(ids.read_id(ids.ROLE, written))
                return f"took over the role {role.name if role else written}"
            if how in ("covers", "covered"):
                other = self.written(written)
                return f"covers for {other}" if how == "covers" else f"covered by {other}: a silent copy"
            if how == "monitor":
                role = self._directory.roles.get(ids.read_id(ids.ROLE, written))
                return f"monitors the role {role.name if role else written}: a silent copy"
            if how == "bed":
                return f"has the bed, {written}"
            if how.startswith("step "):
                return f"called in {how}: {_REASONS.get(written, written.replace('_', ' '))}"
        except Exception:
            return why
        return "named by the sender" if how == "named" else why


# By which rule somebody was on call (model/oncall.py).
_RULES = {
    "role": "holds the role {}",
    "override": "holds the role {} by an override",
    "swap": "holds the role {} by a swap",
    "layer": "holds the role {} by its rotation",
    "fallback": "answers for the role {}",
}


def _hop(
    fact: ToldFact, message: Message, lanes: Mapping[UUID, str], standing: Mapping[UUID, Delivery], names: Names
) -> Hop:
    body = json.loads(fact.body)
    delivery = standing.get(fact.person_id) if fact.person_id else None
    return Hop(
        at=fact.at,
        after_s=max(0.0, round((fact.at - message.stored_at).total_seconds(), 6)),
        node=lanes.get(fact.writer, "").partition("/")[0] or fact.writer.hex[:8],
        what=fact.kind,
        text=_sentence(fact, body, message, delivery, names),
        person=ids.write_id(ids.PERSON, fact.person_id) if fact.person_id else "",
        device=ids.write_id(ids.DEVICE, fact.device_id) if fact.device_id else "",
    )


def _sentence(
    fact: ToldFact, body: Mapping[str, Any], message: Message, delivery: Delivery | None, names: Names
) -> str:
    who = names.person(fact.person_id)
    match fact.kind:
        case FactKind.STORED:
            sender = names.person(message.sender_person) if message.sender_person else message.source
            count = int(body.get("count", 0))
            kept = "here and on the standby" if body.get("durability") == "synchronous" else "on this machine alone"
            return f"stored for good {kept}: from {sender}, for {count} {'person' if count == 1 else 'people'}"
        case FactKind.EXPANDED:
            return f"prepared for the next {len(body.get('recipients', ()))} recipients"
        case FactKind.LEFT_OUT:
            return f"{who} was left out: {body.get('why', 'not said')}"
        case FactKind.PREFERRED:
            return f"{who} is tried by {body.get('tries')}, as {names.preference(body)} says"
        case FactKind.PREFERENCE_FAILED:
            return f"{who} is tried by {body.get('tries')}: {names.preference(body)} would have reached nobody"
        case FactKind.ATTEMPTED:
            return f"being sent to {who} by {body.get('channel', 'another channel')}"
        case FactKind.SENT:
            return f"handed over to the {body.get('channel')} relay for {who}; it took it, no more is known"
        case FactKind.SEND_FAILED:
            again = ", and will be tried again" if body.get("outcome") == "retry" else ""
            return f"not sent to {who} by {body.get('channel')}{again}: {body.get('detail', '')}"
        case FactKind.NOT_SENT:
            return f"not sent to {who} by {body.get('channel')}: {body.get('detail', 'nobody needed it any more')}"
        case FactKind.DELIVERED:
            return f"delivered to {names.device(fact)}"
        case FactKind.READ:
            return f"read by {who} on {names.device(fact)}"
        case FactKind.ANSWERED:
            return f"{_ANSWERS.get(str(body.get('state')), 'answered')} by {who}"
        case FactKind.HANDED_BACK:
            return f"handed back by {who}"
        case FactKind.NOT_CONFIRMED:
            return _not_confirmed(body, delivery, who)
        case FactKind.UNREACHABLE:
            if message.kind == Kind.TEST:
                return f"no device of {who} has said that it came; that is all that can be known"
            return f"nothing reached {who}; {_who_is_told(message)}"
        case FactKind.CANCELLED:
            word = {"recalled": "recalled", ALL_CLEAR: "all clear, said"}.get(str(body.get("why")), "cancelled")
            by = names.written(str(body["by"])) if "by" in body else "its sender"
            return f"{word} by {by} for {who}"
        case FactKind.EXPIRED:
            return f"expired before {who} answered; {_who_is_told(message)}"
        case FactKind.SENDER_TOLD:
            return f"the sender, {who}, has seen that it failed"
        case FactKind.ALARM_RAISED:
            return f"technical alarm raised{' again' if body.get('again') else ''}: {body.get('kind', 'not said')}"
        case FactKind.ALARM_TAKEN:
            return f"{who or body.get('by', 'somebody')} sees to it"
        case FactKind.ALARM_CLEARED:
            return f"technical alarm cleared: {body.get('why', 'not said')}"
        case FactKind.GLASS_USED:
            return f"seen by {who} by break-glass access"
        case FactKind.ESCALATED:
            return (
                f"step {body.get('step')} began: {_REASONS.get(str(body.get('why')), body.get('why'))}{_empty(body)}"
            )
        case FactKind.STEP_SKIPPED:
            return f"step {body.get('step')} was skipped at once: nobody to wait for{_empty(body)}"
        case FactKind.RUNG:
            return f"{who} was rung again"
        case FactKind.TAKEN:
            if fact.person_id:
                if body.get("why") == "handed_over":
                    return f"{who} fell silent: it was handed over, and {names.written(str(body.get('by')))} has it"
                return f"{who} fell silent: somebody else has it"
            return f"taken by {', '.join(names.written(one) for one in body.get('holders', ()))}"
        case FactKind.RESUMED:
            return f"nobody has it any more: step {body.get('step')} goes on"
        case FactKind.HANDED_OVER:
            former, new = (names.written(str(body.get(end))) for end in ("from", "to"))
            return f"followed its role from {former} to {new}"
        case FactKind.HOLDER_ASKED:
            return "whoever has it was asked whether they still do"
        case FactKind.KEPT:
            return f"{who} still has it"
        case FactKind.PART_MISSING:
            return f"of the team, {body.get('part')} is missing: the desk is told"
        case FactKind.EXHAUSTED:
            return "every step has passed: the operators' desk is asked"
        case FactKind.CLOSED:
            return f"closed: {body.get('why')}"
        case FactKind.REPORTED:
            held = (
                "; it is latched, and goes on until its source lets go of it" if body.get("did") == "latched" else ""
            )
            rule = f"by the rule {body['rule']!r}" if body.get("rule") else ""
            how = ", ".join(part for part in (body.get("origin", ""), rule) if part)
            return f"its source reported: {body.get('phase')}{held}{f' ({how})' if how else ''}"
        case FactKind.CLEARED:
            return f"over for {who}: its source has ended it"
        case FactKind.PROOF_FAILED:
            return "the signature of what was stored, or answered, does not verify"
    return fact.kind


_REASONS: dict[str, str] = {
    "begun": "from the beginning",
    "no_answer": "nobody had answered",
    "declined": "nobody was left who could answer",
    "holder_silent": "whoever had it did not say that they still do",
    "step_empty": "the step before was empty",
}


def _empty(body: Mapping[str, Any]) -> str:
    empty = body.get("empty") or {}
    return f" ({', '.join(f'{target}: {why}' for target, why in empty.items())})" if empty else ""


_ANSWERS: dict[str, str] = {State.ACCEPTED: "accepted", State.DECLINED: "declined", State.ANSWERED: "answered"}
_KINDS = {"app": "device", "email": "e-mail"}


def _who_is_told(message: Message) -> str:
    """A system has no device that could be told: then it is the operators' desk."""
    return "the sender is told" if message.sender_person else "the operators' desk is told"


def _not_confirmed(body: Mapping[str, Any], delivery: Delivery | None, who: str) -> str:
    stages: tuple[Stage, ...] = delivery.stages if delivery else ()
    passed = body.get("stage")
    if not isinstance(passed, int) or passed >= len(stages):
        return f"{who} did not confirm in time; the next endpoint is tried"
    stage = stages[passed]
    following = stages[passed + 1] if passed + 1 < len(stages) else stages[0]
    return f"no {_kinds(stage)} of {who} confirmed within {_span(stage.wait)}; next: {_kinds(following)}"


def _kinds(stage: Stage) -> str:
    return " or ".join("test" if kind.startswith("ept_") else _KINDS.get(kind, kind) for kind in stage.kinds)


def _span(wait: timedelta) -> str:
    return f"{wait.total_seconds():g} s"


def _promise(delivery: Delivery, message: Message, why: str, names: Names, called: float) -> Promise:
    promised = called + delivery.stages[0].wait.total_seconds() if delivery.stages else None
    delivered = (delivery.delivered_at - message.stored_at).total_seconds() if delivery.delivered_at else None
    kept: bool | None = None
    if delivered is not None:
        kept = promised is not None and delivered <= promised
    elif delivery.state is State.UNREACHABLE:
        kept = False
    return Promise(
        person=ids.write_id(ids.PERSON, delivery.person_id),
        name=names.person(delivery.person_id),
        why=names.why_at(why, message.stored_at + timedelta(seconds=called)),
        tries=", then ".join(f"{_kinds(stage)} for {_span(stage.wait)}" for stage in delivery.stages) or "nothing",
        state=delivery.state,
        promised_s=promised,
        delivered_s=delivered,
        kept=kept,
    )
