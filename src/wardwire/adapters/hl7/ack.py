"""Acknowledgements: which one a message is owed, and how it is written. Pure.

Source: HL7 v2.6 §2.9 (original and enhanced mode), tables 0008 and 0357.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import NamedTuple

from wardwire.adapters.hl7.tokens import Message, write_text

TEXT_MAX = 200


class Answer(Enum):
    """How a message ended; each with its code in original and in enhanced mode."""

    COMMITTED = ("AA", "CA")
    REFUSED = ("AE", "CE")  # what it says cannot be taken; the same again helps nobody
    UNSUPPORTED = ("AR", "CR")  # of a type, version or processing id that is not taken here
    LATER = ("AR", "CE")  # it cannot be stored now; the same again may


class Fault(NamedTuple):
    """What is wrong: a code of table 0357, a place such as `MSH^1^9`, words for people."""

    code: int
    place: str
    text: str


_NAMES = {
    100: "Segment sequence error", 101: "Required field missing", 102: "Data type error",
    103: "Table value not found", 200: "Unsupported message type", 201: "Unsupported event code",
    202: "Unsupported processing id", 203: "Unsupported version id", 204: "Unknown key identifier",
    205: "Duplicate key identifier", 207: "Application internal error",
}  # fmt: skip


def owed(message: Message, answer: Answer) -> tuple[str, ...]:
    """Return the codes (MSA-1) that a sender is owed.

    In original mode one; in enhanced mode one where MSH-15 wants to hear, and one more where MSH-16 does, unless the
    first has said that nothing will come of it.
    """
    original, enhanced = answer.value
    accept, application = message.msh.get(15).upper(), message.msh.get(16).upper()
    if not accept and not application:
        return (original,)
    codes = (enhanced,) if _wanted(accept, answer) else ()
    if _wanted(application, answer) and (answer is Answer.COMMITTED or not codes):
        codes = (*codes, original)
    return codes


def _wanted(condition: str, answer: Answer) -> bool:
    """Table 0155. A word that is not in it is taken for *always*: an answer too many harms nobody."""
    if condition in ("", "NE"):
        return False
    good = answer is Answer.COMMITTED
    return {"ER": not good, "SU": good}.get(condition, True)


def render_ack(message: Message, code: str, *, control_id: str, now: datetime, fault: Fault | None = None) -> bytes:
    """Write the acknowledgement of a message, in its own marks and character set.

    MSA-2 is the control id of the message, byte for byte as it stands in it.
    """
    marks, msh = message.marks, message.msh
    f = marks.field
    version = msh.get(12)
    event = msh.get(9, 2)
    kind = marks.component.join(("ACK", event, "ACK") if event and version != "2.2" else ("ACK",))
    header = [
        "MSH", f"{marks.component}{marks.repeat}{marks.escape}{marks.sub}", msh.field(5), msh.field(6), msh.field(3),
        msh.field(4), now.strftime("%Y%m%d%H%M%S%z"), "", kind, write_text(control_id, marks), msh.field(11) or "P",
        msh.field(12),
    ]  # fmt: skip
    charset = msh.field(18)
    if charset:
        header += ["", "", "", "", "", charset]
    segments = [f.join(header), f.join(("MSA", code, msh.field(10)))]
    if fault is not None:
        segments.append(_render_fault(fault, message))
    text = "".join(f"{segment}\r" for segment in segments)
    written = text.encode(message.charset, "replace")
    # What is echoed could hold, in some character sets, the very bytes that begin and end a frame.
    if b"\x0b" in written or b"\x1c\r" in written:
        written = "".join(char for char in text if char >= " " or char == "\r").encode("ascii", "replace")
    return written


def _render_fault(fault: Fault, message: Message) -> str:
    """ERR: 2 place, 3 code, 4 severity, 8 words for people."""
    marks = message.marks
    code = marks.component.join((str(fault.code), _NAMES.get(fault.code, "Error"), "HL70357"))
    place = fault.place.replace("^", marks.component)
    words = write_text(fault.text[:TEXT_MAX], marks)
    return marks.field.join(("ERR", "", place, code, "E", "", "", "", words))
