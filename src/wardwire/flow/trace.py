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
from wardwire.flow.story_words import Words
from wardwire.flow.views import PromiseLine, read_stored
from wardwire.model import ids
from wardwire.model.delivery import Delivery, State
from wardwire.model.errors import Refused
from wardwire.model.facts import FactKind
from wardwire.model.oncall_time import find_zone
from wardwire.model.paper import WHY as PAPER
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


async def read_story(
    connection: asyncpg.Connection, message_id: UUID, directory: Directory, language: str = "en"
) -> Story | None:
    """Read and retell a message; None when there is none of this id.

    Args:
        language: As flow/story_words.Words.
    """
    message = (await load_messages(connection, [message_id])).get(message_id)
    if message is None:
        return None
    facts = await facts_of_message(connection, message_id)
    lanes = await lanes_of_writers(connection, sorted({fact.writer for fact in facts}))
    deliveries = await load_deliveries(connection, (), [message_id])
    whys = await load_reasons(connection, message_id)
    result = await first_result(connection, message.source, message.external_id)
    promise = read_stored(result).promise if result else []
    return retell(message, facts, lanes, deliveries, whys, directory, promise, language)


def retell(
    message: Message,
    facts: Sequence[ToldFact],
    lanes: Mapping[UUID, str],
    deliveries: Iterable[Delivery],
    whys: Mapping[UUID, str],
    directory: Directory,
    promise: Sequence[PromiseLine] = (),
    language: str = "en",
) -> Story:
    """Make the story. Pure."""
    began = steps_of(facts, message.stored_at)
    handed = _handed_over(facts, message.stored_at)
    names = Names(directory, language)
    standing = {delivery.person_id: delivery for delivery in deliveries}
    hops = retell_facts(message, facts[:MOST_HOPS], lanes, standing.values(), directory, language)
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
    language: str = "en",
) -> list[Hop]:
    """Make a hop of each fact. Pure."""
    standing = {delivery.person_id: delivery for delivery in deliveries}
    names = Names(directory, language)
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
    """How people, devices and reasons are called, in a language."""

    def __init__(self, directory: Directory, language: str = "en") -> None:
        self._directory = directory
        self.say = Words(language)

    def person(self, person_id: UUID | None) -> str:
        person = self._directory.people.get(person_id) if person_id else None
        return person.name if person else self.say("somebody")

    def device(self, fact: ToldFact) -> str:
        """`Dr. Chen's phone`, as far as it is known."""
        device = self._directory.devices.get(fact.device_id) if fact.device_id else None
        return self.say(
            "device", owner=self.person(fact.person_id), device=device.name if device else self.say("a_device")
        )

    def written(self, written: str) -> str:
        """Name somebody by their written id."""
        try:
            return self.person(ids.read_id(ids.PERSON, written))
        except Refused:
            return written

    def preference(self, body: Mapping[str, Any]) -> str:
        """`default after own:Night` as `their own profile Night`."""
        whole = str(body.get("by", ""))
        cut = self.say("by.cut") if whole.endswith(CUT) else ""
        owner, _, name = whole.removeprefix(FAILED).removesuffix(CUT).rpartition(":")
        if owner in ("own", ""):
            return self.say("by.own", name=name, cut=cut)
        return self.say("by.other", name=name, why=self.why(owner), cut=cut)

    def why_at(self, why: str, at: datetime) -> str:
        """As `why`; of a role with the instant, by the clock on its wall and in UTC."""
        how, _, written = why.partition(":")
        if how in _OF_ROLES:
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
                return self.say("group", name=group.name if group else written)
            if how in _OF_ROLES or how == "monitor":
                role = self._directory.roles.get(ids.read_id(ids.ROLE, written))
                return self.say(how, name=role.name if role else written)
            if how in ("covers", "covered"):
                return self.say(how, name=self.written(written))
            if how == "bed":
                return self.say("bed", name=written)
            if how.startswith("step "):
                reason = self.say.word(written, written.replace("_", " "))
                return self.say("step", step=how.removeprefix("step "), why=reason)
        except Exception:
            return why
        return self.say.word(how, why) if how in ("named", PAPER) else why


