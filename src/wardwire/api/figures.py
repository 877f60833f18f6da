"""Figures over HTTP: what was sent, how long people waited, how soon they answered. No message, no patient."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

import asyncpg
import msgspec

from wardwire.api.instants import read_instant
from wardwire.api.operation import Answer, Call, Operation, Query
from wardwire.model import ids
from wardwire.model.errors import Code, Refused, Unavailable
from wardwire.model.matrix import Action
from wardwire.store.figures import count_traffic, count_usage, measure_responses, measure_waits

T = TypeVar("T")

LONGEST = timedelta(days=31)
USUAL = timedelta(days=7)
WAITS_SLOT = timedelta(hours=1)
PATIENCE_S = 20
KEYS = ("priority", "role", "unit", "day")


class TrafficOut(msgspec.Struct, frozen=True):
    """So many messages of a priority were stored in the slot that begins then."""

    at: datetime
    priority: str
    stored: int


class WaitsOut(msgspec.Struct, frozen=True):
    """How long recipients of an hour waited until a device confirmed: half of them at most `half_s`, 95 of 100 at
    most `most_s`. `reached` of the `people` have a confirmation.
    """

    at: datetime
    priority: str
    people: int
    reached: int
    half_s: float | None
    most_s: float | None


class FiguresOut(msgspec.Struct, frozen=True):
    """What was sent since an instant, in slots of `slot_s`, and how long people waited, by the hour."""

    since: datetime
    until: datetime
    slot_s: int
    traffic: list[TrafficOut]
    waits: list[WaitsOut]


class ResponseGroup(msgspec.Struct, frozen=True):
    """How soon the recipients of a group were reached and answered, in seconds from when the message was stored.

    `asked`: to so many of them an answer was offered; `answered` of them have given one. `half` and `most` are of
    half, and of 95 of 100, of those who did. `paper` of the people were called by hand while the site was away.
    """

    key: str
    name: str
    people: int
    reached: int
    asked: int
    answered: int
    delivered_half_s: float | None
    delivered_most_s: float | None
    answered_half_s: float | None
    answered_most_s: float | None
    paper: int = 0


class ResponseReport(msgspec.Struct, frozen=True):
    """Response times by group; tests and drills are left out."""

    since: datetime
    until: datetime
    by: str
    data: list[ResponseGroup]


class UsageDay(msgspec.Struct, frozen=True):
    """What was sent on a day (UTC): by how many people, and how many other systems."""

    day: str
    messages: int
    alerts: int
    chats: int
    senders: int
    systems: int


class UsageReport(msgspec.Struct, frozen=True):
    """What was sent, day by day."""

    since: datetime
    until: datetime
    data: list[UsageDay]


async def figures(call: Call) -> Answer:
    """Say what was sent of late, and how long people waited."""
    now, hours = call.deps.clock.now(), call.query["hours"]
    slot = timedelta(minutes=5) if hours <= 24 else timedelta(hours=1)
    since = _floor(now - timedelta(hours=hours), max(slot, WAITS_SLOT))
    traffic = await _count(call, lambda c: count_traffic(c, since, slot))
    waits = await _count(call, lambda c: measure_waits(c, since, WAITS_SLOT))
    shown = FiguresOut(
        since=since,
        until=now,
        slot_s=int(slot.total_seconds()),
        traffic=[TrafficOut(*one) for one in traffic],
        waits=[WaitsOut(*one[:4], _s(one.half_s), _s(one.most_s)) for one in waits],
    )
    return Answer(body=shown)


def _floor(at: datetime, slot: timedelta) -> datetime:
    return at - timedelta(seconds=at.timestamp() % slot.total_seconds())


async def responses(call: Call) -> Answer:
    """Report response times."""
    by = call.query["by"]
    if by not in KEYS:
        raise Refused(Code.INVALID, "one of " + ", ".join(KEYS), parameter="by")
    since, until = _span(call)
    roles = call.deps.rules().directory.roles
    data = []
    for one in await _count(call, lambda c: measure_responses(c, since, until, by)):
        name = one.key
        if by == "role" and one.key:
            role = roles.get(ids.read_id(ids.ROLE, one.key))
            name = role.name if role else one.key
        data.append(
            ResponseGroup(
                one.key, name, *one[1:5], _s(one.delivered_half_s), _s(one.delivered_most_s),
                _s(one.answered_half_s), _s(one.answered_most_s), one.paper,
            )
        )  # fmt: skip
    return Answer(body=ResponseReport(since, until, by, data))


async def usage(call: Call) -> Answer:
    """Report what was sent."""
    since, until = _span(call)
    data = [UsageDay(str(one.day), *one[1:]) for one in await _count(call, lambda c: count_usage(c, since, until))]
    return Answer(body=UsageReport(since, until, data))


def _span(call: Call) -> tuple[datetime, datetime]:
    until = read_instant(call, "until") or call.deps.clock.now()
    since = read_instant(call, "since") or until - USUAL
    if not timedelta(0) <= until - since <= LONGEST:
        raise Refused(Code.INVALID, f"at most {LONGEST.days} days, ending after they begin", parameter="since")
    return since, until


async def _count(call: Call, query: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
    """Run a query that reads much.

    Raises:
        Refused: `TOO_MANY`: it took too long, and was given up.
        Unavailable: The database is not there.
    """
    try:
        return await call.read(query, patience_s=PATIENCE_S)
    except Unavailable as error:
        if isinstance(error.__cause__, TimeoutError):
            detail = f"this took longer than {PATIENCE_S} s; ask for a shorter time"
            raise Refused(Code.TOO_MANY, detail, parameter="since") from error
        raise


def _s(seconds: object) -> float | None:
    return None if seconds is None else round(float(seconds), 3)  # type: ignore[arg-type]


_SINCE = Query(name="since", kind="string", about="By default seven days before `until`; at most 31 days.")
_UNTIL = Query(name="until", kind="string", about="By default now.")


def _report(id: str, path: str, about: str, handler: object, answer: object, *query: Query) -> Operation:
    return Operation(
        id=id, method="GET", path=path, tag="figures", about=about, handler=handler,  # type: ignore[arg-type]
        answers={200: answer}, action=Action.SITE_READ, refuses=(Code.TOO_MANY,), query=query,
    )  # fmt: skip


OPERATIONS = (
    _report(
        "getFigures", "/v1/figures", "Say what was sent of late, and how long people waited, by the hour.",
        figures, FiguresOut,
        Query(name="hours", kind="integer", about="So far back.", least=1, most=168, default=24),
    ),
    _report(
        "reportResponses", "/v1/reports/responses",
        "Report how soon people were reached and answered: by priority, role (by which they were called), unit (of "
        "the alert, for a week after its end) or day. Tests and drills are left out.",
        responses, ResponseReport, _SINCE, _UNTIL,
        Query(name="by", kind="string", about="`priority`, `role`, `unit` or `day`.", default="priority"),
    ),
    _report(
        "reportUsage", "/v1/reports/usage", "Report what was sent, day by day.", usage, UsageReport, _SINCE, _UNTIL
    ),
)  # fmt: skip
