"""What happens on the ward: each scene a few messages, and what the people do about them. Pure, seeded.

A scene says what is sent and how people react; who really gets a message is for Wardwire to decide.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from wardwire.model.priority import Kind, Priority
from wardwire.testing.demo.ward import (
    ANNA,
    BEN,
    CARDIOLOGY,
    CHEN,
    CODE_TEAM,
    DORA,
    EVA,
    IN_CHARGE,
    LAB,
    OKAFOR,
    WARD,
)

_CODE, _HIGH, _MEDIUM, _LOW = Priority.CODE, Priority.HIGH, Priority.MEDIUM, Priority.LOW


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """What one recipient does, after having read.

    Attributes:
        by: Their name; "" = the first recipient, for whoever holds a role.
        after_s: Seconds from reading to answering.
        say: `accept`, `decline`, one of the choices, or free text.
        hand_back_after_s: Accepted, and then given back.
    """

    say: str
    by: str = ""
    after_s: float = 1.5
    hand_back_after_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One message, and what is done about it.

    Attributes:
        phone_off: Whose phone is switched off before it is sent; it comes back by itself.
        fails: The scene goes on when the sender was told that it failed.
        expires_s: It ends unanswered after so many seconds.
        recall_s: Its sender takes it back after so many seconds.
        answers: It is a reply to the line before it.
        for_you: A person at the terminal answers it, as its recipient.
    """

    sender: str
    to: str
    priority: Priority
    text: str
    subject: str = ""
    kind: Kind = Kind.ALERT
    patient: str = ""
    callback: str = ""
    accept_decline: bool = False
    choices: tuple[str, ...] = ()
    free_text: bool = False
    reactions: tuple[Reaction, ...] = ()
    phone_off: str = ""
    fails: bool = False
    expires_s: float | None = None
    recall_s: float | None = None
    answers: bool = False
    for_you: bool = False


Scene = tuple[Line, ...]
"""Lines one after the other: the next begins when the one before it has been answered, or has failed."""

Make = Callable[[Random], Scene]


def _bed(r: Random) -> str:
    return f"bed {r.randint(1, 24)}"


def _patient(r: Random) -> str:
    return f"MRN {r.randint(400_000, 499_999)}"


def _chat(sender: str, to: str, text: str, *, answers: bool = False) -> Line:
    return Line(sender=sender, to=to, priority=_LOW, kind=Kind.CHAT, text=text, answers=answers)


def potassium(r: Random) -> Scene:
    """The laboratory tells a critical result to a role."""
    result = r.choice(
        (
            f"Potassium {r.uniform(6.2, 7.1):.1f} mmol/L",
            f"Troponin T {r.randint(180, 900)} ng/L, rising",
            f"Haemoglobin {r.uniform(5.1, 6.4):.1f} g/dL",
            f"Lactate {r.uniform(4.5, 7.5):.1f} mmol/L",
        )
    )
    return (
        Line(
            sender=LAB,
            to=f"role:{CARDIOLOGY}",
            priority=_HIGH,
            subject="Critical result",
            text=f"{result}, {_bed(r)}",
            patient=_patient(r),
            accept_decline=True,
            reactions=(Reaction(say="accept", after_s=r.uniform(0.8, 2.5)),),
        ),
    )


def chest_pain(r: Random) -> Scene:
    """A nurse pages a doctor, who comes."""
    text = r.choice(
        (
            f"Chest pain, {_bed(r)}, pressure {r.randint(78, 95)}/50. Please come.",
            f"New atrial fibrillation, {_bed(r)}, rate {r.randint(130, 160)}.",
            f"Short of breath, {_bed(r)}, saturation {r.randint(82, 88)} %.",
        )
    )
    nurse = r.choice((ANNA, BEN))
    return (
        Line(
            sender=nurse,
            to=CHEN,
            priority=_HIGH,
            text=text,
            patient=_patient(r),
            accept_decline=True,
            reactions=(Reaction(say="accept", after_s=r.uniform(0.8, 3)),),
        ),
        _chat(CHEN, nurse, r.choice(("On my way, two minutes.", "Coming. Please do an ECG.")), answers=True),
    )


def huddle(r: Random) -> Scene:
    """The unit manager asks the whole ward."""
    return (
        Line(
            sender=EVA,
            to=f"group:{WARD}",
            priority=_LOW,
            text=f"Safety huddle at {r.randint(8, 15)}:30, staff room.",
            choices=("I come", "Not today"),
            reactions=(
                Reaction(by=ANNA, say="I come", after_s=r.uniform(0.3, 1)),
                Reaction(by=BEN, say=r.choice(("I come", "Not today")), after_s=r.uniform(0.3, 1)),
            ),
        ),
    )


