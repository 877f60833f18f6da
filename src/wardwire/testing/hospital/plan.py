"""The sample hospital as data: its units with their beds, its people, their roles and teams."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from wardwire.model.rights import CODE
from wardwire.testing.hospital.habits import PROMPT, SLOW, Habit, pick_habit
from wardwire.testing.hospital.names import names

SITE = "Sample Hospital"
DESK = "Operators' desk"
LAB = "lab"
MONITORS = "monitors"  # the alarm system that speaks HL7
CODE_NURSES = "Code nurses"
EXCHANGED = "Cardiology"  # the service whose physicians swap shifts: all who take turns have a phone
HOME = "4 West"  # where Anna, Ben and Eva work
CREWS = 4  # day, night, and two that are off
SERVICES = (
    "Cardiology", "Internal Medicine", "Surgery", "Neurology", "Orthopaedics", "Paediatrics", "Oncology",
    "Nephrology", "Pulmonology", "Intensive Care", "Anaesthesia", "Emergency Medicine", "Radiology", "Psychiatry",
)  # fmt: skip


class Bed(NamedTuple):
    """A bed with its place."""

    name: str
    room: str
    unit: str


class Unit(NamedTuple):
    """A unit: `kind` is `ward`, `intensive` or `emergency`."""

    name: str
    kind: str
    beds: tuple[Bed, ...]
    nurses: tuple[str, ...]
    manager: str

    @property
    def charge(self) -> str:
        """The name of its charge nurse's role."""
        return f"Charge nurse {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """Somebody who works there; `email` is where a message goes that no device of theirs confirmed."""

    name: str
    title: str
    unit: str
    habit: Habit
    scopes: tuple[str, ...] = ()
    email: str = ""


class Duty(NamedTuple):
    """A role: crews that take turns, and who answers when nobody does."""

    name: str
    crews: tuple[tuple[str, ...], ...]
    fallback: str
    service: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hospital:
    """All of it. Names are the keys: no two of one kind are alike."""

    seed: int
    units: tuple[Unit, ...]
    workers: dict[str, Worker]
    duties: tuple[Duty, ...]
    groups: dict[str, tuple[str, ...]]

    @property
    def beds(self) -> Iterator[Bed]:
        """Every bed."""
        return (bed for unit in self.units for bed in unit.beds)

    def unit(self, name: str) -> Unit:
        """Return a unit by its name."""
        return next(unit for unit in self.units if unit.name == name)


class _Hiring:
    """Hires people one after the other, seeded."""

    def __init__(self, seed: int) -> None:
        self._names = names(seed)
        self._chance = Random(f"habits {seed}")
        self.workers: dict[str, Worker] = {}

    def known(
        self, name: str, title: str, unit: str = "", scopes: tuple[str, ...] = (), habit: Habit = PROMPT
    ) -> str:
        """Hire somebody whom every test and every page of ours knows."""
        email = f"{name.lower()}@hospital.example" if name == "Eva" else ""
        self.workers[name] = Worker(name=name, title=title, unit=unit, habit=habit, scopes=scopes, email=email)
        return name

    def some(
        self, count: int, title: str, unit: str = "", *, scopes: tuple[str, ...] = (), first: tuple[str, ...] = ()
    ) -> tuple[str, ...]:
        """Hire so many, of whom the first are known already."""
        hired = list(first)
        while len(hired) < count:
            given, family = next(self._names)
            name = f"Dr. {given} {family}" if "hysician" in title else f"{given} {family}"
            habit = pick_habit(self._chance)
            self.workers[name] = Worker(name=name, title=title, unit=unit, habit=habit, scopes=scopes)
            hired.append(name)
        return tuple(hired)


def make_hospital(seed: int = 4, *, staff: int = 800, wards: int = 20) -> Hospital:
    """Make the hospital.

    Args:
        staff: People in all; units and services have their least crew also when that is more.
        wards: Wards of 24 beds, beside two intensive care units of 12 and an emergency department of 30.
    """
    hiring = _Hiring(seed)
    operators = hiring.some(8, "Operator", scopes=(CODE,), first=(hiring.known("Dora", "Operator", scopes=(CODE,)),))
    physicians = {
        service: hiring.some(6, f"Physician, {service}", scopes=(CODE,), first=_known_physicians(hiring, service))
        for service in SERVICES
    }
    sizes = _sizes(wards)
    a_share = max(0, staff - len(hiring.workers) - 2 * len(sizes)) / sum(size.nurses for size in sizes)
    units = tuple(_open(hiring, size, int(size.nurses * a_share)) for size in sizes)
    hiring.some(staff - len(hiring.workers), "Therapist")
    groups = {unit.name: (*unit.nurses, unit.manager) for unit in units}
    groups[CODE_NURSES] = tuple(unit.nurses[n] for unit in units if unit.kind == "intensive" for n in range(CREWS))
    duties = [Duty(DESK, _crews(operators), operators[0]), *(_charge(unit) for unit in units)]
    for service, people in physicians.items():
        duties.append(Duty(f"{service} 1st", _crews(people[0::2]), people[0], service))
        duties.append(Duty(f"{service} 2nd", _crews(people[1::2]), people[1], service))
    return Hospital(seed=seed, units=units, workers=hiring.workers, duties=tuple(duties), groups=groups)


class _Size(NamedTuple):
    """How large a unit is; nurses count relative to those of the other units."""

    name: str
    kind: str
    beds: int
    nurses: int


def _sizes(wards: int) -> list[_Size]:
    sides = ("West", "East", "North", "South")
    named = [f"{floor} {side}" for floor in range(4, 4 + -(-wards // 4)) for side in sides]
    return [
        *(_Size(name, "ward", 24, 24) for name in named[:wards]),
        _Size("ICU 1", "intensive", 12, 40),
        _Size("ICU 2", "intensive", 12, 40),
        _Size("Emergency", "emergency", 30, 48),
    ]


def _known_physicians(hiring: _Hiring, service: str) -> tuple[str, ...]:
    if service != "Cardiology":
        return ()
    return tuple(hiring.known(name, f"Physician, {service}", scopes=(CODE,)) for name in ("Dr. Chen", "Dr. Okafor"))


def _open(hiring: _Hiring, size: _Size, nurses: int) -> Unit:
    """Open a unit: its beds, its nurses, its manager."""
    name = size.name
    known: tuple[str, ...] = ()
    if name == HOME:
        known = (hiring.known("Anna", "Day nurse", name), hiring.known("Ben", "Night nurse", name))
        manager = hiring.known("Eva", "Unit manager", name, habit=SLOW)
    else:
        (manager,) = hiring.some(1, "Unit manager", name)
    # Two to a crew at least: one who leads, and one who has the beds.
    return Unit(
        name,
        size.kind,
        _beds(name, size.beds),
        hiring.some(max(2 * CREWS, nurses), "Nurse", name, first=known),
        manager,
    )


def _beds(unit: str, count: int) -> tuple[Bed, ...]:
    """Two beds a room; `4W-12` is bed 12 of 4 West, `ICU1-3` of ICU 1, `EM-30` of Emergency."""
    first, _, rest = unit.partition(" ")
    short = f"{first}{rest[:1]}" if rest else first[:2].upper()
    return tuple(Bed(f"{short}-{n}", f"{short} room {(n + 1) // 2}", unit) for n in range(1, count + 1))


def _crews(people: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Deal people to the crews in turn; a crew that would be empty borrows."""
    return tuple(tuple(people[n::CREWS]) or (people[n % len(people)],) for n in range(CREWS))


def _charge(unit: Unit) -> Duty:
    """The last nurse of each crew leads it, so that the first ones have beds."""
    return Duty(unit.charge, tuple((crew[-1],) for crew in _crews(unit.nurses)), unit.manager)
