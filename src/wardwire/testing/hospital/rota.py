"""Who works when in the sample hospital: twelve-hour shifts, four crews in turn; which nurse has which bed. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta, tzinfo
from math import lcm
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from wardwire.model.oncall_plan import Layer, Rota
from wardwire.testing.hospital.plan import CREWS, Duty, Hospital, Unit

DAY_BEGINS, NIGHT_BEGINS = time(7), time(19)


class Half(NamedTuple):
    """One shift of the house: [starts_at, ends_at), and the crew that works it."""

    starts_at: datetime
    ends_at: datetime
    crew: int
    day: date


class Turn(NamedTuple):
    """Who holds a role in a half."""

    role: str
    person: str
    half: Half


class Care(NamedTuple):
    """Who has a bed in a half; rank 1 is the primary nurse, 2 and 3 come after."""

    bed: str
    person: str
    rank: int
    half: Half


def halves(now: datetime, zone: tzinfo, *, hours: float) -> Iterator[Half]:
    """Give the shifts from the one that is on now until `hours` later, by the walls' clocks of `zone`."""
    until = now + timedelta(hours=hours)
    day = now.astimezone(zone).date() - timedelta(days=1)
    while True:
        for night in (False, True):
            half = _half(day, night, zone)
            if half.starts_at >= until:
                return
            if half.ends_at > now:
                yield half
        day += timedelta(days=1)


def _half(day: date, night: bool, zone: tzinfo) -> Half:
    starts = datetime.combine(day, NIGHT_BEGINS if night else DAY_BEGINS, zone)
    ends = datetime.combine(day + timedelta(days=night), DAY_BEGINS if night else NIGHT_BEGINS, zone)
    crew = (
        2 * (day.toordinal() % 2) + night
    )  # crews 0 and 2, Anna's, take the days in turn; 1 and 3, Ben's, the nights
    return Half(starts, ends, crew, day)


def turns(hospital: Hospital, half: Half) -> Iterator[Turn]:
    """Say who holds each role in a half."""
    for duty in hospital.duties:
        yield Turn(duty.name, _on_duty(duty, half), half)


def rotation(duty: Duty, now: datetime, zone: ZoneInfo, who: Mapping[str, UUID]) -> Rota:
    """Make the rotation of a role: the same turns as `turns` gives, for ever, by the walls' clocks of `zone`."""
    length = lcm(*(len(crew) for crew in duty.crews))
    day = now.astimezone(zone).date() - timedelta(days=1)  # the night that is on now began yesterday
    # Crews 0 and 1 begin on days of even number; with these, whoever is first of each crew.
    first = day - timedelta(days=day.toordinal() % (2 * length))
    order = [
        who[_on_duty(duty, _half(first + timedelta(days=days), night, zone))]
        for days in range(2 * length)
        for night in (False, True)
    ]
    layer = Layer("crews", tuple(order), datetime.combine(first, DAY_BEGINS), timedelta(hours=12))
    return Rota(zone.key, (layer,))


def _on_duty(duty: Duty, half: Half) -> str:
    crew = duty.crews[half.crew]
    return crew[half.day.toordinal() // 2 % len(crew)]


def crew_of(unit: Unit, half: Half) -> tuple[str, ...]:
    """Give the nurses of a unit who work a half."""
    return unit.nurses[half.crew :: CREWS]


def care(unit: Unit, half: Half) -> Iterator[Care]:
    """Deal the beds of a unit to its nurses: neighbours share a nurse, the next nurse is second, the lead third."""
    nurses = crew_of(unit, half)
    bedside, lead = nurses[:-1] or nurses, nurses[-1]
    for n, bed in enumerate(unit.beds):
        first = n * len(bedside) // len(unit.beds)
        ranks = dict.fromkeys((bedside[first], bedside[(first + 1) % len(bedside)], lead))
        for rank, person in enumerate(ranks, start=1):
            yield Care(bed.name, person, rank, half)
