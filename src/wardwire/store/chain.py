"""The chain of one writer: gives facts their number and hash, and forgets them again when a batch is undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from wardwire.model.facts import GENESIS, link_written, since_epoch_us


class Draft(NamedTuple):
    """A fact before it has its place in a chain. Its instant is that of the batch."""

    kind: str
    message_id: UUID | None
    person_id: UUID | None
    device_id: UUID | None
    body: str


@dataclass(frozen=True, slots=True)
class Linked:
    """Facts with their places: columns as the statement takes them (none of no facts), and the head after them."""

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
        seq, head, writer, at_us = self.seq, self._head, self.writer.hex, since_epoch_us(at)
        hashes = []
        for draft in drafts:
            seq += 1
            head = link_written(head, writer, seq, at_us, *draft)
            hashes.append(head)
        columns = [*zip(*drafts, strict=True), hashes] if drafts else []
        return Linked(columns, seq, head)

    def advance(self, linked: Linked) -> None:
        """Move the head: what was linked is committed."""
        self.seq, self._head = linked.seq, linked.head
