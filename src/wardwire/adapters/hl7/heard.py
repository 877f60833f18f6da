"""What an HL7 message says, in words that rules and people understand: an alarm's facets, a result's critical values,
where a patient is.

Nothing here knows the site. Devices differ in how they write the same; what the field has shown is read as well.
Source: IHE PCD TF-2, transaction PCD-04 (ORU^R40); HL7 v2.6 chapter 7 (ORU^R01), chapter 3 (ADT).
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import NamedTuple

from wardwire.adapters.hl7.tokens import Message, Segment
from wardwire.model.priority import Priority
from wardwire.model.report import Phase
from wardwire.model.stays import Move

# Facets of an alarm: by the reference name of OBX-3, else by its code, else by the last number of OBX-4.
_BY_NAME = {
    "MDC_ATTR_ALERT_SOURCE": "source",
    "MDC_ATTR_EVENT_PHASE": "phase",
    "MDC_ATTR_ALARM_STATE": "state",
    "MDC_ATTR_ALARM_INACTIVATION_STATE": "inactivation",
    "MDC_ATTR_ALARM_PRIORITY": "priority",
    "MDC_ATTR_ALERT_TYPE": "kind",
    "MDC_ATTR_ALERT_TEXT": "words",
}
_BY_CODE = {
    "68480": "source", "68481": "phase", "68482": "state", "68483": "inactivation", "68484": "priority",
    "68485": "kind", "68546": "words",
}  # fmt: skip
_BY_NUMBER = {
    "1": "event", "2": "source", "3": "phase", "4": "state", "5": "inactivation", "6": "priority", "7": "kind",
}  # fmt: skip
_PHASES = {
    "start": Phase.START, "present": Phase.START, "start_only": Phase.START, "tpoint": Phase.START, "": Phase.START,
    "continue": Phase.CONTINUE, "update": Phase.UPDATE, "escalate": Phase.ESCALATE, "deescalate": Phase.DEESCALATE,
    "end": Phase.END, "stop": Phase.END, "reset": Phase.END, "inactivate": Phase.NOTE, "acknowledged": Phase.NOTE,
}  # fmt: skip
_PRIORITIES = {"PH": Priority.HIGH, "PM": Priority.MEDIUM, "PL": Priority.LOW, "PN": Priority.LOW}
_WATCHDOG = ("MDC_EVT_ACTIVE", "196614")
_ALARM = ("MDC_EVT_ALARM", "196616")
_MOVES = {
    "ADT^A01": Move.ADMIT, "ADT^A02": Move.TRANSFER, "ADT^A03": Move.DISCHARGE,
    "ADT^A08": Move.UPDATE, "ADT^A40": Move.MERGE,
    "ADT^A11": Move.CANCEL_ADMIT, "ADT^A12": Move.CANCEL_TRANSFER, "ADT^A13": Move.CANCEL_DISCHARGE,
}  # fmt: skip
TAKEN = frozenset({"ORU^R40", "ORU^R01", *_MOVES})
# Values of OBX-11 that stand for no result: deleted, not to be had, not done yet.
_NO_RESULT = frozenset({"D", "X", "I", "W", "N", "O"})
CRITICAL = frozenset({"HH", "LL", "AA"})


class Heard(NamedTuple):
    """What a message says. Every text may be used in a rule and in a template.

    Attributes:
        phase: None when the message is about nothing that anybody must hear of; `why` says why.
        key: The source's own name of the alert; "" = it has none.
        letter: The priority as the source writes it, e.g. `PH`.
        latched: The condition is over, and the source holds its alarm until somebody has seen to it.
        status: Of a result: `corrected`, or the letter of OBX-11.
        move: What it says of where its patient is; None = it is about something else.
        recorded: When that was recorded, as it stands there: EVN-2, else MSH-7.
        former: Of a merge: the number that goes, and who has given it.
        also: Of a merge of several patients: what stays and what goes of each further pair, in order.
    """

    type: str
    app: str
    facility: str
    phase: Phase | None
    why: str
    key: str = ""
    priority: Priority = Priority.HIGH
    letter: str = ""
    kind: str = ""
    event: str = ""
    code: str = ""
    text: str = ""
    value: str = ""
    unit: str = ""
    room: str = ""
    bed: str = ""
    patient: str = ""
    authority: str = ""
    service: str = ""
    test: str = ""
    flag: str = ""
    status: str = ""
    processing: str = ""
    inactivation: str = ""
    latched: bool = False
    at: datetime | None = None
    move: Move | None = None
    recorded: str = ""
    former: tuple[tuple[str, str], ...] = ()
    also: tuple[tuple[tuple[str, str], tuple[str, str]], ...] = ()


def hear(message: Message) -> Heard:
    """Say what a message says. Whatever is in it, nothing is raised."""
    plain = Heard(message.kind, message.msh.get(3), message.msh.get(4), None, "")
    place = message.first("PV1")
    number, authority = _patient(message.first("PID"), 3, message)
    placed = plain._replace(
        unit=place.get(3),
        room=place.get(3, 2),
        bed=place.get(3, 3),
        service=place.get(10),
        processing=message.msh.get(11).upper(),
        patient=number,
        authority=authority,
    )
    match message.kind:
        case "ORU^R40":
            return _hear_alarm(message, placed)
        case "ORU^R01":
            return _hear_results(message, placed)
        case kind if kind in _MOVES:
            recorded = message.first("EVN").get(2) or message.msh.get(7)
            said = placed._replace(move=_MOVES[kind], recorded=recorded, why="it says where a patient is")
            return _hear_merge(message, said) if said.move is Move.MERGE else said
    return plain._replace(why="a type of message that is not taken here")


def _hear_alarm(message: Message, heard: Heard) -> Heard:
    facets: dict[str, tuple[str, Segment]] = {}
    for obx in message.all("OBX"):
        name = _BY_NAME.get(obx.get(3, 2)) or _BY_CODE.get(obx.get(3)) or _BY_NUMBER.get(_facet_number(obx.get(4)))
        if name and name not in facets:
            facets[name] = obx.get(5), obx
    said = {name: value.strip() for name, (value, _) in facets.items()}
    event = facets["event"][1] if "event" in facets else Segment("", message.marks)
    # Technical alarms have their event in OBX-5, physiological ones in OBX-3 with words in OBX-5.
    technical = event.get(3, 2) in _ALARM or event.get(3) in _ALARM
    code, name = (event.get(5), event.get(5, 2)) if technical else (event.get(3), event.get(3, 2))
    words = said.get("words") or (event.get(5, 9) or event.get(5, 2) if technical else event.value(5))
    letter, kind = _letters(said, event)
    if name in _WATCHDOG or code in _WATCHDOG:
        return heard._replace(event=name, code=code, why="the source says that it is there")
    obr = message.first("OBR")
    state, word = said.get("state", "").lower(), said.get("phase", "").lower()
    phase = _PHASES.get(word, Phase.CONTINUE)
    if state == "inactive" and phase is not Phase.NOTE:
        phase = Phase.END
    source = facets["source"][1] if "source" in facets else Segment("", message.marks)
    return heard._replace(
        phase=phase,
        key=_key(obr.get(29, 2) or obr.get(3) or _equipment(message, name or code, source), message),
        priority=Priority.LOW if kind == "SA" else _PRIORITIES.get(letter, Priority.HIGH),
        letter=letter,
        kind=kind,
        event=name,
        code=code,
        text=words or name or "Alarm",
        value=_value(source),
        test=source.get(3, 2),
        inactivation=said.get("inactivation", ""),
        latched=state == "latched" and word != "reset",  # that is what lets go of a latch
        at=_instant(event, message),
    )


def _facet_number(sub_id: str) -> str:
    """The last of `mds.vmd.chan.metric.facet`; some leave one out. Of any other sub-id none."""
    return sub_id.rpartition(".")[2] if sub_id.count(".") >= 3 else ""


def _key(name: str, message: Message) -> str:
    """The name of an alert is its sender's: two senders count alike, and their alerts are not one."""
    return f"{message.msh.get(3)}|{message.msh.get(4)}|{name}" if name else ""


