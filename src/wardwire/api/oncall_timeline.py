"""Roles on call as a calendar draws them, over HTTP: days of a zone, and who holds what from when to when."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import chain, pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from wardwire.api.directory import cut_page, read_operation, show_shift
from wardwire.api.directory_wire import ShiftOut
from wardwire.api.oncall import show_swap, stretches
from wardwire.api.oncall_wire import Stretch, SwapOut
from wardwire.api.operation import Answer, Call, Query
from wardwire.api.paging import AFTER
from wardwire.directory.roles import write_fallback
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.matrix import Action, Owner, reaches
from wardwire.model.oncall_plan import Rota
from wardwire.model.oncall_rights import may_view
from wardwire.model.oncall_time import find_zone, in_reach, instant_of, wall_of
from wardwire.model.people import Directory, Role
from wardwire.model.places import PlaceKind
from wardwire.model.policy import DESK

MOST_DAYS = 42
MOST_ROLES = 20
HOUR = timedelta(hours=1)


class Day(msgspec.Struct, frozen=True):
    """A day of the zone, from its first instant to that of the next; `hours` is 23 or 25 where the clock changes."""

    date: str
    starts_at: datetime
    ends_at: datetime
    hours: float


class LayerLine(msgspec.Struct, frozen=True):
    """What a layer by itself would say, whatever goes before it; with nobody where it does not hold."""

    name: str
    stretches: list[Stretch]


class RoleLine(msgspec.Struct, frozen=True):
    """A role in these days: `final` is what comes of all its rules; shifts by hand (overrides too) are those that
    touch these days, swaps all that are open or agreed on. `may_change`: whether whoever asks may change them.
    `units`: those that have it for a function; `stands_in`: who answers while nobody holds it, "" = the desk.
    """

    role: str
    name: str
    zone: str
    fallback: str
    may_change: bool
    final: list[Stretch]
    layers: list[LayerLine]
    shifts: list[ShiftOut]
    swaps: list[SwapOut]
    units: list[str] = []
    stands_in: str = ""


class Timeline(msgspec.Struct, frozen=True):
    """A page of roles in these days; `next` is the `after` of the next page, null on the last."""

    zone: str
    now: datetime
    days: list[Day]
    data: list[RoleLine]
    next: str | None


def days_of(begin: date, count: int, zone: ZoneInfo) -> list[Day]:
    """Give days of a zone, each with its first instant and that of the next."""
    edges = [
        instant_of(datetime.combine(begin + timedelta(days=nth), datetime.min.time()), zone).at
        for nth in range(count + 1)
    ]
    return [
        Day((begin + timedelta(days=nth)).isoformat(), start, end, (end - start) / HOUR)
        for nth, (start, end) in enumerate(pairwise(edges))
    ]


async def get_timeline(call: Call) -> Answer:
    """Draw it."""
    directory, now = call.deps.rules().directory, call.deps.clock.now()
    wanted = call.query["role"]
    seen = [one for one in directory.roles.values() if not one.disabled and may_view(call.caller, one)]
    if wanted is not None:
        role_id = _role(wanted)
        seen = [one for one in seen if one.id == role_id]
    page, following, headers = cut_page(call, ids.ROLE, "/v1/on-call", seen)
    zone = _zone(call.query["zone"], page, directory)
    days = days_of(_begin(call.query["from"], now, zone), call.query["days"], zone)

    def draw() -> list[RoleLine]:
        return [_line(role, directory, days, call) for role in page]

    lines = await asyncio.to_thread(draw)
    return Answer(body=Timeline(zone.key, now, days, lines, following), headers=headers)


def _line(role: Role, directory: Directory, days: list[Day], call: Call) -> RoleLine:
    begin, end = days[0].starts_at, days[-1].ends_at
    shifts = [shift for shift in role.shifts if shift.starts_at < end and shift.ends_at > begin]
    return RoleLine(
        role=ids.write_id(ids.ROLE, role.id),
        name=role.name,
        zone=role.rota.zone if role.rota else "",
        fallback=write_fallback(role),
        may_change=reaches(call.caller, Action.SHIFT_WRITE, [Owner(people=role.owners)]),
        final=list(stretches(role, directory, begin, end)),
        layers=[LayerLine(name, list(found)) for name, found in _layers(role, directory, begin, end)],
        shifts=[
            show_shift(shift, directory) for shift in sorted(shifts, key=lambda one: (one.starts_at, one.version))
        ],
        swaps=[show_swap(swap) for swap in sorted(role.swaps, key=lambda one: one.id)],
        units=sorted(
            directory.place_name(unit) for unit, has in directory.unit_roles.items() if role.id in has.values()
        ),
        stands_in=_stands_in(role, directory),
    )


def _stands_in(role: Role, directory: Directory) -> str:
    written = write_fallback(role)
    if written == DESK:
        return ""
    if role.fallback is not None:
        return directory.person_name(role.fallback)
    group = directory.groups.get(ids.read_id(ids.GROUP, written))
    return group.name if group else written


def _layers(
    role: Role, directory: Directory, begin: datetime, end: datetime
) -> Iterator[tuple[str, Iterator[Stretch]]]:
    rota = role.rota or Rota("UTC")
    for layer in rota.layers:
        alone = replace(role, shifts=(), swaps=(), rota=rota._replace(layers=(layer,)))
        yield layer.name, stretches(alone, directory, begin, end)


def _role(written: str) -> UUID:
    try:
        return ids.read_id(ids.ROLE, written)
    except Refused as refused:
        raise Refused(Code.INVALID, refused.detail, parameter="role") from None


def _zone(written: str | None, roles: list[Role], directory: Directory) -> ZoneInfo:
    """Return the zone that is asked for, else that of the first schedule, else that of the first site, else UTC."""
    if written:
        try:
            return find_zone(written)
        except Refused as refused:
            raise Refused(refused.code, refused.detail, parameter="zone") from None
    schedules = (role.rota.zone for role in roles if role.rota)
    sites = (place.zone for place in directory.places.values() if place.kind is PlaceKind.SITE and place.zone)
    return find_zone(next(chain(schedules, sites), "UTC"))


def _begin(written: str | None, now: datetime, zone: ZoneInfo) -> date:
    if not written:
        return wall_of(now, zone).date()
    try:
        begin = date.fromisoformat(written)
    except ValueError:
        begin = date.min
    if not in_reach(datetime.combine(begin, datetime.min.time())):
        raise Refused(Code.INVALID, "a day such as 2026-11-01", parameter="from")
    return begin


OPERATIONS = (
    read_operation(
        "getTimeline", "/v1/on-call",
        "Draw roles as a calendar: who holds each from when to when, by all rules and by each layer alone.",
        get_timeline, Timeline,
        Query(name="role", kind="string", about="Only this role."),
        Query(name="from", kind="string", about="The first day, e.g. 2026-11-01; by default today."),
        Query(name="days", kind="integer", about="So many days.", least=1, most=MOST_DAYS, default=7),
        Query(name="zone", kind="string", about="Whose days; by default the zone of the first schedule."),
        Query(name="limit", kind="integer", about="So many roles at most.", least=1, most=MOST_ROLES, default=20),
        AFTER,
    ),
)  # fmt: skip