# By which rule somebody was on call (model/oncall.py); or the role came to them.
_OF_ROLES = frozenset({"role", "override", "swap", "layer", "fallback", "hand_over"})


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
    who, say = names.person(fact.person_id), names.say
    match fact.kind:
        case FactKind.STORED:
            sender = names.person(message.sender_person) if message.sender_person else message.source
            count = int(body.get("count", 0))
            kept = say("kept.synchronous" if body.get("durability") == "synchronous" else "kept.degraded")
            return say(f"Stored.{'one' if count == 1 else 'other'}", kept=kept, sender=sender, count=count)
        case FactKind.EXPANDED:
            return say("Expanded", count=len(body.get("recipients", ())))
        case FactKind.LEFT_OUT:
            return say("LeftOut", who=who, why=body.get("why", say("not_said")))
        case FactKind.PREFERRED | FactKind.PREFERENCE_FAILED:
            return say(fact.kind, who=who, tries=body.get("tries"), by=names.preference(body))
        case FactKind.ATTEMPTED:
            return say("Attempted", who=who, channel=_channel(body, say))
        case FactKind.SENT:
            return say("Sent", who=who, channel=_channel(body, say))
        case FactKind.SEND_FAILED:
            key = "SendFailed.retry" if body.get("outcome") == "retry" else "SendFailed"
            return say(key, who=who, channel=_channel(body, say), detail=body.get("detail", ""))
        case FactKind.NOT_SENT:
            detail = body.get("detail", say("NotSent.needless"))
            return say("NotSent", who=who, channel=_channel(body, say), detail=detail)
        case FactKind.DELIVERED:
            return say("Delivered", device=names.device(fact))
        case FactKind.READ:
            return say("Read", who=who, device=names.device(fact))
        case FactKind.ANSWERED:
            state = str(body.get("state"))
            return say(f"Answered.{state if state in _ANSWERS else State.ANSWERED}", who=who)
        case FactKind.HANDED_BACK:
            return say("HandedBack", who=who)
        case FactKind.NOT_CONFIRMED:
            return _not_confirmed(body, delivery, who, say)
        case FactKind.UNREACHABLE:
            if message.kind == Kind.TEST:
                return say("Unreachable.test", who=who)
            return say("Unreachable", who=who, told=_who_is_told(message, say))
        case FactKind.CANCELLED:
            why = str(body.get("why"))
            by = names.written(str(body["by"])) if "by" in body else say("its_sender")
            return say(f"Cancelled.{why if why in ('recalled', ALL_CLEAR) else 'cancelled'}", by=by, who=who)
        case FactKind.EXPIRED:
            return say("Expired", who=who, told=_who_is_told(message, say))
        case FactKind.SENDER_TOLD:
            return say("SenderTold", who=who)
        case FactKind.ALARM_RAISED:
            key = "AlarmRaised.again" if body.get("again") else "AlarmRaised"
            return say(key, kind=body.get("kind", say("not_said")))
        case FactKind.ALARM_TAKEN:
            return say("AlarmTaken", who=who or body.get("by", say("somebody")))
        case FactKind.ALARM_CLEARED:
            return say("AlarmCleared", why=body.get("why", say("not_said")))
        case FactKind.GLASS_USED:
            return say("GlassUsed", who=who)
        case FactKind.ESCALATED:
            why = say.word(str(body.get("why")), str(body.get("why")))
            return say("Escalated", step=body.get("step"), why=why, empty=_empty(body))
        case FactKind.STEP_SKIPPED:
            return say("StepSkipped", step=body.get("step"), empty=_empty(body))
        case FactKind.RUNG:
            return say("Rung", who=who)
        case FactKind.TAKEN:
            if not fact.person_id:
                return say("Taken", holders=", ".join(names.written(one) for one in body.get("holders", ())))
            if body.get("why") == "handed_over":
                return say("Taken.handed_over", who=who, by=names.written(str(body.get("by"))))
            return say("Taken.silent", who=who)
        case FactKind.RESUMED:
            return say("Resumed", step=body.get("step"))
        case FactKind.HANDED_OVER:
            former, new = (names.written(str(body.get(end))) for end in ("from", "to"))
            return say("HandedOver", former=former, new=new)
        case FactKind.HOLDER_ASKED:
            return say("HolderAsked")
        case FactKind.KEPT:
            return say("Kept", who=who)
        case FactKind.PART_MISSING:
            return say("PartMissing", part=body.get("part"))
        case FactKind.EXHAUSTED:
            return say("Exhausted")
        case FactKind.CLOSED:
            return say("Closed", why=body.get("why"))
        case FactKind.REPORTED:
            rule = say("by_rule", rule=body["rule"]) if body.get("rule") else ""
            how = ", ".join(part for part in (body.get("origin", ""), rule) if part)
            held = say("latched") if body.get("did") == "latched" else ""
            return say("Reported", phase=body.get("phase"), held=held, how=f" ({how})" if how else "")
        case FactKind.ENTERED:
            outcome = say.word(f"outcome.{body.get('outcome')}", say("not_said"))
            by, called, at = names.written(str(body.get("by"))), body.get("called_at"), body.get("outcome_at")
            return say("Entered", by=by, who=who, called=called, outcome=outcome, at=at)
        case FactKind.CLEARED:
            return say("Cleared", who=who)
        case FactKind.PROOF_FAILED:
            return say("ProofFailed")
    return fact.kind