def _equipment(message: Message, event: str, source: Segment) -> str:
    """What stands for a name where the source gives none: the device, its event and what it measures."""
    device = next((found for obx in message.all("OBX") if (found := obx.get(18))), "")
    return "/".join((device, event, source.get(3, 2) or source.get(3))) if device else ""


def _instant(obx: Segment, message: Message) -> datetime | None:
    """The source's own instant: of the observation, else of the request, else of the message."""
    return read_instant(obx.get(14)) or read_instant(message.first("OBR").get(7)) or read_instant(message.msh.get(7))


def _letters(said: dict[str, str], event: Segment) -> tuple[str, str]:
    """Priority and kind: facets of their own, or with older senders among the repetitions of OBX-8 of the event."""
    letter, kind = said.get("priority", "").upper(), said.get("kind", "").upper()
    for word in event.repeats(8):
        word = word.strip().upper()
        if not letter and word in ("PH", "PM", "PL", "PN", "PI", "PU"):
            letter = word
        if not kind and word in ("SP", "ST", "SA"):
            kind = word
    return letter, kind


def _value(obx: Segment) -> str:
    """A measured value with its unit and limits, for people."""
    if obx.get(2).upper() not in ("NM", "SN"):
        return ""
    number = obx.get(5) if obx.get(2).upper() == "NM" else "".join(obx.get(5, n) for n in (1, 2, 3, 4))
    units = _UNITS.get(obx.get(6, 2)) or obx.get(6, 2).removeprefix("MDC_DIM_").lower() or obx.get(6)
    limits = f" ({obx.get(7)})" if obx.get(7) else ""
    return f"{number} {units}".strip() + limits if number else ""