def pain_plan(r: Random) -> Scene:
    """A nurse asks a doctor, who picks one of the offered answers."""
    return (
        Line(
            sender=BEN,
            to=OKAFOR,
            priority=_MEDIUM,
            text=f"{_bed(r).capitalize()}: pain {r.randint(6, 8)}/10 after surgery. Next dose now?",
            patient=_patient(r),
            choices=("Yes, as charted", "I will come", "Call me"),
            reactions=(Reaction(say=r.choice(("Yes, as charted", "I will come")), after_s=r.uniform(1, 4)),),
        ),
    )


def lab_without_doctor(r: Random) -> Scene:
    """A doctor's phone is off, and the laboratory cannot be told: the operators' desk hears of it, and helps."""
    where = _bed(r)
    return (
        Line(
            sender=LAB,
            to=OKAFOR,
            priority=_HIGH,
            subject="Critical result",
            text=f"Sodium {r.randint(112, 118)} mmol/L, {where}",
            patient=_patient(r),
            accept_decline=True,
            phone_off=OKAFOR,
            fails=True,
        ),
        Line(
            sender=DORA,
            to=f"role:{IN_CHARGE}",
            priority=_HIGH,
            text=f"The laboratory did not reach Dr. Okafor: critical result of {where}.",
            accept_decline=True,
            reactions=(Reaction(say="accept", after_s=r.uniform(0.8, 2)),),
        ),
    )


def arrest(r: Random) -> Scene:
    """A code call to the code team."""
    return (
        Line(
            sender=CHEN,
            to=f"group:{CODE_TEAM}",
            priority=_CODE,
            text=f"Cardiac arrest, Ward 4 West, {_bed(r)}",
            accept_decline=True,
            reactions=tuple(
                Reaction(by=who, say="accept", after_s=r.uniform(0.4, 1.5)) for who in (OKAFOR, ANNA, BEN)
            ),
        ),
    )


def doctor_off(r: Random) -> Scene:
    """A doctor's phone is off: the nurse is told at once, and pages the next one."""
    text = f"{_bed(r).capitalize()} is confused and febrile, {r.uniform(39.0, 40.2):.1f} °C."
    patient = _patient(r)
    return (
        Line(
            sender=ANNA,
            to=OKAFOR,
            priority=_HIGH,
            text=text,
            patient=patient,
            accept_decline=True,
            phone_off=OKAFOR,
            fails=True,
        ),
        Line(
            sender=ANNA,
            to=f"role:{CARDIOLOGY}",
            priority=_HIGH,
            text=text,
            patient=patient,
            accept_decline=True,
            reactions=(Reaction(say="accept", after_s=r.uniform(0.8, 2)),),
        ),
    )


def manager_off(r: Random) -> Scene:
    """The unit manager's phone is off: her e-mail is next."""
    return (
        Line(
            sender=BEN,
            to=EVA,
            priority=_MEDIUM,
            text=f"We are {r.randint(1, 2)} short for tonight.",
            choices=("I find somebody", "Call me"),
            phone_off=EVA,
            reactions=(Reaction(say="I find somebody", after_s=r.uniform(0.5, 1.5)),),
        ),
    )


def handed_back(r: Random) -> Scene:
    """Accepted, handed back, and taken by another."""
    where, patient = _bed(r), _patient(r)
    return (
        Line(
            sender=ANNA,
            to=CHEN,
            priority=_HIGH,
            text=f"Please see {where} before the catheter: new rash.",
            patient=patient,
            accept_decline=True,
            reactions=(Reaction(say="accept", after_s=1, hand_back_after_s=r.uniform(1.5, 3)),),
        ),
        Line(
            sender=ANNA,
            to=OKAFOR,
            priority=_HIGH,
            text=f"Dr. Chen was called away: new rash before the catheter, {where}.",
            patient=patient,
            accept_decline=True,
            reactions=(Reaction(say="accept", after_s=r.uniform(0.8, 2)),),
        ),
    )


def declined(r: Random) -> Scene:
    """A doctor who is busy says so, and the next one comes."""
    text = f"Drain of {_bed(r)}: {r.randint(300, 600)} mL in an hour."
    patient = _patient(r)
    return tuple(
        Line(
            sender=BEN,
            to=doctor,
            priority=_HIGH,
            text=text,
            patient=patient,
            accept_decline=True,
            reactions=(Reaction(say=say, after_s=r.uniform(0.8, 2)),),
        )
        for doctor, say in ((CHEN, "decline"), (OKAFOR, "accept"))
    )


