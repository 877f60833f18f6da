"""Heads of chains as lines of a file outside the database: `instant writer seq hash`. Pure.

Whoever can change the database cannot change what stands there, when it lies on another machine or on paper.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple
from uuid import UUID


class Anchored(NamedTuple):
    """A head as a line says it."""

    at: datetime
    writer: UUID
    seq: int
    hash: bytes


def write_line(head: Anchored) -> str:
    """Write a line, with its end."""
    return f"{head.at.isoformat(timespec='milliseconds')} {head.writer.hex} {head.seq} {head.hash.hex()}\n"


def read_lines(lines: Iterable[str]) -> Iterator[Anchored]:
    """Read lines; a last one that was cut in mid-write is passed over.

    Raises:
        ValueError: With the number of a line that is none.
    """
    broken: int | None = None
    for number, line in enumerate(lines, start=1):
        if broken is not None:
            raise ValueError(f"line {broken} is no head of a chain")
        if not line.strip():
            continue
        try:
            at, writer, seq, digest = line.split()
            head = Anchored(datetime.fromisoformat(at), UUID(hex=writer), int(seq), bytes.fromhex(digest))
            if len(head.hash) != 32 or not line.endswith("\n"):
                raise ValueError
        except ValueError:
            broken = number
            continue
        yield head
