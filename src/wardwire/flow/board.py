"""Writes the rows of a board: how each alert that runs stands, without what it says.

A row is written once, for everybody who watches it, and twice only for the subject: that is the sender's own words,
and told only to whoever may read any message.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from wardwire.flow.open_alerts import Next, OpenAlert, show_alert
from wardwire.flow.ports import Rules
from wardwire.flow.statement import read_statement
from wardwire.flow.views import Part
from wardwire.model import ids
from wardwire.model.board import letter_of
from wardwire.model.delivery import ENDED, Delivery
from wardwire.model.delivery import State as Delivered
from wardwire.model.people import Directory
from wardwire.model.priority import Kind
from wardwire.store.deliveries import load_deliveries
from wardwire.store.escalations import load_looks
from wardwire.store.messages import Message, as_reported, load_messages

# So many people of a row are named; the others are a number.
MOST_CELLS = 12
# A frame holds many rows: one that is longer loses what is least missed.
ROW_BYTES = 8_000


class Cell(msgspec.Struct, frozen=True, omit_defaults=True):
    """How an alert stands with one person; `letter` is `Q`, `S`, `D`, `R`, `A` or `X`."""

    person: str
    name: str
    letter: str
    state: str


class BoardRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """An alert that runs.

    Attributes:
        state: As of an open alert: `running`, `held`, `asked`, `exhausted`. Of one that does not escalate: `held`
            when somebody has accepted or answered, `exhausted` when nobody can be expected to, otherwise `running`.
        title: Its policy; "" when it does not escalate.
        sender: The person, or the source, that sent it.
        since: When it was stored.
        holders: Who has it.
        step, steps, round: The step that is out, from 1; absent when it does not escalate.
        next: What comes next if nobody says anything.
        cells: Who was called: whoever has it first, then whoever is waited for; at most 12.
        others: How many more were called.
        parts: Those of a team.
        subject: Only for whoever may read any message.
    """

    message: str
    priority: str
    state: str
    since: datetime
    title: str = ""
    sender: str = ""
    unit: str = ""
    bed: str = ""
    holders: list[str] = []
    step: int = 0
    steps: int = 0
    round: int = 0
    next: Next | None = None
    cells: list[Cell] = []
    others: int = 0
    parts: tuple[Part, ...] = ()
    drill: bool = False
    test: bool = False
    subject: str = ""


class Written(NamedTuple):
    """A row as bytes: for everybody, and with its subject. Both b"" when it is shown on no board."""

    plain: bytes
    whole: bytes


_NONE = Written(b"", b"")
_encode = msgspec.json.Encoder().encode


async def write_rows(
    connection: asyncpg.Connection, messages: Sequence[UUID], rules: Rules, now: datetime
) -> dict[UUID, Written]:
    """Write the rows of some messages; in one query where all of them escalate. What is gone is left out."""
    written: dict[UUID, Written] = {}
    for kept, message, deliveries in await load_looks(connection, messages):
        escalation = kept.escalation
        if message is None or escalation.closed_at is not None:
            continue
        row = None
        if message.kind != Kind.CANARY:
            shown = show_alert(escalation, deliveries, rules, now)
            row = _of_alert(shown, message, deliveries, escalation.holders, rules.directory)
        written[message.id] = _write(row, as_reported(message, escalation))
    rest = [message for message in messages if message not in written]
    if rest:
        stored = await load_messages(connection, rest)
        by_message: dict[UUID, list[Delivery]] = {}
        for delivery in await load_deliveries(connection, (), rest):
            by_message.setdefault(delivery.message_id, []).append(delivery)
        for id, message in stored.items():
            if message.ended_at is None:
                written[id] = _write(_of_message(message, by_message.get(id, ()), rules.directory), message)
    return written


def _write(row: BoardRow | None, message: Message) -> Written:
    if row is None:
        return _NONE
    plain = _encode(row)
    if len(plain) > ROW_BYTES:
        parts = tuple(msgspec.structs.replace(part, who=[]) for part in row.parts)
        row = msgspec.structs.replace(row, parts=parts, cells=row.cells[:3], others=row.others + len(row.cells[3:]))
        plain = _encode(row)
    if len(plain) > ROW_BYTES:
        row = msgspec.structs.replace(row, parts=())
        plain = _encode(row)
    subject = read_statement(message.content).subject
    return Written(plain, _encode(msgspec.structs.replace(row, subject=subject)) if subject else plain)


def _of_alert(
    shown: OpenAlert,
    message: Message,
    deliveries: Sequence[Delivery],
    holders: Sequence[UUID],
    directory: Directory,
) -> BoardRow:
    asked = {one.person for one in shown.asked}
    cells = _cells(deliveries, holders, asked, directory)
    return BoardRow(
        message=shown.message,
        priority=shown.priority,
        state=shown.state,
        since=shown.started_at,
        title=shown.policy,
        sender=_sender(message, directory),
        unit=shown.unit,
        bed=shown.bed,
        holders=shown.holders[:MOST_CELLS],
        step=shown.step,
        steps=shown.steps,
        round=shown.round,
        next=msgspec.structs.replace(shown.next, who=shown.next.who[:MOST_CELLS]) if shown.next else None,
        cells=cells,
        others=len(deliveries) - len(cells),
        parts=shown.parts,
        drill=shown.drill,
        test=shown.test,
    )


def _of_message(message: Message, deliveries: Sequence[Delivery], directory: Directory) -> BoardRow:
    has = [one for one in deliveries if one.state in (Delivered.ACCEPTED, Delivered.ANSWERED)]
    has.sort(key=lambda one: one.responded_at or message.stored_at)
    hopeless = all(one.state in (Delivered.DECLINED, Delivered.UNREACHABLE, *ENDED) for one in deliveries)
    holders = [one.person_id for one in has]
    cells = _cells(deliveries, holders, (), directory)
    return BoardRow(
        message=ids.write_id(ids.MESSAGE, message.id),
        priority=message.priority,
        state="held" if has else "exhausted" if hopeless and deliveries else "running",
        since=message.stored_at,
        sender=_sender(message, directory),
        holders=[directory.person_name(person) for person in holders[:MOST_CELLS]],
        cells=cells,
        others=len(deliveries) - len(cells),
    )


def _sender(message: Message, directory: Directory) -> str:
    return directory.person_name(message.sender_person) if message.sender_person else message.source


def _cells(
    deliveries: Sequence[Delivery], holders: Sequence[UUID], asked: Iterable[str], directory: Directory
) -> list[Cell]:
    first = {person: nth for nth, person in enumerate(holders)}
    asked = frozenset(asked)

    def place(one: Delivery) -> tuple[int, str]:
        person = ids.write_id(ids.PERSON, one.person_id)
        waits = len(first) if person in asked else len(first) + 1
        return first.get(one.person_id, waits), directory.person_name(one.person_id)

    return [
        Cell(
            person=ids.write_id(ids.PERSON, one.person_id),
            name=directory.person_name(one.person_id),
            letter=letter_of(one),
            state=one.state,
        )
        for one in sorted(deliveries, key=place)[:MOST_CELLS]
    ]