_ANSWERS = frozenset({State.ACCEPTED, State.DECLINED, State.ANSWERED})


def _channel(body: Mapping[str, Any], say: Words) -> str:
    channel = body.get("channel")
    return say.word(f"channel.{channel}", str(channel)) if channel else say("another_channel")


def _empty(body: Mapping[str, Any]) -> str:
    empty = body.get("empty") or {}
    return f" ({', '.join(f'{target}: {why}' for target, why in empty.items())})" if empty else ""


def _who_is_told(message: Message, say: Words) -> str:
    """A system has no device that could be told: then it is the operators' desk."""
    return say("told.sender" if message.sender_person else "told.desk")


def _not_confirmed(body: Mapping[str, Any], delivery: Delivery | None, who: str, say: Words) -> str:
    stages: tuple[Stage, ...] = delivery.stages if delivery else ()
    passed = body.get("stage")
    if not isinstance(passed, int) or passed >= len(stages):
        return say("NotConfirmed.bare", who=who)
    stage = stages[passed]
    following = stages[passed + 1] if passed + 1 < len(stages) else stages[0]
    return say(
        "NotConfirmed", kinds=_kinds(stage, say), who=who, span=_span(stage.wait), following=_kinds(following, say)
    )


def _kinds(stage: Stage, say: Words) -> str:
    return say("or").join(
        say("kind.test") if kind.startswith("ept_") else say.word(f"kind.{kind}", kind) for kind in stage.kinds
    )


def _span(wait: timedelta) -> str:
    return f"{wait.total_seconds():g} s"


def _tries(stages: Sequence[Stage], say: Words) -> str:
    each = (say("stage", kinds=_kinds(stage, say), span=_span(stage.wait)) for stage in stages)
    return say("then").join(each) or say("nothing")


def _promise(delivery: Delivery, message: Message, why: str, names: Names, called: float) -> Promise:
    promised = called + delivery.stages[0].wait.total_seconds() if delivery.stages else None
    delivered = (delivery.delivered_at - message.stored_at).total_seconds() if delivery.delivered_at else None
    kept: bool | None = None
    if not delivery.stages:
        pass  # made by hand: nothing was promised
    elif delivered is not None:
        kept = promised is not None and delivered <= promised
    elif delivery.state is State.UNREACHABLE:
        kept = False
    return Promise(
        person=ids.write_id(ids.PERSON, delivery.person_id),
        name=names.person(delivery.person_id),
        why=names.why_at(why, message.stored_at + timedelta(seconds=called)),
        tries=_tries(delivery.stages, names.say),
        state=delivery.state,
        promised_s=promised,
        delivered_s=delivered,
        kept=kept,
    )