def recalled(r: Random) -> Scene:
    """The wrong bed: taken back, and said right."""
    wrong = r.randint(1, 23)
    first = Line(
        sender=ANNA,
        to=BEN,
        priority=_MEDIUM,
        text=f"Bed {wrong} is ready for transfer.",
        recall_s=r.uniform(1.5, 2.5),
    )
    second = Line(
        sender=ANNA,
        to=BEN,
        priority=_MEDIUM,
        text=f"Bed {wrong + 1} is ready for transfer, not {wrong}.",
        choices=("Got it", "Call me"),
        reactions=(Reaction(say="Got it", after_s=r.uniform(0.6, 2)),),
    )
    return (first, second)


def blood_culture(r: Random) -> Scene:
    """A result that must be read back, to the nurse in charge."""
    return (
        Line(
            sender=LAB,
            to=f"role:{IN_CHARGE}",
            priority=_MEDIUM,
            subject="Result to be read back",
            text=f"Blood culture, {_bed(r)}: gram-positive cocci in clusters",
            patient=_patient(r),
            choices=("Read back, doctor informed", "Please call me"),
            reactions=(Reaction(say="Read back, doctor informed", after_s=r.uniform(1, 3)),),
        ),
    )


def outside_call(r: Random) -> Scene:
    """The operator has somebody on the line."""
    return (
        Line(
            sender=DORA,
            to=f"role:{CARDIOLOGY}",
            priority=_MEDIUM,
            text="The emergency department asks for a second opinion on an ECG.",
            callback=f"44{r.randint(10, 99)}",
            choices=("Connect now", "I call back"),
            reactions=(Reaction(say=r.choice(("Connect now", "I call back")), after_s=r.uniform(1, 3)),),
        ),
    )


def beds_tonight(r: Random) -> Scene:
    """A question with a free answer."""
    answer = r.choice(("Two, after 20:00.", "One, if bed 6 goes home.", "None, sorry."))
    return (
        Line(
            sender=EVA,
            to=BEN,
            priority=_MEDIUM,
            text="How many patients can you take tonight?",
            free_text=True,
            reactions=(Reaction(say=answer, after_s=r.uniform(1.5, 3)),),
        ),
    )


def nobody_has_time(r: Random) -> Scene:
    """Asked for the next seconds only, and unanswered: it expires, and the sender is told."""
    return (
        Line(
            sender=ANNA,
            to=OKAFOR,
            priority=_MEDIUM,
            text=f"Have you a minute for the relatives of {_bed(r)}, right now?",
            choices=("I come", "Later"),
            expires_s=6,
            fails=True,
        ),
    )


def small_talk(r: Random) -> Scene:
    """Colleagues talk."""
    asked, answered = r.choice(
        (
            ("Is the ECG machine with you?", "Yes, at bed 12. I bring it."),
            ("Handover five minutes later today?", "Fine with me."),
            ("Who has the keys of the pharmacy?", "They are at the desk."),
            ("Can you double-check an infusion with me?", "Coming."),
        )
    )
    one, other = r.sample((ANNA, BEN, EVA), 2)
    return (_chat(one, other, asked), _chat(other, one, answered, answers=True))


OVERTURE: tuple[Make, ...] = (
    chest_pain,
    potassium,
    lab_without_doctor,
    huddle,
    pain_plan,
    arrest,
    manager_off,
    recalled,
)
"""What everybody should see within the first quarter of a minute."""

REPERTOIRE: tuple[tuple[int, Make], ...] = (
    (5, potassium),
    (5, chest_pain),
    (5, small_talk),
    (4, pain_plan),
    (3, blood_culture),
    (3, outside_call),
    (3, beds_tonight),
    (2, huddle),
    (2, handed_back),
    (2, declined),
    (2, recalled),
    (1, arrest),
    (1, doctor_off),
    (1, manager_off),
    (1, lab_without_doctor),
    (1, nobody_has_time),
)

FOR_YOU: tuple[Line, ...] = (
    Line(
        sender=ANNA,
        to=CHEN,
        priority=_HIGH,
        text="Bed 7: broad-complex tachycardia, pressure 95/60. Please come.",
        patient="MRN 471108",
        accept_decline=True,
        choices=("In five minutes", "Call Dr. Okafor"),
        for_you=True,
    ),
    Line(
        sender=BEN,
        to=CHEN,
        priority=_MEDIUM,
        text="Bed 15 vomited the evening tablets. Repeat them?",
        patient="MRN 402215",
        choices=("Repeat", "Leave out", "I come and see"),
        for_you=True,
    ),
    Line(
        sender=LAB,
        to=f"role:{CARDIOLOGY}",
        priority=_HIGH,
        subject="Critical result",
        text="Potassium 6.9 mmol/L, bed 3",
        patient="MRN 455920",
        accept_decline=True,
        for_you=True,
    ),
)
"""What is sent to the person at the terminal, in turn."""