_UNITS = {
    "MDC_DIM_PERCENT": "%",
    "MDC_DIM_BEAT_PER_MIN": "/min",
    "MDC_DIM_RESP_PER_MIN": "/min",
    "MDC_DIM_MMHG": "mmHg",
}


def _hear_results(message: Message, heard: Heard) -> Heard:
    """Critical values alone: whatever has one of the flags of table 0078 that mean at once. Where there is none, the
    values that correct others, for somebody may have been called because of those.
    """
    results = [obx for obx in message.all("OBX") if obx.get(11).upper() not in _NO_RESULT]
    critical = [obx for obx in results if CRITICAL & {word.strip().upper() for word in obx.repeats(8)}]
    critical = critical or [obx for obx in results if obx.get(11).upper() == "C"]
    if not critical:
        return heard._replace(why="no critical value")
    first = critical[0]
    corrected = any(obx.get(11).upper() == "C" for obx in critical)
    return heard._replace(
        phase=Phase.START,
        text="; ".join(_result(obx) for obx in critical) + (" (corrected)" if corrected else ""),
        test=first.get(3, 2) or first.get(3),
        code=first.get(3),
        value=_value(first) or first.value(5),
        flag=next((word.strip().upper() for word in first.repeats(8) if word.strip().upper() in CRITICAL), ""),
        status="corrected" if corrected else first.get(11).upper(),
        at=_instant(first, message),
    )


def _result(obx: Segment) -> str:
    units = obx.get(6, 2) or obx.get(6)
    return f"{obx.get(3, 2) or obx.get(3)} {obx.value(5)} {units}".strip()


def _hear_merge(message: Message, heard: Heard) -> Heard:
    """Two numbers are one patient's: PID-3 stays, MRG-1 goes; so of each pair in the message."""
    pairs = [(_patient(pid, 3, message), _patient(mrg, 1, message)) for pid, mrg in find_pairs(message)]
    former = (pairs[0][1],) if pairs else ()
    return heard._replace(former=former, also=tuple(pairs[1:]), why="it says that two numbers are one patient's")


def find_pairs(message: Message) -> list[tuple[Segment, Segment]]:
    """Return the PID of each pair of a merge with its MRG, in order; [] = one of either is without the other."""
    found = [segment for segment in message.segments if segment.name in ("PID", "MRG")]
    pairs = list(zip(found[::2], found[1::2], strict=False))
    whole = len(found) % 2 == 0 and all((pid.name, mrg.name) == ("PID", "MRG") for pid, mrg in pairs)
    return pairs if whole else []


def _patient(segment: Segment, number: int, message: Message) -> tuple[str, str]:
    """The medical record number of a field of identifiers, else its first one, with who has given it (namespace of
    CX.4).
    """
    found = [repeat.split(message.marks.component) for repeat in segment.repeats(number)]
    numbers = [parts for parts in found if len(parts) > 4 and parts[4] == "MR"]
    parts = (numbers or found or [[""]])[0]
    authority = parts[3].partition(message.marks.sub)[0] if len(parts) > 3 else ""
    return parts[0][:100], authority[:100]


def read_instant(text: str) -> datetime | None:
    """Read an HL7 time stamp with its offset; None of one without, whose zone nobody knows, and of what is none."""
    if len(text) < 17 or text[-5] not in "+-" or not text[:12].isdigit():
        return None
    seconds = text[12:14] if text[12:14].isdigit() else "00"
    try:
        return datetime.fromisoformat(
            f"{text[:4]}-{text[4:6]}-{text[6:8]}T{text[8:10]}:{text[10:12]}:{seconds}{text[-5:-2]}:{text[-2:]}"
        )
    except ValueError:
        return None


def read_local(text: str, zone: tzinfo | None) -> tuple[datetime, ...]:
    """Read the instants that an HL7 time stamp may mean: one with its offset is one; one without is of this zone, and
    is two where the clock goes through it twice. () = it is none, or a mere day.

    Args:
        zone: None = this machine's.
    """
    exact = read_instant(text)
    if exact is not None:
        return (exact,)
    digits = text.partition(".")[0]
    if not (digits.isdigit() and digits.isascii() and len(digits) in (12, 14)):
        return ()
    try:
        local = datetime.strptime(digits.ljust(14, "0"), "%Y%m%d%H%M%S")
        both = [local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    except (ValueError, OverflowError):
        return ()
    return tuple(dict.fromkeys(both))
