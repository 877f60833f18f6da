"""Who works on the sample ward: people, groups, roles with their shifts, and the systems that send. Pure data."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from wardwire.model.rights import CODE

ANNA, BEN, CHEN, OKAFOR, DORA, EVA = "Anna", "Ben", "Dr. Chen", "Dr. Okafor", "Dora", "Eva"
LAB = "lab"  # an integration, not a person
SITE = "Ward 4 West"

WARD, CODE_TEAM = "Ward 4 West", "Code team"
CARDIOLOGY, IN_CHARGE, DESK = "Cardiology 1st", "Nurse in charge", "Operators' desk"


class Member(NamedTuple):
    """Somebody of the ward; `email` is where a message goes that no device of theirs confirmed."""

    name: str
    title: str
    scopes: tuple[str, ...] = ()
    email: str = ""


class Duty(NamedTuple):
    """A role: who holds it by day and by night, and who answers when nobody does."""

    name: str
    by_day: str
    by_night: str
    fallback: str


PEOPLE = (
    Member(ANNA, "Day nurse"),
    Member(BEN, "Night nurse"),
    Member(CHEN, "Cardiologist", (CODE,)),
    Member(OKAFOR, "Physician"),
    Member(DORA, "Operator"),
    Member(EVA, "Unit manager", email="eva@ward.example"),
)
GROUPS = {WARD: (ANNA, BEN, EVA), CODE_TEAM: (CHEN, OKAFOR, ANNA, BEN)}
DUTIES = (
    Duty(CARDIOLOGY, CHEN, CHEN, OKAFOR),
    Duty(IN_CHARGE, ANNA, BEN, EVA),
    Duty(DESK, DORA, DORA, EVA),
)

DAY_BEGINS, NIGHT_BEGINS = 7, 19  # o'clock


class Turn(NamedTuple):
    """One shift of a role, half-open."""

    role: str
    person: str
    starts_at: datetime
    ends_at: datetime


def turns(now: datetime, *, days: int = 2) -> list[Turn]:
    """Give the shifts of every role from the one that holds now, for so many days; in the time zone of `now`."""
    found = []
    first = now.replace(hour=DAY_BEGINS, minute=0, second=0, microsecond=0) - timedelta(days=1)
    for duty in DUTIES:
        for half in range(2 * (days + 1)):
            starts_at = first + timedelta(hours=12 * half)
            person = duty.by_day if half % 2 == 0 else duty.by_night
            turn = Turn(duty.name, person, starts_at, starts_at + timedelta(hours=NIGHT_BEGINS - DAY_BEGINS))
            if turn.ends_at > now:
                found.append(turn)
    return found
