"""Who of the sample hospital takes part in the demo: units that are played, and people who have a phone. Pure."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import NamedTuple

from wardwire.testing.hospital.plan import CODE_NURSES, EXCHANGED, HOME, Hospital, Unit
from wardwire.testing.hospital.rota import crew_of, halves, turns

LIVE_UNITS = (HOME, "ICU 1", "Emergency")
ALWAYS = ("Anna", "Ben", "Dr. Chen", "Dr. Okafor", "Dora", "Eva")
CHEN = "Dr. Chen"
EXCHANGING = f"{EXCHANGED} 1st"


class Cast(NamedTuple):
    """What is played.

    Attributes:
        units: Where things happen.
        nurses: Who is on duty there now, by unit.
        phones: Who has a phone, in an order that does not change.
        desk: Who sits at the operators' desk now.
    """

    units: tuple[Unit, ...]
    nurses: dict[str, tuple[str, ...]]
    phones: tuple[str, ...]
    desk: str


def choose_cast(hospital: Hospital, *, now: datetime, zone: tzinfo) -> Cast:
    """Choose: whoever is on duty in the played units, whoever holds a role now, who may swap shifts, and the six
    whom everybody knows.
    """
    half = next(halves(now, zone, hours=1))
    units = tuple(unit for unit in hospital.units if unit.name in LIVE_UNITS)
    nurses = {unit.name: crew_of(unit, half) for unit in units}
    held = {turn.role: turn.person for turn in turns(hospital, half)}
    charges = {unit.charge for unit in hospital.units} - {unit.charge for unit in units}
    phones = dict.fromkeys(
        [
            *ALWAYS,
            *(person for crew in nurses.values() for person in crew),
            *(person for role, person in held.items() if role not in charges),
            *hospital.groups[CODE_NURSES],
            *(
                person
                for duty in hospital.duties
                if duty.name == EXCHANGING
                for crew in duty.crews
                for person in crew
            ),
        ]
    )
    return Cast(units, nurses, tuple(phones), held["Operators' desk"])
