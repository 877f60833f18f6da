"""Follows one message: its facts in the words of its trace, each once, and the place up to which they were told.

Facts are numbered by writer, and those of two writers may become visible in either order; within one they stand in
theirs. So a place is the last number of each writer, and whoever comes back with it misses nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from wardwire.flow.trace import Hop, retell_facts
from wardwire.model.errors import Code, Refused
from wardwire.model.people import Directory
from wardwire.store.deliveries import load_deliveries
from wardwire.store.fact_reads import facts_beyond, lanes_of_writers
from wardwire.store.messages import Message

AT_ONCE = 200
# A message has as many writers as lanes of cores had to do with it.
MOST_WRITERS = 64
_PLACE = re.compile(r"[0-9a-f]{32}-[0-9]{1,18}(\.[0-9a-f]{32}-[0-9]{1,18})*")

Place = Mapping[UUID, int]


class Told(NamedTuple):
    """A hop, and the place after it, as written."""

    hop: Hop
    place: str


def write_place(place: Place) -> str:
    """Write a place: `<writer>-<number>`, joined by dots, for the header `Last-Event-ID`."""
    return ".".join(f"{writer.hex}-{seq}" for writer, seq in sorted(place.items()))


def read_place(text: str) -> Place:
    """Read a place; "" = the beginning. Raises `Refused` (`INVALID`)."""
    if not text:
        return {}
    if _PLACE.fullmatch(text) is None or text.count(".") >= MOST_WRITERS:
        raise Refused(Code.INVALID, "Last-Event-ID is the `id` of an event of this message")
    parts = (part.partition("-") for part in text.split("."))
    return {UUID(hex=writer): int(seq) for writer, _, seq in parts}


async def read_on(
    connection: asyncpg.Connection, message: Message, place: Place, since: datetime, directory: Directory
) -> tuple[list[Told], Place]:
    """Read what was written of a message beyond a place, at most 200 facts, in the order of their instants.

    Args:
        since: Facts of earlier instants are not looked for: it spares reading a long story over and over.
    """
    facts = await facts_beyond(connection, message.id, place, since, AT_ONCE)
    if not facts:
        return [], place
    lanes = await lanes_of_writers(connection, sorted({fact.writer for fact in facts}))
    people = {fact.person_id for fact in facts if fact.person_id is not None}
    standing = await load_deliveries(connection, [(message.id, person) for person in sorted(people)])
    told, now = [], dict(place)
    for fact, hop in zip(facts, retell_facts(message, facts, lanes, standing, directory), strict=True):
        now[fact.writer] = fact.seq
        told.append(Told(hop, write_place(now)))
    return told, now
