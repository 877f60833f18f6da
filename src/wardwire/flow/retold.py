"""Tells what became of a message in short lines that two runs can be compared by: when, what, who. Pure.

Left out is what another run need not have alike: how an outside channel's provider answered, and technical alarms.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

from wardwire.model import ids
from wardwire.model.facts import FactKind
from wardwire.store.fact_reads import ToldFact

Line = tuple[float, str]
"""Seconds after the beginning, and what happened."""

_OF_PEOPLE = frozenset(
    {
        FactKind.DELIVERED, FactKind.READ, FactKind.ANSWERED, FactKind.HANDED_BACK, FactKind.KEPT,
        FactKind.NOT_CONFIRMED, FactKind.UNREACHABLE, FactKind.RUNG, FactKind.CANCELLED, FactKind.CLEARED,
        FactKind.EXPIRED,
    }
)  # fmt: skip


def lines_of(
    facts: Iterable[ToldFact], begin: datetime, name: Callable[[UUID], str], part: Callable[[str], str] = str
) -> list[Line]:
    """Return one line a fact, in the order of their instants.

    Args:
        name: How a person is called.
        part: How a part of a team (a target of a step) is called.
    """
    told = ((fact, _say(fact, json.loads(fact.body), name, part)) for fact in facts)
    return [(round(max(0.0, (fact.at - begin).total_seconds()), 3), text) for fact, text in told if text]


def _say(fact: ToldFact, body: dict[str, object], name: Callable[[UUID], str], part: Callable[[str], str]) -> str:
    kind = fact.kind
    if kind in _OF_PEOPLE and fact.person_id is not None:
        what = str(body.get("why" if kind in (FactKind.RUNG, FactKind.CANCELLED) else "response") or "")
        if what.startswith("hand_over"):
            what = "hand_over"  # without the role's id
        return f"{kind} {name(fact.person_id)}{f': {what}' if what else ''}"
    match kind:
        case FactKind.ESCALATED | FactKind.STEP_SKIPPED:
            return f"{kind} step {body.get('step')}, round {body.get('round')}: {body.get('why')}"
        case FactKind.TAKEN if fact.person_id is not None:
            return f"Silent {name(fact.person_id)}"
        case FactKind.TAKEN | FactKind.HOLDER_ASKED:
            holders = body.get("holders")
            people = [name(ids.read_id(ids.PERSON, one)) for one in holders] if isinstance(holders, list) else []
            return f"{kind} {', '.join(people)}"
        case FactKind.HANDED_OVER:
            former, new = (name(ids.read_id(ids.PERSON, str(body[end]))) for end in ("from", "to"))
            return f"{kind} {former} to {new}"
        case FactKind.PART_MISSING:
            return f"{kind} {part(str(body.get('part')))}"
        case FactKind.RESUMED | FactKind.EXHAUSTED | FactKind.CLOSED:
            return f"{kind} {body.get('why')}"
    return ""


def compare(happened: Iterable[Line], expected: Iterable[Line], *, within_s: float) -> list[str]:
    """Say what is missing, what is too much, and what came at another time; [] = the same."""
    left: dict[str, list[float]] = {}
    for at, text in happened:
        left.setdefault(text, []).append(at)
    faults = []
    for at, text in expected:
        times = left.get(text)
        if not times:
            faults.append(f"missing: {text}, at {at:g} s")
        elif abs(times[0] - at) > within_s:
            faults.append(f"at another time: {text}, at {times.pop(0):g} s instead of {at:g} s")
        else:
            times.pop(0)
    faults += [f"too much: {text}, at {at:g} s" for text, times in left.items() for at in times]
    return faults
