"""What happens in the sample hospital: alarms with repeats and ends, critical results, consults, code calls, talk.

`happenings` is pure: one seed gives one and the same day, whatever becomes of it. Instants are seconds from its
beginning.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from wardwire.model.priority import Priority
from wardwire.testing.hospital.plan import EXCHANGED, SERVICES, Bed, Hospital

# How busy each hour of the day is: rounds in the morning, admissions after noon, little before dawn. Mean 1.
BUSY = (
    0.6, 0.5, 0.5, 0.5, 0.5, 0.7, 1.0, 1.3, 1.6, 1.6, 1.5, 1.3,
    1.2, 1.3, 1.3, 1.2, 1.2, 1.2, 1.1, 1.1, 0.9, 0.8, 0.6, 0.5,
)  # fmt: skip

CONDITIONS: tuple[tuple[str, str, Priority, int], ...] = (
    # IEEE 11073-10101 event, as monitors name it; words; priority; weight
    ("196670^MDC_EVT_LO^MDC", "SpO2 low", Priority.HIGH, 20),
    ("196650^MDC_EVT_HI^MDC", "Heart rate high", Priority.MEDIUM, 25),
    ("196674^MDC_EVT_LO_GT_LIM^MDC", "Blood pressure low", Priority.HIGH, 12),
    ("196768^MDC_EVT_ECG_V_TACHY^MDC", "Ventricular tachycardia", Priority.HIGH, 4),
    ("196636^MDC_EVT_DISCONN^MDC", "Leads off", Priority.LOW, 25),
    ("196612^MDC_EVT_APNEA^MDC", "Apnoea", Priority.HIGH, 4),
    ("196802^MDC_EVT_FLUID_LINE_OCCL^MDC", "Infusion line occluded", Priority.MEDIUM, 10),
)


class Phase(NamedTuple):
    """What the source says of its alarm, so many seconds after the beginning: IHE PCD-04 words."""

    after_s: float
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A monitor's alarm at a bed, with all that its source will say of it."""

    number: int
    bed: Bed
    event: str
    words: str
    priority: Priority
    phases: tuple[Phase, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Critical:
    """A critical result, for the role that is on call for the patient's service."""

    number: int
    bed: Bed
    service: str
    test: str
    value: str
    unit: str
    flag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Consult:
    """A nurse of a unit asks a physician on call."""

    bed: Bed
    service: str
    priority: Priority
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeCall:
    """A resuscitation; `drill` is an exercise."""

    bed: Bed
    drill: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """People of a unit talk; nothing hangs on it."""

    unit: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """A physician goes into a procedure; a colleague of the same service covers."""

    service: str
    lasts_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """Whoever is on call first for a service gives a part of their shift to a colleague, by consent of both."""

    service: str
    lasts_s: float


Happening = Alarm | Critical | Consult | CodeCall | Talk | Absence | Exchange


Make = Callable[[Hospital, Random, int], Happening]


class At(NamedTuple):
    """A happening and when it begins."""

    at_s: float
    what: Happening


def happenings(hospital: Hospital, *, seed: int, rate: float = 1.0, begins_h: float = 7.0) -> Iterator[At]:
    """Give what happens, in order, without end.

    Args:
        rate: How often, relative to an ordinary day: 1 is some 330 an hour for the whole house.
        begins_h: The hour of the day at second 0, by the walls' clocks.
    """
    streams = [
        _stream(hospital, make, an_hour * rate, begins_h, Random(f"{make.__name__} {seed}"))
        for make, an_hour in PER_HOUR
    ]
    return heapq.merge(*streams, key=lambda at: at.at_s)


def _stream(hospital: Hospital, make: Make, an_hour: float, begins_h: float, chance: Random) -> Iterator[At]:
    """Give one kind of happenings: a Poisson stream, thinned by the hour."""
    if an_hour <= 0:
        return
    most, at_s, number = max(BUSY), 0.0, 0
    while True:
        at_s += chance.expovariate(an_hour * most / 3600)
        if chance.random() * most < BUSY[int(begins_h + at_s / 3600) % 24]:
            number += 1
            yield At(at_s, make(hospital, chance, number))


_ALARMING = {"ward": 1, "intensive": 8, "emergency": 5}  # how often a unit's monitors alarm, one to another


def _alarm(hospital: Hospital, chance: Random, number: int) -> Alarm:
    unit = chance.choices(hospital.units, [_ALARMING[unit.kind] for unit in hospital.units])[0]
    event, words, priority, _ = chance.choices(CONDITIONS, [weight for *_, weight in CONDITIONS])[0]
    lasts_s = min(900.0, 45 * chance.lognormvariate(0, 0.9))
    phases = [Phase(0, "start"), *(Phase(n * 30.0, "continue") for n in range(1, int(lasts_s // 30) + 1))]
    if priority is Priority.MEDIUM and lasts_s > 60 and chance.random() < 0.3:
        phases.append(Phase(55.0, "escalate"))
    phases.append(Phase(lasts_s, "end"))
    return Alarm(
        number=number,
        bed=chance.choice(unit.beds),
        event=event,
        words=words,
        priority=priority,
        phases=tuple(sorted(phases)),
    )


_RESULTS: tuple[tuple[str, str, Callable[[Random], str], str], ...] = (
    ("Potassium", "mmol/L", lambda r: f"{r.uniform(6.2, 7.1):.1f}", "HH"),
    ("Haemoglobin", "g/dL", lambda r: f"{r.uniform(5.1, 6.4):.1f}", "LL"),
    ("Lactate", "mmol/L", lambda r: f"{r.uniform(4.5, 7.5):.1f}", "HH"),
    ("Troponin T", "ng/L", lambda r: f"{r.randint(180, 900)}", "HH"),
    ("Glucose", "mmol/L", lambda r: f"{r.uniform(1.6, 2.4):.1f}", "LL"),
    ("INR", "", lambda r: f"{r.uniform(5.1, 8.0):.1f}", "HH"),
)
_CLINICAL = [s for s in SERVICES if s not in ("Anaesthesia", "Radiology", "Intensive Care")]


def _critical(hospital: Hospital, chance: Random, number: int) -> Critical:
    test, unit, value, flag = chance.choice(_RESULTS)
    return Critical(
        number=number,
        bed=_any_bed(hospital, chance),
        service=chance.choice(_CLINICAL),
        test=test,
        value=value(chance),
        unit=unit,
        flag=flag,
    )


def _consult(hospital: Hospital, chance: Random, number: int) -> Consult:
    words, priority = chance.choice(
        (
            ("Chest pain, pressure 87/50. Please come.", Priority.HIGH),
            ("Short of breath, saturation 84 %.", Priority.HIGH),
            ("New confusion since an hour. Please look.", Priority.HIGH),
            ("Pain 7 of 10 in spite of everything that is written up.", Priority.MEDIUM),
            ("Family asks to speak with you.", Priority.LOW),
            ("Catheter does not drain. Please advise.", Priority.MEDIUM),
            ("May the dose at ten be given before the scan?", Priority.MEDIUM),
        )
    )
    return Consult(bed=_any_bed(hospital, chance), service=chance.choice(_CLINICAL), priority=priority, words=words)


def _code(hospital: Hospital, chance: Random, number: int) -> CodeCall:
    return CodeCall(bed=_any_bed(hospital, chance), drill=chance.random() < 0.2)


def _talk(hospital: Hospital, chance: Random, number: int) -> Talk:
    words = chance.choice(
        (
            "Who has the bladder scanner?",
            "Bed 7 goes home at noon.",
            "Short meeting at the desk in ten minutes.",
            "The pump of room 3 is back.",
            "Could somebody help me turn my patient?",
        )
    )
    return Talk(unit=chance.choice(hospital.units).name, words=words)


def _absence(_: Hospital, chance: Random, __: int) -> Absence:
    return Absence(service=chance.choice(_CLINICAL), lasts_s=chance.uniform(600, 2400))


def _exchange(_: Hospital, chance: Random, __: int) -> Exchange:
    return Exchange(service=EXCHANGED, lasts_s=chance.uniform(120, 600))


def _any_bed(hospital: Hospital, chance: Random) -> Bed:
    return chance.choice(chance.choice(hospital.units).beds)


# An hour of the whole house at rate 1, when it is as busy as on average.
PER_HOUR: tuple[tuple[Make, float], ...] = (
    (_alarm, 180.0),
    (_critical, 12.0),
    (_consult, 60.0),
    (_code, 0.4),
    (_talk, 80.0),
    (_absence, 6.0),
    (_exchange, 6.0),
)


def overture(hospital: Hospital) -> Iterator[At]:
    """One of each that everybody should see, in the first seconds: alarm, consult, result, code call; somebody goes
    into a procedure, and two swap a part of a shift.
    """
    chance = Random("overture")
    makes: tuple[tuple[float, Make], ...] = (
        (0.0, _alarm),
        (1.0, _consult),
        (2.0, _critical),
        (3.0, _talk),
        (5.0, _code),
        (7.0, _absence),
        (8.0, _exchange),
    )
    for at_s, make in makes:
        yield At(at_s, make(hospital, chance, 0))
