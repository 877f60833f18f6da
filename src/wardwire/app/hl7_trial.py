"""What becomes of sample messages: which rule fits, what is handed in, and who would get it now. Keeps nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import asyncpg

from wardwire.adapters.hl7.batch import split_frame
from wardwire.adapters.hl7.door import find_unsupported
from wardwire.adapters.hl7.frame import Deframer
from wardwire.adapters.hl7.mapping import Mapped, Table, map_message
from wardwire.adapters.hl7.tokens import NotHl7, parse
from wardwire.app.adapters import known_place
from wardwire.flow.ports import Rules
from wardwire.flow.report import foresee
from wardwire.flow.submit import Foreseen
from wardwire.model import ids
from wardwire.model.errors import Refused
from wardwire.model.report import Phase, Report
from wardwire.model.rights import CODE, SEND, Caller
from wardwire.model.stays import Moved, Movement, Stay, check_movement, find_stay, instant_of, place_of, take_move
from wardwire.store.escalations import load_escalations
from wardwire.store.stays import load_stays

# What begins nothing where no alert of its key is open.
_BEGINS_NOTHING = frozenset({Phase.END, Phase.NOTE, Phase.DEESCALATE})


class Tried(NamedTuple):
    """One message of a file.

    Attributes:
        number, of: Which one of its file it is.
        control_id: MSH-10.
        no: Why it is not taken, before any rule is asked; "" = it is.
        mapped: What the table makes of it; None when it is not taken.
    """

    file: str
    number: int
    of: int
    control_id: str
    no: str
    mapped: Mapped | None


class Reached(NamedTuple):
    """Who would get a report now.

    Attributes:
        open_alert: The alert that is open under its key, which it would change; "" = none is.
        foreseen: Whom it would call, if it begins an alert; None = it begins none, or is refused.
        refused: Why it would be refused.
        moved: What a movement would do, for people; "" = it is none.
    """

    open_alert: str = ""
    foreseen: Foreseen | None = None
    refused: str = ""
    moved: str = ""


def read_frames(content: bytes) -> list[bytes]:
    """Read frames; what holds none is one frame, as people save messages, with line ends of any kind.

    Raises:
        FrameTooLarge.
    """
    frames = Deframer().feed(content)
    return frames or [content.strip().replace(b"\r\n", b"\r").replace(b"\n", b"\r") + b"\r"]


def try_content(file: str, content: bytes, table: Table, *, charset: str, source: str) -> list[Tried]:
    """Say what becomes of each message of a file's content. Raises as `read_frames`."""
    samples = [message for frame in read_frames(content) for message in split_frame(frame)]
    tried = []
    for number, data in enumerate(samples, start=1):
        try:
            message = parse(data, charset=charset)
        except NotHl7:
            no = "it is no HL7 message: one begins with MSH and its five marks, such as MSH|^~\\&|"
            tried.append(Tried(file, number, len(samples), "", no, None))
            continue
        control_id = message.msh.get(10)
        unsupported = find_unsupported(message)
        no = unsupported.text if unsupported else "" if control_id else "its control id (MSH-10) is missing"
        mapped = None if no else map_message(message, data, table, source=source)
        tried.append(Tried(file, number, len(samples), control_id, no, mapped))
    return tried


async def look_ahead(
    connection: asyncpg.Connection, rules: Rules, now: datetime, report: Report | Movement, *, patients: bool = True
) -> Reached:
    """Say who would get one report, or where a patient would be by one movement.

    Args:
        patients: Whether to look where patients are; for who may not know that it goes by the place that is named.
    """
    if isinstance(report, Movement):
        if not patients:
            return Reached(moved="said of a patient, where they are; looked up by: wardwire hl7 try")
        return await _look_at_move(connection, rules, now, report)
    key = (report.source, report.source_key)
    kept = await load_escalations(connection, [], [key]) if report.source_key else []
    if kept:
        return Reached(open_alert=ids.write_id(ids.MESSAGE, kept[0].escalation.message_id))
    if report.phase in _BEGINS_NOTHING:
        return Reached()
    caller = Caller(source=report.source, scopes=frozenset({SEND, CODE}))
    try:
        stays = await load_stays(connection, [report.patient]) if report.patient and patients else []
        return Reached(foreseen=foresee(known_place(report, rules.directory), stays, caller, rules, now))
    except Refused as refused:
        return Reached(refused=f"{refused.code}: {refused.detail}")


async def _look_at_move(connection: asyncpg.Connection, rules: Rules, now: datetime, movement: Movement) -> Reached:
    try:
        check_movement(movement)
    except Refused as refused:
        return Reached(refused=f"{refused.code}: {refused.detail}")
    directory, place = rules.directory, place_of(movement, rules.directory)
    before = find_stay(await load_stays(connection, [movement.patient]), movement.authority)
    moved = Moved("", movement.move, instant_of(movement.at, now), place)
    after, did = take_move(before or Stay(movement.patient, movement.authority), moved)
    named = movement.bed or movement.unit
    unknown = f" {named} is not entered here." if named and place is None else ""
    then = directory.places.get(after.place) if after.place else None
    where = f"in {then.kind}:{then.name}" if then else "in no place that is entered here"
    return Reached(moved=f"{did}: the patient is {where} then.{unknown}")


def show(tried: Tried, reached: Reached | None) -> dict[str, Any]:
    """Write it for programs."""
    mapped = tried.mapped
    shown: dict[str, Any] = {
        "file": tried.file,
        "number": tried.number,
        "control_id": tried.control_id,
        "not_taken": tried.no,
        "rule": mapped.rule if mapped else "",
        "why": mapped.why if mapped else "",
        "heard": {name: value for name, value in mapped.heard._asdict().items() if value} if mapped else {},
        "report": None,
        "reached": None,
    }
    if mapped and mapped.report is not None:
        shown["report"] = {name: value for name, value in mapped.report._asdict().items() if name != "content"}
    if mapped and mapped.movement is not None:
        shown["movement"] = mapped.movement._asdict()
    if reached is not None:
        foreseen = reached.foreseen
        shown["reached"] = (
            {"moved": reached.moved}
            if reached.moved
            else {
                "open_alert": reached.open_alert,
                "refused": reached.refused,
                "recipients": foreseen.recipients if foreseen else [],
                "promise": foreseen.promise if foreseen else [],
            }
        )
    return shown
