"""Writes alarms and results as the hospital's systems send them: HL7 v2.6 ORU^R40 (IHE PCD-04) and ORU^R01."""

from __future__ import annotations

from datetime import datetime

from wardwire.model.priority import Priority
from wardwire.testing.hospital.day import Alarm, Critical, Phase
from wardwire.testing.hospital.plan import Bed

_PCD_04 = "IHE_PCD_04^IHE PCD^1.3.6.1.4.1.19376.1.6.1.4.1^ISO"
_GATEWAY = "GW7^00A037FFFE000012^EUI-64"
_PRIORITY = {Priority.HIGH: "PH", Priority.MEDIUM: "PM", Priority.LOW: "PL"}
_STATE = {"end": "inactive"}


def write_alarm(alarm: Alarm, phase: Phase, *, day: str, at: datetime) -> bytes:
    """Write what the monitors' gateway says of an alarm in this phase; segments end with CR, as MLLP wants them.

    Args:
        day: Tells the alarms of one run from those of another: part of every id.
        at: When it is sent; an aware instant, written with its offset as IHE PCD demands.
    """
    key = f"a{day}-{alarm.number}"
    priority = Priority.HIGH if phase.word == "escalate" else alarm.priority
    now = write_instant(at)
    control = f"{key}-{int(phase.after_s)}-{phase.word}"
    metric = "150456^MDC_PULS_OXIM_SAT_O2^MDC"
    facets = (
        ("ST", alarm.event, alarm.words),
        ("ST", "68480^MDC_ATTR_ALERT_SOURCE^MDC", metric),
        ("ST", "68481^MDC_ATTR_EVENT_PHASE^MDC", phase.word),
        ("ST", "68482^MDC_ATTR_ALARM_STATE^MDC", _STATE.get(phase.word, "active")),
        ("ST", "68483^MDC_ATTR_ALARM_INACTIVATION_STATE^MDC", "enabled"),
        ("ST", "68484^MDC_ATTR_ALARM_PRIORITY^MDC", _PRIORITY[priority]),
        ("ST", "68485^MDC_ATTR_ALERT_TYPE^MDC", "ST" if alarm.priority is Priority.LOW else "SP"),
    )
    segments = [
        f"MSH|^~\\&|{_GATEWAY}|{alarm.bed.unit}|WARDWIRE|HOSPITAL|{now}||ORU^R40^ORU_R40|{control}|P|2.6|||AL|NE"
        f"||UNICODE UTF-8|||{_PCD_04}",
        f"PV1||I|{_place(alarm.bed)}",
        f"OBR|1||{control}^{_GATEWAY}|196616^MDC_EVT_ALARM^MDC|||{now}{'|' * 22}^{key}&{_GATEWAY.replace('^', '&')}",
        *(
            f"OBX|{n}|{kind}|{what}|1.1.1.1.{n}|{value}||||||R|||{now}"
            for n, (kind, what, value) in enumerate(facets, start=1)
        ),
    ]
    return "".join(f"{segment}\r" for segment in segments).encode()


def write_critical(result: Critical, *, day: str, at: datetime) -> bytes:
    """Write a critical result as a laboratory system reports it."""
    now = write_instant(at)
    control = f"r{day}-{result.number}"
    segments = [
        f"MSH|^~\\&|LAB|HOSPITAL|WARDWIRE|HOSPITAL|{now}||ORU^R01^ORU_R01|{control}|P|2.5.1||||||UNICODE UTF-8",
        f"PID|||{400_000 + result.number}^^^HOSPITAL^MR||",
        f"PV1||I|{_place(result.bed)}|||||||{result.service}",
        f"OBR|1||{control}|{result.test}|||{now}{'|' * 18}F",
        f"OBX|1|NM|{result.test}||{result.value}|{result.unit}||{result.flag}|||F|||{now}",
    ]
    return "".join(f"{segment}\r" for segment in segments).encode()


def write_instant(at: datetime) -> str:
    """Write an instant as HL7 does: YYYYMMDDHHMMSS+ZZZZ."""
    return at.strftime("%Y%m%d%H%M%S%z")


def _place(bed: Bed) -> str:
    """PV1-3: unit, room, bed, facility."""
    return f"{bed.unit}^{bed.room}^{bed.name}^HOSPITAL"
