"""What a source says of its alert: start, update, end. Adapters make a Report of whatever their protocol carries.

A source's own word for one alert over its updates is the *source key* (IHE ACM: OBR-29.2).
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from wardwire.model.errors import Code, Refused
from wardwire.model.priority import Priority

MAX_SOURCE_KEY = 200


class Phase(StrEnum):
    """What a report says has become of the alert (IHE PCD TF-2, 3.4: event phase)."""

    START = "start"
    CONTINUE = "continue"  # it is still there; of an unknown one: it began and we missed it
    UPDATE = "update"
    ESCALATE = "escalate"  # its priority has risen
    DEESCALATE = "deescalate"
    END = "end"
    NOTE = "note"  # something of the source that is no alert: recorded, rings nobody


class Follow(StrEnum):
    """Whether a report goes where its patient is."""

    NEVER = "never"
    ELSE = "else"  # where it names no bed of its own
    FIRST = "first"  # whatever place it names: that may be where the patient was when it was asked for


class Report(NamedTuple):
    """What an adapter hands in.

    Attributes:
        source: The identity space, as of a submission: the name of the integration.
        external_id: The source's id of this very report; a repeat of it changes nothing.
        source_key: The source's name of the alert; "" = each report is an alert of its own.
        bed: `bed:…`, or "" when the source does not say.
        unit: `unit:…`, or "".
        policy: The policy that the mapping names; "" = the unit's own.
        to: Further targets, beside the first step of the policy.
        authority: Who has given the patient's number; "" = the source does not say.
        at: The source's own instant; shown, never trusted.
        latched: The condition is gone, and the source holds the alarm until somebody has seen to it (IHE PCD TF-2:
            alarm state).
        test: A test or canary: never counted as real.
        content: The report byte for byte, as it came.
        origin: How the message that said it is called, for its trace, such as `HL7 message A1001 of GW7`; never a
            patient's.
        rule: The rule of the mapping table that made it.
    """

    source: str
    external_id: str
    source_key: str
    phase: Phase
    priority: Priority
    subject: str
    text: str
    bed: str = ""
    unit: str = ""
    policy: str = ""
    to: tuple[str, ...] = ()
    patient: str = ""
    at: datetime | None = None
    latched: bool = False
    test: bool = False
    content: bytes = b""
    authority: str = ""
    follow: Follow = Follow.NEVER
    origin: str = ""
    rule: str = ""


def check_report(report: Report) -> None:
    """Refuse a report that cannot be taken. What it says is checked as any submission is.

    Raises:
        Refused: `INVALID` with a pointer.
    """
    if len(report.source_key) > MAX_SOURCE_KEY or not report.source_key.isprintable():
        raise Refused(Code.INVALID, f"printable, at most {MAX_SOURCE_KEY} characters", pointer="/source_key")
    if not report.source_key and report.phase in (Phase.UPDATE, Phase.ESCALATE, Phase.DEESCALATE, Phase.END):
        raise Refused(Code.INVALID, "this phase needs the source's key of its alert", pointer="/source_key")
    if report.bed and not report.bed.startswith(("bed:", "plc_")):
        raise Refused(Code.INVALID, "not of the form bed:NAME", pointer="/bed")
    if report.unit and not report.unit.startswith(("unit:", "plc_")):
        raise Refused(Code.INVALID, "not of the form unit:NAME", pointer="/unit")
