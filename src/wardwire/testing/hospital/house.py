"""Makes of the sample hospital what a site's directory takes: ids, shifts of the next days, beds, policies. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from wardwire.directory.entering import House
from wardwire.model import ids
from wardwire.model.people import Endpoint, Group, Person, Role, Shift
from wardwire.model.places import Assignment, Place, PlaceKind, Rank
from wardwire.model.policy import Ends, Policy, Quorum, Step
from wardwire.testing.hospital.plan import CODE_NURSES, Hospital, Unit
from wardwire.testing.hospital.rota import care, halves, rotation, turns

MONITOR, CODE_BLUE = "Monitor alarm", "Code blue"
DAYS = 2
RANKS = (Rank.PRIMARY, Rank.SECONDARY, Rank.TERTIARY)


class Made(NamedTuple):
    """A house to be entered, and the people in it by name."""

    house: House
    people: dict[str, UUID]


def on_call_policy(service: str) -> str:
    """Name the policy by which a service is called: whoever is on call, then the second."""
    return f"{service} on call"


def make_house(hospital: Hospital, *, now: datetime, zone: tzinfo, pace: float = 1.0) -> Made:
    """Make the house.

    Args:
        zone: Where it is a named one, roles have rotations, which hand over for ever; otherwise shifts of two days.
        pace: Waits of policies are divided by it: for those who want to see in a minute what takes an hour.
    """
    people = {
        name: Person(id=ids.new_id(now), name=name, title=worker.title, scopes=frozenset(worker.scopes))
        for name, worker in hospital.workers.items()
    }
    who = {name: person.id for name, person in people.items()}
    endpoints = tuple(
        Endpoint(id=ids.new_id(now), person_id=who[name], kind="email", address=worker.email)
        for name, worker in hospital.workers.items()
        if worker.email
    )
    groups = tuple(
        Group(id=ids.new_id(now), name=name, members=tuple(who[member] for member in members))
        for name, members in hospital.groups.items()
    )
    roles = {
        duty.name: Role(
            id=ids.new_id(now),
            name=duty.name,
            fallback=who[duty.fallback],
            rota=rotation(duty, now, zone, who) if isinstance(zone, ZoneInfo) else None,
        )
        for duty in hospital.duties
    }
    shifts, assignments = [], []
    policies = make_policies(hospital, now=now, pace=pace)
    monitor = next(policy for policy in policies if policy.name == MONITOR)
    places = _places(hospital, now, monitor.id)
    beds = {place.name: place.id for place in places if place.kind is PlaceKind.BED}
    for half in halves(now, zone, hours=24 * DAYS):
        for turn in turns(hospital, half) if not isinstance(zone, ZoneInfo) else ():
            shifts.append(
                Shift(
                    id=ids.new_id(now),
                    role_id=roles[turn.role].id,
                    person_id=who[turn.person],
                    starts_at=half.starts_at,
                    ends_at=half.ends_at,
                    version=0,
                )
            )
        for unit in hospital.units:
            for given in care(unit, half):
                assignments.append(
                    Assignment(
                        id=ids.new_id(now),
                        place_id=beds[given.bed],
                        person_id=who[given.person],
                        rank=RANKS[given.rank - 1],
                        starts_at=half.starts_at,
                        ends_at=half.ends_at,
                        version=0,
                    )
                )
    house = House(
        people=tuple(people.values()),
        endpoints=endpoints,
        groups=groups,
        roles=tuple(roles.values()),
        shifts=tuple(shifts),
        policies=policies,
        places=places,
        assignments=tuple(assignments),
    )
    return Made(house, who)


def make_policies(hospital: Hospital, *, now: datetime, pace: float) -> tuple[Policy, ...]:
    """Make the policies: of monitors' alarms, of each service on call, of resuscitation."""

    def seconds(wait: float) -> timedelta:
        return timedelta(seconds=max(1.0, wait / pace))

    def policy(name: str, *steps: Step, loops: int = 0) -> Policy:
        return Policy(
            id=ids.new_id(now),
            name=name,
            version=0,
            steps=steps,
            loops=loops,
            still_active=seconds(900),
            ask_wait=seconds(60),
        )

    monitor = policy(
        MONITOR,
        Step(targets=("bed:primary",), wait=seconds(60)),
        Step(targets=("bed:secondary",), wait=seconds(60)),
        Step(targets=("bed:tertiary",), wait=seconds(60)),
    )
    leader, airway, nurses = "role:Intensive Care 1st", "role:Anaesthesia 1st", f"group:{CODE_NURSES}"
    code = policy(
        CODE_BLUE,
        Step(
            targets=(leader, airway, nurses),
            wait=seconds(120),
            ends=Ends.QUORUM,
            quorum=(
                Quorum(leader, 1, "role:Intensive Care 2nd", seconds(30)),
                Quorum(airway, 1, "role:Anaesthesia 2nd", seconds(30)),
                Quorum(nurses, 2, "", seconds(30)),
            ),
        ),
        loops=3,
    )
    critical = [
        policy(
            on_call_policy(duty.service),
            Step(targets=(f"role:{duty.service} 1st",), wait=seconds(300)),
            Step(targets=(f"role:{duty.service} 2nd",), wait=seconds(300)),
        )
        for duty in hospital.duties
        if duty.name.endswith(" 1st")
    ]
    return (monitor, code, *critical)


def _places(hospital: Hospital, now: datetime, policy: UUID) -> tuple[Place, ...]:
    """Units with their rooms and beds, each after what it stands in."""
    found: list[Place] = []
    for unit in hospital.units:
        ward = Place(id=ids.new_id(now), kind=PlaceKind.UNIT, parent=None, name=unit.name, policy=policy)
        rooms = {
            name: Place(id=ids.new_id(now), kind=PlaceKind.ROOM, parent=ward.id, name=name)
            for name in dict.fromkeys(bed.room for bed in unit.beds)
        }
        beds = [
            Place(id=ids.new_id(now), kind=PlaceKind.BED, parent=rooms[bed.room].id, name=bed.name)
            for bed in unit.beds
        ]
        found += [ward, *rooms.values(), *beds]
    return tuple(found)


def only(hospital: Hospital, units: tuple[Unit, ...]) -> Hospital:
    """Give the same hospital as if it had these units only: what happens, happens there."""
    return replace(hospital, units=units)
