"""A ward by chance, for simulated alerts: people with statuses and covers, nested groups, roles that change hands on
the nights of the clock, preferences, policies. Seeded, and nothing of it is kept.

What could not be saved is among it on purpose: covers that lead back, hours that never come.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from wardwire.model import directory as merge
from wardwire.model import ids
from wardwire.model.coverage import HOLD, NUMBER
from wardwire.model.oncall_plan import Agreed, Layer, Rota, Swap, Window
from wardwire.model.oncall_time import wall_of
from wardwire.model.people import KINDS, Device, Directory, Endpoint, Group, Person, Role, Shift, Status
from wardwire.model.places import Assignment, Place, PlaceKind, Rank, UnitRole
from wardwire.model.policy import Answer, Ends, Policy, Quorum, Step
from wardwire.model.preferences import Preferences, Profile
from wardwire.model.priority import Priority
from wardwire.model.quiet import read_quiet
from wardwire.model.stages import Stage

_M = timedelta(minutes=1)
# When alerts begin: in the hour before the clocks turn, or on an ordinary evening.
NIGHTS = (
    ("America/Chicago", datetime(2026, 12, 1, 18, tzinfo=UTC)),
    ("America/Chicago", datetime(2026, 11, 1, 7, tzinfo=UTC)),
    ("America/Chicago", datetime(2027, 3, 14, 8, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 10, 25, 1, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2027, 3, 28, 1, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2027, 4, 3, 15, tzinfo=UTC)),
    ("Asia/Kolkata", datetime(2028, 2, 28, 18, 30, tzinfo=UTC)),  # a leap day begins
)
_TARGETS = (
    "bed:primary", "bed:secondary", "bed:tertiary", "unit:charge nurse", "desk", "G0", "G1", "G2", "G3", "R0", "R1",
    "R2", "role:R1", "next:R0", "next:R2", "P1", "P2", "P4", "P6",
)  # fmt: skip
_STATUSES = (
    *(Status.AVAILABLE,) * 6, Status.BUSY, Status.OFF, Status.DO_NOT_DISTURB, Status.IN_PROCEDURE,
)  # fmt: skip
_LENGTHS = (15 * _M, 20 * _M, 50 * _M, 60 * _M, 720 * _M, 1440 * _M)
PEOPLE = 8


class Ward(NamedTuple):
    """What alerts of a ward are decided by.

    Attributes:
        begin: When its alerts begin.
        desk: Who the operators' desk is; "" = it has none.
    """

    directory: Directory
    begin: datetime
    desk: str
    zone: str


def an_id(number: int) -> UUID:
    """Make an id of a small number."""
    return ids.make_id(number.to_bytes(16, "big"))


BED, UNIT = an_id(0x500), an_id(0x501)
_PEOPLE = tuple(an_id(nth) for nth in range(1, PEOPLE + 1))
_ROLES = tuple(an_id(0x200 + nth) for nth in range(4))


def make_ward(rng: Random) -> Ward:
    """Make eight people, some without a device, away or disabled, and everything by which they are called."""
    zone, turn = rng.choice(NIGHTS)
    begin = turn - rng.randrange(60) * _M
    directory = Directory()
    merge.merge_people(directory, [_person(rng, person_id, begin) for person_id in _PEOPLE])
    _make_endpoints(rng, directory, begin, zone)
    merge.merge_groups(directory, _groups(rng))
    merge.merge_roles(directory, *_roles(rng, begin, zone))
    merge.merge_places(
        directory,
        [
            Place(id=UNIT, kind=PlaceKind.UNIT, parent=None, name="4 West"),
            Place(id=BED, kind=PlaceKind.BED, parent=UNIT, name="1"),
        ],
    )
    merge.merge_unit_roles(directory, [UnitRole(UNIT, "charge nurse", rng.choice((None, *_ROLES[:3])))])
    merge.merge_assignments(directory, _assignments(rng, begin), [])
    owners = [
        *((ids.PERSON, one) for one in _PEOPLE if rng.random() < 0.4),
        *((ids.GROUP, one) for one in directory.groups if rng.random() < 0.3),
        *((ids.ROLE, one) for one in directory.roles if rng.random() < 0.2),
    ]
    if rng.random() < 0.7:
        made = [make_preferences(rng, kind, owner, begin, zone) for kind, owner in owners]
        merge.merge_preferences(directory, made)
    return Ward(directory, begin, rng.choice(("P5", "P5", "R3", "G3", "")), zone)


def _person(rng: Random, person_id: UUID, begin: datetime) -> Person:
    status = rng.choice(_STATUSES)
    until = begin + rng.randrange(1, 40) * _M if rng.random() < 0.4 else None
    covers = (
        "", HOLD, f"{NUMBER}+1 555 0100", ids.write_id(ids.PERSON, rng.choice(_PEOPLE)),
        ids.write_id(ids.PERSON, rng.choice(_PEOPLE)), ids.write_id(ids.ROLE, rng.choice(_ROLES)),
    )  # fmt: skip
    return Person(
        id=person_id,
        name=f"P{person_id.int}",
        status=status,
        status_until=until,
        cover="" if status is Status.AVAILABLE else rng.choice(covers),
        disabled=rng.random() < 0.1,
    )


def _make_endpoints(rng: Random, directory: Directory, begin: datetime, zone: str) -> None:
    merge.merge_devices(
        directory,
        [
            Device(id=an_id(one.int << 8), person_id=one, name="", app_version="", nkey=f"U{one.int}", x25519=b"")
            for one in _PEOPLE
            if rng.random() < 0.85
        ],
    )
    night = (read_quiet(f"mon-sun 00:00-07:00 {zone}"),)
    merge.merge_endpoints(
        directory,
        [
            Endpoint(
                id=an_id(0x700 + one.int * 8 + nth), person_id=one, kind=kind, address="",
                emergency_only=rng.random() < 0.2,
                until=begin + rng.randrange(1, 60) * _M if rng.random() < 0.2 else None,
                quiet=night if rng.random() < 0.2 else (),
                disabled=rng.random() < 0.1,
            )
            for one in _PEOPLE
            for nth, kind in enumerate(("pager", "email", "voice"))
            if rng.random() < 0.25
        ],
    )  # fmt: skip


def _groups(rng: Random) -> list[Group]:
    """Some empty, some disabled, one within another, and one within that."""
    made: list[Group] = []
    for nth in range(4):
        made.append(
            Group(
                id=an_id(0x100 + nth),
                name=f"G{nth}",
                members=tuple(rng.sample(_PEOPLE, rng.choice((0, 0, 1, 2, 4)))),
                groups=tuple(group.id for group in made if rng.random() < 0.4),
                disabled=rng.random() < 0.1,
            )
        )
    return made


def _roles(rng: Random, begin: datetime, zone: str) -> tuple[list[Role], list[Shift], list[Shift], list[Swap]]:
    roles, shifts, swaps = list[Role](), list[Shift](), list[Swap]()
    for role_id in _ROLES:
        fallback = rng.choice((None, *_PEOPLE[:2]))
        roles.append(
            Role(
                id=role_id,
                name=f"R{role_id.int - _ROLES[0].int}",
                fallback=fallback,
                fallback_to=ids.write_id(ids.GROUP, an_id(0x102)) if fallback is None and rng.random() < 0.5 else "",
                rota=_rota(rng, begin, zone) if rng.random() < 0.6 else None,
                disabled=rng.random() < 0.05,
            )
        )
        at = begin - rng.randrange(60) * _M
        for nth in range(rng.choice((0, 0, 1, 2, 4))):
            end = at + rng.randrange(5, 90) * _M
            one = an_id(role_id.int * 16 + nth)
            holder = rng.choice(_PEOPLE)
            shifts.append(
                Shift(
                    id=one, role_id=role_id, person_id=holder, starts_at=at, ends_at=end, version=nth,
                    override=rng.random() < 0.2,
                )
            )  # fmt: skip
            if rng.random() < 0.3:
                part = at + (end - at) * rng.choice((0, 0.25)), end - (end - at) * rng.choice((0, 0.25))
                state = rng.choice((Agreed.OFFERED, Agreed.ACCEPTED, Agreed.ACCEPTED, Agreed.ASKED))
                source = ids.write_id(ids.SHIFT, one)
                taker = rng.choice(_PEOPLE)
                swaps.append(Swap(one, role_id, source, holder, taker, at, end, *part, state, nth))
            at = end + rng.choice((0, 0, 0, 10)) * _M
    return roles, shifts, [], swaps


def _rota(rng: Random, begin: datetime, zone: str) -> Rota:
    """One or two layers that hand over around the moment at which alerts begin, some of them within hours only."""
    wall = wall_of(begin, ZoneInfo(zone)).replace(second=0)
    layers = []
    for nth in range(rng.choice((1, 1, 2))):
        length = rng.choice(_LENGTHS)
        starts = wall + rng.randrange(-60, 60) * _M - rng.choice((0, 1, 3, 8)) * length
        opens = (wall + rng.randrange(-60, 60) * _M).time()
        layers.append(
            Layer(
                f"layer {nth}",
                tuple(rng.sample(_PEOPLE, rng.choice((1, 2, 3)))),
                starts,
                length,
                ends=wall + rng.randrange(1, 90) * _M if rng.random() < 0.15 else None,
                windows=(Window((), opens, time((opens.hour + 1) % 24, opens.minute)),) if rng.random() < 0.3 else (),
            )
        )
    return Rota(zone, tuple(layers))


def _assignments(rng: Random, begin: datetime) -> list[Assignment]:
    return [
        Assignment(
            id=an_id(0x600 + nth), place_id=BED, person_id=rng.choice(_PEOPLE), rank=rank, starts_at=begin,
            ends_at=begin + rng.randrange(1, 30) * _M if rng.random() < 0.3 else None, version=1,
        )
        for nth, rank in enumerate(Rank)
        if rng.random() < 0.7
    ]  # fmt: skip


def make_preferences(rng: Random, kind: str, owner: UUID, begin: datetime, zone: str) -> Preferences:
    """Make preferences of any kind, also such as could not be saved; their hours begin and end while alerts run."""
    wall = wall_of(begin, ZoneInfo(zone))
    minute = wall.hour * 60 + wall.minute

    def stage() -> Stage:
        return Stage(tuple(rng.sample(KINDS, rng.choice((1, 1, 2)))), timedelta(seconds=rng.choice((1, 10, 60, 600))))

    profiles = tuple(
        Profile(
            f"Profile {nth}",
            tuple(stage() for _ in range(rng.choice((1, 1, 2)))),
            frozenset(rng.sample(sorted(Status), rng.choice((1, 3, 4)))),
            frozenset(rng.sample(sorted(Priority), rng.choice((1, 3, 4)))),
            begins=(minute + rng.randrange(-60, 60)) % 1440,
            ends=(minute + rng.randrange(-60, 60)) % 1440,
            quiet=rng.random() < 0.4,
        )
        for nth in range(rng.choice((1, 1, 2)))
    )
    return Preferences(kind, owner, profiles, zone, 1)


def make_policy(rng: Random) -> Policy:
    """Make a policy of one to five steps, some of which ask whoever cannot come."""
    steps = []
    for _ in range(rng.choice((1, 1, 2, 2, 3, 5))):
        targets = tuple(rng.sample(_TARGETS, rng.choice((1, 1, 2, 3))))
        ends = rng.choice((Ends.FIRST, Ends.FIRST, Ends.FIRST, Ends.ALL, Ends.QUORUM))
        wait = timedelta(seconds=rng.choice((20, 30, 60, 120)))
        quorum: tuple[Quorum, ...] = ()
        if ends is Ends.QUORUM:
            backup = rng.choice(("", "", "P1", "G2", "R1"))
            quorum = tuple(Quorum(one, rng.choice((1, 1, 2)), backup, wait / 2) for one in targets)
        answer = rng.choice((Answer.ACCEPTED,) * 8 + (Answer.READ, Answer.DELIVERED))
        endpoints = rng.choice(((),) * 6 + (("app",), ("pager", "voice")))
        steps.append(Step(targets, wait, answer, ends, quorum, endpoints, rng.choice((0, 0, 0, 1, 2))))
    still = rng.choice((None, timedelta(minutes=5), timedelta(minutes=15)))
    return Policy(an_id(0x900), "random", 1, tuple(steps), rng.choice((0, 0, 0, 1, 3)), still)
