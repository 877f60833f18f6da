"""The chain of one writer: gives facts their number and hash, and forgets them again when a batch is undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from wardwire.model.facts import GENESIS, link


class Draft(NamedTuple):
    """A fact before it has its place in a chain. Its instant is that of the batch."""

    kind: str
    message_id: UUID | None
    person_id: UUID | None
    device_id: UUID | None
    body: str


@dataclass(frozen=True, slots=True)
class Linked:
    """Facts with their places: columns as the statement takes them, and the head after them."""

    columns: Sequence[Sequence[Any]]
    seq: int
    head: bytes


class Chain:
    """A writer's chain. A writer is one lane's connection in one process life.

    After an *unknown* commit nobody knows whether the chain grew: it ends, and a successor names it
    (`CHAIN_BEGUN` with `after`).
    """

    def __init__(self, writer: UUID) -> None:
        self.writer = writer
        self.seq = 0
        self._head = GENESIS

    def link(self, at: datetime, drafts: Sequence[Draft]) -> Linked:
        """Give drafts their places behind the head; the head itself moves only with `advance`."""
        seq, head = self.seq, self._head
        rows = []
        for draft in drafts:
            seq += 1
            head = link(head, self.writer, seq, at, *draft)
            rows.append((*draft, head))
        columns = list(zip(*rows, strict=True)) if rows else [()] * 6
        return Linked(columns, seq, head)

    def advance(self, linked: Linked) -> None:
        """Move the head: what was linked is committed."""
        self.seq, self._head = linked.seq, linked.head
